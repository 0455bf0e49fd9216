"""Turns the events of a submission into copies: one arrival of one event each."""

from __future__ import annotations

from typing import Any

from fullcount.emulator.names import standing_of
from fullcount.emulator.submission import Copy, Submission


def copy_of(  # noqa: PLR0913 - one event, and what its request says of it
    event: dict[str, Any], submission: Submission, *, channel: str, request_id: str, at: float, alias_events: bool
) -> Copy:
    """Return the copy that a valid event in 2.0 shape makes."""
    name = event["event"]
    standing = standing_of(name, submission.event_source, alias_events)
    event_time = event["event_time"]
    return Copy(
        channel=channel,
        event_source=submission.event_source,
        pixel_code=submission.pixel_code,
        event=name,
        counted_as=standing.counted_as,
        key_name=standing.key_name,
        event_id=event.get("event_id") or "",
        event_time=int(event_time),
        at=at,
        user=event.get("user") or {},
        properties=event.get("properties") or {},
        page=event.get("page") or {},
        request_id=request_id,
        test_event_code=submission.test_event_code,
        time_was_text=type(event_time) is str,
    )


def pixel_copy_of(event: dict[str, Any], pixel_code: str, *, request_id: str, at: float, alias_events: bool) -> Copy:
    """Return the copy that an event in 2.0 shape makes when a browser's pixel brings it."""
    submission = Submission(event_source="web", pixel_code=pixel_code, test_event_code="", events=[])
    return copy_of(event, submission, channel="pixel", request_id=request_id, at=at, alias_events=alias_events)
