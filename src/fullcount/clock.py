"""The only source of time: what the hour is, how long something took, and how to wait."""

from __future__ import annotations

import asyncio
import time
from typing import Protocol

DAY_SECONDS = 86_400


class Clock(Protocol):
    """Where time comes from. Unix seconds, UTC, as a float."""

    def now(self) -> float:
        """Return the wall-clock time in Unix seconds."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait until `now()` has moved on by `seconds`."""
        ...


class SystemClock:
    """The machine's own time."""

    def now(self) -> float:
        """Return the machine's time in Unix seconds."""
        return time.time()

    async def sleep(self, seconds: float) -> None:
        """Wait `seconds` of real time."""
        await asyncio.sleep(max(0.0, seconds))


class ManualClock:
    """A clock that stands still until it is moved; sleepers wake as it passes their hour."""

    def __init__(self, now: float = 1_795_000_000.0) -> None:
        self._now = now
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []

    def now(self) -> float:
        """Return the time that the clock was last moved to."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Move the clock on by `seconds` and wake whoever waited for that."""
        self._now += seconds
        waiting = self._sleepers
        self._sleepers = [(at, wake) for at, wake in waiting if at > self._now]
        for at, wake in waiting:
            if at <= self._now and not wake.done():
                wake.set_result(None)

    async def sleep(self, seconds: float) -> None:
        """Wait until `advance` has moved the clock past `seconds` from now."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        wake: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers.append((self._now + seconds, wake))
        await wake


def elapsed_seconds() -> float:
    """Return a monotonic reading for measuring how long something took."""
    return time.perf_counter()
