"""Stripe's money: whole numbers of a currency's smallest unit, which has two decimals, none or three."""

from __future__ import annotations

from typing import Any

import msgspec

from fullcount.sources.catalogue import Catalogue, Money, Value
from fullcount.sources.payload import amount, at, rows, text

# As generally known, 2026-11. ISK and UGX have no decimals any more, yet Stripe still writes them with two.
NO_DECIMALS = frozenset(
    {"bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf"}
)
THREE_DECIMALS = frozenset({"bhd", "jod", "kwd", "omr", "tnd"})


class Price(msgspec.Struct, frozen=True):
    """An amount in units of its own currency (ISO 4217, upper case)."""

    value: float | None = None
    currency: str | None = None

    @property
    def is_whole(self) -> bool:
        """Whether both are known."""
        return self.value is not None and self.currency is not None


def in_units(smallest: float | None, currency: str | None) -> float | None:
    """Return an amount in the currency's units, given in its smallest one.

    >>> in_units(7240, "usd"), in_units(4580, "JPY"), in_units(12340, "kwd"), in_units(500, "isk")
    (72.4, 4580, 12.34, 5.0)
    """
    code = (currency or "").lower()
    if smallest is None or code in NO_DECIMALS:
        return smallest
    decimals = 3 if code in THREE_DECIMALS else 2
    return round(smallest / float(10**decimals), decimals)


def price(node: Any, amount_key: str, currency_key: str = "currency") -> Price:
    """Return an amount of an object together with the currency that stands beside it."""
    return _priced(amount(node, amount_key), text(node, currency_key))


def session_price(session: Any, catalogue: Catalogue) -> Price:
    """Return a Checkout Session's worth as the settings want it.

    Of the money that is not the session's own, Stripe tells the total alone; where another amount is asked for, it is
    that of the session's own currency, never one with the other's code.
    """
    own = _priced(_session_amount(session, catalogue.value), text(session, "currency"))
    if catalogue.value is not Value.TOTAL:
        return own
    if catalogue.money is Money.PRESENTMENT:
        return _presented(session, own)
    # API versions before 2025-03-31 write the session in the shopper's currency, and the shop's own beside it.
    shop = price(at(session, "currency_conversion"), "amount_total", "source_currency")
    return shop if shop.is_whole else own


def payment_price(intent: Any, catalogue: Catalogue) -> Price:
    """Return a payment intent's worth: what was received, in the currency that the settings want."""
    received = price(intent, "amount_received")
    own = received if received.value else price(intent, "amount")
    return _presented(intent, own) if catalogue.money is Money.PRESENTMENT else own


def invoice_price(invoice: Any, catalogue: Catalogue) -> Price:
    """Return an invoice's worth; an amount that an old invoice does not tell is what was paid."""
    found: float | None = None
    if catalogue.value is Value.SUBTOTAL and (subtotal := amount(invoice, "subtotal")) is not None:
        found = subtotal - _sum(rows(invoice, "total_discount_amounts"))
    elif catalogue.value is Value.WITHOUT_TAX_AND_SHIPPING:
        untaxed = amount(invoice, "total_excluding_tax")
        found = None if untaxed is None else untaxed - (amount(invoice, "shipping_cost", "amount_subtotal") or 0)
    return _priced(amount(invoice, "amount_paid") if found is None else max(0, found), text(invoice, "currency"))


def _presented(thing: Any, own: Price) -> Price:
    seen = price(at(thing, "presentment_details"), "presentment_amount", "presentment_currency")
    return seen if seen.is_whole else own


def _session_amount(session: Any, value: Value) -> float | None:
    if value is Value.SUBTOTAL and (subtotal := amount(session, "amount_subtotal")) is not None:
        return max(0, subtotal - (amount(session, "total_details", "amount_discount") or 0))
    total = amount(session, "amount_total")
    if value is Value.WITHOUT_TAX_AND_SHIPPING and total is not None:
        beside = [amount(session, "total_details", key) or 0 for key in ("amount_tax", "amount_shipping")]
        return max(0, total - sum(beside))
    return total


def _sum(discounts: list[dict[str, Any]]) -> float:
    return sum(amount(row, "amount") or 0 for row in discounts)


def _priced(smallest: float | None, currency: str | None) -> Price:
    return Price(in_units(smallest, currency), currency.upper() if currency else None)
