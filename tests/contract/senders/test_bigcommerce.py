"""BigCommerce against the gateway over real HTTP, and the gateway against an API of ours: once, late, never lost."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st
from standardwebhooks import Webhook
from tests.contract.senders.bigcommerce_api import HASH, TOKEN, Api, free_port, served_api
from tests.contract.senders.house import SenderHouse, house_of, settings_of
from tests.unit.sources.fixtures import NOW, fixture
from tests.unit.sources.mutants import mutated

from fullcount.clock import DAY_SECONDS
from fullcount.errands.asking import AiohttpAsker
from fullcount.errands.owner import owners_of
from fullcount.errands.runner import Runner
from fullcount.pipeline.pipeline import Pipeline

CREATED = fixture("bigcommerce/order_created.json")
STATUS = fixture("bigcommerce/order_status_updated.json")
ORDER: dict[str, Any] = json.loads(fixture("bigcommerce/api_order_v2.json").body)
SECRET = "test-client-secret-0001"
SHOP = {"kind": "bigcommerce", "key": SECRET, "store_hash": HASH, "api_token": TOKEN}


def delivery(body: bytes, secret: str = SECRET, at: float = NOW) -> dict[str, Any]:
    """Return a delivery of this body, signed by the Standard Webhooks library."""
    moment = datetime.fromtimestamp(int(at), tz=UTC)
    made = Webhook(secret.encode()).sign("msg_test", moment, body.decode())
    headers = {"webhook-id": "msg_test", "webhook-timestamp": str(int(at)), "webhook-signature": made}
    return {"body": body, "headers": {"Content-Type": "application/json", **headers}}


def notice(scope: str = "store/order/created", order: int = 250, **more: Any) -> bytes:
    """Return a notice as the shop posts it; its hash is that of what it tells."""
    data = {"type": "order", "id": order, **more}
    body = {"scope": scope, "store_id": "1025646", "data": data, "created_at": int(NOW), "producer": f"stores/{HASH}"}
    return json.dumps({**body, "hash": sha256(json.dumps(body).encode()).hexdigest()[:40]}).encode()


class Shop(SenderHouse):
    """A gateway with a BigCommerce source, its API, and the runner between them."""

    def __init__(self, house: SenderHouse, api: Api, runner: Runner) -> None:
        super().__init__(house.house, house.queue)
        self.api = api
        self.runner = runner

    def sell(self, order: int = 250, **changes: Any) -> None:
        """Let the shop have an order of two items."""
        self.api.orders[str(order)] = {**ORDER, "id": order, **changes}
        self.api.products[str(order)] = [{"product_id": 7, "variant_id": 71, "quantity": 2, "price_inc_tax": "33.0000"}]


@asynccontextmanager
async def shop_of(api_url: str | None = None, **options: Any) -> AsyncIterator[Shop]:
    """Serve a gateway and an API for as long as the block runs; `api_url` points the gateway elsewhere."""
    async with served_api() as api:
        table = {**SHOP, "api_base_url": api_url or api.url, **options}
        async with house_of(table) as house:
            clock, asker = house.house.clock, AiohttpAsker(timeout_seconds=5.0, most_bytes=1_000_000)
            owners = owners_of(settings_of(table), NOW)
            try:
                yield Shop(house, api, Runner(house.queue, Pipeline(house.queue, clock), clock, asker, owners))
            finally:
                await asker.close()


async def test_a_notice_is_answered_at_once_and_its_order_fetched_after() -> None:
    """Exactly 200 without a body or a question to the API; then two questions with the token, and one purchase."""
    async with shop_of() as shop:
        shop.sell()
        answer = await shop.send(**delivery(notice()))
        assert (answer.status, answer.body) == (200, b"")
        assert (shop.api.asked, await shop.arrived()) == ([], [])

        await shop.runner.look()
        (event,) = await shop.arrived()
        assert (event.event, event.event_id, event.properties.value) == ("CompletePayment", "250", 72.4)
        assert [item.content_id for item in event.properties.contents] == ["71"]
        root = f"/stores/{HASH}/v2/orders/250"
        assert sorted(shop.api.asked) == [root, f"{root}/products?limit=250"]


async def test_the_recorded_notices_are_taken() -> None:
    """Both, with a store's number as text and as a number, lead to the order once."""
    async with shop_of(store_hash="fixture1", key=CREATED.secret, tolerance_seconds=0) as shop:
        for sample in (CREATED, STATUS):
            assert (await shop.replay(sample)).status == 200
        await shop.runner.look()
        assert [url.split("/")[2] for url in shop.api.asked] == ["fixture1"] * 4


