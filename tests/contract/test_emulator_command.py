"""`fullcount emulate` as a process: how it announces itself, what it refuses, and how it ends."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from tests.contract.emulator_client import TRACK, body_of

COMMAND = (sys.executable, "-c", "from fullcount.cli import main; main()", "emulate")


@asynccontextmanager
async def _started(*options: str) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(*COMMAND, *options, stdout=PIPE, stderr=PIPE)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def _line(stream: asyncio.StreamReader | None) -> str:
    assert stream is not None
    return (await stream.readline()).decode()


async def _refused(*options: str) -> str:
    """Return what a command that must end with status 2 says on standard error."""
    async with _started(*options) as process:
        out, err = await process.communicate()
    assert (process.returncode, out) == (2, b"")
    return err.decode()


async def _post(url: str, token: str) -> Any:
    body = body_of({"event": "Search", "event_time": 1_795_000_000, "event_id": "1"}, event_source_id="CONE")
    async with (
        aiohttp.ClientSession() as session,
        session.post(url + TRACK, json=body, headers={"Access-Token": token}) as answer,
    ):
        return (await answer.json())["code"]


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
async def test_it_announces_itself_serves_and_ends(ending: signal.Signals) -> None:
    """`--json` prints its address and process on one line once it listens; a signal ends it with status 0."""
    async with _started(
        "--json", "--port", "0", "--pixel", "CONE=first-test", "--pixel", "CONE=second-test"
    ) as process:
        ready = json.loads(await _line(process.stdout))
        assert ready["pid"] == process.pid
        assert [await _post(ready["url"], token) for token in ("first-test", "second-test", "third-test")] == [
            0,
            0,
            40105,
        ]

        process.send_signal(ending)

        assert await process.communicate() == (b"", b"")
        assert process.returncode == 0


async def test_a_person_sees_where_it_is_and_no_token() -> None:
    """Without `--json` it names its address, its pixels and its control plane."""
    async with _started("--port", "0", "--pixel", "CONE=first-test-token") as process:
        lines = [await _line(process.stdout) for _ in range(4)]
    assert lines[0].startswith("TikTok, emulated, at http://127.0.0.1:")
    assert lines[1] == "  pixel CONE with 1 token\n"
    assert "/_emulator/events" in lines[2]
    assert "/i18n/pixel/events.js?sdkid=CODE" in lines[3]
    assert "/_emulator/ad?to=URL" in lines[3]
    assert "first-test-token" not in "".join(lines)


async def test_the_browser_side_starts_as_its_options_say() -> None:
    """Names, windows, users and where ads may lead are set by options."""
    browser = ("--no-rename-events", "--click-window", "28", "--view-window", "0", "--remote-ads")
    async with (
        _started("--json", "--port", "0", *browser, "--population", "2", "--seed", "9") as process,
        aiohttp.ClientSession() as session,
    ):
        control = json.loads(await _line(process.stdout))["url"] + "/_emulator"
        async with session.get(f"{control}/switches") as answer:
            switches = await answer.json()
        async with session.get(f"{control}/population") as answer:
            population = await answer.json()
        query = {"to": "https://shop.example.com/"}
        async with session.get(f"{control}/ad", params=query, allow_redirects=False) as answer:
            status = answer.status
    assert (switches["rename_events"], switches["click_window_days"], switches["view_window_days"]) == (False, 28, 0)
    assert (population["seed"], len(population["users"]), status) == (9, 2, 302)


@pytest.mark.parametrize("value", ["CONE", "CONE=", "=token", " = "])
async def test_a_bad_pixel_is_refused_with_the_fix(value: str) -> None:
    """Wrong usage is exit status 2, and says how it is written; nothing starts."""
    words = await _refused("--pixel", value)
    assert "CODE=TOKEN" in words
    assert "--pixel CEXAMPLE0PIXEL000001=test-token" in words


async def test_a_port_that_is_taken_is_said() -> None:
    """A second emulator on the same port is exit status 2 with the way out."""
    async with _started("--json", "--port", "0") as process:
        port = json.loads(await _line(process.stdout))["url"].rsplit(":", 1)[1]
        words = await _refused("--port", port)
    assert f"127.0.0.1:{port}: cannot listen there" in words
    assert "another --port" in words


async def test_beyond_loopback_it_warns() -> None:
    """An address that others reach is taken only when asked for, with a warning."""
    async with _started("--json", "--port", "0", "--host", "0.0.0.0") as process:  # noqa: S104 - the warning is the test
        assert "warning: listening on 0.0.0.0" in await _line(process.stderr)
