"""Shopify against the gateway over real HTTP: authentic or not, one event on every way, refused and brought again."""

from __future__ import annotations

import asyncio
import hmac
import json
from base64 import b64encode
from hashlib import sha256
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.contract.senders.house import SenderHouse, house_of
from tests.unit.sources.fixtures import NOW, fixture, fixtures
from tests.unit.sources.mutants import mutated

CREATED = fixture("shopify/orders_create_full.json")
PAID = fixture("shopify/orders_paid_full.json")
REFUND = fixture("shopify/refunds_create_partial.json")
CART = fixture("shopify/carts_create.json")
CHECKOUT = fixture("shopify/checkouts_update_contact.json")
SHOP = {"kind": "shopify", "key": CREATED.secret}
BROWSER_KEY = "test-key-of-the-thank-you-page"


def delivery(
    body: bytes, topic: str = "orders/create", secret: str = CREATED.secret, webhook_id: str = "w-1"
) -> dict[str, Any]:
    """Return a delivery of this body as a shop with that secret makes it."""
    signature = b64encode(hmac.new(secret.encode(), body, sha256).digest()).decode()
    said = {"X-Shopify-Topic": topic, "X-Shopify-Hmac-Sha256": signature, "X-Shopify-Webhook-Id": webhook_id}
    return {"body": body, "headers": {**CREATED.headers, **said}}


def order(**changes: Any) -> bytes:
    """Return the paid order with some of its fields changed."""
    return json.dumps({**json.loads(CREATED.body), **changes}).encode()


async def from_browser(house: SenderHouse, name: str) -> None:
    """Send the thank-you page's copy of the order to our own route."""
    event = {
        "event": name,
        "event_id": "5511001001",
        "event_time": int(NOW) - 2_600,
        "user": {"ttp": "2nFixtureTtpCookie000000001", "ip": "192.0.2.44", "user_agent": "Mozilla/5.0 test"},
        "properties": {"currency": "USD", "value": 72.4},
    }
    answer = await house.house.events(event, BROWSER_KEY)
    assert answer.status == 202


async def test_an_order_is_one_event_on_every_way() -> None:
    """Posted twice as create and twice as paid, with a browser's copy of the same id: one delivery, in any order."""
    sources = (SHOP, {"kind": "json", "name": "page", "key": BROWSER_KEY})
    for name in ("Purchase", "CompletePayment"):
        for is_browser_first in (True, False):
            async with house_of(*sources) as house:
                if is_browser_first:
                    await from_browser(house, name)
                for each in (CREATED, PAID, CREATED, PAID):
                    assert (await house.replay(each)).status == 200
                if not is_browser_first:
                    await from_browser(house, name)
                assert [(event.canonical, event.event_id) for event in await house.arrived()] == [
                    ("Purchase", "5511001001")
                ]
                assert house.queue.counts["duplicate"] == 4


async def test_what_is_not_authentic_is_refused_without_a_hint() -> None:
    """A wrong, a missing and an empty secret's signature, and the right one over another body: all the same 401."""
    unsigned = {name: value for name, value in CREATED.headers.items() if name != "X-Shopify-Hmac-Sha256"}
    wrong = next(each for each in fixtures("shopify/") if each.expect.get("status") == 401)
    async with house_of(SHOP) as house:
        answers = [
            await house.replay(wrong),
            await house.send(**delivery(CREATED.body, secret="test-secret-of-a-stranger")),
            await house.send(**delivery(CREATED.body, secret="")),
            await house.send(CREATED.body, unsigned),
            await house.send(CREATED.body + b"\n", CREATED.headers),
            await house.send(**delivery(b"")),
        ]
        assert [answer.status for answer in answers] == [401] * 6
        assert len({answer.body for answer in answers}) == 1
        assert b"hmac" not in answers[0].body.lower()
        assert await house.arrived() == []
        assert (await house.replay(CREATED, path="/webhooks/nobody")).status == 404


async def test_another_shop_of_the_same_app_is_not_this_source() -> None:
    """Rightly signed, and of another shop than the source's: 401, nothing stored; also where only the body tells."""
    async with house_of({**SHOP, "shop_domain": "fixture-shop.myshopify.com"}) as house:
        assert (await house.replay(CREATED)).status == 200
        other = {**PAID.headers, "X-Shopify-Shop-Domain": "other-shop.myshopify.com"}
        assert (await house.replay(PAID, headers=other)).status == 401
        forged = delivery(b'{"shop_id":1,"shop_domain":"other-shop.myshopify.com"}', "shop/redact")
        assert (await house.send(**forged)).status == 401
        assert len(await house.arrived()) == 1


