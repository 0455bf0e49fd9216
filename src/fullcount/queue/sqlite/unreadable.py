"""Stored events that cannot be read: a damaged row, or one that another version wrote. It costs that row alone."""

from __future__ import annotations

import msgspec

from fullcount.events.codec import decode_stored
from fullcount.events.hashed import HashedEvent, HashedUser
from fullcount.events.model import Page, Properties
from fullcount.queue.delivery import Buried
from fullcount.queue.outcomes import Reason

SET_ASIDE = Buried(Reason.PURGED, message="stored event cannot be read")


def readable(stored: bytes) -> HashedEvent | None:
    """Return the event of these stored bytes; None if they are none."""
    try:
        return decode_stored(stored)
    except (msgspec.MsgspecError, ValueError):  # text that is not UTF-8 is a ValueError
        return None


def readable_id(stored: bytes) -> str:
    """Return the event_id in these stored bytes; empty if they cannot be read."""
    event = readable(stored)
    return "" if event is None else event.event_id


def stand_in(name: str, accepted_at: float) -> HashedEvent:
    """Return what stands for an event that cannot be read: its name and about its time, and no event_id."""
    return HashedEvent(
        event=name,
        canonical=name,
        event_time=int(accepted_at),
        event_id="",
        user=HashedUser(),
        properties=Properties(),
        page=Page(),
    )
