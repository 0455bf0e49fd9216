"""Amounts: the shop's or the shopper's, total, subtotal or without tax and shipping, and never two currencies mixed."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.sources.shopify.shop import body_of, come

JAPAN = "orders_create_multicurrency_jpy_unicode"


def both(shop: str, seen: str) -> dict[str, Any]:
    """Return a *_set: US dollars of the shop, euros of the shopper."""
    return {
        "shop_money": {"amount": shop, "currency_code": "USD"},
        "presentment_money": {"amount": seen, "currency_code": "EUR"},
    }


def taxed(**changes: Any) -> dict[str, Any]:
    """Return an order over 59.50 with 5 of shipping and 19 % tax in its prices, paid in euros at half the amount."""
    line = {
        "variant_id": 1,
        "quantity": 1,
        "price": "54.50",
        "price_set": both("54.50", "27.25"),
        "tax_lines": [{"price": "8.70", "price_set": both("8.70", "4.35")}],
    }
    order = body_of(
        total_price="59.50",
        total_price_set=both("59.50", "29.75"),
        subtotal_price="54.50",
        subtotal_price_set=both("54.50", "27.25"),
        total_tax="9.50",
        total_tax_set=both("9.50", "4.75"),
        taxes_included=True,
        presentment_currency="EUR",
        line_items=[line],
    )
    return {**order, **changes}


@pytest.mark.parametrize(
    ("value", "money", "amount", "currency"),
    [
        ("total", "shop", 59.5, "USD"),
        ("total", "presentment", 29.75, "EUR"),
        ("subtotal", "shop", 54.5, "USD"),
        ("subtotal", "presentment", 27.25, "EUR"),
        ("without_tax_and_shipping", "shop", 45.8, "USD"),
        ("without_tax_and_shipping", "presentment", 22.9, "EUR"),
    ],
)
def test_value_and_currency_are_of_one_purse(value: str, money: str, amount: float, currency: str) -> None:
    """Each setting gives the amount of its own currency, and so do the items."""
    properties = come(taxed(), value=value, money=money).event.properties
    assert (properties.value, properties.currency) == (amount, currency)
    assert properties.contents[0].price == (54.5 if currency == "USD" else 27.25)


def test_where_prices_hold_no_tax_the_subtotal_has_none() -> None:
    """Tax is taken off only where prices include it."""
    assert come(taxed(taxes_included=False), value="without_tax_and_shipping").event.properties.value == 54.5


def test_lines_without_their_tax_leave_the_orders() -> None:
    """The order's whole tax is taken off where the lines do not tell their own."""
    lines = [{"variant_id": 1, "quantity": 1, "price": "54.50"}]
    assert come(taxed(line_items=lines), value="without_tax_and_shipping").event.properties.value == 45


def test_an_order_that_tells_the_shops_money_alone_stays_in_it() -> None:
    """Without the shopper's total no euro code is put on dollars, whatever else the order says in euros."""
    properties = come(taxed(total_price_set=None), money="presentment").event.properties
    assert (properties.value, properties.currency) == (59.5, "USD")
    assert properties.contents[0].price == 54.5


def test_an_item_that_lacks_the_shoppers_price_has_none() -> None:
    """The shop's price beside a value in euros would be a wrong one."""
    lines = [{"variant_id": 1, "quantity": 1, "price": "54.50"}]
    properties = come(taxed(line_items=lines), money="presentment").event.properties
    assert (properties.currency, properties.contents[0].price) == ("EUR", None)


def test_yen_have_no_decimals() -> None:
    """A whole amount is a whole number, and the check for currencies without decimals finds nothing."""
    found = come(body_of(JAPAN), money="presentment")
    properties = found.event.properties
    assert (repr(properties.value), properties.currency) == ("4580", "JPY")
    assert not [each for each in found.arrivals[0].result.problems if each.code == "value_fraction"]


def test_a_value_of_nothing_is_a_value() -> None:
    """A live order over nothing carries 0."""
    assert come(body_of("orders_create_zero_value_live")).event.properties.value == 0
