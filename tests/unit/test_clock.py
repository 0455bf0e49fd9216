"""Time moves only when it is told to."""

from __future__ import annotations

import asyncio

from fullcount.clock import ManualClock


async def test_a_sleeper_wakes_when_the_clock_passes_its_hour() -> None:
    """A manual clock wakes those, and only those, whose hour has come."""
    clock = ManualClock(now=100.0)
    short = asyncio.create_task(clock.sleep(5))
    long = asyncio.create_task(clock.sleep(50))
    await asyncio.sleep(0)

    clock.advance(10)
    await short

    assert clock.now() == 110.0
    assert not long.done()
    clock.advance(45)
    await long
