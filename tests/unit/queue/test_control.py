from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import apsw
import msgspec
import pytest
from tests.unit.queue.entries import AT_ONCE, LANE, purchase

from fullcount.clock import ManualClock
from fullcount.errors import StoreUnavailable
from fullcount.queue.delivery import Selection
from fullcount.queue.outcomes import Reason
from fullcount.queue.sqlite.control import Bury, ControlAnswer, ControlClient, ControlCommand, Pause, Redrive, Resume
from fullcount.queue.sqlite.engine import SqliteQueue

Opener = Callable[..., SqliteQueue]


async def _asked(queue: SqliteQueue, client: ControlClient, command: ControlCommand) -> ControlAnswer:
    return await _answered(queue, client, client.ask(command))


async def _answered(queue: SqliteQueue, client: ControlClient, command_id: int) -> ControlAnswer:
    while (answer := client.result(command_id)) is None:
        await queue.lanes()  # the owner looks for commands beside what it is asked
    return answer


async def test_the_owner_obeys_commands_left_in_the_file(queue: SqliteQueue, path: Path, clock: ManualClock) -> None:
    """Pause, resume, bury and redrive of another process are applied and answered with what they touched."""
    await queue.accept([purchase(number) for number in range(700)])
    client = ControlClient(path, clock)
    assert await _asked(queue, client, Pause(LANE, "by hand")) == ControlAnswer()
    (state,) = await queue.lanes()
    assert (state.paused, state.paused_by_person) == ("by hand", True)
    assert (await queue.lease(LANE, msgspec.structs.replace(AT_ONCE, even_if_paused=True))).deliveries == ()
    assert await _asked(queue, client, Resume(LANE)) == ControlAnswer()
    assert (await queue.lanes())[0].paused_at is None
    assert await _asked(queue, client, Bury(Selection(event_id="order-3"))) == ControlAnswer(count=1)
    assert await _asked(queue, client, Bury(Selection(), Reason.SOURCE_REMOVED)) == ControlAnswer(count=699)
    assert await queue.lanes() == []
    assert await _asked(queue, client, Redrive(Selection(reason=Reason.SOURCE_REMOVED))) == ControlAnswer(count=699)
    assert [letter.reason for letter in await queue.dead_letters(Selection())] == [Reason.PURGED]
    client.close()


async def test_a_redrive_from_outside_wakes_delivery(queue: SqliteQueue, path: Path, clock: ManualClock) -> None:
    """Who waits for a change hears of what another process asked for."""
    await queue.accept([purchase(1)])
    await queue.bury(Selection())
    await queue.changed()
    waiting = asyncio.ensure_future(queue.changed())
    client = ControlClient(path, clock)
    assert await _asked(queue, client, Redrive(Selection())) == ControlAnswer(count=1)
    await waiting
    client.close()


async def test_commands_wait_for_an_owner(opened: Opener, path: Path, clock: ManualClock) -> None:
    """Asked while nobody owns the store, a command is applied by the next owner."""
    first = opened()
    await first.accept([purchase(1)])
    await first.close()
    client = ControlClient(path, clock)
    command_id = client.ask(Pause(LANE, "by hand"))
    assert client.result(command_id) is None
    second = opened()
    assert await _answered(second, client, command_id) == ControlAnswer()
    assert (await second.lanes())[0].paused == "by hand"
    client.close()


@pytest.mark.parametrize("stored", [b'{"type":"Explode"}', b"\xff", "words", 7])
async def test_an_unknown_command_is_answered_with_an_error(
    queue: SqliteQueue, path: Path, clock: ManualClock, stored: bytes | str | int
) -> None:
    """A row that this version cannot read neither stops the owner nor waits for ever."""
    await queue.accept([purchase(1)])
    connection = apsw.Connection(str(path))
    connection.execute("INSERT INTO control (command, asked_at) VALUES (?, 0)", (stored,))
    client = ControlClient(path, clock)
    answer = await _answered(queue, client, connection.last_insert_rowid())
    assert "does not know" in answer.error
    client.close()
    connection.close()


def test_without_a_store_there_is_nobody_to_ask(path: Path, clock: ManualClock) -> None:
    """The client makes no file; it says what to start."""
    with pytest.raises(StoreUnavailable, match="no store"):
        ControlClient(path, clock)
    assert not path.exists()
