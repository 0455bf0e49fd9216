"""Going down in order: no new lease, then no longer any answer awaited; what was not sent is handed back."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from fullcount.delivery.destination import Answer, Kind

SETTLE_SECONDS = 2.0  # of the time to drain in, kept for storing the results


class Drain:
    """Where a shutdown stands. Every worker looks at it; the dispatcher alone moves it on."""

    def __init__(self) -> None:
        self.is_stopping = False
        self._cut = asyncio.Event()

    def stop(self) -> None:
        """Lease nothing any more, and send nothing that is not under way."""
        self.is_stopping = True

    def cut(self) -> None:
        """Await no answer any more: what is under way counts as lost, as it may have been taken."""
        self.is_stopping = True
        self._cut.set()

    async def answer_unless_cut(self, sending: Coroutine[Any, Any, Answer]) -> Answer:
        """Return the answer, or a loss if the drain's time ran out first."""
        task = asyncio.create_task(sending)
        cut = asyncio.create_task(self._cut.wait())
        try:
            await asyncio.wait({task, cut}, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return task.result()
            return Answer(Kind.LOST, message="the gateway was shut down before the answer came")
        finally:
            task.cancel()
            cut.cancel()