async def test_what_the_store_refused_is_repeated_and_counted_once() -> None:
    """Shopify hears 503, repeats the same delivery until it hears a 2xx, and may repeat it once more: one event."""
    async with house_of(SHOP) as house:
        house.queue.refusals = 3
        heard = [(await house.replay(CREATED)).status for _ in range(5)]
        assert heard == [503, 503, 503, 200, 200]
        assert [event.event_id for event in await house.arrived()] == ["5511001001"]


async def test_a_refund_is_recorded_once() -> None:
    """refunds/create repeated, then listed in the order's update: one refund of the order's event, no new delivery."""
    async with house_of(SHOP) as house:
        await house.replay(CREATED)
        await house.replay(REFUND)
        await house.replay(REFUND)
        listed = order(refunds=[json.loads(REFUND.body)], financial_status="partially_refunded")
        assert (await house.send(**delivery(listed, "orders/updated"))).status == 200
        assert len(await house.arrived()) == 1
        (refund,) = house.queue.refunds.values()
        assert (refund.order_event_id, refund.refund_id, refund.amount, refund.currency) == (
            "5511001001",
            "890001",
            18.0,
            "USD",
        )


async def test_every_topic_is_answered_200() -> None:
    """Each recorded delivery that is rightly signed, the privacy topics too, and a topic that nobody knows."""
    async with house_of({**SHOP, "carts": True, "registrations": True, "offline": True}) as house:
        for each in fixtures("shopify/"):
            if each.expect.get("status") != 401:
                answer = await house.replay(each)
                assert (answer.status, answer.json) == (200, {}), each.file
        assert (await house.send(**delivery(b"{}", "themes/publish"))).status == 200
        assert {"unknown_topic", "test_order", "completed_checkout"} <= {
            fact.reason.value for fact in house.queue.facts
        }


async def test_a_checkout_begins_once() -> None:
    """create, then update with contact data: one InitiateCheckout."""
    async with house_of(SHOP) as house:
        await house.replay(fixture("shopify/checkouts_create_anonymous.json"))
        await house.replay(CHECKOUT)
        assert [(event.canonical, event.event_id) for event in await house.arrived()] == [
            ("InitiateCheckout", "c0ffee00c0ffee00c0ffee00c0ffee01")
        ]


async def test_a_cart_alone_is_withheld() -> None:
    """Nobody is known by its token: no delivery, and the reason is counted."""
    async with house_of({**SHOP, "carts": True}) as house:
        assert (await house.replay(CART)).status == 200
        assert await house.arrived() == []
        assert [fact.reason.value for fact in house.queue.facts] == ["no_shared_event_id"]


async def test_the_newer_events_hear_what_to_subscribe_instead() -> None:
    """Headers without X- are a 400 that names the way out, and nothing is stored."""
    newer = {name.removeprefix("X-"): value for name, value in CREATED.headers.items()}
    async with house_of(SHOP) as house:
        answer = await house.replay(CREATED, headers=newer)
        assert (answer.status, answer.json["error"]["code"]) == (400, "shopify_events")
        assert await house.arrived() == []


async def test_a_large_order_is_one_event() -> None:
    """10,000 lines of 5 MB: the value stays that of all, the first items are sent, one delivery."""
    line = {"variant_id": 8111, "quantity": 1, "price": "1.00", "title": "x" * 450}
    body = order(line_items=[{**line, "id": number} for number in range(10_000)], total_price_set=None)
    assert len(body) > 5_000_000
    async with house_of(SHOP) as house:
        assert (await house.send(**delivery(body))).status == 200
        (event,) = await house.arrived()
        assert event.properties.value == 72.4
        assert 0 < len(event.properties.contents) < 10_000


async def test_a_body_that_is_no_object_is_a_400() -> None:
    """Signed, and no JSON object: Shopify hears that it cannot be read."""
    async with house_of(SHOP) as house:
        for body in (b"[1]", b"not json", b"\xff\xfe"):
            assert (await house.send(**delivery(body))).status == 400


@settings(max_examples=5, deadline=None)
@given(
    bodies=st.lists(
        st.sampled_from(
            [(each.headers["X-Shopify-Topic"], json.loads(each.body)) for each in fixtures("shopify/")]
        ).flatmap(lambda each: st.tuples(st.just(each[0]), mutated(each[1]))),
        min_size=10,
        max_size=10,
    )
)
def test_no_body_is_answered_with_a_5xx(bodies: list[tuple[str, Any]]) -> None:
    """Signed deliveries of any topic with anything in them are taken or refused, and nothing breaks."""

    async def post_all() -> None:
        async with house_of({**SHOP, "carts": True, "registrations": True, "refund_event": "OrderRefunded"}) as house:
            for number, (topic, body) in enumerate(bodies):
                answer = await house.send(**delivery(json.dumps(body).encode(), topic, webhook_id=f"w-{number}"))
                assert answer.status < 500, house.log
            assert "broke" not in house.log

    asyncio.run(post_all())
