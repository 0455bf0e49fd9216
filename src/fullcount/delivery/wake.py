"""A bell beside a bed: sleep until rung or until the clock says so."""

from __future__ import annotations

import asyncio

from fullcount.clock import Clock


class Wake:
    """One sleeper's bell. A ring while nobody sleeps is not lost: the next sleep ends at once."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """End the sleep, or the next one."""
        self._rung.set()

    async def sleep(self, clock: Clock, seconds: float | None) -> None:
        """Sleep until rung, or for so many seconds; None: until rung."""
        if not self._rung.is_set():
            if seconds is None:
                await self._rung.wait()
            else:
                await wait_or_give_up(asyncio.create_task(self._rung.wait()), clock, seconds)
        self._rung.clear()


async def wait_or_give_up(task: asyncio.Task[bool], clock: Clock, seconds: float) -> bool:
    """Wait for the task, at most so many seconds of the clock, then cancel it; return whether it was done in time."""
    timer = asyncio.create_task(clock.sleep(seconds))
    try:
        await asyncio.wait({task, timer}, return_when=asyncio.FIRST_COMPLETED)
        return task.done()
    finally:
        task.cancel()
        timer.cancel()
