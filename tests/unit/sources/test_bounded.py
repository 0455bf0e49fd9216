"""What is over a bound costs itself and not the order: items beyond the most, and texts that nobody means."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.unit.sources.fixtures import NOW, Ran, source_of

from fullcount.pipeline.travel import travel
from fullcount.sources.bounded import LONGEST_ITEM_TEXT
from fullcount.sources.mapped import event_reading, items_of
from fullcount.sources.payload import LONGEST_TEXT, MOST_ITEMS, Node, text
from fullcount.sources.registry import SENDERS
from fullcount.sources.source import RawRequest

_ORDER = {"id": 5511001001, "financial_status": "paid", "total_price": "72.40", "currency": "USD"}


def _shopify(**changed: Any) -> Ran:
    """Return what a paid order of Shopify with these fields comes to."""
    body = json.dumps({**_ORDER, "email": "jane@example.com", **changed}).encode()
    request = RawRequest(body, headers={"x-shopify-topic": "orders/paid"}, received_at=NOW)
    rules, terms = source_of("shopify", "test-key")
    intake = SENDERS["shopify"].read(request, rules)
    return Ran(True, intake, tuple(travel(reading, intake, terms, NOW) for reading in intake.readings))


def _codes(found: Ran) -> set[str]:
    return {problem.code for problem in found.arrivals[0].result.problems}


def test_items_beyond_the_most_are_counted_and_not_read() -> None:
    """Of a cart of any size a bounded number of lines costs anything."""
    read: list[Node] = []

    def item(line: Node) -> Node:
        read.append(line)
        return {"content_id": "1"}

    made = items_of([{}] * 100_000, item)
    reading = event_reading({"event": "Purchase", "properties": {"contents": made}})
    assert len(read) == MOST_ITEMS
    assert reading.event is not None
    assert len(reading.event.properties.contents) == MOST_ITEMS
    assert [problem.reason[:13] for problem in reading.problems if problem.code == "contents_cut"] == ["100,000 items"]


@pytest.mark.parametrize("title", ["x" * 1_000_000, "é" * (LONGEST_ITEM_TEXT + 1)])
def test_an_item_whose_name_is_too_long_goes_without_it(title: str) -> None:
    """The order is sent with all that is in bounds."""
    found = _shopify(line_items=[{"title": title, "variant_id": 7, "price": "72.40", "quantity": 1}])
    (content,) = found.event.properties.contents
    assert (content.content_id, content.content_name, content.price) == ("7", None, 72.4)
    assert "value_too_long" in _codes(found)


@pytest.mark.parametrize(
    "changed",
    [
        {"client_details": {"browser_ip": "192.0.2.4", "user_agent": "x" * 1_000_000}},
        {"referring_site": "https://shop.example.com/?" + "%25" * 300_000},
        {"billing_address": {"city": "1" * 1_000_000}},
    ],
)
def test_a_text_that_is_too_long_is_left_out_and_said(changed: Node) -> None:
    """The purchase goes without it."""
    found = _shopify(**changed)
    assert found.event.event_id == "5511001001"
    assert "value_too_long" in _codes(found)


def test_an_order_id_that_is_too_long_names_nothing() -> None:
    """Neither the event nor its refunds are known by a text of any length."""
    refund = {"id": 1, "transactions": [{"amount": "1", "status": "success", "kind": "refund"}]}
    found = _shopify(id="x" * 1_000_000, refunds=[refund])
    assert len(found.event.event_id) < 100
    assert all(len(each.order_id) <= LONGEST_TEXT + 1 for each in found.intake.refunds)


@pytest.mark.parametrize("given", [float("nan"), float("inf"), float("-inf"), True, None, [], {}])
def test_what_is_no_text_and_no_number_is_no_text(given: object) -> None:
    """An id is never "nan" or "inf"."""
    assert text({"id": given}, "id") is None


def test_half_a_character_is_a_question_mark() -> None:
    """What no UTF-8 can hold reaches no store and no answer."""
    assert text({"id": "a\ud800"}, "id") == "a?"
