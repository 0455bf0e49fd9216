"""What was sold: the lines that Stripe gives (of invoices, as a rule), or what the shop wrote into the metadata."""

from __future__ import annotations

import json
from typing import Any

from fullcount.sources.catalogue import Catalogue
from fullcount.sources.mapped import items_of
from fullcount.sources.payload import Node, amount, as_list, at, first_text, rows, text
from fullcount.sources.stripe.money import in_units
from fullcount.sources.stripe.people import Told, reference

_ITEM_KEYS = ("content_id", "content_name", "content_category", "brand", "quantity", "price")


def contents_of(thing: Node, told: Told, catalogue: Catalogue) -> list[Node]:
    """Return the items: the metadata's own, which name them as the catalogue does, else Stripe's lines."""
    named = _named(told)
    lines = rows(thing, "lines", "data") or rows(thing, "line_items", "data")
    currency = text(thing, "currency")
    return named or items_of(lines, lambda line: _content(line, catalogue, currency))


def _content(line: Node, catalogue: Catalogue, currency: str | None) -> Node:
    quantity = amount(line, "quantity")
    total = amount(line, "amount_total")
    total = in_units(amount(line, "amount") if total is None else total, currency)
    return {
        "content_id": catalogue.item_id(_ids(line)),
        "content_name": text(line, "description"),
        "quantity": quantity,
        "price": round(total / quantity, 4) if quantity and total is not None else None,
    }


def _ids(line: Node) -> dict[str, str | None]:
    # Stripe's price is what varies of its product.
    details = at(line, "pricing", "price_details")
    old = at(line, "price") if isinstance(at(line, "price"), dict) else at(line, "plan")
    return {
        "variant_id": first_text(reference(details, "price"), text(old, "id")),
        "product_id": first_text(reference(details, "product"), reference(old, "product")),
        "sku": first_text(text(line, "metadata", "sku"), text(old, "metadata", "sku")),
    }


def _named(told: Told) -> list[Node]:
    listed = _json(told("contents"))
    items = [{key: row.get(key) for key in _ITEM_KEYS} for row in listed if isinstance(row, dict)]
    if items:
        return items
    ids = told("content_ids") or ""
    found = _json(ids) or ids.split(",")
    return [{"content_id": each} for each in as_list(*(text({"id": one}, "id") for one in found))]


def _json(said: str | None) -> list[Any]:
    if not said or not said.startswith("["):
        return []
    try:
        found = json.loads(said)
    except (ValueError, RecursionError):
        return []
    return found if isinstance(found, list) else []
