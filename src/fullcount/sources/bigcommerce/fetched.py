"""What to ask the shop's API about a thin notice, and what its answers bring."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from fullcount.sources.bigcommerce.options import BigCommerceOptions
from fullcount.sources.bigcommerce.orders import (
    currency_of,
    order_event_id,
    page_of,
    person,
    read_order,
)
from fullcount.sources.fetching import Question, Response
from fullcount.sources.mapped import event_reading, mapped_name
from fullcount.sources.payload import Node, amount, as_list, moment, read_object, rows, text
from fullcount.sources.sender import Rules
from fullcount.sources.source import Ignored, Intake, Refund

REFUND_SCOPE = "store/order/refund/created"
CUSTOMER_SCOPE = "store/customer/created"
MOST_PRODUCTS = 250  # the API gives no more at a time
_GONE = frozenset({404, 410})
_EMPTY = 204


class Named(msgspec.Struct, frozen=True):
    """A thin notice, as it is kept: what happened, to which order or customer, and which refund."""

    scope: str
    thing_id: str
    refund_id: str | None = None

    def kept(self) -> bytes:
        """Return it as bytes."""
        return msgspec.json.encode(self)


_decoder = msgspec.json.Decoder(Named)


def questions_about(notice: bytes, rules: Rules) -> Sequence[Question]:
    """Return what to ask for; nothing if the settings do not say how any more."""
    options = rules.options_as(BigCommerceOptions)
    named = _read(notice)
    if named is None or not options.can_fetch:
        return ()
    order = f"v2/orders/{named.thing_id}"
    if named.scope == CUSTOMER_SCOPE:
        paths = [f"v3/customers?id:in={named.thing_id}"]
    elif named.scope == REFUND_SCOPE:
        paths = [order, f"v3/orders/{named.thing_id}/payment_actions/refunds"]
    else:
        paths = [order, f"{order}/products?limit={MOST_PRODUCTS}"]
    root = f"{options.api_base_url.rstrip('/')}/stores/{options.store_hash}"
    headers = {"X-Auth-Token": options.api_token, "Accept": "application/json"}
    return [Question(f"{root}/{path}", headers) for path in paths]


def read_answers(notice: bytes, responses: Sequence[Response], rules: Rules) -> Intake:
    """Return what the answers bring, one for each question.

    Raises:
        InvalidEvent: an answer is not the API's.
    """
    named = _read(notice)
    first = responses[0] if responses else Response(404)
    if named is None or first.status in _GONE or first.status == _EMPTY:
        detail = "the shop has no such order or customer"
        return Intake((), ignored=(Ignored("unreadable_notice", named.scope if named else "", detail=detail),))
    if named.scope == CUSTOMER_SCOPE:
        return _registration(named, read_object(first.body), rules)
    order = {"id": named.thing_id, **read_object(first.body)}
    beside = _rows(responses[1]) if len(responses) > 1 else []
    if named.scope == REFUND_SCOPE:
        return _refunds(named, order, beside, rules)
    return read_order(order, beside, named.scope, rules)


def _read(notice: bytes) -> Named | None:
    try:
        return _decoder.decode(notice)
    except msgspec.MsgspecError:
        return None


def _rows(response: Response) -> list[Node]:
    """Return the objects of an answer: a list in the older API, and one in "data" in the newer."""
    if response.status in _GONE or response.status == _EMPTY or not response.body.strip():
        return []
    whole = read_object(b'{"answer":%s}' % response.body)
    return rows(whole, "answer") or rows(whole, "answer", "data")


def _refunds(named: Named, order: Node, refunds: list[Node], rules: Rules) -> Intake:
    event_id = order_event_id(rules, text(order, "id"), text(order, "cart_id"))
    found = []
    for row in refunds:
        refund_id, total = text(row, "id"), amount(row, "total_amount")
        if event_id is None or refund_id is None or total is None or total < 0 or _is_declined(row):
            continue
        found.append(Refund(refund_id, event_id, total, currency_of(order), moment(row, "created")))
    if not found:
        return Intake((), ignored=(Ignored("zero_amount", named.scope, event_id or ""),))
    told = [refund for refund in found if named.refund_id in (None, refund.refund_id)]
    events = [_refund_event(refund, order, rules) for refund in told if rules.refund_event is not None]
    return Intake(tuple(event_reading(event) for event in events), are_names_mapped=True, refunds=tuple(found))


def _is_declined(refund: Node) -> bool:
    payments = rows(refund, "payments")
    return bool(payments) and all(payment.get("is_declined") is True for payment in payments)


def _refund_event(refund: Refund, order: Node, rules: Rules) -> Node:
    return {
        "event": rules.refund_event,
        "event_id": f"refund-{refund.refund_id}",
        "event_time": refund.refunded_at,
        "user": person(order),
        "properties": {"value": refund.amount, "currency": refund.currency, "order_id": text(order, "id")},
        "page": {"url": page_of(rules.options_as(BigCommerceOptions))},
    }


def _registration(named: Named, answer: Node, rules: Rules) -> Intake:
    event_id, name = f"customer-{named.thing_id}", mapped_name(rules, {}, "CompleteRegistration")
    if name is None:
        return Intake((), ignored=(Ignored("switched_off", named.scope, event_id),))
    customer: Any = next(iter(rows(answer, "data")), {})
    address = next(iter(rows(customer, "addresses")), {})
    fields: Node = {
        "event": name,
        "event_id": event_id,
        "event_time": moment(customer, "date_created"),
        "user": {
            "email": as_list(text(customer, "email")),
            "phone": as_list(text(customer, "phone"), text(address, "phone")),
            "external_id": named.thing_id,
            "first_name": text(customer, "first_name"),
            "last_name": text(customer, "last_name"),
            "country": text(address, "country_code"),
        },
    }
    return Intake((event_reading(fields),), are_names_mapped=True)
