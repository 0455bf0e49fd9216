"""What the control plane shows of the emulator's state, as plain values."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fullcount.emulator.counting import Counted, Details, RawDetails
from fullcount.emulator.submission import Copy


def counted_event(counted: Counted, details: Details | RawDetails) -> dict[str, Any]:
    """Return one counted event in the control plane's words."""
    return {
        "pixel_code": counted.pixel_code,
        "event": counted.event,
        "counted_as": counted.counted_as,
        "event_id": counted.event_id,
        "event_time": counted.event_time,
        "channels": list(counted.channels),
        "copies": counted.copies,
        "user": details.user,
        "properties": details.properties,
        "page": details.page,
        "request_id": counted.request_id,
    }


def logged_event(copy: Copy) -> dict[str, Any]:
    """Return one event of the test log in the control plane's words."""
    return {
        "pixel_code": copy.pixel_code,
        "test_event_code": copy.test_event_code,
        "event": copy.event,
        "counted_as": copy.counted_as,
        "event_id": copy.event_id,
        "event_time": copy.event_time,
        "channels": [copy.channel],
        "user": copy.user,
        "properties": copy.properties,
        "page": copy.page,
        "request_id": copy.request_id,
    }


def select(events: Iterable[Counted], event: str = "", event_id: str = "", pixel_code: str = "") -> list[Counted]:
    """Return the events that pass the filters; `event` is a raw name or the name it is counted as."""
    if not (event or event_id or pixel_code):
        return list(events)
    return [
        counted
        for counted in events
        if (not event or event in (counted.event, counted.counted_as))
        and (not event_id or event_id == counted.event_id)
        and (not pixel_code or pixel_code == counted.pixel_code)
    ]
