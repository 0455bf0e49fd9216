"""What a checkout tells of its visitor is found again by its cart, its order and its refund."""

from __future__ import annotations

from typing import Any

from tests.contract.senders.house import settings_of
from tests.unit.sources.fixtures import NOW
from tests.unit.sources.shopify.shop import SECRET, body_of, delivery, hashed

from fullcount.clock import ManualClock
from fullcount.config.rules import rules_of
from fullcount.pipeline.pipeline import Pipeline
from fullcount.pipeline.terms import terms_of
from fullcount.queue.delivery import LeaseLimits
from fullcount.queue.memory import MemoryQueue
from fullcount.sources.shopify.sender import Shopify
from fullcount.visitors.memory_visitors import MemoryVisitors

SHOP = {"kind": "shopify", "key": SECRET, "carts": True, "refund_event": "OrderRefunded"}
CLICK = "E.C.P.CqcBtestFixtureClickId0001"


class Scene:
    """A Shopify source before a queue and a memory of visitors."""

    def __init__(self) -> None:
        clock = ManualClock(NOW)
        self.settings = settings_of(SHOP)
        self.queue = MemoryQueue(clock)
        self.pipeline = Pipeline(self.queue, clock, visitors=MemoryVisitors(clock))

    async def takes(self, body: object, topic: str) -> None:
        """Read a delivery and store what it brought."""
        intake = Shopify().read(delivery(body, topic), rules_of(self.settings.sources[0], self.settings))
        await self.pipeline.take(intake, terms_of(self.settings, NOW)["shop"])

    async def events(self) -> list[Any]:
        """Return what waits for TikTok."""
        lanes = await self.queue.lanes()
        leases = [await self.queue.lease(lane.lane, LeaseLimits(ripe_after_seconds=0.0)) for lane in lanes]
        return [delivery.event for lease in leases for delivery in lease.deliveries]


async def test_a_cart_is_somebodys_once_its_checkout_was_seen() -> None:
    """The AddToCart that names nobody gets click, e-mail and phone of the checkout with its token."""
    scene = Scene()
    await scene.takes(body_of("carts_create"), "carts/create")
    assert await scene.events() == []
    await scene.takes(body_of("checkouts_update_contact"), "checkouts/update")
    await scene.takes(body_of("carts_create"), "carts/update")
    events = {event.canonical: event for event in await scene.events()}
    assert sorted(events) == ["AddToCart", "InitiateCheckout"]
    user = events["AddToCart"].user
    assert (user.ttclid, user.email) == (CLICK, hashed("dana.fixture@example.com"))


async def test_an_order_gets_its_checkouts_click() -> None:
    """An order without its landing page is found by cart or checkout token."""
    scene = Scene()
    tokens = {"cart_token": "hWNfixtureCart2001", "checkout_token": "c0ffee00c0ffee00c0ffee00c0ffee01"}
    await scene.takes(body_of("checkouts_create_anonymous"), "checkouts/create")
    await scene.takes(body_of(landing_site=None, **tokens), "orders/paid")
    (order,) = [event for event in await scene.events() if event.canonical == "Purchase"]
    assert order.user.ttclid == CLICK


async def test_a_refusal_at_the_checkout_holds_for_the_order() -> None:
    """Consent that was denied before is denied when the order says nothing."""
    scene = Scene()
    refusal = [{"name": "fullcount_consent", "value": "denied"}]
    tokens = {"cart_token": "hWNfixtureCart2001", "checkout_token": "c0ffee00c0ffee00c0ffee00c0ffee01"}
    await scene.takes(body_of("checkouts_update_contact", note_attributes=refusal), "checkouts/update")
    await scene.takes(body_of(**tokens), "orders/paid")
    assert await scene.events() == []
    assert {fact.reason.value for fact in scene.queue.facts} == {"consent_denied"}


async def test_a_refunds_event_is_its_orders_shoppers() -> None:
    """The body names nobody; the order that was seen does."""
    scene = Scene()
    await scene.takes(body_of(), "orders/paid")
    await scene.takes(body_of("refunds_create_partial", processed_at="2026-11-20T10:00:00Z"), "refunds/create")
    refund = next(event for event in await scene.events() if event.event == "OrderRefunded")
    assert refund.user.email == hashed("dana.fixture@example.com")
