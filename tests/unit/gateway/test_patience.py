"""Patience ends what takes too long, and nothing else."""

from __future__ import annotations

import asyncio

import pytest

from fullcount.gateway.patience import Patience


async def forever() -> None:
    """Wait for what never comes."""
    await asyncio.get_running_loop().create_future()


async def test_what_ends_in_time_is_returned() -> None:
    """A result passes, and so does an error."""

    async def fails() -> None:
        raise KeyError("x")

    patience = Patience(60.0)
    assert await patience.wait_for(asyncio.sleep(0, "done")) == "done"
    with pytest.raises(KeyError):
        await patience.wait_for(fails())


async def test_what_takes_too_long_is_ended_and_its_task_goes_on() -> None:
    """Each of several that wait gets its TimeoutError, again and again, and is not cancelled by it."""
    patience = Patience(0.01)

    async def waits() -> str:
        for _ in range(2):
            with pytest.raises(TimeoutError):
                await patience.wait_for(forever())
        await asyncio.sleep(0)
        return "went on"

    assert [*await asyncio.gather(waits(), waits())] == ["went on"] * 2


async def test_a_cancellation_from_outside_stays_one() -> None:
    """A server that stops its tasks is not told of a timeout."""
    task = asyncio.create_task(Patience(60.0).wait_for(forever()))
    await asyncio.sleep(0)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
