"""Long bodies are read beside the event loop, so that others are answered meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

STRETCH_BYTES = 65_536  # what is shorter takes some milliseconds at most; a cart of 5 MB takes up to a second


async def read_aside(size: int, read: Callable[[], T]) -> T:
    """Return what `read` makes of so many bytes: at once, or in a thread if they are many. It must share nothing."""
    return read() if size <= STRETCH_BYTES else await asyncio.to_thread(read)
