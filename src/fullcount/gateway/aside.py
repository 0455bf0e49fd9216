"""Long bodies are read beside the event loop, so that others are answered meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

STRETCH_BYTES = 16_384  # an order has as many at most; hundreds of small events in so many take 0.1 seconds


async def read_aside(size: int, read: Callable[[], T]) -> T:
    """Return what `read` makes of so many bytes: at once, or in a thread if they are many. It must share nothing."""
    return read() if size <= STRETCH_BYTES else await asyncio.to_thread(read)
