"""What must be written is tried until it is."""

from __future__ import annotations

import asyncio

import pytest
from tests.unit.delivery.scene import NOW, STORE, Notes

from fullcount.clock import ManualClock
from fullcount.delivery.lane_store import LaneStore
from fullcount.errors import StoreCorrupt, StoreUnavailable
from fullcount.queue.memory import MemoryQueue


class Refusals(Notes):
    """Counts the store's refusals."""

    count = 0

    def store_refused(self, lane: object, error: StoreUnavailable) -> None:
        """Count it."""
        del lane, error
        self.count += 1


async def _turns() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_a_write_waits_for_the_store_and_then_happens_once() -> None:
    """While the store refuses, the lane is not ready; the write goes through by itself, and who waits is told."""
    clock = ManualClock(NOW)
    queue, notes, rung = MemoryQueue(clock), Refusals(), []
    store = LaneStore(STORE, queue, clock, notes, lambda: rung.append(True))
    queue.unavailable = StoreUnavailable("disk full", retry_after=5.0)

    pausing = asyncio.create_task(store.pause("why"))
    waiting = asyncio.create_task(store.ready())
    await _turns()
    assert (store.is_ready, waiting.done(), notes.count) == (False, False, 1)

    clock.advance(5.0)
    await _turns()
    assert notes.count == 2
    queue.unavailable = None
    clock.advance(5.0)
    await asyncio.gather(pausing, waiting)

    assert (store.is_ready, rung) == (True, [True])
    state = await store.state()
    assert state is not None
    assert state.paused == "why"


async def test_the_wait_is_bounded_whatever_the_store_asks_for() -> None:
    """A store that asks for an hour is asked again after half a minute."""
    clock = ManualClock(NOW)
    queue = MemoryQueue(clock)
    store = LaneStore(STORE, queue, clock, Notes(), lambda: None)
    queue.unavailable = StoreUnavailable("disk full", retry_after=3_600.0)
    pausing = asyncio.create_task(store.pause("why"))
    await _turns()
    queue.unavailable = None
    clock.advance(30.0)
    await asyncio.wait_for(pausing, 5)


async def test_a_damaged_store_is_not_asked_again() -> None:
    """StoreCorrupt goes to the caller at once."""
    clock = ManualClock(NOW)

    class Damaged(MemoryQueue):
        async def pause(self, lane: object, why: str, *, by_person: bool = False) -> None:
            del lane, why, by_person
            raise StoreCorrupt("a page is damaged")

    store = LaneStore(STORE, Damaged(clock), clock, Notes(), lambda: None)
    with pytest.raises(StoreCorrupt):
        await store.pause("why")
    assert store.is_ready


async def test_a_write_that_is_given_up_frees_the_lane() -> None:
    """A cancelled write does not leave the lane waiting for ever."""
    clock = ManualClock(NOW)
    queue = MemoryQueue(clock)
    store = LaneStore(STORE, queue, clock, Notes(), lambda: None)
    queue.unavailable = StoreUnavailable("disk full")
    pausing = asyncio.create_task(store.pause("why"))
    await _turns()
    pausing.cancel()
    await asyncio.gather(pausing, return_exceptions=True)
    await store.ready()
    assert store.is_ready
