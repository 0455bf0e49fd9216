"""`fullcount demo --shop`: it opens, says where, stays open, and leaves nothing when it is ended."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from fullcount.demo.processes import COMMAND
from fullcount.demo.waiting import eventually

BUYER = {"first_name": "Ada", "last_name": "Beispiel", "email": "ada@example.com", "phone": "", "country": "DE"}


async def _start(folder: Path, *arguments: str, **environment: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *COMMAND,
        "demo",
        "--shop",
        *arguments,
        env={**os.environ, "TMPDIR": str(folder), **environment},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def _opened(process: asyncio.subprocess.Process) -> dict[str, Any]:
    """Return the document that is printed once the shop is open."""
    assert process.stdout is not None
    document = await asyncio.wait_for(process.stdout.readuntil(b"\n}\n"), 100)
    found: dict[str, Any] = msgspec.json.decode(document)
    return found


def _left_in(folder: Path) -> list[Path]:
    return list(folder.iterdir())


def _is_there(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
async def test_the_shop_is_open_until_a_signal_ends_it(number: signal.Signals, tmp_path: Path) -> None:
    """A purchase without a browser is counted once, from the server; then all three processes and the store go."""
    process = await _start(tmp_path, "--json")
    try:
        places = await _opened(process)
        jar = aiohttp.CookieJar(unsafe=True)  # keeps cookies of an IP address
        async with aiohttp.ClientSession(cookie_jar=jar) as http:
            for address in (places["ad"], places["tiktok"], f"{places['gateway']}/readyz"):
                async with http.get(address) as answer:
                    assert answer.status == 200, address
            await (await http.post(f"{places['shop']}cart", data={"slug": "headphones"})).read()
            async with http.post(f"{places['shop']}checkout", data=BUYER) as answer:
                assert "order-1001-purchase" in await answer.text()

            async def counted() -> list[Any]:
                async with http.get(f"{places['tiktok']}_emulator/events") as answer:
                    events: list[Any] = (await answer.json())["events"]
                    return events

            (event,) = await eventually(counted, "the purchase is counted", within_seconds=60)
        assert (event["event_id"], event["channels"]) == ("order-1001-purchase", ["server"])
    finally:
        process.send_signal(number)
        _, complaints = await process.communicate()

    assert (process.returncode, complaints.decode()) == (0, "fullcount: closed; nothing is left running\n")
    assert not any(_is_there(pid) for pid in places["pids"])
    assert _left_in(tmp_path) == []


async def test_a_process_that_dies_closes_the_shop(tmp_path: Path) -> None:
    """Whoever kills the gateway is told so, and nothing is left running."""
    process = await _start(tmp_path, "--json")
    places = await _opened(process)
    shop, gateway, tiktok = places["pids"]
    os.kill(gateway, signal.SIGKILL)
    _, complaints = await process.communicate()

    assert process.returncode == 2
    assert b"`fullcount serve` ended with status -9" in complaints
    assert not any(_is_there(pid) for pid in (shop, gateway, tiktok))
    assert _left_in(tmp_path) == []


async def test_it_tells_a_person_where_to_go(tmp_path: Path) -> None:
    """Without --json the addresses come with what to do there."""
    process = await _start(tmp_path)
    assert process.stdout is not None
    lines: list[str] = []
    while not lines or not lines[-1].startswith("Ctrl-C"):
        lines.append((await asyncio.wait_for(process.stdout.readline(), 100)).decode())
    process.send_signal(signal.SIGINT)
    await process.communicate()

    text = "".join(lines)
    assert text.count("http://127.0.0.1:") >= 3
    assert "/feed" in text
    assert "click it" in text


@pytest.mark.parametrize(
    ("arguments", "environment", "words"),
    [
        (["--orders", "60"], {}, "--orders"),
        (["--keep"], {}, "--keep"),
        ([], {"FULLCOUNT_TIKTOK__BASE_URL": "https://business-api.tiktok.com"}, "a TikTok of its own"),
    ],
    ids=["orders", "keep", "base URL"],
)
async def test_what_does_not_go_with_a_shop_is_wrong_usage(
    arguments: list[str], environment: dict[str, str], words: str, tmp_path: Path
) -> None:
    """Nothing starts, and what was wrong is named."""
    process = await _start(tmp_path, *arguments, **environment)
    output, complaints = await process.communicate()

    assert process.returncode == 2
    assert words in complaints.decode()
    assert output == b""
    assert _left_in(tmp_path) == []
