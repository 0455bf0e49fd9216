"""The timeline of one event, found by its event_id."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

import msgspec

from fullcount.events.key import event_key
from fullcount.events.names import STANDARD, canonical_name
from fullcount.ledger.journey import Journey, Step, What, state_after
from fullcount.queue.lane import Lane
from fullcount.queue.sqlite.timeline import TimelineRow

LETTER = "letter"  # TikTok's words for a delivery that is dead now; its end itself is a row of its own


class TimelineReader(Protocol):
    """What a timeline is read from."""

    def known_lanes(self) -> list[Lane]:
        """Return every lane that was ever used."""
        ...

    def event_names(self) -> list[str]:
        """Return every event name that was ever counted."""
        ...

    def timeline_rows(self, key: bytes) -> list[TimelineRow]:
        """Return all that is known of the events with this key, oldest first."""
        ...


def timeline(reader: TimelineReader, event_id: str, lanes: Iterable[Lane] = ()) -> list[Journey]:
    """Return the journeys of an event_id: one for each pixel, name and test code that it was seen under.

    The store knows events by their key, so the keys of all known lanes and names are tried; `lanes` are more of them,
    such as those of pixels that nothing was accepted for yet.

    Raises:
        StoreUnavailable: the store cannot be read now.
    """
    names = sorted({*STANDARD, *(canonical_name(name) for name in reader.event_names())})
    journeys = []
    for lane in dict.fromkeys((*reader.known_lanes(), *lanes)):
        for name in names:
            key = event_key(lane.pixel_code, lane.event_source, lane.test_event_code, name, event_id)
            rows = reader.timeline_rows(key)
            if rows:
                journeys.append(_journey(rows, lane, name, event_id))
    return sorted(journeys, key=lambda journey: journey.steps[0].at)


def _journey(rows: Sequence[TimelineRow], lane: Lane, name: str, event_id: str) -> Journey:
    steps = tuple(_step(row) for row in rows if row.what != LETTER)
    steps = _with_letters(steps, [row for row in rows if row.what == LETTER])
    return Journey(
        event_id=event_id,
        event=name,
        pixel=next((row.pixel for row in rows if row.pixel), ""),
        pixel_code=lane.pixel_code,
        event_source=lane.event_source.value,
        test_event_code=lane.test_event_code,
        state=state_after(steps),
        steps=steps,
    )


def _step(row: TimelineRow) -> Step:
    return Step(
        at=row.at,
        what=What(row.what),
        reason=row.reason,
        status=row.status,
        code=row.code,
        message=row.message or row.detail,
        request_id=row.request_id,
        seconds=row.seconds,
        source=row.source,
    )


def _with_letters(steps: tuple[Step, ...], letters: Sequence[TimelineRow]) -> tuple[Step, ...]:
    """Return the steps with the words of dead letters at the deaths that they belong to."""
    told = list(steps)
    for letter in letters:
        for place, step in enumerate(told):
            if step.what is What.DEAD and step.at == letter.at and not step.message:
                told[place] = msgspec.structs.replace(step, code=letter.code, message=letter.message)
                break
    return tuple(told)
