"""A request's events one by one: readings, what the settings leave out, and clicks to be remembered."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from fullcount.events.model import Event
from fullcount.events.reading import Reading
from fullcount.sources.bounds import over_bounds
from fullcount.sources.each import BROKE
from fullcount.sources.meta.mapping import read_event_of_meta
from fullcount.sources.sender import Rules
from fullcount.sources.source import Ignored, Intake, Sighting

_LEVELS_ABOVE = 2  # the body and its list


def read_all(items: Sequence[bytes], rules: Rules, test_event_code: str | None) -> Intake:
    """Return what the events come to, each held against the bound of depth and read."""
    readings: list[Reading] = []
    ignored: list[Ignored] = []
    broken: list[Exception] = []
    # Long values are cut or dropped where they stand: they cost a purchase nothing else.
    limits = msgspec.structs.replace(rules.limits, max_string=max(map(len, items), default=0))
    for item in items:
        try:
            problem = over_bounds(item, limits, _LEVELS_ABOVE)
            found = read_event_of_meta(item, rules) if problem is None else Reading(None, (problem,), "", "")
        except Exception as error:  # noqa: BLE001 - one event must not cost its neighbours; the log says where
            broken.append(error)
            found = Reading(None, (BROKE,), "", "")
        if isinstance(found, Ignored):
            ignored.append(found)
            continue
        readings.append(found)
    return Intake(
        tuple(readings),
        test_event_code,
        item_path="data",
        broken=tuple(broken),
        are_names_mapped=True,
        ignored=tuple(ignored),
        sightings=_clicks(readings),
    )


def _clicks(readings: Sequence[Reading]) -> tuple[Sighting, ...]:
    """Return a sighting for each person of whom a click is told, so that later events carry it, too.

    Of who opted out nothing is remembered.
    """
    found: dict[object, Sighting] = {}
    for reading in readings:
        event = reading.event
        if event is None or event.consent is not None or not _names_click(event):
            continue
        user = event.user
        who = (user.external_id, user.email, user.phone)
        if any(who):
            found[who] = Sighting((), user, event.page, event.consent, _seconds(event.event_time))
    return tuple(found.values())


def _names_click(event: Event) -> bool:
    return bool(event.user.ttclid or "ttclid=" in (event.page.url or ""))


def _seconds(moment: int | None) -> float | None:
    """Return Unix seconds; finer units, which the checks mend in the event, are not a sighting's."""
    return float(moment) if moment is not None and 0 <= moment < 10**11 else None
