from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path

import apsw
import msgspec
import pytest
from tests.unit.queue.conftest import SETTINGS
from tests.unit.queue.entries import AT_ONCE, LANE, purchase

from fullcount.clock import ManualClock
from fullcount.errors import FullcountError, StoreCorrupt, StoreOwned, StoreUnavailable
from fullcount.events.codec import encode_stored
from fullcount.queue.delivery import Delivered
from fullcount.queue.entry import Errand, Refund, Verdict
from fullcount.queue.sqlite.connection import fetch, open_for_writing
from fullcount.queue.sqlite.engine import SqliteQueue
from fullcount.queue.sqlite.owner import owner_pid
from fullcount.queue.sqlite.rows import Row, encode_rows
from fullcount.queue.sqlite.schema import MIGRATIONS, migrate, schema_version
from fullcount.queue.sqlite.seen import KeyClaim

Opener = Callable[..., SqliteQueue]

HOLDS_THE_STORE = """
import sys
from pathlib import Path
from fullcount.queue.sqlite.owner import Owner
owner = Owner(Path(sys.argv[1]))
print("owned", flush=True)
sys.stdin.read()
"""


async def test_a_second_owner_is_told_who_the_first_is(path: Path, clock: ManualClock) -> None:
    """A store owned by another process is refused with its pid; killed, it leaves the store free."""
    pipe = asyncio.subprocess.PIPE
    owner = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOLDS_THE_STORE, str(path), stdin=pipe, stdout=pipe
    )
    assert owner.stdout is not None
    await owner.stdout.readline()
    assert owner_pid(path) == owner.pid
    with pytest.raises(StoreOwned, match=f"process {owner.pid}") as refused:
        SqliteQueue.open(path, clock, SETTINGS)
    assert refused.value.pid == owner.pid
    owner.kill()
    await owner.wait()
    assert owner_pid(path) is None
    queue = SqliteQueue.open(path, clock, SETTINGS)
    assert owner_pid(path) == os.getpid()
    await queue.close()
    assert owner_pid(path) is None


async def test_a_new_owner_frees_older_leases_at_once(opened: Opener, clock: ManualClock) -> None:
    """What the last owner had leased may have been sent: it is due now as a lost attempt, and its lease is stale."""
    first = opened()
    await first.accept([purchase(1)])
    lease = await first.lease(LANE, AT_ONCE)
    await first.close()
    clock.advance(3)
    second = opened()
    again = await second.lease(LANE, AT_ONCE)
    assert [(it.attempts, it.first_lost_at) for it in again.deliveries] == [(1, lease.leased_at)]
    assert again.id != lease.id
    assert not await second.settle(lease, {lease.deliveries[0].seq: Delivered()})


@pytest.mark.parametrize(
    "content", [b"This is not a database, it is a letter to a friend. " * 100, b"SQLite format 3\x00" + b"\xff" * 9_000]
)
def test_a_file_that_is_no_store_is_left_as_it_was(path: Path, clock: ManualClock, content: bytes) -> None:
    """It is refused with what to do; not a byte of it changes and nothing lies beside it but the lock."""
    path.write_bytes(content)
    with pytest.raises(StoreCorrupt) as refused:
        SqliteQueue.open(path, clock, SETTINGS)
    assert "restore a backup" in refused.value.fix
    assert path.read_bytes() == content
    assert {it.name for it in path.parent.iterdir()} <= {path.name, f"{path.name}.owner"}
    assert owner_pid(path) is None


def test_another_programs_database_is_left_alone(path: Path, clock: ManualClock) -> None:
    """A database that is not ours is refused before anything is written to it."""
    theirs = apsw.Connection(str(path))
    theirs.execute("CREATE TABLE customer (name TEXT)")
    theirs.close()
    before = path.read_bytes()
    with pytest.raises(StoreCorrupt, match="not a store of Fullcount"):
        SqliteQueue.open(path, clock, SETTINGS)
    assert path.read_bytes() == before


async def test_a_newer_stores_version_is_refused(opened: Opener, path: Path, clock: ManualClock) -> None:
    """A file that a newer Fullcount made is not touched."""
    await opened().close()
    connection = apsw.Connection(str(path))
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(StoreCorrupt, match="version 99"):
        SqliteQueue.open(path, clock, SETTINGS)


