"""What all eight senders are promised alike, over real HTTP: rotation, one event however it is repeated, counts."""

from __future__ import annotations

import pytest
from tests.contract.gateway_house import Answer
from tests.contract.senders.house import SenderHouse, house_of
from tests.contract.senders.posting import KEYED, SENDERS, Order, Post, post_of, table_of, webhook
from tests.unit.sources.fixtures import NOW

from fullcount.sources.registry import SENDERS as REGISTRY

OLD, NEW, STRANGER = "test-key-before-the-change-01", "test-key-after-the-change-002", "test-key-of-a-stranger-00003"
UNKNOWN_TOPICS = {
    "shopify": "themes/publish",
    "woocommerce": "product.updated",
    "stripe": "payout.paid",
    "bigcommerce": "store/sku/updated",
    "adobe": "com.adobe.commerce.observer.catalog_product_save_after",
}
every_kind = pytest.mark.parametrize("kind", SENDERS)


async def post(house: SenderHouse, sent: Post) -> Answer:
    """Make the request."""
    return await house.send(sent.body, sent.headers, path=sent.path)


def order(number: int = 1001, request_id: str = "request-1") -> Order:
    """Return an order of a minute ago."""
    return Order(str(number), NOW - 60, request_id)


def test_no_sender_is_left_out() -> None:
    """Every kind of the registry but our own pages is posted here."""
    assert set(SENDERS) == set(REGISTRY) - {"browser"}


@every_kind
@pytest.mark.parametrize("keys", [(OLD, NEW), (NEW, OLD)], ids=["old-first", "new-first"])
async def test_while_a_secret_is_changed_either_opens(kind: str, keys: tuple[str, str]) -> None:
    """With both in the settings, in any order, what is signed with either is taken, and a third's is not."""
    async with house_of(table_of(kind, *keys)) as house:
        for number, key in enumerate((OLD, NEW), 1001):
            sent = post_of(kind, order(number, f"request-{number}"), key)
            assert (await post(house, sent)).status in {200, 204}
        assert (await post(house, post_of(kind, order(1003, "request-3"), STRANGER))).status == 401
        assert [event.event_id for event in await house.arrived()] == ["1001", "1002"]


@every_kind
async def test_an_order_is_one_event_under_any_request_id(kind: str) -> None:
    """The same order in requests that the sender itself tells apart: our own key makes it one."""
    async with house_of(table_of(kind, OLD)) as house:
        for request_id in ("request-1", "request-2", "request-3"):
            assert (await post(house, post_of(kind, order(1001, request_id), OLD))).status in {200, 204}
        assert [event.event_id for event in await house.arrived()] == ["1001"]
        assert house.queue.counts["duplicate"] == 2


@pytest.mark.parametrize("kind", KEYED)
async def test_a_request_that_the_sender_repeats_is_known_by_its_own_id(kind: str) -> None:
    """Under the id of a request that was taken nothing is stored again, whatever event it would make."""
    async with house_of(table_of(kind, OLD)) as house:
        for number in (1001, 1002):
            assert (await post(house, post_of(kind, order(number, "request-1"), OLD))).status == 200
        assert [event.event_id for event in await house.arrived()] == ["1001"]


@every_kind
async def test_what_the_store_refused_counts_once_when_it_is_repeated(kind: str) -> None:
    """Three times 503 with its time, then taken; the sender may repeat it once more."""
    sent = post_of(kind, order(), OLD)
    async with house_of(table_of(kind, OLD)) as house:
        house.queue.refusals = 3
        heard = [await post(house, sent) for _ in range(5)]
        assert [answer.status for answer in heard[:3]] == [503] * 3
        assert [answer.headers["Retry-After"] for answer in heard[:3]] == ["1"] * 3
        assert {answer.status for answer in heard[3:]} <= {200, 204}
        assert [event.event_id for event in await house.arrived()] == ["1001"]


@every_kind
async def test_what_was_stored_without_an_answer_counts_once_when_it_is_repeated(kind: str) -> None:
    """A commit whose end is not known is 503; it was stored, and the sender's repetitions make nothing new."""
    sent = post_of(kind, order(), OLD)
    async with house_of(table_of(kind, OLD)) as house:
        house.queue.lost = 2
        heard = [(await post(house, sent)).status for _ in range(4)]
        assert heard[:2] == [503] * 2
        assert set(heard[2:]) <= {200, 204}
        assert [event.event_id for event in await house.arrived()] == ["1001"]


@pytest.mark.parametrize(("kind", "topic"), UNKNOWN_TOPICS.items())
async def test_an_unknown_topic_is_counted_as_ignored(kind: str, topic: str) -> None:
    """200, no delivery, one line of the metrics and one fact of the ledger with the reason."""
    async with house_of(table_of(kind, OLD)) as house:
        sent = webhook(kind, {"data": {"object": {}}}, order(), OLD, topic)
        assert (await post(house, sent)).status == 200
        assert await house.arrived() == []
        (fact,) = house.queue.facts
        assert (fact.source, fact.outcome.value, fact.reason.value) == (kind, "ignored", "unknown_topic")
        shown = (await house.house.ask("GET", "/metrics")).body.decode()
        line = f'fullcount_outcomes_total{{outcome="ignored",pixel="",reason="unknown_topic",source="{kind}"}} 1.0'
        assert line in shown


async def test_a_cart_of_five_megabytes_is_answered() -> None:
    """10,000 lines: an event for each of the first five hundred, withheld as nobody is named, and the rest counted."""
    line = {"variant_id": 8111, "product_id": 7111, "quantity": 1, "price": "1.00", "title": "x" * 450}
    lines = [{**line, "id": number, "variant_id": number} for number in range(10_000)]
    sent = webhook("shopify", {"id": "c1", "token": "c1", "line_items": lines}, order(), OLD, "carts/update")
    assert len(sent.body) > 5_000_000
    async with house_of({**table_of("shopify", OLD), "carts": True}) as house:
        assert (await post(house, sent)).status == 200
        assert await house.arrived() == []
        counts = {"withheld": 500, "ignored": 1}
        assert {name: house.queue.counts[name] for name in counts} == counts
