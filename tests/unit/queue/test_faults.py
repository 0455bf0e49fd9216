from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
import msgspec
import pytest
from tests.unit.queue.conftest import SETTINGS
from tests.unit.queue.entries import AT_ONCE, LANE, number_of, purchase

from fullcount.clock import ManualClock
from fullcount.errors import FullcountError, StoreUnavailable
from fullcount.events.model import Half
from fullcount.queue.delivery import Buried, Selection
from fullcount.queue.entry import Verdict
from fullcount.queue.outcomes import Reason
from fullcount.queue.sqlite.control import ControlClient, Pause, Redrive
from fullcount.queue.sqlite.engine import SqliteQueue
from fullcount.queue.sqlite.rows import decode_row, decode_rows, encode_row, encode_rows

Opener = Callable[..., SqliteQueue]

TOO_LARGE = Selection(seq=2**63)  # SQLite counts to one less


async def _with_a_dead_letter(queue: SqliteQueue) -> None:
    await queue.accept([purchase(1)])
    lease = await queue.lease(LANE, AT_ONCE)
    await queue.settle(lease, {lease.deliveries[0].seq: Buried(Reason.TOO_OLD)})


async def test_a_command_that_cannot_be_carried_out_is_answered_and_harms_nobody(
    queue: SqliteQueue, path: Path, clock: ManualClock
) -> None:
    """The fault of another process's command is its answer; accepts and leases beside it and later commands go on."""
    await _with_a_dead_letter(queue)
    client = ControlClient(path, clock)
    broken, good = client.ask(Redrive(TOO_LARGE)), client.ask(Pause(LANE, "by hand"))
    number = 2
    while (answer := client.result(broken)) is None:
        assert await queue.accept([purchase(number)]) == [Verdict.ACCEPTED]
        number += 1
    assert "OverflowError" in answer.error
    while (other := client.result(good)) is None:
        await queue.lanes()
    assert other.error == ""
    assert (await queue.lanes())[0].paused == "by hand"
    assert queue.stats().failure == ""
    assert "OverflowError" in queue.stats().background_failure
    client.close()


async def test_a_command_left_for_the_next_owner_cannot_brick_it(
    opened: Opener, path: Path, clock: ManualClock
) -> None:
    """A store whose open command has a fault is opened, answers it, and is used as ever."""
    first = opened()
    await _with_a_dead_letter(first)
    await first.close()
    client = ControlClient(path, clock)
    broken = client.ask(Redrive(TOO_LARGE))
    second = opened()
    assert await second.accept([purchase(2)]) == [Verdict.ACCEPTED]
    while client.result(broken) is None:
        await second.lanes()
    assert [number_of(it.event) for it in (await second.lease(LANE, AT_ONCE)).deliveries] == [2]
    client.close()


async def test_slow_work_with_a_fault_fails_alone(queue: SqliteQueue) -> None:
    """A redrive that cannot be carried out raises; what was asked with it is done."""
    await _with_a_dead_letter(queue)
    failed, accepted, leased = await asyncio.gather(
        queue.redrive(TOO_LARGE),
        queue.accept([purchase(2)]),
        queue.lease(LANE, AT_ONCE),
        return_exceptions=True,
    )
    assert isinstance(failed, OverflowError)
    assert accepted == [Verdict.ACCEPTED]
    assert not isinstance(leased, BaseException)
    assert await queue.redrive(Selection()) == 1


