"""Stripe's money and items: amounts in every currency, whose money it is, and what was sold."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.sources.stripe.events import (
    RENEWAL,
    YEN,
    event,
    taken,
)


@pytest.mark.parametrize(
    ("currency", "smallest", "value"),
    [
        ("usd", 7240, 72.4),
        ("jpy", 7240, 7240),
        ("krw", 1, 1),
        ("bhd", 7240, 7.24),
        ("isk", 50000, 500),
        ("ugx", 100, 1),
    ],
)
def test_amounts_are_in_the_currencys_own_units(currency: str, smallest: int, value: float) -> None:
    """Two decimals, none, or three; Icelandic and Ugandan amounts come with two that the currency has not."""
    properties = taken(event(currency=currency, amount_total=smallest)).event.properties
    assert (properties.value, properties.currency) == (value, currency.upper())


@pytest.mark.parametrize(
    ("setting", "expected"), [("total", 72.4), ("subtotal", 61.0), ("without_tax_and_shipping", 60.0)]
)
def test_the_setting_says_which_amount_is_the_value(setting: str, expected: float) -> None:
    """What was paid; items after discounts; or that without tax and shipping."""
    details = {"amount_discount": 500, "amount_shipping": 640, "amount_tax": 600}
    assert taken(event(total_details=details), value=setting).event.properties.value == expected


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, (72.4, "USD")),
        ({"money": "presentment"}, (6789.0, "JPY")),
        ({"money": "presentment", "value": "subtotal"}, (66.0, "USD")),
    ],
)
def test_money_is_the_shops_or_the_shoppers_and_never_mixed(
    settings: dict[str, str], expected: tuple[float, str]
) -> None:
    """Stripe tells the total alone in the shopper's money; any other amount keeps its own currency."""
    details = {"presentment_amount": 6789, "presentment_currency": "jpy"}
    properties = taken(event(presentment_details=details), **settings).event.properties
    assert (properties.value, properties.currency) == expected


def test_an_old_sessions_money_is_turned_back_into_the_shops() -> None:
    """Before 2025-03-31 the session is in the shopper's currency, and the shop's own stands beside it."""
    body = event(
        currency="jpy", amount_total=6789, currency_conversion={"amount_total": 7240, "source_currency": "usd"}
    )

    shop, seen = taken(body).event.properties, taken(body, money="presentment").event.properties
    assert (shop.value, shop.currency) == (72.4, "USD")
    assert (seen.value, seen.currency) == (6789.0, "JPY")
    details = {"presentment_amount": 1099, "presentment_currency": "gbp"}
    paid = taken(event(YEN, presentment_details=details), checkout="payment_intents", money="presentment").event
    assert (paid.properties.value, paid.properties.currency) == (10.99, "GBP")


@pytest.mark.parametrize(
    ("value", "expected"), [("total", 19.0), ("subtotal", 18.0), ("without_tax_and_shipping", 15.97)]
)
def test_an_invoices_value_follows_the_setting(value: str, expected: float) -> None:
    """What was paid; the items after discounts; or that without tax."""
    amounts: dict[str, Any] = {"total_discount_amounts": [{"amount": 100}], "total_excluding_tax": 1597}
    assert taken(event(RENEWAL, **amounts), renewals=True, value=value).event.properties.value == expected
    assert taken(event(RENEWAL, subtotal=None), renewals=True, value=value).event.properties.value == 19.0


@pytest.mark.parametrize(
    ("line", "content_id"),
    [
        ({"pricing": {"price_details": {"price": "price_1", "product": "prod_1"}}}, "price_1"),
        ({"price": {"id": "price_1", "product": "prod_1"}}, "price_1"),
        ({"plan": {"id": "plan_1", "product": "prod_1"}}, "plan_1"),
        ({}, None),
    ],
)
def test_an_invoices_lines_are_its_items_in_every_shape(line: dict[str, Any], content_id: str | None) -> None:
    """The present shape and both older ones name a price and a product."""
    lines = {"data": [{"amount": 1900, "quantity": 2, "description": "Plan A", **line}]}
    (item,) = taken(event(RENEWAL, lines=lines), renewals=True).event.properties.contents
    assert (item.content_id, item.price, item.quantity) == (content_id, 9.5, 2.0)


@pytest.mark.parametrize(
    ("metadata", "ids"),
    [
        ({"content_ids": "SKU-1, SKU-2"}, ["SKU-1", "SKU-2"]),
        ({"content_ids": '["SKU-1", 7]'}, ["SKU-1", "7"]),
        ({"contents": '[{"content_id": "SKU-3", "quantity": 2, "price": 36.2}]'}, ["SKU-3"]),
        ({"contents": "[broken", "content_ids": "SKU-4"}, ["SKU-4"]),
        ({}, []),
    ],
)
def test_items_of_a_session_come_from_the_metadata(metadata: dict[str, str], ids: list[str]) -> None:
    """A session's webhook has no items, so that the shop names them: as a list of ids, or with all they have."""
    contents = taken(event(metadata=metadata)).event.properties.contents
    assert [item.content_id for item in contents] == ids
