"""What a person does from the command line, and what the metrics show of it, against real processes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.e2e.harness import KEY, TOKEN, House, clock, purchase

from fullcount.demo.waiting import eventually

PAUSED = "CEXAMPLE0PIXEL000001"
OTHER = "CEXAMPLE0PIXEL000002"
BOTH = {
    "pixels": [
        {"name": "store", "code": PAUSED, "access_token": TOKEN},
        {"name": "outlet", "code": OTHER, "access_token": f"{TOKEN}-2"},
    ],
    "sources": [{"name": "backend", "key": KEY, "pixels": ["store", "outlet"]}],
}
THROTTLED = 40100


@pytest.fixture
async def two_pixels(tmp_path: Path) -> AsyncIterator[House]:
    """A gateway that sends each purchase to two pixels."""
    async with House(tmp_path, BOTH) as house:
        yield house


async def _post(house: House, event_id: str, event_source: str) -> None:
    event = {**purchase(event_id, clock.now()), "event_source": event_source}
    headers = {"Authorization": f"Bearer {KEY}"}
    async with house.http.post(f"{house.gateway.url}/v1/events", json=event, headers=headers) as answer:
        assert answer.status == 202, await answer.text()


async def _until_counted(house: House, pixel_code: str, event_ids: list[str]) -> None:
    async def are_counted() -> bool:
        counted = [event["event_id"] for event in await house.control.events(pixel_code=pixel_code)]
        return sorted(counted) == sorted(event_ids)

    await eventually(are_counted, f"{event_ids} are counted at {pixel_code}", within_seconds=60)


async def test_a_pixel_paused_with_the_commands_own_words_sends_nothing(two_pixels: House) -> None:
    """No event of any source leaves for it while the other pixel gets them all; after resume each is counted once."""
    house = two_pixels
    await house.start()
    await house.operator.run("queue", "pause", "store")
    sent: list[str] = []
    for _ in range(5):
        for event_source in ("web", "offline"):
            sent.append(f"order-{len(sent) + 1}")
            await _post(house, sent[-1], event_source)
        await _until_counted(house, OTHER, sent)

    requests = await house.control.requests()
    assert {request["body"]["event_source_id"] for request in requests} == {OTHER}

    await house.operator.run("queue", "resume", "store")
    await _until_counted(house, PAUSED, sent)
    await _until_counted(house, OTHER, sent)


async def test_a_throttled_tokens_rate_is_shown_until_it_is_whole_again(house: House) -> None:
    """`fullcount_token_rate` stands in the metrics while the token is slowed down, and recovers without any traffic."""
    await house.control.add_faults([{"kind": "code", "code": THROTTLED, "times": 1}])
    await house.start(**house.moved_clock())
    await house.load.post(["order-1"], clock.now())
    await house.settled()

    async def rates() -> list[float]:
        async with house.http.get(f"{house.gateway.url}/metrics") as answer:
            lines = (await answer.text()).splitlines()
        return [float(line.rpartition(" ")[2]) for line in lines if line.startswith("fullcount_token_rate{")]

    async def is_whole() -> bool:
        return await rates() == []

    (slowed,) = await rates()
    assert slowed < 1_000
    await house.control.move_clock(300)
    await eventually(is_whole, "the token is back at its full rate", within_seconds=60)
