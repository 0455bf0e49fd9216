from __future__ import annotations

import pytest

from fullcount.clock import ManualClock
from fullcount.errors import StoreUnavailable
from fullcount.events.hashed import HashedEvent, HashedUser
from fullcount.events.model import Page, Properties
from fullcount.queue.delivery import Delivered, LeaseLimits
from fullcount.queue.entry import Entry, Verdict
from fullcount.queue.lane import Lane
from fullcount.queue.memory import MemoryQueue
from fullcount.queue.outcomes import Outcome

LANE = Lane("CEXAMPLE0PIXEL000001")
NOW = LeaseLimits(ripe_after_seconds=0)


def _entry(number: int) -> Entry:
    event = HashedEvent(
        event="CompletePayment",
        canonical="Purchase",
        event_time=1_795_000_000,
        event_id=f"order-{number}",
        user=HashedUser(),
        properties=Properties(),
        page=Page(),
    )
    return Entry(lane=LANE, key=number.to_bytes(16, "big"), event=event, source="backend", pixel="store")


async def test_what_a_test_may_look_at() -> None:
    """Outcomes and counts stand in plain attributes."""
    queue = MemoryQueue(ManualClock())
    assert await queue.accept([_entry(1), _entry(1)]) == [Verdict.ACCEPTED, Verdict.DUPLICATE]
    lease = await queue.lease(LANE, NOW)
    assert await queue.settle(lease, {lease.deliveries[0].seq: Delivered()})
    assert queue.outcomes == {1: Outcome.DELIVERED}
    assert queue.counts == {"accepted": 1, "duplicate": 1, "delivered": 1}


async def test_a_queue_that_cannot_store_says_so() -> None:
    """With `unavailable` set, nothing is taken and nothing is changed."""
    queue = MemoryQueue(ManualClock())
    queue.unavailable = StoreUnavailable("the disk is full", retry_after=3)
    with pytest.raises(StoreUnavailable, match="the disk is full"):
        await queue.accept([_entry(1)])
    queue.unavailable = None
    assert await queue.accept([_entry(1)]) == [Verdict.ACCEPTED]


async def test_a_crash_hands_everything_to_the_heir() -> None:
    """What was leased is due again as a lost attempt, and the old queue takes nothing."""
    clock = ManualClock()
    queue = MemoryQueue(clock)
    await queue.accept([_entry(1)])
    lease = await queue.lease(LANE, NOW)
    heir = queue.crash()
    with pytest.raises(StoreUnavailable):
        await queue.accept([_entry(2)])
    assert not await heir.settle(lease, {1: Delivered()})
    again = await heir.lease(LANE, NOW)
    assert [(it.seq, it.attempts, it.first_lost_at) for it in again.deliveries] == [(1, 1, lease.leased_at)]
