"""One timer for all bodies under way: a timer for each would cost more than reading most of them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

T = TypeVar("T")

LOOKS = 8  # in one span of patience: an overdue reader is ended at most an eighth later


class Patience:
    """Ends what takes longer than `seconds`; belongs to one event loop."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._since: dict[asyncio.Task[Any], float] = {}
        self._overdue: set[asyncio.Task[Any]] = set()
        self._timer: asyncio.TimerHandle | None = None

    async def wait_for(self, reading: Awaitable[T]) -> T:
        """Return what `reading` returns.

        Raises:
            TimeoutError: it took too long and was cancelled.
        """
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("patience is for tasks of an event loop")
        loop = task.get_loop()
        self._since[task] = loop.time()
        if self._timer is None:
            self._timer = loop.call_later(self.seconds / LOOKS, self._look, loop)
        try:
            return await reading
        except asyncio.CancelledError:
            if task in self._overdue and task.uncancel() == 0:
                raise TimeoutError from None
            raise  # somebody else cancelled it
        finally:
            del self._since[task]
            self._overdue.discard(task)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        """End whoever is overdue, and come again while there is somebody."""
        latest = loop.time() - self.seconds
        for task, since in self._since.items():
            if since <= latest and task not in self._overdue:
                self._overdue.add(task)
                task.cancel()
        self._timer = loop.call_later(self.seconds / LOOKS, self._look, loop) if self._since else None
