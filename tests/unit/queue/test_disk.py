from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import apsw
import msgspec
import pytest
from tests.unit.queue.conftest import SETTINGS
from tests.unit.queue.entries import AT_ONCE, LANE, number_of, purchase
from tests.unit.queue.faulty_vfs import FaultyVFS

from fullcount.clock import ManualClock
from fullcount.errors import StoreUnavailable
from fullcount.queue.delivery import Delivered
from fullcount.queue.entry import Verdict
from fullcount.queue.sqlite.connection import BUSY_TIMEOUT_MS, open_for_writing
from fullcount.queue.sqlite.disk import Disk
from fullcount.queue.sqlite.engine import SqliteQueue
from fullcount.queue.sqlite.schema import migrate
from fullcount.queue.sqlite.settings import StoreSettings

Opener = Callable[..., SqliteQueue]


@pytest.fixture
def vfs(tmp_path: Path) -> Iterator[FaultyVFS]:
    """A file layer that this test can break."""
    with FaultyVFS(f"faulty-{tmp_path.name}") as vfs:
        yield vfs


async def _accept_when_possible(queue: SqliteQueue, number: int) -> None:
    while True:
        try:
            await queue.accept([purchase(number)])
        except StoreUnavailable:
            await asyncio.sleep(0.01)
        else:
            return


@pytest.mark.parametrize("fault", [apsw.FullError, apsw.IOError])
@pytest.mark.parametrize("fails_on", ["write", "sync"])
async def test_a_disk_that_fails_loses_nothing(
    path: Path, clock: ManualClock, vfs: FaultyVFS, fault: type[apsw.Error], fails_on: str
) -> None:
    """While it fails every call says so; then it goes on by itself, with each accepted event there once."""
    queue = SqliteQueue.open(path, clock, msgspec.structs.replace(SETTINGS, vfs=vfs.name))
    assert await queue.accept([purchase(1)]) == [Verdict.ACCEPTED]
    vfs.fails_on, vfs.fault = {fails_on}, fault
    for number in (2, 3):
        with pytest.raises(StoreUnavailable) as refused:
            await queue.accept([purchase(number)])
        assert refused.value.fix
    assert queue.stats().failure
    vfs.fault = None
    for number in (2, 3):
        # A failed sync may have stored it: then it is a duplicate, and there all the same.
        await _accept_when_possible(queue, number)
    assert await queue.accept([purchase(number) for number in (1, 2, 3)]) == [Verdict.DUPLICATE] * 3
    assert queue.stats().failure == ""
    lease = await queue.lease(LANE, AT_ONCE)
    assert sorted(number_of(delivery.event) for delivery in lease.deliveries) == [1, 2, 3]
    await queue.close()


@pytest.mark.parametrize("fault", [apsw.FullError, apsw.IOError])
async def test_a_settle_that_cannot_be_stored_keeps_the_lease(
    path: Path, clock: ManualClock, vfs: FaultyVFS, fault: type[apsw.Error]
) -> None:
    """It raises, its deliveries stay leased, and the same settle works once the disk does."""
    queue = SqliteQueue.open(path, clock, msgspec.structs.replace(SETTINGS, vfs=vfs.name))
    await queue.accept([purchase(1), purchase(2)])
    lease = await queue.lease(LANE, AT_ONCE)
    results = {delivery.seq: Delivered() for delivery in lease.deliveries}
    vfs.fault = fault
    with pytest.raises(StoreUnavailable):
        await queue.settle(lease, results)
    vfs.fault = None
    (state,) = await queue.lanes()
    assert (state.queued, state.leased) == (0, 2)
    assert await queue.settle(lease, results)
    assert await queue.lanes() == []
    await queue.close()


async def test_a_lease_whose_commit_is_unknown_was_not_an_attempt(
    path: Path, clock: ManualClock, vfs: FaultyVFS
) -> None:
    """Nobody got it, so what it may have held waits again, untried, as soon as the disk works."""
    queue = SqliteQueue.open(path, clock, msgspec.structs.replace(SETTINGS, vfs=vfs.name))
    await queue.accept([purchase(1)])
    vfs.fails_on, vfs.fault = {"sync"}, apsw.IOError
    with pytest.raises(StoreUnavailable):
        await queue.lease(LANE, AT_ONCE)
    vfs.fault = None
    lease = await queue.lease(LANE, AT_ONCE)
    assert [(it.attempts, it.first_lost_at) for it in lease.deliveries] == [(0, None)]
    await queue.close()


