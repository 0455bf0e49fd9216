"""The items of an event, and whether they add up to its value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from fullcount.events.checks.money import ZERO_DECIMAL
from fullcount.events.checks.rules import CheckRules
from fullcount.events.coercion import LARGEST_NUMBER
from fullcount.events.model import Content, Event
from fullcount.events.problem_list import ProblemList

MOST_ITEMS = 1_000  # of one event: no cart has more, and a request holds only so much
_CONTENT_TYPES = frozenset({"product", "product_group"})


def check_items(event: Event, _rules: CheckRules, _now: float, problems: ProblemList) -> Event:
    """Check each item: a price or quantity that is negative or no number is dropped, a missing id is warned of.

    Items beyond MOST_ITEMS are dropped.
    """
    contents = event.properties.contents
    if len(contents) > MOST_ITEMS or len(event.properties.content_ids) > MOST_ITEMS:
        event = _with_fewer_items(event, problems)
        contents = event.properties.contents
    if not contents:
        return event
    mended: list[Content] | None = None
    without_id = -1
    typed = event.properties.content_type
    for i, item in enumerate(contents):
        price, quantity = item.price, item.quantity
        if (price is not None and not 0 <= price <= LARGEST_NUMBER) or (
            quantity is not None and not 0 <= quantity <= LARGEST_NUMBER
        ):
            mended = list(contents) if mended is None else mended
            mended[i] = _without_bad_numbers(item, i, problems)
        if not item.content_id and without_id < 0:
            without_id = i
        typed = typed or item.content_type
    if without_id >= 0:
        path = f"properties.contents.{without_id}.content_id"
        problems.warn(path, "content_id_missing", "an item has no id", "send the id that the catalogue has")
    if typed not in _CONTENT_TYPES:
        _judge_content_type(typed, problems)
    if mended is None:
        return event
    return replace(event, properties=replace(event.properties, contents=tuple(mended)))


def _with_fewer_items(event: Event, problems: ProblemList) -> Event:
    changes: dict[str, Any] = {}
    for name in ("contents", "content_ids"):
        items = getattr(event.properties, name)
        if len(items) > MOST_ITEMS:
            reason = f"{len(items):,} items; the first {MOST_ITEMS:,} were taken"
            problems.drop(f"properties.{name}", "too_many_items", reason, "send the order's own items")
            changes[name] = items[:MOST_ITEMS]
    return replace(event, properties=replace(event.properties, **changes))


def _without_bad_numbers(item: Content, index: int, problems: ProblemList) -> Content:
    changes: dict[str, Any] = {}
    for name in ("price", "quantity"):
        number = getattr(item, name)
        if number is not None and not 0 <= number <= LARGEST_NUMBER:
            path = f"properties.contents.{index}.{name}"
            fix = "send what one unit costs" if name == "price" else "send how many were bought"
            problems.drop(path, "number_invalid", "the number is negative, infinite or too large", fix)
            changes[name] = None
    return replace(item, **changes)


def _judge_content_type(typed: str | None, problems: ProblemList) -> None:
    fix = 'send "product" if content_id is a SKU, "product_group" if it is an item group'
    if typed:
        problems.warn("properties.content_type", "content_type_unknown", "TikTok knows no such content type", fix)
    else:
        problems.warn("properties.content_type", "content_type_missing", "items need a content type", fix)


def check_sum(event: Event, _rules: CheckRules, _now: float, problems: ProblemList) -> Event:
    """Check the value against the sum of the items, and for cents where units are meant."""
    properties = event.properties
    value, contents = properties.value, properties.contents
    if value is None or value <= 0 or not contents:
        return event
    total = _total(contents)
    if total is None:
        return event
    step = 1.0 if properties.currency in ZERO_DECIMAL else 0.01
    if abs(value - total) > step * len(contents):
        _judge_difference(value, total, problems)
    return event


def _total(contents: Sequence[Content]) -> float | None:
    """Return the sum of price x quantity, or None if the price of an item is unknown or nothing has one."""
    total = 0.0
    for item in contents:
        if item.price is None:
            return None
        total += item.price if item.quantity is None else item.price * item.quantity
    return total or None


def _judge_difference(value: float, total: float, problems: ProblemList) -> None:
    if 99 * total <= value <= 101 * total:
        reason = "the value is a hundred times the sum of the items: cents or minor units?"
        problems.warn("properties.value", "value_in_cents", reason, "send units of the currency, e.g. 89.99")
    elif 99 * value <= total <= 101 * value:
        reason = "the items add up to a hundred times the value: are their prices in cents?"
        problems.warn("properties.contents", "price_in_cents", reason, "send prices in units of the currency")
    else:
        reason = "the value is not the sum of price x quantity"
        fix = "nothing if the difference is shipping, tax or a discount; price is for one unit, value for the order"
        problems.warn("properties.value", "value_differs", reason, fix)
