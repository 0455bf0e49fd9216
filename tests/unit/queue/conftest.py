from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from fullcount.clock import ManualClock
from fullcount.queue.memory import MemoryQueue
from fullcount.queue.sqlite.engine import SqliteQueue
from fullcount.queue.sqlite.settings import StoreSettings

SETTINGS = StoreSettings(min_free_disk=0, poll_seconds=0.01)


@pytest.fixture
def clock() -> ManualClock:
    """A clock that the test moves."""
    return ManualClock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the store lies."""
    return tmp_path / "fullcount.db"


@pytest.fixture
async def opened(path: Path, clock: ManualClock) -> AsyncIterator[Callable[[StoreSettings], SqliteQueue]]:
    """Opens the store with settings of the test's choice and closes it at the end."""
    queues: list[SqliteQueue] = []

    def open_store(settings: StoreSettings = SETTINGS) -> SqliteQueue:
        queues.append(SqliteQueue.open(path, clock, settings))
        return queues[-1]

    yield open_store
    for queue in queues:
        await queue.close()


@pytest.fixture
async def queue(opened: Callable[[StoreSettings], SqliteQueue]) -> SqliteQueue:
    """An open, empty store."""
    return opened(SETTINGS)


@pytest.fixture(params=["memory", "sqlite"])
async def engine(
    request: pytest.FixtureRequest, path: Path, clock: ManualClock
) -> AsyncIterator[MemoryQueue | SqliteQueue]:
    """Either engine, empty."""
    queue = MemoryQueue(clock) if request.param == "memory" else SqliteQueue.open(path, clock, SETTINGS)
    yield queue
    await queue.close()
