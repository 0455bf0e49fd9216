"""Items and money: gtag's packed item strings, and what items come to at TikTok."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from fullcount.sources.catalogue import ITEM_FIELDS, Value
from fullcount.sources.mapped import items_of
from fullcount.sources.payload import MOST_ITEMS, Node, amount, first_amount, first_text, rows, text
from fullcount.sources.sender import Rules

_ITEM_KEY = re.compile(r"pr([0-9]{1,3})")
# A literal "~" in a value is doubled.
_TOKEN = re.compile(r"(?:[^~]|~~)+")
# Code of a packed item -> name in `items`. Source: public parsers of gtag's requests (2026-11); Google documents none.
_CODES = {
    "id": "item_id",
    "nm": "item_name",
    "br": "item_brand",
    "ca": "item_category",
    "c2": "item_category2",
    "c3": "item_category3",
    "c4": "item_category4",
    "c5": "item_category5",
    "va": "item_variant",
    "pr": "price",
    "qt": "quantity",
    "cp": "coupon",
    "ds": "discount",
    "ln": "item_list_name",
    "li": "item_list_id",
    "lp": "index",
    "af": "affiliation",
    "lo": "location_id",
    "pi": "promotion_id",
    "pn": "promotion_name",
    "cn": "creative_name",
    "cs": "creative_slot",
}
_CATEGORIES = ("item_category", "item_category2", "item_category3", "item_category4", "item_category5")


def unpacked_items(parameters: Mapping[str, str]) -> list[Node]:
    """Return the items of `pr1`, `pr2`, ... in their order."""
    found = [(int(known[1]), key) for key in parameters if (known := _ITEM_KEY.fullmatch(key))]
    return [unpacked_item(parameters[key]) for _, key in sorted(found)]


def unpacked_item(packed: str) -> Node:
    """Return one item; pairs of k0NAME and v0VALUE are parameters of the shop's own, and unknown codes are left out.

    >>> unpacked_item("idSKU-1~nmBlue ~~ white mug~pr18~k0color~v0blue~zzodd")
    {'item_id': 'SKU-1', 'item_name': 'Blue ~ white mug', 'price': '18', 'color': 'blue'}
    """
    item: Node = {}
    own_names: dict[str, str] = {}
    for token in _TOKEN.findall(packed):
        word = token.replace("~~", "~")
        code, value = word[:2], word[2:]
        if code in _CODES:
            item[_CODES[code]] = value
        elif code[:1] == "k":
            own_names[code[1:]] = value
        elif code[:1] == "v" and (name := own_names.get(code[1:])):
            item.setdefault(name, value)
    return item


def contents_of(params: Node, rules: Rules) -> list[Node]:
    """Return TikTok's contents; `item_id` stands for each of variant_id, product_id and sku that an item lacks."""
    return items_of(rows(params, "items"), lambda item: _content(item, rules))


def _content(item: Node, rules: Rules) -> Node:
    ids = {key: first_text(text(item, key), text(item, "item_id")) for key in ITEM_FIELDS}
    return {
        "content_id": rules.catalogue.item_id(ids),
        "content_name": text(item, "item_name"),
        "content_category": first_text(*(text(item, key) for key in _CATEGORIES)),
        "brand": text(item, "item_brand"),
        "price": amount(item, "price"),
        "quantity": _quantity(item),
    }


def value_of(params: Node, rules: Rules) -> float | None:
    """Return the event's value: as sent, or that of its items if none was sent or the source's `value` says so."""
    sent = first_amount(amount(params, "value"), amount(params, "x-ga-mp1-tr"), amount(params, "x-ga-mp1-ev"))
    if sent is None or rules.catalogue.value is Value.SUBTOTAL:
        items = items_value(rows(params, "items"))
        return sent if items is None else items
    if rules.catalogue.value is Value.WITHOUT_TAX_AND_SHIPPING:
        beside = (amount(params, "tax") or 0.0) + (amount(params, "shipping") or 0.0)
        return round(max(0.0, sent - beside), 4)
    return sent


def items_value(items: Sequence[Node]) -> float | None:
    """Return the sum of price times quantity, or None if no item has a price.

    >>> items_value([{"price": "18", "quantity": "2"}, {"item_id": "gift"}])
    36.0
    """
    shares = [price * _quantity(item) for item in items if (price := amount(item, "price")) is not None]
    return round(sum(shares), 4) if shares else None


def currency_of(params: Node) -> str | None:
    """Return the event's currency, else that of its first item that has one."""
    said = text(params, "currency")
    return said or next(
        (found for item in rows(params, "items")[:MOST_ITEMS] if (found := text(item, "currency"))), None
    )


def _quantity(item: Node) -> float:
    """Return how many, which Google takes as 1 where it is not said."""
    said: Any = amount(item, "quantity")
    return 1.0 if said is None else float(said)
