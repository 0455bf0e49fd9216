"""The main path over real HTTP: a 2.0 event is taken, listed and counted once."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from fullcount.clock import ManualClock
from fullcount.testing.emulator import DEFAULT_PIXEL, DEFAULT_TOKEN, RunningEmulator, running_emulator

NOW = 1_795_000_000


@pytest.fixture
async def tiktok() -> AsyncIterator[RunningEmulator]:
    """Serve an emulator whose clock stands still."""
    async with running_emulator(clock=ManualClock(NOW)) as running:
        yield running


def _body(**changes: Any) -> dict[str, Any]:
    event = {
        "event": "CompletePayment",
        "event_time": NOW - 60,
        "event_id": "order-1",
        "user": {"email": "8" * 64, "ip": "203.0.113.42", "user_agent": "UA"},
        "page": {"url": "https://shop.example.com/thanks"},
        "properties": {"currency": "USD", "value": 20.0, "order_id": "1"},
        **changes,
    }
    return {"event_source": "web", "event_source_id": DEFAULT_PIXEL, "data": [event]}


async def _post(tiktok: RunningEmulator, body: Any, path: str = "/open_api/v1.3/event/track/") -> dict[str, Any]:
    async with (
        aiohttp.ClientSession() as session,
        session.post(tiktok.base_url + path, json=body, headers={"Access-Token": DEFAULT_TOKEN}) as answer,
    ):
        assert answer.status == 200
        return dict(await answer.json())


async def _get(tiktok: RunningEmulator, path: str) -> dict[str, Any]:
    async with aiohttp.ClientSession() as session, session.get(tiktok.base_url + path) as answer:
        assert answer.status == 200
        return dict(await answer.json())


async def test_a_purchase_is_taken_and_listed(tiktok: RunningEmulator) -> None:
    """One 2.0 event is answered with code 0 and stands in the list under its raw and its canonical name."""
    answer = await _post(tiktok, _body())

    assert (answer["code"], answer["message"], answer["data"]) == (0, "OK", {})
    assert re.fullmatch(r"\d{14}[0-9A-F]{20}", answer["request_id"])
    listed = await _get(tiktok, "/_emulator/events")
    assert listed == {
        "counted": 1,
        "events": [
            {
                "pixel_code": DEFAULT_PIXEL,
                "event": "CompletePayment",
                "counted_as": "Purchase",
                "event_id": "order-1",
                "event_time": NOW - 60,
                "channels": ["server"],
                "copies": 1,
                "user": {"email": "8" * 64, "ip": "203.0.113.42", "user_agent": "UA"},
                "properties": {"currency": "USD", "value": 20.0, "order_id": "1"},
                "page": {"url": "https://shop.example.com/thanks"},
                "request_id": answer["request_id"],
            }
        ],
    }


async def test_the_same_event_twice_is_counted_once(tiktok: RunningEmulator) -> None:
    """A resend is answered with code 0, counted once and seen as a second copy."""
    await _post(tiktok, _body())
    await _post(tiktok, _body(), "/open_api/v1.3/event/track")

    listed = await _get(tiktok, "/_emulator/events?event_id=order-1")

    assert listed["counted"] == 1
    assert listed["events"][0]["copies"] == 2


def test_a_thread_serves_it_to_tests_without_a_loop() -> None:
    """`with` serves from a thread, and the address is free again afterwards."""
    with running_emulator() as running:
        assert running.base_url.startswith("http://127.0.0.1:")
        port = int(running.base_url.rsplit(":", 1)[1])
    with running_emulator(port=port) as again:
        assert again.base_url == running.base_url
