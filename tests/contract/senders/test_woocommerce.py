"""WooCommerce against the gateway over real HTTP: authentic or not, once, refused and brought again, large, odd."""

from __future__ import annotations

import asyncio
import hmac
import json
from base64 import b64encode
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.contract.senders.house import house_of
from tests.unit.sources.fixtures import fixture
from tests.unit.sources.mutants import mutated

PAID = fixture("woocommerce/order_updated_processing.json")
PENDING = fixture("woocommerce/order_created_pending.json")
REFUND = fixture("woocommerce/order_updated_refund.json")
CUSTOMER = fixture("woocommerce/customer_created.json")
PING = fixture("woocommerce/ping.txt")
SHOP = {"kind": "woocommerce", "key": PAID.secret}


def delivery(body: bytes, topic: str = "order.updated", secret: str = PAID.secret) -> dict[str, Any]:
    """Return a delivery of this body as a shop with that secret makes it."""
    signature = b64encode(hmac.new(secret.encode(), body, sha256).digest()).decode()
    headers = {**PAID.headers, "X-WC-Webhook-Topic": topic, "X-WC-Webhook-Signature": signature}
    return {"body": body, "headers": headers}


def order(**changes: Any) -> bytes:
    """Return the paid order with some of its fields changed."""
    return json.dumps({**json.loads(PAID.body), **changes}).encode()


async def test_a_signed_order_is_taken_and_counted_once() -> None:
    """The paid order is answered 200 and makes one delivery; the same again, and its next status, make none."""
    async with house_of(SHOP) as house:
        assert (await house.replay(PENDING)).status == 200
        assert await house.arrived() == []
        for request in (delivery(PAID.body), delivery(PAID.body), delivery(order(status="completed"))):
            answer = await house.send(**request)
            assert (answer.status, answer.json) == (200, {})
        assert [event.event_id for event in await house.arrived()] == ["1501"]
        assert house.queue.counts["duplicate"] == 2


async def test_what_is_not_authentic_is_refused_without_a_hint() -> None:
    """A wrong, a missing and an empty secret's signature, and the right one over another body: all the same 401."""
    unsigned = {name: value for name, value in PAID.headers.items() if name != "X-WC-Webhook-Signature"}
    async with house_of(SHOP) as house:
        answers = [
            await house.send(**delivery(PAID.body, secret="test-secret-of-a-stranger")),
            await house.send(**delivery(PAID.body, secret="")),
            await house.send(PAID.body, unsigned),
            await house.send(PAID.body + b"\n", PAID.headers),
        ]
        assert [answer.status for answer in answers] == [401] * 4
        assert len({answer.body for answer in answers}) == 1
        assert b"signature" not in answers[0].body
        assert await house.arrived() == []


async def test_a_refund_is_recorded_once_though_every_update_lists_it() -> None:
    """Paid, refunded, completed with the refund still listed: one delivery, one refund of 20.00 EUR."""
    async with house_of(SHOP) as house:
        await house.replay(PAID)
        await house.replay(REFUND)
        refunds = json.loads(REFUND.body)["refunds"]
        await house.send(**delivery(order(status="completed", refunds=refunds)))
        assert len(await house.arrived()) == 1
        (refund,) = house.queue.refunds.values()
        assert (refund.order_event_id, refund.amount, refund.currency) == ("1501", 20.0, "EUR")


async def test_what_the_store_refused_comes_back_with_the_next_status() -> None:
    """A shop repeats nothing: it hears 503, and the order's next change brings what was refused, once."""
    async with house_of(SHOP) as house:
        house.queue.refusals = 1
        refused = await house.replay(PAID)
        assert (refused.status, refused.headers["Retry-After"]) == (503, "1")
        assert (await house.send(**delivery(order(status="completed")))).status == 200
        assert (await house.send(**delivery(order(status="completed", customer_note="x")))).status == 200
        assert [event.event_id for event in await house.arrived()] == ["1501"]


async def test_the_ping_is_answered_before_there_is_a_signature() -> None:
    """Exactly 200, even while nothing can be stored; and only at a source that is there."""
    async with house_of(SHOP) as house:
        house.queue.refusals = 5
        assert (await house.replay(PING)).status == 200
        assert house.queue.refusals == 5, "a ping asks nothing of the store"
        assert (await house.replay(PING, path="/webhooks/nobody")).status == 404


async def test_http_1_0_is_spoken() -> None:
    """A shop posts over HTTP/1.0 without keeping the connection; it is answered, and the connection ends."""
    async with house_of(SHOP) as house:
        lines = ["POST /webhooks/shop/ HTTP/1.0", f"Host: {urlsplit(house.url).netloc}"]
        lines += [f"{name}: {value}" for name, value in PAID.headers.items()]
        head = "\r\n".join([*lines, f"Content-Length: {len(PAID.body)}", "", ""]).encode()
        heard = await house.talk(head + PAID.body)
        assert heard.split(b"\r\n", 1)[0] == b"HTTP/1.1 200 OK"
        assert len(await house.arrived()) == 1


async def test_a_registration_is_taken_where_it_is_wanted() -> None:
    """A new customer is an event of a source that asks for registrations, and counted as ignored at others."""
    async with house_of({**SHOP, "registrations": True}) as house:
        assert (await house.replay(CUSTOMER)).status == 200
        assert [event.event for event in await house.arrived()] == ["CompleteRegistration"]
    async with house_of(SHOP) as house:
        assert (await house.replay(CUSTOMER)).status == 200
        assert house.queue.counts["ignored"] == 1


async def test_other_topics_are_answered_200_and_counted() -> None:
    """A topic that means nothing to TikTok, a custom one, and one that nobody knows."""
    async with house_of(SHOP) as house:
        for topic in ("product.updated", "action.woocommerce_add_to_cart", "x" * 300):
            assert (await house.send(**delivery(b'{"action":"x","arg":1}', topic))).status == 200
        assert house.queue.counts["ignored"] == 3
        assert {fact.reason.value for fact in house.queue.facts} == {"unknown_topic"}


async def test_a_large_order_is_one_event() -> None:
    """10,000 lines of 5 MB: the value stays that of all, the first items are sent, one delivery."""
    line = {"product_id": 301, "quantity": 1, "total": "1.00", "name": "x" * 440}
    body = order(line_items=[{**line, "id": number} for number in range(10_000)], total="10000.00")
    assert len(body) > 5_000_000
    async with house_of(SHOP) as house:
        assert (await house.send(**delivery(body))).status == 200
        (event,) = await house.arrived()
        assert event.properties.value == 10_000.0
        assert 0 < len(event.properties.contents) < 10_000


async def test_a_body_that_is_no_order_is_a_400() -> None:
    """Signed, and no JSON object: the shop hears that it cannot be read."""
    async with house_of(SHOP) as house:
        for body in (b"", b"[1]", b"not json"):
            assert (await house.send(**delivery(body))).status == 400


@settings(max_examples=5, deadline=None)
@given(bodies=st.lists(mutated(json.loads(PAID.body)), min_size=10, max_size=10))
def test_no_body_is_answered_with_a_5xx(bodies: list[Any]) -> None:
    """Signed orders with anything in them are taken or refused, and nothing breaks."""

    async def post_all() -> None:
        async with house_of(SHOP) as house:
            for body in bodies:
                answer = await house.send(**delivery(json.dumps(body).encode()))
                assert answer.status < 500, house.log
            assert "broke" not in house.log

    asyncio.run(post_all())