async def test_what_is_not_authentic_is_refused_without_a_hint() -> None:
    """A stranger's secret, nothing, an old signature, and the right one over another body: all the same 401."""
    async with shop_of() as shop:
        answers = [
            await shop.send(**delivery(notice(), "test-secret-of-a-stranger")),
            await shop.send(notice()),
            await shop.send(**delivery(notice(), at=NOW - 301)),
            await shop.send(**{**delivery(notice()), "body": notice(order=251)}),
        ]
        assert [answer.status for answer in answers] == [401] * 4
        assert len({answer.body for answer in answers}) == 1
        assert shop.queue.errands == {}


async def test_a_header_of_ones_own_opens_the_door() -> None:
    """What was given to the webhook comes back with each call; another value does not open."""
    async with shop_of(header="X-Fullcount-Key") as shop:
        shop.sell()
        assert (await shop.send(notice(), {"X-Fullcount-Key": SECRET})).status == 200
        assert (await shop.send(notice(), {"X-Fullcount-Key": "test-other"})).status == 401
        await shop.runner.look()
        assert len(await shop.arrived()) == 1


async def test_the_same_notice_twice_is_fetched_once_and_a_later_one_counts_nothing_new() -> None:
    """By its hash while it waits and after it was done; another status is fetched, and is the same purchase."""
    async with shop_of() as shop:
        shop.sell()
        for _ in range(2):
            await shop.send(**delivery(notice()))
            await shop.send(**delivery(notice()))
            await shop.runner.look()
        assert len(shop.api.asked) == 2
        await shop.send(**delivery(notice("store/order/updated")))
        await shop.runner.look()
        assert len(shop.api.asked) == 4
        assert len(await shop.arrived()) == 1


async def test_what_the_store_refused_is_repeated_and_counted_once() -> None:
    """BigCommerce repeats after a 503, and once more although it was taken; the fetched order meets a full disk."""
    async with shop_of() as shop:
        shop.sell()
        shop.queue.refusals = 2
        attempts = [await shop.send(**delivery(notice(), at=NOW + 60 * number)) for number in range(4)]
        assert [answer.status for answer in attempts] == [503, 503, 200, 200]
        shop.queue.refusals = 1
        for _ in range(2):
            await shop.runner.look()
        assert [event.event_id for event in await shop.arrived()] == ["250"]
        assert shop.queue.errands == {}


async def test_a_dead_api_loses_nothing() -> None:
    """Nobody listens; then it answers 503 and a page; when it is back the order is counted, once."""
    port = free_port()
    async with shop_of(api_url=f"http://127.0.0.1:{port}") as shop:
        assert (await shop.send(**delivery(notice()))).status == 200
        await shop.runner.look()
        assert (len(shop.queue.errands), await shop.arrived()) == (1, [])
        async with served_api(port) as api:
            api.orders["250"] = ORDER
            faults = [web.Response(status=503), web.Response(status=503), web.Response(text="<html>"), web.Response()]
            api.faults.extend(faults)
            for _ in range(4):
                shop.house.clock.advance(60)
                await shop.runner.look()
            assert [event.event_id for event in await shop.arrived()] == ["250"]
            assert shop.queue.errands == {}


async def test_a_refused_token_is_kept_for_three_days_and_then_told() -> None:
    """The notice waits for the token to be mended, and ends in the ledger with the reason."""
    async with shop_of(api_token="test-token-of-another") as shop:
        await shop.send(**delivery(notice()))
        await shop.runner.look()
        assert len(shop.queue.errands) == 1
        shop.house.clock.advance(3 * DAY_SECONDS)
        await shop.runner.look()
        (fact,) = shop.queue.facts
        assert (fact.reason.value, fact.detail) == ("unreadable_notice", "HTTP 401: is the token right?")
        assert shop.queue.errands == {}


