"""A person's word for a source, in both engines and over a running owner."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from tests.unit.queue.conftest import SETTINGS

from fullcount.clock import ManualClock
from fullcount.config.settings import Mode
from fullcount.errors import StoreUnavailable
from fullcount.queue.memory import MemoryQueue
from fullcount.queue.protocol import Queue
from fullcount.queue.sqlite.control import ControlAnswer, ControlClient, SwitchMode
from fullcount.queue.sqlite.engine import SqliteQueue
from fullcount.queue.switch import Switch, mode_of

Opener = Callable[..., SqliteQueue]
OBSERVING = msgspec.structs.replace(SETTINGS, modes={"shop": Mode.OBSERVE})
LIVE = Switch(Mode.LIVE, Mode.OBSERVE, 5.0)


async def asked(queue: SqliteQueue, client: ControlClient, command: SwitchMode) -> ControlAnswer:
    """Leave a command and return the owner's answer."""
    command_id = client.ask(command)
    while (answer := client.result(command_id)) is None:
        await queue.lanes()  # the owner looks for commands beside what it is asked
    return answer


@pytest.mark.parametrize("engine", ["memory", "sqlite"])
async def test_a_switch_stands_until_it_is_forgotten(engine: str, queue: SqliteQueue, clock: ManualClock) -> None:
    """It is known by its source alone; forgetting one that is not there changes nothing."""
    store: Queue = MemoryQueue(clock) if engine == "memory" else queue
    assert store.modes() == {}
    await store.switch_mode("shop", LIVE)
    before = store.modes()
    await store.switch_mode("backend", None)
    assert store.modes() == {"shop": LIVE} == before
    await store.switch_mode("shop", None)
    assert (store.modes(), before) == ({}, {"shop": LIVE})


async def test_what_cannot_be_stored_switches_nothing(clock: ManualClock) -> None:
    """A store that is not available says so."""
    store = MemoryQueue(clock)
    store.unavailable = StoreUnavailable("the disk is full")
    with pytest.raises(StoreUnavailable):
        await store.switch_mode("shop", LIVE)
    assert store.modes() == {}


async def test_the_owner_switches_what_another_process_asks_for(opened: Opener, path: Path, clock: ManualClock) -> None:
    """It remembers when, and what the settings said; the next owner knows it, too. Back again leaves nothing."""
    first = opened(OBSERVING)
    client = ControlClient(path, clock)
    assert await asked(first, client, SwitchMode("shop", Mode.LIVE)) == ControlAnswer()
    expected = {"shop": Switch(Mode.LIVE, Mode.OBSERVE, clock.now())}
    assert first.modes() == expected
    await first.close()
    second = opened(OBSERVING)
    assert second.modes() == expected
    assert await asked(second, client, SwitchMode("shop", Mode.OBSERVE)) == ControlAnswer()
    assert second.modes() == {}
    client.close()


async def test_a_source_that_the_owner_does_not_have_is_refused(opened: Opener, path: Path, clock: ManualClock) -> None:
    """The settings on the disk may be newer than those that the gateway was started with."""
    queue = opened(OBSERVING)
    client = ControlClient(path, clock)
    answer = await asked(queue, client, SwitchMode("outlet", Mode.LIVE))
    client.close()

    assert "without a source named outlet" in answer.error
    assert queue.modes() == {}


async def test_a_switch_that_waits_for_an_owner_goes_before_its_settings(
    opened: Opener, path: Path, clock: ManualClock
) -> None:
    """Asked while nobody owns the store, it is the newest word when one starts."""
    await opened(OBSERVING).close()
    client = ControlClient(path, clock)
    command_id = client.ask(SwitchMode("shop", Mode.LIVE))
    queue = opened(OBSERVING)
    while client.result(command_id) is None:
        await queue.lanes()
    client.close()

    assert mode_of(Mode.OBSERVE, queue.modes()["shop"]) is Mode.LIVE


def test_changed_settings_are_the_newer_word() -> None:
    """A switch holds for as long as the settings say what it was made against."""
    assert mode_of(Mode.OBSERVE, LIVE) is Mode.LIVE
    assert mode_of(Mode.LIVE, Switch(Mode.OBSERVE, Mode.LIVE, 5.0)) is Mode.OBSERVE
    assert mode_of(Mode.LIVE, Switch(Mode.LIVE, Mode.OBSERVE, 5.0)) is Mode.LIVE
    assert mode_of(Mode.OBSERVE, Switch(Mode.OBSERVE, Mode.LIVE, 5.0)) is Mode.OBSERVE
