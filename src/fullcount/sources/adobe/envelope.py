"""What a delivery is about: an order or a credit memo, under the envelope of a webhook, of I/O Events, or none."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from fullcount.events.model import names_only
from fullcount.events.reading import read_fields
from fullcount.sources.payload import Node, at, moment, text

_TYPE_PREFIX = "com.adobe.commerce."
# Where the order stands: I/O Events, a webhook of an observer, one of a plugin, and a body that is the order itself.
_PLACES = (("data", "value"), ("data", "order"), ("data", "creditmemo"), ("order",), ("creditmemo",), ("data",), ())
_OF_AN_ORDER = frozenset({"grand_total", "base_grand_total", "state", "status", "items"})
# Parts of topics that carry things with an order's keys, and what is not certain yet.
_OTHER_THINGS = (
    *("_before", "delete", "history", "invoice", "quote", "rma_", "shipment"),
    *("order_address", "order_grid", "order_item", "order_payment", "order_status", "order_tax"),
)


class Told(msgspec.Struct, frozen=True):
    """One thing that a delivery tells: `about` is the order, or the credit memo where `is_refund`."""

    topic: str  # without what Adobe puts before all of them; empty if the body names none
    about: Node | None  # nothing: it names no order
    is_refund: bool = False
    is_of_interest: bool = True
    told_at: int | None = None  # Unix seconds

    __repr__ = names_only


def documents(body: bytes) -> list[Node] | None:
    """Return the body's JSON object as a list of one, or the objects of its list; None if it is neither."""
    found: Any = read_fields(body.removeprefix(b"\xef\xbb\xbf"))
    if found is None and body.lstrip().startswith(b"["):
        try:
            found = json.loads(body)
        except (ValueError, RecursionError):
            return None
    if isinstance(found, dict):
        return [found]
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else None


def told_by(document: Node) -> Told:
    """Return what one document tells."""
    topic = (text(document, "type") or text(document, "eventName") or "").removeprefix(_TYPE_PREFIX)
    is_refund = "creditmemo" in topic or (not topic and isinstance(document.get("creditmemo"), dict))
    told_at = moment(document, "time")
    if not is_refund and any(word in topic for word in _OTHER_THINGS):
        return Told(topic, None, is_of_interest=False)
    held = (at(document, *place) for place in _PLACES)
    about = next((each for each in held if _is_about_an_order(each)), None)
    is_of_interest = about is not None or not topic or "order" in topic or is_refund
    return Told(topic, about, is_refund, is_of_interest, told_at)


def _is_about_an_order(held: Any) -> bool:
    return isinstance(held, dict) and text(held, "increment_id") is not None and not _OF_AN_ORDER.isdisjoint(held)