async def test_refunds_are_fetched_and_recorded_once() -> None:
    """Two notices of an order's two refunds, each listing what there is: two refunds, no event."""
    async with shop_of() as shop:
        shop.sell(status_id=14)
        for number, amount in ((5, 10.0), (6, "20.0000")):
            shop.api.refunds.setdefault("250", []).append({"id": number, "total_amount": amount})
            await shop.send(**delivery(notice("store/order/refund/created", refund={"refund_id": number})))
            await shop.runner.look()
        assert sorted(refund.amount for refund in shop.queue.refunds.values()) == [10.0, 20.0]
        assert {refund.order_event_id for refund in shop.queue.refunds.values()} == {"250"}
        assert await shop.arrived() == []


async def test_a_registration_is_fetched_where_it_is_wanted() -> None:
    """The newer API lists the customer."""
    async with shop_of(registrations=True) as shop:
        shop.api.customers["42"] = {"id": 42, "email": "new@example.com"}
        await shop.send(**delivery(notice("store/customer/created", 42)))
        await shop.runner.look()
        (event,) = await shop.arrived()
        assert (event.event, event.event_id) == ("CompleteRegistration", "customer-42")


async def test_an_order_in_the_body_needs_no_api() -> None:
    """What a middleware enriched is an event at once, and its copy none."""
    async with shop_of() as shop:
        body = json.dumps({"scope": "store/order/updated", "data": ORDER}).encode()
        for _ in range(2):
            assert (await shop.send(**delivery(body))).status == 200
        assert [event.event_id for event in await shop.arrived()] == ["250"]
        assert (shop.api.asked, shop.queue.errands) == ([], {})


async def test_large_orders_and_floods_are_bounded() -> None:
    """10,000 lines of 5 MB in the body are one event of 500 items; an answer over the bound is never read whole."""
    async with shop_of() as shop:
        line = {"product_id": 7, "quantity": 1, "price_inc_tax": "1.0000", "name": "x" * 460}
        body = json.dumps({"scope": "store/order/updated", "data": {**ORDER, "products": [line] * 10_000}}).encode()
        assert len(body) > 5_000_000
        assert (await shop.send(**delivery(body))).status == 200
        (event,) = await shop.arrived()
        assert (event.properties.value, len(event.properties.contents)) == (72.4, 500)

        shop.api.faults.append(web.Response(body=b"x" * 1_000_001))
        await shop.send(**delivery(notice(order=251)))
        await shop.runner.look()
        assert len(shop.queue.errands) == 1


async def test_other_scopes_are_answered_200_and_counted() -> None:
    """What means nothing, and what is another store's, asks the API for nothing."""
    async with shop_of() as shop:
        scopes = ["store/product/updated", "store/cart/created", "store/cart/lineItem/created", ""]
        for body in (*map(notice, scopes), notice().replace(HASH.encode(), b"other")):
            assert (await shop.send(**delivery(body))).status == 200
        assert [fact.reason.value for fact in shop.queue.facts] == [
            "unknown_topic",
            "no_event",
            "switched_off",
            "unknown_topic",
            "unreadable_notice",
        ]
        await shop.runner.look()
        assert shop.api.asked == []


async def test_a_body_that_is_no_notice_is_a_400() -> None:
    """Signed, and no JSON object."""
    async with shop_of() as shop:
        for body in (b"", b"[1]", b"not json"):
            assert (await shop.send(**delivery(body))).status == 400


@settings(max_examples=5, deadline=None)
@given(
    bodies=st.lists(mutated(json.loads(notice())), min_size=8, max_size=8),
    orders=st.lists(mutated(ORDER), min_size=4, max_size=4),
)
def test_no_notice_and_no_order_breaks_anything(bodies: list[Any], orders: list[Any]) -> None:
    """Signed notices with anything in them are answered below 500, and whatever order the API has is dealt with."""

    async def serve() -> None:
        async with shop_of() as shop:
            for number, order in enumerate(orders):
                shop.api.orders[str(number)] = {"id": number, **order} if isinstance(order, dict) else {}
                assert (await shop.send(**delivery(notice(order=number)))).status == 200
            for body in bodies:
                assert (await shop.send(**delivery(json.dumps(body).encode()))).status < 500, shop.log
            await shop.runner.look()
            assert "broke" not in shop.log
            assert not {errand.event_id for errand in shop.queue.errands.values()} & {"0", "1", "2", "3"}

    asyncio.run(serve())
