"""What a visitor's tag told is found again by the shop's server and by the order."""

from __future__ import annotations

import json
from typing import Any

from tests.contract.senders.house import settings_of
from tests.unit.sources.fixtures import NOW, fixture
from tests.unit.sources.ga4.requests import IP, hit

from fullcount.clock import ManualClock
from fullcount.config.rules import rules_of
from fullcount.pipeline.pipeline import Pipeline
from fullcount.pipeline.terms import terms_of
from fullcount.queue.delivery import LeaseLimits
from fullcount.queue.memory import MemoryQueue
from fullcount.sources.registry import SENDERS
from fullcount.sources.source import RawRequest
from fullcount.visitors.memory_visitors import MemoryVisitors

GA4 = {"name": "google", "kind": "ga4", "key": "fixture", "measurement_id": "G-FIXTURE001", "consent": "by_region"}
WOO = {"name": "woo", "kind": "woocommerce", "key": "test-key-of-woo-000001"}
CLICK = "https://shop.example.com/?ttclid=E.C.P.test-click"
BROWSER = {"cookie": "_ttp=test-browser-id", "user-agent": "Phone/1.0"}


class Scene:
    """Two sources of one shop, before one queue and one memory of visitors."""

    def __init__(self) -> None:
        clock = ManualClock(NOW)
        self.settings = settings_of(GA4, WOO)
        self.queue = MemoryQueue(clock)
        self.pipeline = Pipeline(self.queue, clock, visitors=MemoryVisitors(clock))

    async def takes(self, request: RawRequest, source: str = "google") -> None:
        """Read a request as its source does, and store what it brought."""
        found = next(each for each in self.settings.sources if each.name == source)
        intake = SENDERS[found.kind].read(request, rules_of(found, self.settings))
        await self.pipeline.take(intake, terms_of(self.settings, NOW)[source])

    async def events(self) -> list[Any]:
        """Return what waits for TikTok."""
        lanes = await self.queue.lanes()
        leases = [await self.queue.lease(lane.lane, LeaseLimits(ripe_after_seconds=0.0)) for lane in lanes]
        return [delivery.event for lease in leases for delivery in lease.deliveries]


def measurement(**body: Any) -> RawRequest:
    """Return a purchase that a server tells, with no more of the visitor than the client id."""
    params = {"transaction_id": "T-90", "value": 5, "currency": "USD"}
    whole = {"client_id": "111.222", "events": [{"name": "purchase", "params": params}], **body}
    return RawRequest(json.dumps(whole).encode(), path="/mp/collect", received_at=NOW)


async def test_a_server_s_purchase_gets_the_click_its_client_id_came_with() -> None:
    """first_visit told click, browser and consent; the purchase that names nobody is sent with them."""
    scene = Scene()
    await scene.takes(hit(en="first_visit", dl=CLICK, headers=BROWSER))
    await scene.takes(measurement())
    (event,) = await scene.events()
    assert (event.event_id, event.user.ttclid, event.user.ttp) == ("T-90", "E.C.P.test-click", "test-browser-id")
    assert (event.user.ip, event.user.user_agent) == (IP, "Phone/1.0")


async def test_a_refusal_that_the_tag_told_holds_for_the_server_too() -> None:
    """Ad storage denied on the page: a later purchase of the same client id is withheld, though it says nothing."""
    scene = Scene()
    await scene.takes(hit(en="page_view", dl=CLICK, gcs="G100", headers=BROWSER))
    await scene.takes(measurement(user_id="u-77"))
    assert await scene.events() == []
    assert {fact.reason.value for fact in scene.queue.facts} == {"consent_denied"}


async def test_a_purchase_without_anybody_is_withheld() -> None:
    """Nobody was seen with this client id, and the event names no one."""
    scene = Scene()
    await scene.takes(measurement(consent={"ad_user_data": "GRANTED"}))
    assert await scene.events() == []
    assert {fact.reason.value for fact in scene.queue.facts} == {"no_shared_event_id"}


async def test_an_orders_webhook_gets_the_click_that_the_tag_told_with_the_order() -> None:
    """The transaction_id of the thank-you page is the webhook's order: its visitor is known by it."""
    scene = Scene()
    order = json.loads(fixture("woocommerce/order_updated_processing.json").body)
    order["meta_data"] = []
    seen = {"en": "add_payment_info", "ep.transaction_id": str(order["id"]), "dl": CLICK}
    await scene.takes(hit(seen, headers=BROWSER))
    headers = {"x-wc-webhook-topic": "order.updated"}
    await scene.takes(RawRequest(json.dumps(order).encode(), headers=headers, received_at=NOW), "woo")
    purchase = next(event for event in await scene.events() if event.canonical == "Purchase")
    assert (purchase.user.ttclid, purchase.user.ttp) == ("E.C.P.test-click", "test-browser-id")
