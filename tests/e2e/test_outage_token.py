"""A token revoked for three days: nothing is thrown away that a person could still decide about."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.e2e.harness import TOKEN, House, clock

from fullcount.demo.waiting import eventually

SERVER_ONLY = "CEXAMPLE0PIXEL000001"
WITH_BROWSER = "CEXAMPLE0PIXEL000002"
REVOKED = 40105
THREE_DAYS = 3 * 86_400.0
CHANGES = {
    "pixels": [
        {"name": "server-only", "code": SERVER_ONLY, "access_token": TOKEN, "browser": "none"},
        {"name": "with-browser", "code": WITH_BROWSER, "access_token": f"{TOKEN}-2", "browser": "other"},
    ],
    "sources": [
        {"name": "backend", "key": "test-key", "pixels": ["server-only", "with-browser"], "mode": "live"},
    ],
}


@pytest.fixture
async def two_pixels(tmp_path: Path) -> AsyncIterator[House]:
    """A gateway that sends each purchase to two pixels; of one of them nobody knows what the browser sent."""
    async with House(tmp_path, CHANGES) as house:
        yield house


async def test_a_token_revoked_for_three_days(two_pixels: House) -> None:
    """Without a browser half the purchases are delivered late; with an unknown one they wait for a person."""
    house = two_pixels
    await house.control.add_faults([{"kind": "code", "code": REVOKED, "times": 1_000_000}])
    await house.start(**house.moved_clock())
    event_ids = [f"order-{number}" for number in range(1, 21)]
    await house.load.post(event_ids, clock.now())

    async def both_refused() -> bool:
        return int((await house.control.state())["answers"].get(str(REVOKED), 0)) >= 2

    await eventually(both_refused, "both pixels' tokens were refused")
    await house.control.move_clock(THREE_DAYS)
    await house.control.clear_faults()

    async def all_died() -> bool:
        return len(await house.operator.dead_letters()) == len(event_ids)

    await eventually(all_died, "the purchases of the pixel with a browser are dead", within_seconds=60)
    await house.operator.until_quiet()
    dead = await house.operator.dead_letters()
    assert {one.reason for one in dead} == {"dedup_window_passed"}
    assert {one.event_id for one in dead} == set(event_ids)
    assert await _counted(house, SERVER_ONLY) == sorted(event_ids)
    assert await _counted(house, WITH_BROWSER) == []

    await house.operator.run("queue", "redrive", "--reason", "dedup_window_passed", "--accept-double-count")

    async def all_counted() -> bool:
        return len(await _counted(house, WITH_BROWSER)) == len(event_ids)

    await eventually(all_counted, "the redriven purchases are counted", within_seconds=60)
    assert await _counted(house, WITH_BROWSER) == sorted(event_ids)
    assert await _counted(house, SERVER_ONLY) == sorted(event_ids)
    assert await house.operator.dead_letters() == []


async def _counted(house: House, pixel_code: str) -> list[str]:
    return sorted(event["event_id"] for event in await house.control.events(pixel_code=pixel_code))
