"""What a call is about: items, amounts, searches and refunds, by the e-commerce specification v2."""

from __future__ import annotations

from fullcount.sources.catalogue import Value
from fullcount.sources.mapped import items_of
from fullcount.sources.payload import Node, amount, first_amount, first_text, rows, text
from fullcount.sources.sender import Rules

_TOTALS = ("value", "total", "revenue")  # the amount of a call, the first that is there


def properties_of(given: Node, rules: Rules) -> Node:
    """Return a track or page call's properties in the event's shape; keys that the specification lacks stay behind."""
    items = rows(given, "products")
    single = not items and (text(given, "product_id") or text(given, "sku"))
    if single:
        items = [given]
    contents = items_of(items, lambda item: _content(item, rules))
    value = _value(given, rules)
    if value is None and single and (price := amount(given, "price")) is not None:
        quantity = amount(given, "quantity")
        value = price if quantity is None else round(price * quantity, 4)
    return {
        "order_id": text(given, "order_id"),
        "value": value,
        "currency": text(given, "currency"),
        "content_type": rules.catalogue.content_type if contents else None,
        "contents": contents,
        "query": text(given, "query"),
        "search_string": text(given, "query"),
    }


def refunded_amount(given: Node) -> float:
    """Return how much went back: what the call says, else what its items cost; 0 where it says nothing."""
    said = _said(given, *_TOTALS)
    if said is not None:
        return abs(said)
    prices = [
        price * quantity
        for item in rows(given, "products")
        if (price := amount(item, "price")) is not None and (quantity := _count(item)) is not None
    ]
    return round(abs(sum(prices)), 4)


def _count(item: Node) -> float | None:
    return 1.0 if item.get("quantity") is None else amount(item, "quantity")


def _content(item: Node, rules: Rules) -> Node:
    ids = {
        "variant_id": first_text(text(item, "variant_id"), text(item, "shopify_variant_id")),
        "product_id": text(item, "product_id"),
        "sku": text(item, "sku"),
    }
    return {
        "content_id": rules.catalogue.item_id(ids),
        "content_name": text(item, "name"),
        "content_category": text(item, "category"),
        "brand": text(item, "brand"),
        "price": amount(item, "price"),
        "quantity": amount(item, "quantity"),
    }


def _value(given: Node, rules: Rules) -> float | None:
    """Return the amount that the settings ask for; `revenue` is without shipping and tax."""
    total = _said(given, *_TOTALS)
    if rules.catalogue.value is Value.SUBTOTAL:
        return _said(given, "subtotal", *_TOTALS)
    if rules.catalogue.value is Value.WITHOUT_TAX_AND_SHIPPING and (whole := amount(given, "total")) is not None:
        net = amount(given, "revenue")
        shipping, tax = amount(given, "shipping") or 0.0, amount(given, "tax") or 0.0
        return round(max(0.0, whole - shipping - tax), 4) if net is None else net
    return total


def _said(given: Node, *keys: str) -> float | None:
    return first_amount(*(amount(given, key) for key in keys))
