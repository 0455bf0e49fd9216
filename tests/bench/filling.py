"""Fill a store before the clock starts: keys long seen, or events still queued."""

from __future__ import annotations

import asyncio

from fullcount.clock import Clock
from fullcount.events.hashed import HashedEvent, HashedUser
from fullcount.events.key import event_key
from fullcount.events.model import EventSource, Page, Properties
from fullcount.queue.delivery import Delivered, LeaseLimits
from fullcount.queue.entry import Entry
from fullcount.queue.lane import Lane
from fullcount.queue.protocol import Queue

GROUP = 1_000


def entry(lane: Lane, number: int, now: float) -> Entry:
    """Return one hashed purchase of the usual size."""
    event = HashedEvent(
        event="CompletePayment",
        canonical="Purchase",
        event_time=int(now),
        event_id=f"fill-{number}",
        user=HashedUser(
            email="8" * 64, phone="9" * 64, ip="203.0.113.42", user_agent="Mozilla/5.0 (X11; Linux x86_64)"
        ),
        properties=Properties(currency="USD", value=89.99, order_id=str(number)),
        page=Page(url="https://shop.example.com/thanks"),
    )
    key = event_key(lane.pixel_code, EventSource.WEB, None, "Purchase", event.event_id)
    return Entry(lane, key, event, source="backend", pixel="store", window_seconds=90 * 86_400)


async def see(queue: Queue, clock: Clock, lane: Lane, count: int) -> None:
    """Take `count` events through the queue to their end, so that only their keys remain."""
    limits = LeaseLimits(ripe_after_seconds=0.0, max_bytes=10**9)
    for first in range(0, count, GROUP):
        await queue.accept([entry(lane, number, clock.now()) for number in range(first, first + GROUP)])
        lease = await queue.lease(lane, limits)
        await queue.settle(lease, {delivery.seq: Delivered() for delivery in lease.deliveries})


async def fill(queue: Queue, clock: Clock, lane: Lane, count: int) -> None:
    """Queue `count` events, as single ones that many clients send at once."""
    for first in range(0, count, GROUP):
        await asyncio.gather(
            *(queue.accept([entry(lane, 10**9 + number, clock.now())]) for number in range(first, first + GROUP))
        )
