"""One lane's way to the store: what must be written is tried until it is, and meanwhile the lane sends nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

from fullcount.clock import Clock
from fullcount.delivery.observer import Observer
from fullcount.errors import StoreUnavailable
from fullcount.queue.delivery import Attempt, LaneState, Lease, Settlement
from fullcount.queue.lane import Lane
from fullcount.queue.protocol import Queue

LONGEST_WAIT_SECONDS = 30.0
SHORTEST_WAIT_SECONDS = 0.1

T = TypeVar("T")


class LaneStore:
    """Writes a lane's results. `when_ready` is called each time the store takes writes again."""

    def __init__(
        self, lane: Lane, queue: Queue, clock: Clock, observer: Observer, when_ready: Callable[[], None]
    ) -> None:
        self._lane = lane
        self._queue = queue
        self._clock = clock
        self._observer = observer
        self._when_ready = when_ready
        self._refused = 0
        self._ready = asyncio.Event()
        self._ready.set()

    @property
    def is_ready(self) -> bool:
        """Whether no write is waiting for the store to recover."""
        return self._refused == 0

    async def ready(self) -> None:
        """Wait until no write is waiting for the store to recover."""
        await self._ready.wait()

    async def settle(self, lease: Lease, results: Mapping[int, Settlement], attempts: Sequence[Attempt] = ()) -> bool:
        """Settle, however long it takes; False if the lease had ended and nothing was changed."""
        return await self._insist(lambda: self._queue.settle(lease, results, attempts))

    async def pause(self, why: str) -> None:
        """Pause the lane durably; a person's pause stays as it is."""
        await self._insist(lambda: self._queue.pause(self._lane, why))

    async def resume(self) -> None:
        """Lift the lane's pause durably, unless a person set it."""
        await self._insist(lambda: self._queue.resume(self._lane, unless_by_person=True))

    async def state(self) -> LaneState | None:
        """Return the lane as the store has it now; None if it holds nothing and is not paused."""
        states = await self._insist(self._queue.lanes)
        return next((state for state in states if state.lane == self._lane), None)

    async def _insist(self, write: Callable[[], Awaitable[T]]) -> T:
        was_refused = False
        try:
            while True:
                try:
                    return await write()
                except StoreUnavailable as error:
                    if not was_refused:
                        was_refused = True
                        self._refused += 1
                        self._ready.clear()
                    self._observer.store_refused(self._lane, error)
                    await self._clock.sleep(min(max(error.retry_after, SHORTEST_WAIT_SECONDS), LONGEST_WAIT_SECONDS))
        finally:
            if was_refused:
                self._refused -= 1
                if self.is_ready:
                    self._ready.set()
                    self._when_ready()
