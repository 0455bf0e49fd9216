"""The senders' own libraries against a real gateway and a real emulator: what they send is counted there, once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import rudderstack.analytics.request
import segment.analytics.request
from facebook_business import FacebookAdsApi
from facebook_business.adobjects.serverside.action_source import ActionSource
from facebook_business.adobjects.serverside.custom_data import CustomData
from facebook_business.adobjects.serverside.event import Event
from facebook_business.adobjects.serverside.event_request import EventRequest
from facebook_business.adobjects.serverside.user_data import UserData
from facebook_business.session import FacebookSession
from rudderstack.analytics.client import Client as RudderClient
from segment.analytics.client import Client as SegmentClient
from tests.contract.senders.node_child import run_node
from tests.e2e.harness import House, clock

WRITE_KEY, TOKEN = "test-write-key-of-the-shop", "test-token-of-the-shop"
CHANGES = {
    "sources": [
        {"name": "cdp", "kind": "segment", "key": WRITE_KEY, "pixels": ["store"]},
        {"name": "capi", "kind": "meta", "key": TOKEN, "pixels": ["store"]},
    ]
}


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[House]:
    """A gateway for both senders that runs, and the libraries' connections ended with it."""
    async with House(tmp_path, CHANGES) as house:
        await house.start()
        yield house
        segment.analytics.request._session.close()
        rudderstack.analytics.request._session.close()


def order(number: int) -> dict[str, Any]:
    """Return the properties of a completed order."""
    return {"order_id": f"order-{number}", "total": 36, "currency": "USD"}


def send_with(kind: Any, url: str, *numbers: int) -> None:
    """Send completed orders with one of the Python libraries, and wait until it has sent all."""
    lost: list[Exception] = []
    client = kind(WRITE_KEY, host=url, upload_interval=0.05, on_error=lambda error, _batch: lost.append(error))
    for number in numbers:
        client.track("u-1", "Order Completed", order(number))
    client.shutdown()
    assert lost == []


def send_to_meta(number: int) -> int:
    """Send a purchase with Meta's library, and return how many events it heard to be received."""
    api = FacebookAdsApi.init(access_token=TOKEN, crash_log=False)
    event = Event(
        event_name="Purchase",
        event_time=int(clock.now()),
        event_id=f"order-{number}",
        event_source_url="https://shop.example.com/thanks",
        action_source=ActionSource.WEBSITE,
        user_data=UserData(email="jane@example.com", external_id="u-1"),
        custom_data=CustomData(value=36.0, currency="usd"),
    )
    try:
        return int(EventRequest(pixel_id="123456789", events=[event]).execute().events_received)
    finally:
        api._session.requests.close()


async def assert_counted(house: House, *numbers: int) -> None:
    """Assert that TikTok counts exactly these orders, each once, as purchases of the server."""
    house.load.accepted = {f"order-{number}" for number in numbers}
    await house.settled()
    await house.assert_each_counted_once()
    events = await house.control.events()
    assert {event["counted_as"] for event in events} == {"Purchase"}
    assert {tuple(event["channels"]) for event in events} == {("server",)}


async def test_each_librarys_orders_are_counted_once(shop: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Segment's and RudderStack's for Python, Segment's for Node.js, Meta's; an order that two of them bring is one."""
    url = shop.gateway.url
    monkeypatch.setattr(FacebookSession, "GRAPH", url)
    await asyncio.to_thread(send_with, SegmentClient, url, 1, 2)
    await asyncio.to_thread(send_with, RudderClient, url, 2, 3)
    said = await run_node("analytics-node.mjs", host=url, writeKey=WRITE_KEY, orders=[order(4)], maxRetries=3)
    assert said == {"statuses": [200], "errors": []}
    assert await asyncio.to_thread(send_to_meta, 3) == 1
    assert await asyncio.to_thread(send_to_meta, 5) == 1
    await assert_counted(shop, 1, 2, 3, 4, 5)


async def test_libraries_wait_for_a_gateway_that_was_killed(shop: House) -> None:
    """While nobody listens they keep their orders, and once it is back these are counted once."""
    shop.gateway.kill()
    sending = [
        asyncio.create_task(asyncio.to_thread(send_with, SegmentClient, shop.gateway.url, 1, 2)),
        asyncio.create_task(asyncio.to_thread(send_with, RudderClient, shop.gateway.url, 3, 4)),
    ]
    await shop.start()
    await asyncio.gather(*sending)
    await assert_counted(shop, 1, 2, 3, 4)
