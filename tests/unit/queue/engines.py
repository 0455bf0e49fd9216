"""What tests of both engines share."""

from __future__ import annotations

from pathlib import Path

import apsw
from tests.unit.queue.conftest import SETTINGS
from tests.unit.queue.entries import AT_ONCE, LANE, key_of

from fullcount.clock import ManualClock
from fullcount.events.hashed import HashedEvent
from fullcount.queue.delivery import Delivered
from fullcount.queue.lane import Lane
from fullcount.queue.memory import MemoryQueue
from fullcount.queue.sqlite.engine import SqliteQueue
from fullcount.queue.sqlite.reader import Reader

Engine = MemoryQueue | SqliteQueue


async def reopened(engine: Engine, path: Path, clock: ManualClock) -> Engine:
    """Return what a new owner finds."""
    if isinstance(engine, MemoryQueue):
        return engine.crash()
    await engine.close()
    return SqliteQueue.open(path, clock, SETTINGS)


async def sent(engine: Engine, lane: Lane = LANE) -> list[HashedEvent]:
    """Lease and deliver everything that is due; return the events."""
    lease = await engine.lease(lane, AT_ONCE)
    await engine.settle(lease, {delivery.seq: Delivered() for delivery in lease.deliveries})
    return [delivery.event for delivery in lease.deliveries]


def story(path: Path, number: int = 1) -> list[tuple[str, str]]:
    """Return what the ledger tells of a numbered purchase, without requests."""
    with Reader(path) as reader:
        return [(row.what, row.reason) for row in reader.timeline_rows([key_of(number)]).get(key_of(number), [])]


def counts(engine: Engine, path: Path, clock: ManualClock) -> dict[str, int]:
    """Return what an engine counted."""
    if isinstance(engine, MemoryQueue):
        return {str(name): n for name, n in engine.counts.items() if n}
    with Reader(path) as reader:
        found: dict[str, int] = {}
        for count in reader.counts(0, clock.now() + 60):
            found[count.outcome] = found.get(count.outcome, 0) + count.n
    return found


def everything(path: Path) -> bytes:
    """Return all values of all rows in the file, one after the other."""
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    values = [value for table in tables for row in connection.execute(f"SELECT * FROM {table}") for value in row]  # noqa: S608 - the schema's own names
    connection.close()
    return b"\n".join(value if isinstance(value, bytes) else str(value).encode() for value in values)
