"""Long bodies are read beside the event loop, short ones at once."""

from __future__ import annotations

import asyncio
import threading

import pytest

from fullcount.gateway.aside import STRETCH_BYTES, read_aside


async def test_while_a_long_body_is_read_the_loop_goes_on() -> None:
    """Whoever else asks is answered before it is done."""
    is_answered = threading.Event()
    reading = asyncio.create_task(read_aside(STRETCH_BYTES + 1, lambda: is_answered.wait(30)))
    await asyncio.sleep(0)
    is_answered.set()
    assert await reading


async def test_a_short_body_is_read_at_once() -> None:
    """No thread is begun for it."""
    assert await read_aside(STRETCH_BYTES, threading.current_thread) is threading.current_thread()


async def test_what_is_raised_beside_the_loop_is_raised_here() -> None:
    """A refusal of a long body is one."""

    def broken() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await read_aside(STRETCH_BYTES + 1, broken)
