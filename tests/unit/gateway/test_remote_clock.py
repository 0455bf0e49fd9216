"""A clock that follows another process's: it jumps, sleepers wake, and it is refused away from this machine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import aiohttp.web
import pytest

from fullcount.clock import SystemClock
from fullcount.errors import ConfigError
from fullcount.gateway.remote_clock import VARIABLE, RemoteClock, clock_of

LOOPBACK = "http://127.0.0.1:8090"


class Emulated:
    """What the emulator's clock answers."""

    def __init__(self) -> None:
        self.url = ""
        self.offset = 0.0
        self.is_broken = False

    async def answer(self, _request: aiohttp.web.Request) -> aiohttp.web.Response:
        """Say the offset, or fail."""
        if self.is_broken:
            return aiohttp.web.Response(status=500)
        return aiohttp.web.json_response({"now": SystemClock().now() + self.offset, "offset": self.offset})


@pytest.fixture
async def emulated() -> AsyncIterator[Emulated]:
    """A served clock."""
    emulated = Emulated()
    app = aiohttp.web.Application()
    app.router.add_get("/_emulator/clock", emulated.answer)
    runner = aiohttp.web.AppRunner(app)
    await runner.setup()
    site = aiohttp.web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    emulated.url = f"http://{host}:{port}/_emulator/clock"
    yield emulated
    await runner.cleanup()


async def test_a_sleeper_wakes_when_the_emulators_time_jumps(emulated: Emulated) -> None:
    """Days pass at once for whoever sleeps, and a failing answer in between changes nothing."""
    emulated.offset = 1_000.0
    clock = RemoteClock(emulated.url)
    await clock.start()
    try:
        ahead = clock.now() - SystemClock().now()
        sleeper = asyncio.create_task(clock.sleep(86_400))
        emulated.is_broken = True
        await asyncio.sleep(0)
        was_awake = sleeper.done()
        emulated.offset, emulated.is_broken = 1_000.0 + 2 * 86_400, False
        await sleeper

        assert 999 < ahead < 1_001
        assert not was_awake
        assert clock.now() - SystemClock().now() > 86_400
    finally:
        await clock.close()


async def test_a_sleeper_that_is_not_due_sleeps_on_after_a_jump(emulated: Emulated) -> None:
    """A jump that does not reach its hour wakes nobody."""
    clock = RemoteClock(emulated.url)
    await clock.start()
    try:
        long, short = asyncio.create_task(clock.sleep(86_400)), asyncio.create_task(clock.sleep(100))
        await asyncio.sleep(0)
        emulated.offset = 1_000.0
        await short

        assert not long.done()
        long.cancel()
    finally:
        await clock.close()


async def test_time_goes_on_between_jumps(emulated: Emulated) -> None:
    """A short sleep ends by itself, and none at all ends at once."""
    clock = RemoteClock(emulated.url)
    await clock.start()
    began = clock.now()
    await clock.sleep(0.01)
    await clock.sleep(-1)
    await clock.close()

    assert clock.now() - began >= 0.01


async def test_a_clock_that_does_not_answer_is_a_config_error(emulated: Emulated) -> None:
    """Starting without an answer says which variable and what to do."""
    emulated.is_broken = True

    with pytest.raises(ConfigError, match=VARIABLE):
        await RemoteClock(emulated.url).start()


async def test_the_machines_clock_is_used_unless_another_is_named() -> None:
    """Without the variable, or with an empty one, time is the machine's."""
    assert isinstance(clock_of({}, "https://business-api.tiktok.com"), SystemClock)
    assert isinstance(clock_of({VARIABLE: ""}, "https://business-api.tiktok.com"), SystemClock)
    assert isinstance(clock_of({VARIABLE: f"{LOOPBACK}/_emulator/clock"}, LOOPBACK), RemoteClock)


@pytest.mark.parametrize(
    ("clock_url", "base_url"),
    [
        (f"{LOOPBACK}/_emulator/clock", "https://business-api.tiktok.com"),
        (f"{LOOPBACK}/_emulator/clock", "http://192.0.2.1:8090"),
        ("http://192.0.2.1:8090/_emulator/clock", LOOPBACK),
        ("file:///tmp/clock", LOOPBACK),
        ("127.0.0.1:8090", LOOPBACK),
    ],
)
def test_a_moved_clock_is_refused_away_from_this_machine(clock_url: str, base_url: str) -> None:
    """Real events never get a time that somebody moved."""
    with pytest.raises(ConfigError, match=VARIABLE):
        clock_of({VARIABLE: clock_url}, base_url)
