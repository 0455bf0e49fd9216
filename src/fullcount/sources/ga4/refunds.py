"""Google's `refund` event as a record: which order's money went back, and how much."""

from __future__ import annotations

from hashlib import sha256

from fullcount.sources.ga4.hit import Hit
from fullcount.sources.ga4.items import currency_of, items_value
from fullcount.sources.mapped import purchase_id
from fullcount.sources.payload import MOST_ITEMS, amount, encode, first_amount, first_text, rows, text
from fullcount.sources.sender import Rules
from fullcount.sources.source import Refund


def refund_of(hit: Hit, rules: Rules) -> Refund | None:
    """Return the refund, or None if it names no order.

    The amount is 0 where none is said: Google's refund of a whole order needs none. It is known again by its
    `event_id` or `refund_id`; else by its order, amount, items and what tells it from others each time it is
    sent, so two equal parts of an order without a time of their own are one.
    """
    params = hit.params
    order_id = text(params, "transaction_id")
    purchase = purchase_id(rules, order_id=order_id)
    if order_id is None or purchase is None:
        return None
    items = rows(params, "items")
    value = first_amount(amount(params, "value"), items_value(items))
    parts = [(text(item, "item_id"), text(item, "quantity")) for item in items[:MOST_ITEMS]]
    own_id = first_text(text(params, "refund_id"), text(params, "event_id"))
    made = order_id
    if value is not None or parts:
        made = f"{order_id}-{sha256(encode([value, parts, hit.seed])).hexdigest()[:16]}"
    return Refund(
        refund_id=own_id or made,
        order_id=purchase,
        amount=abs(value or 0.0),
        currency=currency_of(params),
        refunded_at=hit.moment,
    )
