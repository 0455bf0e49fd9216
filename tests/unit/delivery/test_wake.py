"""A bell that is not missed."""

from __future__ import annotations

import asyncio

from fullcount.clock import ManualClock
from fullcount.delivery.wake import Wake, wait_or_give_up


async def _turns() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_a_ring_ends_the_sleep() -> None:
    """Rung while asleep, the sleeper wakes before its time."""
    clock, wake = ManualClock(), Wake()
    sleeping = asyncio.create_task(wake.sleep(clock, 60.0))
    await _turns()
    wake.ring()
    await sleeping


async def test_a_ring_before_the_sleep_is_not_lost_and_counts_once() -> None:
    """Rung while awake, the next sleep ends at once, and the one after it does not."""
    clock, wake = ManualClock(), Wake()
    wake.ring()
    wake.ring()
    await wake.sleep(clock, None)
    sleeping = asyncio.create_task(wake.sleep(clock, 60.0))
    await _turns()
    assert not sleeping.done()
    clock.advance(60.0)
    await sleeping


async def test_whoever_is_waited_for_in_vain_is_cancelled() -> None:
    """When the time is up, the task is given up and the answer is no."""
    clock = ManualClock()
    task: asyncio.Task[bool] = asyncio.create_task(asyncio.Event().wait())
    waiting = asyncio.create_task(wait_or_give_up(task, clock, 5.0))
    await _turns()
    clock.advance(5.0)
    assert await waiting is False
    await _turns()
    assert task.cancelled()
