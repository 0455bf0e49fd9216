"""Adobe Commerce against the gateway over real HTTP: a checkout goes on whatever happens, who can repeat is told so."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.contract.senders.house import KEY, house_of
from tests.unit.sources.adobe_keys import ADOBE_PAIR, SHOP_PAIR, event_headers, pem_of, webhook_headers
from tests.unit.sources.fixtures import fixture
from tests.unit.sources.mutants import mutated

WEBHOOK = fixture("adobe_commerce/webhook_sales_order_place_after.json")
EVENT = fixture("adobe_commerce/io_event_order_commit.json")
GO_ON = {"op": "success"}
SHOP = {
    "kind": "adobe",
    "public_key": pem_of(SHOP_PAIR),
    "events_public_key": pem_of(ADOBE_PAIR),
    "events_client_id": "fixture",
}
OWN = {"Content-Type": "application/json", "x-fullcount-key": KEY}


async def test_a_checkout_hears_success_and_its_order_counts_once() -> None:
    """A signed webhook, the same again, and the I/O Event of the same order: one delivery."""
    async with house_of(SHOP) as house:
        for body, headers in (
            (WEBHOOK.body, webhook_headers(WEBHOOK.body)),
            (WEBHOOK.body, webhook_headers(WEBHOOK.body)),
            (EVENT.body, event_headers(EVENT.body)),
            (EVENT.body, event_headers(EVENT.body)),
            (WEBHOOK.body, OWN),
        ):
            answer = await house.send(body, headers)
            assert (answer.status, answer.json) == (200, GO_ON)
        assert [event.event_id for event in await house.arrived()] == ["000000088"]


async def test_what_is_not_authentic_is_refused_without_a_hint() -> None:
    """Another's signature, the right one over another body, another's I/O Events, a wrong key, none: the same 401."""
    theirs = json.dumps({**json.loads(EVENT.body), "recipient_client_id": "another-shop"}).encode()
    async with house_of(SHOP) as house:
        answers = [
            await house.send(WEBHOOK.body, webhook_headers(WEBHOOK.body, ADOBE_PAIR)),
            await house.send(WEBHOOK.body + b" ", webhook_headers(WEBHOOK.body)),
            await house.send(theirs, event_headers(theirs)),
            await house.send(EVENT.body, event_headers(EVENT.body, SHOP_PAIR)),
            await house.send(WEBHOOK.body, {**OWN, "x-fullcount-key": "test-key-of-a-stranger"}),
            await house.replay(WEBHOOK),
        ]
        assert [answer.status for answer in answers] == [401] * 6
        assert len({answer.body for answer in answers}) == 1
        assert b"signature" not in answers[0].body
        assert await house.arrived() == []


async def test_no_store_stops_a_checkout_and_the_loss_is_logged() -> None:
    """While nothing can be stored the shopper's order goes through; the answer and the log say what was lost."""
    async with house_of(SHOP) as house:
        house.queue.refusals = 1
        answer = await house.send(WEBHOOK.body, webhook_headers(WEBHOOK.body))
        assert (answer.status, answer.json) == (200, GO_ON)
        assert answer.headers["x-fullcount-refused"] == "503 store_unavailable"
        assert await house.arrived() == []
        assert "a request was not stored, and its sender does not repeat it" in house.log
        assert (await house.send(WEBHOOK.body, webhook_headers(WEBHOOK.body))).status == 200
        assert len(await house.arrived()) == 1


@pytest.mark.parametrize("way", ["io_events", "own"])
async def test_who_can_repeat_is_told_and_counted_once(way: str) -> None:
    """I/O Events, and an extension with x-fullcount-key, hear 503 until it is stored, and it counts once."""
    body, headers = (EVENT.body, event_headers(EVENT.body)) if way == "io_events" else (WEBHOOK.body, OWN)
    async with house_of(SHOP) as house:
        house.queue.refusals = 2
        statuses = []
        for retry in range(4):
            sent = {**headers, "x-adobe-retry-count": str(retry)}
            statuses.append((await house.send(body, sent)).status)
        assert statuses == [503, 503, 200, 200]
        assert len(await house.arrived()) == 1
        assert "does not repeat it" not in house.log


async def test_the_challenge_is_echoed() -> None:
    """The GET that I/O Events sends at registration needs no key, and only an address that is there answers."""
    async with house_of(SHOP) as house:
        answer = await house.send(b"", path="/webhooks/shop?challenge=8ec8d794-test", method="GET")
        assert (answer.status, answer.json) == (200, {"challenge": "8ec8d794-test"})
        assert (await house.send(b"", path="/webhooks/shop", method="GET")).status == 401
        assert (await house.send(b"", path="/webhooks/nobody?challenge=x", method="GET")).status == 404


async def test_a_large_order_is_one_event() -> None:
    """10,000 items of 5 MB: the value stays that of all, the first items are sent, one delivery."""
    order = json.loads(WEBHOOK.body)["data"]["order"]
    items = [
        {"item_id": number, "sku": f"SKU-{number}", "name": "x" * 460, "qty_ordered": 1} for number in range(10_000)
    ]
    body = json.dumps({"order": {**order, "items": items}}).encode()
    assert len(body) > 5_000_000
    async with house_of(SHOP) as house:
        assert (await house.send(body, webhook_headers(body))).status == 200
        (event,) = await house.arrived()
        assert event.properties.value == 72.4
        assert 0 < len(event.properties.contents) < 10_000


async def test_a_body_that_cannot_be_read_does_not_stop_a_checkout() -> None:
    """Signed and unreadable is success to the checkout that waits, and a 400 to a caller of the shop's own."""
    async with house_of(SHOP) as house:
        for body in (b"", b"7", b"not json"):
            answer = await house.send(body, webhook_headers(body))
            assert (answer.status, answer.json) == (200, GO_ON)
            assert answer.headers["x-fullcount-refused"] == "400 not_json"
            assert (await house.send(body, OWN)).status == 400


@settings(max_examples=5, deadline=None)
@given(bodies=st.lists(mutated(json.loads(WEBHOOK.body)) | mutated(json.loads(EVENT.body)), min_size=10, max_size=10))
def test_no_body_is_answered_with_a_5xx(bodies: list[Any]) -> None:
    """Orders with anything in them are taken or refused, and nothing breaks."""

    async def post_all() -> None:
        async with house_of(SHOP) as house:
            for body in bodies:
                answer = await house.send(json.dumps(body).encode(), OWN)
                assert answer.status < 500, house.log
            assert "broke" not in house.log

    asyncio.run(post_all())
