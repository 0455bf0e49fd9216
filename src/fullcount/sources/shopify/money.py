"""Amounts and items: one currency for the whole event, the shop's or the shopper's, and never one's code on the other.

Shopify writes amounts as text, and beside most of them a *_set with both currencies.
"""

from __future__ import annotations

import msgspec

from fullcount.sources.catalogue import Catalogue, Money, Value
from fullcount.sources.mapped import items_of
from fullcount.sources.payload import Node, amount, at, plain_id, rows, text

_SHOP, _PRESENTMENT = "shop_money", "presentment_money"
Number = int | float


class Purse(msgspec.Struct, frozen=True):
    """The currency that an event's amounts are read in."""

    side: str
    currency: str | None

    def amount(self, node: object, name: str) -> Number | None:
        """Return an amount in this currency; the plain field beside a missing set is in the shop's."""
        found = amount(node, f"{name}_set", self.side, "amount")
        if found is None and self.side == _SHOP:
            found = amount(node, name)
        return _short(found)


SHOP = Purse(_SHOP, None)


def purse_of(body: Node, catalogue: Catalogue, name: str = "total_price") -> Purse:
    """Return the purse that the settings ask for, or the shop's where `name` is not told in the shopper's currency."""
    both = at(body, f"{name}_set")
    seen = text(both, _PRESENTMENT, "currency_code")
    if catalogue.money is Money.PRESENTMENT and seen and amount(both, _PRESENTMENT, "amount") is not None:
        return Purse(_PRESENTMENT, seen)
    return Purse(_SHOP, text(both, _SHOP, "currency_code") or text(body, "currency"))


def value_of(body: Node, catalogue: Catalogue, purse: Purse) -> Number | None:
    """Return an order's or a checkout's value as the settings define it.

    The subtotal is what the items came to after discounts; it holds no shipping, and tax only if prices include it.
    """
    if catalogue.value is Value.TOTAL:
        return purse.amount(body, "total_price")
    subtotal = purse.amount(body, "subtotal_price")
    if subtotal is None or catalogue.value is Value.SUBTOTAL or at(body, "taxes_included") is not True:
        return subtotal
    return _short(round(max(0.0, subtotal - _item_tax(body, purse)), 4))


def _item_tax(body: Node, purse: Purse) -> float:
    """Return the tax within the items' prices; the order's whole tax, that on shipping included, if lines lack it."""
    lines = [tax for line in rows(body, "line_items") for tax in rows(line, "tax_lines")]
    shares = [purse.amount(tax, "price") for tax in lines]
    known = [share for share in shares if share is not None]
    return float(sum(known)) if known else float(purse.amount(body, "total_tax") or 0)


def contents_of(body: Node, catalogue: Catalogue, purse: Purse) -> list[Node]:
    """Return the items of an order, checkout or cart; one without an id in the catalogue stays, without it."""
    return items_of(rows(body, "line_items"), lambda line: content_of(line, catalogue, purse))


def content_of(line: Node, catalogue: Catalogue, purse: Purse) -> Node:
    """Return one line; its price is that of a piece, before discounts."""
    ids = {
        "variant_id": plain_id(line, "variant_id"),
        "product_id": plain_id(line, "product_id"),
        "sku": text(line, "sku"),
    }
    return {
        "content_id": catalogue.item_id(ids),
        "content_name": text(line, "title"),
        "brand": text(line, "vendor"),
        "price": purse.amount(line, "price"),
        "quantity": _short(amount(line, "quantity")),
    }


def _short(number: float | None) -> Number | None:
    """Return whole numbers as such: an amount in yen has no decimals.

    >>> _short(4580.0), _short(30.25)
    (4580, 30.25)
    """
    return int(number) if number is not None and number.is_integer() else number