async def test_a_flush_with_a_fault_never_reaches_the_callers(opened: Opener, path: Path) -> None:
    """If keys cannot be moved into the index, accepts go on, dedupe holds, and the fault is told."""
    queue = opened(msgspec.structs.replace(SETTINGS, flush_keys=3))
    await queue.accept([purchase(number) for number in range(4)])
    while queue.stats().pending_keys:
        await queue.lanes()
    ((table,),) = _execute(path, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE 'seen_%'")
    _execute(path, f"CREATE TRIGGER refuse BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'no'); END")
    assert await queue.accept([purchase(number) for number in range(4, 9)]) == [Verdict.ACCEPTED] * 5
    while "flush: ConstraintError" not in queue.stats().background_failure:
        await queue.lanes()
    assert await queue.accept([purchase(4), purchase(20)]) == [Verdict.DUPLICATE, Verdict.ACCEPTED]
    assert queue.stats().failure == ""


async def test_what_sqlite_refuses_of_one_call_fails_alone(queue: SqliteQueue, path: Path) -> None:
    """A constraint of the store's own is no full disk: its call fails with a clear error, not with "wait"."""
    await queue.accept([purchase(1)])
    _execute(
        path, "CREATE TRIGGER refuse BEFORE INSERT ON held BEGIN SELECT RAISE(ABORT, 'order-3 is not wanted'); END"
    )
    good, failed, also_good = await asyncio.gather(
        queue.accept([purchase(2)]),
        queue.accept([purchase(3, hold_seconds=5)]),
        queue.accept([purchase(4)]),
        return_exceptions=True,
    )
    assert (good, also_good) == ([Verdict.ACCEPTED], [Verdict.ACCEPTED])
    assert isinstance(failed, FullcountError)
    assert not isinstance(failed, StoreUnavailable)
    assert "ConstraintError" in str(failed)
    assert "order-3" not in str(failed)


async def test_an_event_that_cannot_be_read_is_set_aside(queue: SqliteQueue, path: Path) -> None:
    """One unreadable row becomes a dead letter without an event_id; its neighbours are leased as ever."""
    await queue.accept([purchase(number) for number in range(3)])
    _spoil_chunk(path, 1)
    lease = await queue.lease(LANE, AT_ONCE)
    assert [number_of(delivery.event) for delivery in lease.deliveries] == [0, 2]
    (letter,) = await queue.dead_letters(Selection())
    assert (letter.event.event_id, letter.event.event) == ("", "Purchase")
    assert (letter.reason, letter.message) == (Reason.PURGED, "stored event cannot be read")
    (state,) = await queue.lanes()
    assert (state.queued, state.leased) == (0, 2)


async def test_a_lane_of_nothing_readable_gives_an_empty_lease(queue: SqliteQueue, path: Path) -> None:
    """If all that is due cannot be read, it is set aside and the lane is empty; a redrive does the same again."""
    await queue.accept([purchase(1)])
    _spoil_chunk(path, 0)
    for _ in range(2):
        assert (await queue.lease(LANE, AT_ONCE)).deliveries == ()
        assert await queue.lanes() == []
        assert await queue.redrive(Selection(reason=Reason.PURGED)) == 1


async def test_an_event_that_cannot_be_read_is_buried_like_the_others(queue: SqliteQueue, path: Path) -> None:
    """A purge takes it; one by event_id passes it over."""
    await queue.accept([purchase(number) for number in range(3)])
    _spoil_chunk(path, 1)
    assert await queue.bury(Selection(event_id="order-0")) == 1
    assert await queue.bury(Selection()) == 2
    assert sorted(letter.event.event_id for letter in await queue.dead_letters(Selection())) == [
        "",
        "order-0",
        "order-2",
    ]


async def test_a_held_half_that_cannot_be_read_is_replaced(queue: SqliteQueue, path: Path) -> None:
    """The other half goes alone in its place."""
    await queue.accept([purchase(1, half=Half.BROWSER, hold_seconds=20)])
    ((seq, stored),) = _execute(path, "SELECT seq, row FROM held")
    row = msgspec.structs.replace(decode_row(stored), event=b"\xa2\xff\xfe")
    _execute(path, "UPDATE held SET row = ? WHERE seq = ?", (encode_row(row), seq))
    assert await queue.accept([purchase(1)]) == [Verdict.MERGED]
    (delivery,) = (await queue.lease(LANE, AT_ONCE)).deliveries
    assert delivery.event == purchase(1).event


async def test_a_fault_is_logged_without_what_was_stored(queue: SqliteQueue, caplog: pytest.LogCaptureFixture) -> None:
    """The log names the step, the kind of fault and its place."""
    await _with_a_dead_letter(queue)
    with pytest.raises(OverflowError):
        await queue.redrive(TOO_LARGE)
    assert "OverflowError in connection.py" in caplog.text


def _execute(path: Path, sql: str, bindings: tuple[int | bytes, ...] = ()) -> list[Any]:
    connection = apsw.Connection(str(path))
    connection.set_busy_timeout(5_000)
    try:
        return connection.execute(sql, bindings).fetchall()
    finally:
        connection.close()


def _spoil_chunk(path: Path, index: int) -> None:
    """Make one event of the only chunk unreadable."""
    ((first_seq, body),) = _execute(path, "SELECT first_seq, rows FROM body")
    rows = decode_rows(body)
    rows[index] = msgspec.structs.replace(rows[index], event=b"\xa2\xff\xfe")
    _execute(path, "UPDATE body SET rows = ? WHERE first_seq = ?", (encode_rows(rows), first_seq))