def _damage(path: Path, table: str) -> bytes:
    """Spoil the first page of a table; return what the file holds then."""
    connection = apsw.Connection(str(path))
    ((page,),) = fetch(connection, "SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,))
    ((size,),) = fetch(connection, "PRAGMA page_size")
    connection.close()
    content = bytearray(path.read_bytes())
    content[(page - 1) * size : page * size] = b"\xaa" * size
    path.write_bytes(content)
    return bytes(content)


async def test_damage_found_at_the_start_is_refused(opened: Opener, path: Path, clock: ManualClock) -> None:
    """A store whose keys cannot be read does not start, and the file stays as it was."""
    queue = opened()
    await queue.accept([purchase(number) for number in range(100)])
    await queue.close()
    content = _damage(path, "keylog")
    with pytest.raises(StoreCorrupt, match="damaged"):
        SqliteQueue.open(path, clock, SETTINGS)
    assert content == _content(path)


async def test_damage_found_while_running_stops_the_store(opened: Opener, path: Path) -> None:
    """Whoever needs the damaged page is told, and so are all after them: nothing more is written."""
    queue = opened()
    await queue.accept([purchase(number) for number in range(5_000)])
    await queue.close()
    _damage(path, "body")
    queue = opened()
    for _ in range(2):
        with pytest.raises(StoreCorrupt, match="damaged"):
            await queue.lease(LANE, AT_ONCE)
    with pytest.raises(StoreCorrupt, match="damaged"):
        await queue.accept([purchase(9_999)])


def _content(path: Path) -> bytes:
    return path.read_bytes()


def test_a_folder_that_is_not_there_is_named(tmp_path: Path, clock: ManualClock) -> None:
    """The refusal says where the lock file could not be made."""
    with pytest.raises(StoreUnavailable, match=r"missing/fullcount\.db\.owner"):
        SqliteQueue.open(tmp_path / "missing" / "fullcount.db", clock, SETTINGS)


async def test_a_file_of_the_first_version_keeps_its_pauses(path: Path, clock: ManualClock) -> None:
    """It did not know who paused: what was paused then is tried like any other pause."""
    connection = open_for_writing(path)
    migrate(connection, path, MIGRATIONS[:1])
    connection.execute(
        "INSERT INTO lane (id, pixel_code, event_source, paused, paused_at) VALUES (1, ?, 'web', 'token refused', 5.0)",
        (LANE.pixel_code,),
    )
    connection.close()
    queue = SqliteQueue.open(path, clock, SETTINGS)
    (state,) = await queue.lanes()
    await queue.close()
    assert (state.lane, state.paused, state.paused_at, state.paused_by_person) == (LANE, "token refused", 5.0, False)


async def test_a_file_of_the_second_version_goes_on(path: Path, clock: ManualClock) -> None:
    """What waited in it is delivered, its keys are known, and what is new is taken."""
    connection = open_for_writing(path)
    migrate(connection, path, MIGRATIONS[:2])
    event = encode_stored(purchase(1).event)
    waiting = Row(1, purchase(1).key, clock.now(), 1, purchase(1).window_seconds, event)
    connection.execute("UPDATE meta SET value = 2 WHERE name = 'next_seq'")
    connection.execute("INSERT INTO label VALUES (1, 'store', 'Purchase', 'backend')")
    connection.execute("INSERT INTO lane (id, pixel_code, event_source) VALUES (1, ?, 'web')", (LANE.pixel_code,))
    connection.execute("INSERT INTO chunk VALUES (1, 1, ?1, 1, ?2, 0, NULL, 0, ?1, NULL)", (clock.now(), len(event)))
    connection.execute("INSERT INTO body VALUES (1, ?)", (encode_rows([waiting]),))
    claims = msgspec.msgpack.encode([KeyClaim(purchase(1).key, int(clock.now()), 1, purchase(1).window_seconds)])
    connection.execute("INSERT INTO keylog VALUES (1, ?)", (claims,))
    connection.close()
    queue = SqliteQueue.open(path, clock, SETTINGS)
    refund = Refund(purchase(9).key, "shop", "order-1", "9", 20.5, "EUR", clock.now())
    errand = Errand(purchase(8).key, "shop", b"order 8", clock.now())

    assert await queue.accept([purchase(1), purchase(2)], [refund, errand]) == [Verdict.DUPLICATE, Verdict.ACCEPTED]
    lease = await queue.lease(LANE, AT_ONCE)
    assert [delivery.event.event_id for delivery in lease.deliveries] == ["order-1", "order-2"]
    assert await queue.due_errands() == [errand]
    await queue.close()


def test_migrations_run_once_each_and_in_order(path: Path) -> None:
    """An older file gets the migrations that it has not seen; one that fails leaves the file as before."""
    connection = open_for_writing(path)
    migrate(connection, path)
    second = "CREATE TABLE later (id INTEGER)"
    migrate(connection, path, [*MIGRATIONS, second])
    assert schema_version(connection) == len(MIGRATIONS) + 1
    broken = "CREATE TABLE latest (id INTEGER); SELECT no_such_function()"
    with pytest.raises(FullcountError, match="cannot do what was asked"):
        migrate(connection, path, [*MIGRATIONS, second, broken])
    assert schema_version(connection) == len(MIGRATIONS) + 1
    assert connection.table_exists(None, "later")
    assert not connection.table_exists(None, "latest")
    connection.close()


async def test_a_link_to_the_store_has_the_same_owner(
    opened: Opener, path: Path, tmp_path: Path, clock: ManualClock
) -> None:
    """The file is locked, not the name: a second owner through a link is refused."""
    opened()
    link = tmp_path / "link.db"
    link.symlink_to(path)
    assert owner_pid(link) == os.getpid()
    with pytest.raises(StoreOwned):
        SqliteQueue.open(link, clock, SETTINGS)


async def test_only_its_user_may_read_a_store(path: Path, clock: ManualClock) -> None:
    """The file and its log are made for the owner's eyes, whatever the umask of the process."""
    before = os.umask(0)
    try:
        queue = SqliteQueue.open(path, clock, SETTINGS)
        await queue.accept([purchase(1)])
        files = {file.name: file.stat().st_mode & 0o777 for file in path.parent.iterdir()}
    finally:
        os.umask(before)
    assert files == dict.fromkeys((path.name, f"{path.name}-wal", f"{path.name}-shm", f"{path.name}.owner"), 0o600)
    await queue.close()
