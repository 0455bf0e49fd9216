"""What only the memory on disk has to show: it survives, it is bounded at rest, and it names nobody's token."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import apsw
import msgspec
import pytest
from tests.unit.queue.entries import purchase

from fullcount.clock import DAY_SECONDS, ManualClock
from fullcount.errors import StoreUnavailable
from fullcount.events.tie import Tie, TieKind
from fullcount.queue.entry import Verdict
from fullcount.queue.sqlite.engine import SqliteQueue
from fullcount.queue.sqlite.settings import StoreSettings
from fullcount.visitors.memory import Memory
from fullcount.visitors.sqlite import SqliteVisitors

STORE = StoreSettings(min_free_disk=0, poll_seconds=0.01)
SHOPPER = Tie(TieKind.VISITOR, "test-visitor-token")
ADDRESS = Tie(TieKind.EMAIL, "ab" * 32)
Opener = Callable[..., tuple[SqliteQueue, SqliteVisitors]]


@pytest.fixture
def clock() -> ManualClock:
    """A clock that the test moves."""
    return ManualClock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the store lies."""
    return tmp_path / "fullcount.db"


@pytest.fixture
async def opened(path: Path, clock: ManualClock) -> AsyncIterator[Opener]:
    """Opens the store and its memory of visitors; both are closed at the end."""
    open_now: list[tuple[SqliteQueue, SqliteVisitors]] = []

    def open_both(settings: StoreSettings = STORE) -> tuple[SqliteQueue, SqliteVisitors]:
        queue = SqliteQueue.open(path, clock, settings)
        open_now.append((queue, SqliteVisitors(queue, clock)))
        return open_now[-1]

    yield open_both
    for queue, visitors in open_now:
        await visitors.close()
        await queue.close()


def rows(path: Path, sql: str) -> list[tuple[object, ...]]:
    """Return what a query finds in the file."""
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        return list(connection.execute(sql))
    finally:
        connection.close()


def stored_bytes(path: Path) -> bytes:
    """Return what the file and its log hold."""
    return path.read_bytes() + path.with_name(f"{path.name}-wal").read_bytes()


async def test_a_restart_forgets_nobody(opened: Opener) -> None:
    """The first thing that a new owner is asked is answered from the file."""
    queue, visitors = opened()
    await visitors.remember([SHOPPER], Memory(ttclid="E.C.P.test"))
    await queue.close()
    _, again = opened()
    assert await again.recall([[ADDRESS]]) == [None]
    (memory,) = await again.recall([[SHOPPER]])
    assert memory is not None
    assert memory.ttclid == "E.C.P.test"


async def test_what_is_remembered_after_an_empty_answer_is_found(opened: Opener) -> None:
    """That nobody was known is believed only until somebody is."""
    _, visitors = opened()
    assert await visitors.recall([[SHOPPER]]) == [None]
    await visitors.remember([SHOPPER], Memory(ttclid="E.C.P.test"))
    assert await visitors.recall([[SHOPPER]]) != [None]


async def test_many_calls_at_once_share_commits_with_events(opened: Opener) -> None:
    """Visitors are written by the queue's writer: one commit for what comes together."""
    queue, visitors = opened()
    calls = [visitors.remember([Tie(TieKind.VISITOR, f"test-{n}")], Memory(country="DE")) for n in range(50)]
    *_, verdicts = await asyncio.gather(*calls, queue.accept([purchase(1)]))
    assert verdicts == [Verdict.ACCEPTED]
    assert queue.stats().commits < 50


async def test_the_file_tells_no_tie_and_no_plain_address(opened: Opener, path: Path) -> None:
    """Tokens are digests; of a person only hashes are kept."""
    _, visitors = opened()
    await visitors.remember([SHOPPER, Tie(TieKind.ORDER_ID, "order-number-12345")], Memory(ip="203.0.113.1"))
    stored = stored_bytes(path)
    assert b"203.0.113.1" in stored
    assert b"test-visitor-token" not in stored
    assert b"order-number-12345" not in stored


async def test_whose_time_is_over_is_swept_from_the_file(opened: Opener, path: Path, clock: ManualClock) -> None:
    """With the daily retention, and although nothing was remembered since the restart."""
    queue, visitors = opened()
    await visitors.remember([SHOPPER], Memory(ip="203.0.113.1"))
    clock.advance(DAY_SECONDS)
    await visitors.remember([ADDRESS], Memory(ip="203.0.113.2"))
    await queue.close()
    queue, visitors = opened()
    for _ in range(29):
        clock.advance(DAY_SECONDS)
        await queue.accept(())
    await queue.accept(())
    assert rows(path, "SELECT count(*) FROM visitor") == rows(path, "SELECT count(*) FROM tie") == [(1,)]


async def test_forgetting_leaves_no_row(opened: Opener, path: Path) -> None:
    """Neither the visitor nor a digest of their ties."""
    _, visitors = opened()
    await visitors.remember([SHOPPER, ADDRESS], Memory(ip="203.0.113.1"))
    assert await visitors.forget([ADDRESS]) == 1
    assert rows(path, "SELECT count(*) FROM visitor") == rows(path, "SELECT count(*) FROM tie") == [(0,)]


async def test_a_full_disk_refuses_to_remember_and_still_forgets_nothing(opened: Opener) -> None:
    """As an event would be: the caller is told, and what was known is still told."""
    free = [10**12]
    queue, visitors = opened(
        msgspec.structs.replace(STORE, min_free_disk=1, disk_check_seconds=0.0, free_disk=lambda _: free[0])
    )
    await visitors.remember([SHOPPER], Memory(country="DE"))
    free[0] = 0
    with pytest.raises(StoreUnavailable, match="MB free"):
        await visitors.remember([ADDRESS], Memory(country="DE"))
    assert await visitors.recall([[ADDRESS]]) == [None]
    assert await visitors.recall([[SHOPPER]]) != [None]
    assert await queue.lanes() == []


async def test_a_damaged_row_costs_that_visitor_alone(opened: Opener, path: Path) -> None:
    """It is nobody, until the visitor comes again."""
    queue, visitors = opened()
    await visitors.remember([SHOPPER], Memory(country="DE"))
    await visitors.remember([ADDRESS], Memory(country="FR"))
    await queue.do(lambda store: store.connection.execute("UPDATE visitor SET kept = x'c1' WHERE id = 1"))
    first, second = await visitors.recall([[SHOPPER], [ADDRESS]])
    assert first is None
    assert second is not None
    await visitors.remember([SHOPPER], Memory(country="IT"))
    (again,) = await visitors.recall([[SHOPPER]])
    assert again is not None
    assert again.country == "IT"
    assert rows(path, "SELECT count(*) FROM visitor") == [(2,)]
