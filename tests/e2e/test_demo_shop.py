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


class Customer:
    """Somebody without scripts in an open shop."""

    def __init__(self, http: aiohttp.ClientSession, places: dict[str, Any]) -> None:
        self._http = http
        self._places = places

    async def answers(self, address: str) -> int:
        """Return the status of an address."""
        async with self._http.get(address) as answer:
            return answer.status

    async def buy(self, *, consent: str) -> None:
        """Buy headphones, with this answer on consent."""
        await self._post("demo/switches", json={"consent": consent})
        await self._post("cart", data={"slug": "headphones"})
        await self._post("checkout", data=BUYER)

    async def gateway_states(self) -> list[str]:
        """Return where the gateway says that each order stands."""
        async with self._http.get(f"{self._places['shop']}demo/state") as answer:
            orders = (await answer.json())["orders"]
        return [journey["state"] for order in orders for journey in order["gateway"]]

    async def _post(self, path: str, *, data: dict[str, str] | None = None, json: dict[str, str] | None = None) -> None:
        async with self._http.post(self._places["shop"] + path, data=data, json=json) as answer:
            assert answer.status == 200

    async def counted(self) -> list[tuple[str, list[str]]]:
        """Return event_id and channels of what TikTok counts."""
        async with self._http.get(f"{self._places['tiktok']}_emulator/events") as answer:
            return [(event["event_id"], event["channels"]) for event in (await answer.json())["events"]]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
async def test_the_shop_is_open_until_a_signal_ends_it(number: signal.Signals, tmp_path: Path) -> None:
    """What was refused is withheld, what was allowed is counted; then all three processes and the store go."""
    process = await _start(tmp_path, "--json")
    jar = aiohttp.CookieJar(unsafe=True)  # keeps cookies of an IP address
    try:
        places = await _opened(process)
        async with aiohttp.ClientSession(cookie_jar=jar) as http:
            customer = Customer(http, places)
            for address in (places["ad"], places["tiktok"], f"{places['gateway']}/readyz"):
                assert await customer.answers(address) == 200, address
            await customer.buy(consent="denied")
            await eventually(customer.gateway_states, "the gateway has heard of the order", within_seconds=60)
            assert await customer.gateway_states() == ["withheld"]
            await customer.buy(consent="granted")
            counted = await eventually(customer.counted, "the purchase is counted", within_seconds=60)
        assert counted == [("order-1002-purchase", ["server"])]
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
