"""Segment's and RudderStack's own libraries, unchanged, against the gateway: they neither lose nor repeat."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any, Protocol

import pytest
import rudderstack.analytics.request
import segment.analytics.request
from rudderstack.analytics.client import Client as RudderClient
from segment.analytics.client import Client as SegmentClient
from tests.contract.senders.house import KEY, SenderHouse, house_of
from tests.contract.senders.node_child import run_node
from tests.unit.sources.fixtures import NOW

ORDERS = [{"order_id": f"100{number}", "total": "36.00", "currency": "USD"} for number in range(3)]
IDS = ["1000", "1001", "1002"]
CDP = {"kind": "segment"}


class Client(Protocol):
    """What both libraries for Python have in common."""

    def identify(self, user_id: str, traits: dict[str, Any]) -> Any:
        """Say who a user is."""

    def track(self, user_id: str, event: str, properties: dict[str, Any]) -> Any:
        """Say what a user did."""

    def shutdown(self) -> None:
        """Send all that waits, and end."""


class Sending:
    """A library and what it reported as lost."""

    def __init__(self, kind: type[SegmentClient | RudderClient], house: SenderHouse, **options: Any) -> None:
        self.lost: list[Exception] = []
        self.client: Client = kind(
            options.pop("write_key", KEY),
            host=house.url,
            upload_interval=0.05,
            on_error=lambda error, _batch: self.lost.append(error),
            **options,
        )

    async def send(self) -> None:
        """Identify a user and complete three orders, and wait until all was sent."""
        await asyncio.to_thread(self._send)

    def _send(self) -> None:
        self.client.identify("u-1", {"email": "jane@example.com"})
        for order in ORDERS:
            self.client.track("u-1", "Order Completed", order)
        self.client.shutdown()


@pytest.fixture(autouse=True)
def _closed_connections() -> Iterator[None]:
    """Both libraries keep one session for the process; its connections end with the test."""
    yield
    segment.analytics.request._session.close()
    rudderstack.analytics.request._session.close()


BOTH = pytest.mark.parametrize("kind", [SegmentClient, RudderClient], ids=["segment", "rudderstack"])
LIBRARIES = pytest.mark.parametrize(
    ("kind", "options"),
    [
        pytest.param(SegmentClient, {}, id="segment"),
        pytest.param(SegmentClient, {"gzip": True}, id="segment, gzip"),
        pytest.param(RudderClient, {}, id="rudderstack"),
        pytest.param(RudderClient, {"gzip": False}, id="rudderstack, plain"),
    ],
)


@LIBRARIES
async def test_orders_arrive_once_with_the_traits_of_before(kind: Any, options: dict[str, Any]) -> None:
    """Three purchases with what the identify call told, the time by our clock, and nothing reported as lost."""
    async with house_of(CDP, remembers=True) as house:
        sending = Sending(kind, house, **options)
        await sending.send()
        events = await house.arrived()
        assert [event.event_id for event in events] == IDS
        assert {event.user.email for event in events} == {
            "8c87b489ce35cf2e2f39f80e282cb2e804932a56a213983eeeb428407d43b52d"
        }
        assert {event.properties.value for event in events} == {36.0}
        assert all(abs(event.event_time - NOW) <= 60 for event in events)
        assert sending.lost == []


@BOTH
async def test_what_the_store_refused_comes_again_and_is_counted_once(kind: Any) -> None:
    """503 while nothing can be stored: the library waits, repeats by itself, and reports nothing as lost."""
    async with house_of(CDP) as house:
        house.queue.refusals = 1
        sending = Sending(kind, house)
        await sending.send()
        assert house.queue.refusals == 0
        assert [event.event_id for event in await house.arrived()] == IDS
        assert sending.lost == []


@BOTH
async def test_a_wrong_key_is_final(kind: Any) -> None:
    """401 with code and message: the library gives up at once and says why, instead of repeating for ever."""
    async with house_of(CDP) as house:
        sending = Sending(kind, house, write_key="test-key-of-a-stranger")
        await sending.send()
        (error,) = sending.lost
        assert "unauthorized" in str(error)
        counted = (await house.send(b"", path="/metrics", method="GET")).body.decode()
        assert 'fullcount_requests_total{route="/v1/batch",status="401"} 1.0' in counted


async def test_a_batch_that_can_never_count_is_final() -> None:
    """Every event of it wrong: 400, which both libraries report and do not repeat."""
    async with house_of(CDP) as house:
        for kind in (SegmentClient, RudderClient):
            sending = Sending(kind, house)
            await asyncio.to_thread(sending.client.track, "u-1", "Order Completed", {"value": -1, "order_id": "1"})
            await asyncio.to_thread(sending.client.shutdown)
            (error,) = sending.lost
            assert "value_negative" in str(error)
        assert house.queue.counts["invalid"] == 2


async def test_the_node_library_sends_its_orders() -> None:
    """@segment/analytics-node: identify and three orders in one batch, each counted once."""
    async with house_of(CDP, remembers=True) as house:
        said = await run_node("analytics-node.mjs", host=house.url, writeKey=KEY, orders=ORDERS, maxRetries=3)
        assert said == {"statuses": [200], "errors": []}
        events = await house.arrived()
        assert [event.event_id for event in events] == IDS
        assert all(event.user.email for event in events)


async def test_the_node_library_repeats_what_was_refused_for_now_alone() -> None:
    """After a refusal of the store its batch is counted once; after a 401 it gives up."""
    async with house_of(CDP) as house:
        house.queue.refusals = 1
        said = await run_node("analytics-node.mjs", host=house.url, writeKey=KEY, orders=ORDERS, maxRetries=3)
        assert said == {"statuses": [503, 200], "errors": []}
        assert [event.event_id for event in await house.arrived()] == IDS
        said = await run_node(
            "analytics-node.mjs", host=house.url, writeKey="test-stranger", orders=ORDERS, maxRetries=3
        )
        assert said["statuses"] == [401]
        assert set(said["errors"]) == {"delivery_failure"}
        assert await house.arrived() == []
