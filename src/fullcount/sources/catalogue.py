"""How a shop's items and amounts become TikTok's: which id names an item, which total is the value, in whose money.

The snippet uses the same settings, so that both halves name the same items.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache

import msgspec

from fullcount.errors import ConfigError

ITEM_FIELDS = ("variant_id", "product_id", "sku")
_PIECE = re.compile(r"\{([^{}]*)\}")


class Value(StrEnum):
    """Which amount of an order is its value."""

    TOTAL = "total"
    SUBTOTAL = "subtotal"
    WITHOUT_TAX_AND_SHIPPING = "without_tax_and_shipping"


class Money(StrEnum):
    """Whose currency: the shop's own, or the one that the shopper saw."""

    SHOP = "shop"
    PRESENTMENT = "presentment"


class Catalogue(msgspec.Struct, frozen=True, kw_only=True):
    """What the settings say of items and amounts."""

    content_id: str = "{variant_id|product_id|sku}"
    content_type: str = "product"  # or product_group, where the ids are those of whole products
    value: Value = Value.TOTAL
    money: Money = Money.SHOP

    def item_id(self, ids: Mapping[str, str | None]) -> str | None:
        """Return an item's `content_id`, or None if the item has no such id.

        >>> Catalogue(content_id="shop_{sku|variant_id}").item_id({"variant_id": "7", "sku": None})
        'shop_7'
        """
        return fill_item_id(self.content_id, ids)


def fill_item_id(template: str, ids: Mapping[str, str | None]) -> str | None:
    """Return the template with its fields filled in, or None if one has no value; "{a|b}" takes the first that has."""
    texts, choices = parse_item_template(template)
    made = texts[0]
    for choice, text in zip(choices, texts[1:], strict=True):
        value = next((ids[field] for field in choice if ids.get(field)), None)
        if value is None:
            return None
        made += value + text
    return made


@lru_cache(maxsize=64)
def parse_item_template(template: str) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Return the literal texts and, between them, the fields to choose from.

    Raises:
        ConfigError: a field is unknown, a brace is unmatched, or nothing in it tells two items apart.
    """
    parts = _PIECE.split(template)
    texts, choices = tuple(parts[::2]), tuple(tuple(part.split("|")) for part in parts[1::2])
    known = ", ".join(f"{{{field}}}" for field in ITEM_FIELDS)
    for field in (field for choice in choices for field in choice):
        if field not in ITEM_FIELDS:
            raise ConfigError(f"the template has an unknown field {{{field}}}", fix=f"use {known}")
    if any(brace in text for text in texts for brace in "{}"):
        raise ConfigError("the template has a brace without its other", fix=f"write fields as {known}")
    if not choices:
        raise ConfigError("the template gives every item the same content_id", fix="add {variant_id}")
    return texts, choices
