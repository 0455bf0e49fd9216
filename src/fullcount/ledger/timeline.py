"""The timeline of one event, found by its event_id."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from fullcount.events.key import event_key
from fullcount.events.model import EventSource
from fullcount.events.names import STANDARD, canonical_name
from fullcount.ledger.journey import Journey, Step, What, state_after
from fullcount.queue.lane import Lane
from fullcount.queue.records import TimelineRow


class TimelineReader(Protocol):
    """What a timeline is read from."""

    def known_lanes(self) -> list[Lane]:
        """Return every lane that was ever used."""
        ...

    def event_names(self) -> list[str]:
        """Return every event name that was ever counted."""
        ...

    def timeline_rows(self, keys: Sequence[bytes]) -> dict[bytes, list[TimelineRow]]:
        """Return all that is known of the events with these keys, oldest first; unknown keys are left out."""
        ...

    def keyless_rows(self, event_id: str) -> list[TimelineRow]:
        """Return the facts about events of this id that were refused before their key was known, oldest first."""
        ...

    def refund_rows(self, event_id: str) -> list[TimelineRow]:
        """Return the refunds of the order whose event has this id, oldest first."""
        ...


def timeline(reader: TimelineReader, event_id: str, lanes: Iterable[Lane] = ()) -> list[Journey]:
    """Return the journeys of an event_id: one for each pixel, name and test code that it was seen under.

    What was refused as invalid, or ignored, reached no pixel; it has a journey for each name that it came with.
    A refund is a step of every journey of its order's event; where there is none it has one of its own.

    The store knows events by their key, so the keys of all known lanes and names are tried; `lanes` are more of them,
    such as those of pixels that nothing was accepted for yet.

    Raises:
        StoreUnavailable: the store cannot be read now.
    """
    names = sorted({*STANDARD, *(canonical_name(name) for name in reader.event_names())})
    asked = {
        event_key(lane.pixel_code, lane.event_source, lane.test_event_code, name, event_id): (lane, name)
        for lane in dict.fromkeys((*reader.known_lanes(), *lanes))
        for name in names
    }
    return sorted(
        (*_journeys(reader, asked, event_id), *_refused(reader, event_id)), key=lambda journey: journey.steps[0].at
    )


def told_again(reader: TimelineReader, journeys: Sequence[Journey]) -> list[Journey]:
    """Return journeys of one event_id as they stand now; only their own keys are looked at.

    A journey without a pixel code, that of an invalid event, is over and stays as it is.

    Raises:
        StoreUnavailable: the store cannot be read now.
    """
    aimed = [each for each in journeys if each.pixel_code]
    asked = {}
    for each in aimed:
        lane = Lane(each.pixel_code, EventSource(each.event_source), each.test_event_code)
        key = event_key(lane.pixel_code, lane.event_source, lane.test_event_code, each.event, each.event_id)
        asked[key] = (lane, each.event)
    again = _journeys(reader, asked, aimed[0].event_id) if aimed else []
    return [each for each in journeys if not each.pixel_code] + again


def _journeys(reader: TimelineReader, asked: Mapping[bytes, tuple[Lane, str]], event_id: str) -> list[Journey]:
    rows = reader.timeline_rows(list(asked))
    refunds = reader.refund_rows(event_id)
    if refunds and not rows:
        steps = tuple(_step(row) for row in refunds)
        return [Journey(event_id, refunds[0].event, "", "", "", None, state_after(steps), steps)]
    journeys = [
        _journey(sorted((*held, *refunds), key=lambda row: row.at), *asked[key], event_id) for key, held in rows.items()
    ]
    return sorted(journeys, key=lambda journey: journey.steps[0].at)


def _refused(reader: TimelineReader, event_id: str) -> list[Journey]:
    by_name: dict[tuple[str, str], list[TimelineRow]] = {}
    for row in reader.keyless_rows(event_id):
        by_name.setdefault((row.event, row.pixel), []).append(row)
    journeys = []
    for (name, pixel), rows in by_name.items():
        steps = tuple(_step(row) for row in rows)
        journeys.append(Journey(event_id, name, pixel, "", "", None, state_after(steps), steps))
    return journeys


def _journey(rows: Sequence[TimelineRow], lane: Lane, name: str, event_id: str) -> Journey:
    steps = tuple(_step(row) for row in rows)
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