async def test_a_store_that_cannot_be_made_refuses_to_start(path: Path, clock: ManualClock, vfs: FaultyVFS) -> None:
    """A full disk at the first start is said, and the next start works."""
    vfs.fault = apsw.FullError
    settings = msgspec.structs.replace(SETTINGS, vfs=vfs.name)
    with pytest.raises(StoreUnavailable, match="cannot be written"):
        SqliteQueue.open(path, clock, settings)
    vfs.fault = None
    queue = SqliteQueue.open(path, clock, settings)
    assert await queue.accept([purchase(1)]) == [Verdict.ACCEPTED]
    await queue.close()


async def test_accepting_stops_while_there_is_room_to_settle(opened: Opener) -> None:
    """Below `min_free_disk` accepts are refused with the reason; leasing and settling go on; with room it goes on."""
    free = [1_000_000_000]
    queue = opened(StoreSettings(min_free_disk=500_000_000, disk_check_seconds=0, free_disk=lambda _: free[0]))
    await queue.accept([purchase(1)])
    free[0] = 400_000_000
    with pytest.raises(StoreUnavailable, match=r"400 MB free, less than storage\.min_free_disk"):
        await queue.accept([purchase(2)])
    lease = await queue.lease(LANE, AT_ONCE)
    assert await queue.settle(lease, {lease.deliveries[0].seq: Delivered()})
    free[0] = 600_000_000
    assert await queue.accept([purchase(2)]) == [Verdict.ACCEPTED]


async def test_an_accept_of_nothing_tells_whether_something_would_be_taken(opened: Opener) -> None:
    """Readiness asks with nothing in hand: refused below `min_free_disk`, answered with no verdicts above it."""
    free = [1_000_000_000]
    queue = opened(StoreSettings(min_free_disk=500_000_000, disk_check_seconds=0, free_disk=lambda _: free[0]))
    assert await queue.accept(()) == []
    free[0] = 400_000_000
    with pytest.raises(StoreUnavailable, match=r"storage\.min_free_disk"):
        await queue.accept(())


async def test_the_log_is_cut_when_it_has_grown_too_long(opened: Opener) -> None:
    """Over its limit the write-ahead log is written back and its file truncated."""
    queue = opened(StoreSettings(min_free_disk=0, checkpoint_bytes=8_192, wal_limit_bytes=0))
    for start in range(0, 2_000, 500):
        await queue.accept([purchase(number) for number in range(start, start + 500)])
    await queue.lanes()
    await queue.lanes()
    assert queue.stats().wal_bytes == 0


async def test_a_reader_in_the_way_of_the_log_delays_no_commit(path: Path, clock: ManualClock, vfs: FaultyVFS) -> None:
    """While a snapshot keeps the log from being cut, no commit waits for it; the log is kept, and nothing is lost."""
    settings = msgspec.structs.replace(SETTINGS, checkpoint_bytes=4_096, wal_limit_bytes=0, vfs=vfs.name)
    queue = SqliteQueue.open(path, clock, settings)
    await queue.accept([purchase(0)])
    reader = apsw.Connection(str(path))
    reader.execute("BEGIN; SELECT count(*) FROM chunk").fetchall()
    before = vfs.waits
    for number in range(1, 6):
        await queue.accept([purchase(number)])
    await queue.lanes()
    assert vfs.waits == before
    assert queue.stats().wal_bytes > 0
    reader.close()
    assert len((await queue.lease(LANE, AT_ONCE)).deliveries) == 6
    await queue.close()


def test_a_checkpoint_that_was_in_vain_leaves_the_patience_for_locks(path: Path) -> None:
    """After a blocked cut of the log, a commit waits for another program's lock as long as ever."""
    connection = open_for_writing(path)
    migrate(connection, path)
    disk = Disk(path, msgspec.structs.replace(SETTINGS, checkpoint_bytes=0, wal_limit_bytes=0))
    reader = apsw.Connection(str(path))
    reader.execute("BEGIN; SELECT count(*) FROM chunk").fetchall()
    connection.execute("UPDATE meta SET value = value + 1")
    disk.checkpoint(connection)
    assert disk.wal_bytes() > 0
    assert connection.execute("PRAGMA busy_timeout").fetchall() == [(BUSY_TIMEOUT_MS,)]
    reader.close()
    connection.close()
