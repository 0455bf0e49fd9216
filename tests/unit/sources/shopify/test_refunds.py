"""Refunds: the successful transactions, once by Shopify's number, tied to the order's own event."""

from __future__ import annotations

from typing import Any

from tests.unit.sources.shopify.shop import body_of, come

from fullcount.events.tie import TieKind

PARTIAL, RESTOCK = "refunds_create_partial", "refunds_create_restock_only"


def refunds_of(topic: str = "refunds/create", name: str = PARTIAL, **changes: Any) -> list[tuple[Any, ...]]:
    """Return the refunds of a recorded body with some of its fields changed."""
    found = come(body_of(name, **changes), topic)
    return [(each.refund_id, each.order_id, each.amount, each.currency) for each in found.intake.refunds]


def paid_back(**changes: Any) -> dict[str, Any]:
    """Return a transaction that paid 18 dollars back."""
    return {"kind": "refund", "status": "success", "amount": "18.00", "currency": "USD", **changes}


def test_a_refund_is_the_sum_of_what_was_paid_back() -> None:
    """Only transactions that succeeded count; the amount is a text."""
    several = [paid_back(), paid_back(amount="2.10"), paid_back(status="failure"), paid_back(kind="void")]
    assert refunds_of(transactions=several) == [("890001", "5511001001", 20.1, "USD")]
    assert refunds_of() == [("890001", "5511001001", 18.0, "USD")]


def test_goods_that_came_back_without_money_are_a_refund_of_nothing() -> None:
    """A restock alone is recorded with 0."""
    assert refunds_of(name=RESTOCK) == [("890001", "5511001001", 0.0, "USD")]


def test_two_currencies_are_two_refunds() -> None:
    """Their sum would be no amount."""
    several = [paid_back(), paid_back(amount="10", currency="EUR")]
    assert refunds_of(transactions=several) == [
        ("890001", "5511001001", 18.0, "USD"),
        ("890001-EUR", "5511001001", 10.0, "EUR"),
    ]


def test_a_missing_currency_is_the_goods_if_there_is_only_one() -> None:
    """A transaction's currency may be null; where shop and shopper differ it stays unknown."""
    assert refunds_of(transactions=[paid_back(currency=None)]) == [("890001", "5511001001", 18.0, "USD")]
    mixed = [{"subtotal_set": {"shop_money": {"currency_code": "USD"}, "presentment_money": {"currency_code": "EUR"}}}]
    assert refunds_of(transactions=[paid_back(currency=None)], refund_line_items=mixed)[0][3] is None


def test_a_refund_goes_by_the_orders_event_id() -> None:
    """By the same template where the order's number is enough for it, else by the number."""
    made = come(body_of(PARTIAL), "refunds/create", event_id="order-{order_id}").intake.refunds
    assert made[0].order_id == "order-5511001001"
    assert come(body_of(PARTIAL), "refunds/create", event_id="{order_name}").intake.refunds[0].order_id == "5511001001"


def test_an_order_lists_its_refunds_too() -> None:
    """The same number in an order's update is the same refund, and makes no purchase."""
    found = come(body_of(refunds=[body_of(PARTIAL)]), "orders/updated")
    assert [(each.refund_id, each.order_id, each.amount) for each in found.intake.refunds] == [
        ("890001", "5511001001", 18.0)
    ]
    assert found.intake.refunds == come(body_of(PARTIAL), "refunds/create").intake.refunds
    assert [each.reason for each in found.intake.ignored] == ["already_counted"]


def test_a_test_orders_refund_is_no_refund() -> None:
    """Money of a test gateway went nowhere."""
    found = come(body_of(PARTIAL, transactions=[paid_back(test=True)]), "refunds/create")
    assert (found.intake.refunds, [each.reason for each in found.intake.ignored]) == ((), ["test_order"])


def test_a_refund_without_its_number_is_noted_and_not_recorded() -> None:
    """Nothing would tell its copies apart."""
    found = come(body_of(PARTIAL, id=None, admin_graphql_api_id=None), "refunds/create")
    assert (found.intake.refunds, [each.reason for each in found.intake.ignored]) == ((), ["no_event"])
    found = come(body_of(PARTIAL, order_id=None), "refunds/create")
    assert found.intake.refunds == ()


def test_a_refund_is_sent_only_under_a_name_of_the_settings() -> None:
    """TikTok has no refund event; a custom one is tied to the order, since it names nobody."""
    assert come(body_of(PARTIAL), "refunds/create").intake.readings == ()
    found = come(body_of(PARTIAL), "refunds/create", refund_event="OrderRefunded")
    (reading,) = found.intake.readings
    assert reading.event is not None
    assert (reading.event.event, reading.event_id, reading.is_lost_alone) == ("OrderRefunded", "refund-890001", True)
    assert (reading.event.properties.value, reading.event.properties.currency) == (18.0, "USD")
    assert [(tie.kind, tie.value) for tie in reading.ties] == [(TieKind.ORDER_ID, "5511001001")]
    assert come(body_of(RESTOCK), "refunds/create", refund_event="OrderRefunded").intake.readings == ()
