"""A source goes live over a running gateway, and pairs predict what TikTok counts: real processes throughout."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.harness import KEY, PIXEL, TOKEN, House, clock, purchase

from fullcount.demo.processes import COMMAND
from fullcount.demo.waiting import eventually

PAGE_KEY = "pk-store"
FOREIGN = [{"name": "store", "code": PIXEL, "access_token": TOKEN, "browser": "other"}]
BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64)"}


@pytest.fixture
async def observing(tmp_path: Path) -> AsyncIterator[House]:
    """A gateway whose pixel has a browser half that others send: its source starts in observe."""
    async with House(tmp_path, {"pixels": FOREIGN}) as house:
        yield house


@pytest.fixture
async def paired(tmp_path: Path) -> AsyncIterator[House]:
    """The same, live, with pages that tell what their pixel sends."""
    sources = [
        {"name": "backend", "key": KEY, "pixels": ["store"], "mode": "live"},
        {"name": "web", "kind": "browser", "key": PAGE_KEY, "pixels": ["store"], "mode": "live"},
    ]
    async with House(tmp_path, {"pixels": FOREIGN, "sources": sources}) as house:
        yield house


async def told(house: House, *arguments: str) -> tuple[int, Any]:
    """Run a command with --json beside the gateway; return its exit status and its document."""
    command = [*COMMAND, *arguments, "--json", "--config", str(house.gateway.settings_path)]
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    return process.returncode or 0, json.loads(output)


async def posted(house: House, event_id: str, **changes: Any) -> Any:
    """Post one purchase and return the gateway's answer."""
    event = {**purchase(event_id, clock.now()), **changes}
    headers = {"Authorization": f"Bearer {KEY}"}
    async with house.http.post(f"{house.gateway.url}/v1/events", json=event, headers=headers) as answer:
        assert answer.status == 202, await answer.text()
        return await answer.json()


async def until_counted(house: House, count: int) -> None:
    """Wait until TikTok counts so many events."""

    async def are_counted() -> bool:
        return await house.control.counted() == count

    await eventually(are_counted, f"{count} events are counted", within_seconds=60)


async def restart(house: House, mode: str = "") -> str:
    """Kill the gateway and start it again, with a mode in its settings if one is named; return what it logs."""
    house.gateway.kill()
    settings = house.settings()
    if mode:
        settings["sources"][0]["mode"] = mode
    house.gateway.write_settings(settings)
    before = house.gateway.log.stat().st_size
    await house.start()
    return house.gateway.log.read_bytes()[before:].decode()


async def test_a_source_goes_live_and_back_over_a_running_gateway(observing: House) -> None:
    """Nothing is sent until a person says so; then it is at once, also after a crash, until they say otherwise."""
    house = observing
    await house.start()
    assert (await posted(house, "order-1"))["withheld"] == 1

    status, shown = await told(house, "source", "live", "backend")
    assert (status, shown["is_switched"]) == (1, False)
    assert [order["event_id"] for order in shown["orders"]] == ["order-1"]
    assert (await posted(house, "order-1"))["withheld"] == 1

    status, shown = await told(house, "source", "live", "backend", "--yes")
    assert (status, shown["is_switched"], shown["is_applied"]) == (0, True, True)
    assert (await posted(house, "order-1"))["accepted"] == 1
    await until_counted(house, 1)

    assert "source was switched by a person" in await restart(house)
    assert (await posted(house, "order-2"))["accepted"] == 1
    await until_counted(house, 2)

    status, shown = await told(house, "source", "observe", "backend")
    assert (status, shown["is_applied"]) == (0, True)
    assert (await posted(house, "order-3"))["withheld"] == 1
    await house.operator.until_quiet()
    assert await house.control.counted() == 2


async def test_settings_that_change_after_a_switch_are_the_newer_word(observing: House) -> None:
    """The switch is forgotten at the next start, which says so; it does not come back with the old settings."""
    house = observing
    await house.start()
    await told(house, "source", "live", "backend", "--yes")
    log = await restart(house, "live")
    assert "a person's switch is forgotten" in log
    assert (await posted(house, "order-1"))["accepted"] == 1
    assert "switch" not in await restart(house, "observe")
    assert (await posted(house, "order-2"))["withheld"] == 1


async def test_a_switch_without_a_gateway_waits_for_its_start(observing: House) -> None:
    """It is noted in the store, and said so."""
    house = observing
    await house.start()
    house.gateway.kill()
    status, shown = await told(house, "source", "live", "backend", "--yes")
    assert (status, shown["is_switched"], shown["is_applied"]) == (0, True, False)
    await house.start()

    async def is_live() -> bool:
        return bool((await posted(house, "order-1"))["accepted"])

    await eventually(is_live, "the source is live")
    await until_counted(house, 1)


async def test_pairs_predict_what_is_counted(paired: House) -> None:
    """Copies that meet, lack an id, differ in name or id: the number is the emulator's, and why is said."""
    house = paired
    await house.start()

    async def sold(number: int, *, page_id: str | None = None, name: str = "CompletePayment", times: int = 1) -> None:
        """Buy something: the pixel sends its half, the page tells of it, and the shop posts the order."""
        event_id = f"order-{number}" if page_id is None else page_id
        row = {"event": "CompletePayment", "event_id": event_id, "at": 0, "value": 10 + number, "currency": "USD"}
        for _ in range(times):
            await house.control.fire_pixel(PIXEL, "CompletePayment", event_id)
            address = f"{house.gateway.url}/fc/e?key={PAGE_KEY}"
            async with house.http.post(address, json={"paired": [row]}, headers=BROWSER) as answer:
                assert answer.status == 204, await answer.text()
        properties = {"currency": "USD", "value": 10 + number, "order_id": f"order-{number}"}
        assert (await posted(house, f"order-{number}", event=name, properties=properties))["accepted"] == 1

    await sold(1)
    status, report = await told(house, "pairs")
    assert (status, report["counts_double"], report["totals"][0]["both"]) == (0, False, 1)
    await sold(2, times=3)
    await sold(3, page_id="")
    await sold(4, name="Purchase")
    await sold(5, page_id="page-5")
    await house.operator.until_quiet()
    status, report = await told(house, "pairs", "--event", "Purchase", "--days", "2")
    (total,) = report["totals"]

    assert (status, report["counts_double"], total["too_many"], total["happened"]) == (1, True, 3, 5)
    assert total["counted"] == await house.control.counted() == 8
    assert {finding["code"] for finding in report["findings"]} == {"without_id", "names_differ", "ids_differ"}
