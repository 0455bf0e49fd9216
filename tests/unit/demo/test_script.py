"""The script plays its faults in order, at both TikToks, each while orders are on their way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest

from fullcount.demo.control import EmulatorControl
from fullcount.demo.script import DARK_SECONDS, Script
from fullcount.demo.waiting import eventually
from fullcount.emulator.serving import DEFAULT_PIXEL, DEFAULT_TOKEN, running_emulator

ROW = {"event": "Purchase", "event_time": 1_795_000_000, "event_id": "x"}
BODY = {"event_source": "web", "event_source_id": DEFAULT_PIXEL, "data": [ROW]}
THROTTLE, OUTAGE, OUTAGE_ENDS, LOSE, KILL = 0.08, 0.25, 0.45, 0.72, 0.80


class PassingClock:
    """A clock whose sleepers wake at once, and that moves the emulators' time instead."""

    def __init__(self, controls: list[EmulatorControl]) -> None:
        self._controls = controls

    def now(self) -> float:
        """Return an hour that nobody looks at."""
        return 0.0

    async def sleep(self, seconds: float) -> None:
        """Let the emulators' time pass."""
        for control in self._controls:
            await control.move_clock(seconds)


class Played:
    """A script between two emulators, and what it did."""

    def __init__(self, http: aiohttp.ClientSession, urls: list[str]) -> None:
        self.controls = [EmulatorControl(http, url) for url in urls]
        self.http = http
        self.said: list[str] = []
        self.killed = 0
        self.script = Script(
            self.controls,
            PassingClock(self.controls),
            kill_and_restart=self._kill,
            rejected=(["mine"], ["theirs-1", "theirs-2"]),
            say=self.said.append,
        )

    async def _kill(self) -> None:
        self.killed += 1

    async def post(self) -> dict[str, object]:
        """Send one event to the gateway's TikTok; return its answer."""
        url = f"{self.controls[0].base_url}/open_api/v1.3/event/track/"
        async with self.http.post(url, json=BODY, headers={"Access-Token": DEFAULT_TOKEN}) as answer:
            found: dict[str, object] = await answer.json()
            return found

    async def waiting(self) -> list[list[str]]:
        """Return the kinds of the faults that are left at each TikTok."""
        return [[fault["kind"] for fault in await control.faults()] for control in self.controls]


@pytest.fixture
async def played() -> AsyncIterator[Played]:
    """Two emulators that answer, and a script that has not begun."""
    async with running_emulator() as one, running_emulator() as other, aiohttp.ClientSession() as http:
        yield Played(http, [one.base_url, other.base_url])


async def test_the_steps_come_in_order_and_clear_what_they_began(played: Played) -> None:
    """After throttling and outage nothing of them is left; the rejected rows and the lost answer wait for orders."""
    playing = asyncio.create_task(played.script.play())
    await played.script.reach(LOSE)
    await eventually(lambda: len(played.said) == 6, "six things were said")

    assert [line.split(":")[0].split(",")[0] for line in played.said] == [
        "TikTok throttles",
        "TikTok is down",
        "TikTok is silent",
        "TikTok is back",
        "TikTok will reject one order",
        "TikTok takes a request",
    ]
    assert played.script.is_rejecting.is_set()

    async def is_scripted() -> bool:
        mine, theirs = await played.waiting()
        return "drop_answer" in mine and "drop_answer" in theirs

    await eventually(is_scripted, "the answer will be lost at both")
    assert sorted((await played.waiting())[1]) == ["down", "drop_answer", "reject_event", "reject_event"]
    assert played.script.measured.outage_seconds > 0
    assert played.killed == 0
    playing.cancel()


async def test_the_outage_ends_by_the_emulators_clock(played: Played) -> None:
    """An order after the outage is taken."""
    playing = asyncio.create_task(played.script.play())
    await played.script.reach(OUTAGE)

    async def is_down() -> bool:
        return (await played.post())["code"] == 60001

    await eventually(is_down, "TikTok is down")
    await played.script.reach(OUTAGE_ENDS)
    await eventually(lambda: "TikTok is back" in played.said, "the outage is over")
    await played.controls[0].move_clock(DARK_SECONDS)

    assert (await played.post())["code"] == 0
    playing.cancel()


async def test_the_gateway_is_killed_while_a_batch_is_in_flight(played: Played) -> None:
    """The kill waits until TikTok has taken a batch whose answer still hangs."""
    playing = asyncio.create_task(played.script.play())
    await played.script.reach(KILL)
    await played.controls[0].move_clock(DARK_SECONDS)
    with pytest.raises(aiohttp.ClientError):
        await played.post()  # its answer is the one that is lost
    assert played.killed == 0

    async def will_hang() -> bool:
        return "delay" in (await played.waiting())[0]

    await eventually(will_hang, "the next answer will hang")
    hanging = asyncio.create_task(played.post())
    await playing

    assert (played.killed, played.script.measured.kills) == (1, 1)
    assert not hanging.done()
    await hanging


async def test_orders_wait_for_the_fault_that_is_meant_for_them(played: Played) -> None:
    """Nobody gets past a step that has not begun."""
    reaching = asyncio.create_task(played.script.reach(THROTTLE))
    await asyncio.sleep(0)

    assert not reaching.done()
    playing = asyncio.create_task(played.script.play())
    await reaching
    playing.cancel()
