"""Entries for the tests of the queue: numbered purchases on two lanes."""

from __future__ import annotations

from fullcount.events.hashed import HashedEvent, HashedUser
from fullcount.events.model import Half, Page, Properties
from fullcount.queue.delivery import LeaseLimits
from fullcount.queue.entry import Entry
from fullcount.queue.lane import Lane

LANE = Lane("CEXAMPLE0PIXEL000001")
OTHER_LANE = Lane("CEXAMPLE0PIXEL000002")
AT_ONCE = LeaseLimits(ripe_after_seconds=0)
WEEK_SECONDS = 604_800


def key_of(number: int) -> bytes:
    """Return the key of a numbered purchase; neighbours lie far apart, as digests do."""
    return (number * 0x9E37_79B9_7F4A_7C15 % (1 << 64)).to_bytes(8, "big") + number.to_bytes(8, "big")


def purchase(
    number: int,
    *,
    lane: Lane = LANE,
    half: Half = Half.SERVER,
    hold_seconds: float | None = None,
    value: float | None = 89.99,
    source: str = "backend",
) -> Entry:
    """Return a numbered purchase."""
    event = HashedEvent(
        event="CompletePayment",
        canonical="Purchase",
        event_time=1_795_000_000,
        event_id=f"order-{number}",
        user=HashedUser(),
        properties=Properties(value=value, currency="USD" if value else None),
        page=Page(),
        half=half,
    )
    return Entry(
        lane=lane,
        key=key_of(number),
        event=event,
        source=source,
        pixel="store",
        window_seconds=WEEK_SECONDS,
        hold_seconds=hold_seconds,
        claims_key=lane.test_event_code is None,
    )


def number_of(event: HashedEvent) -> int:
    """Return the number of a purchase."""
    return int(event.event_id.rpartition("-")[2])
