"""Refunds: what went back for an order, once by Shopify's own number of the refund."""

from __future__ import annotations

from collections.abc import Iterator

from fullcount.events.tie import TieKind
from fullcount.sources.mapped import event_reading, purchase_id, tied
from fullcount.sources.payload import Node, amount, at, moment, plain_id, rows, text
from fullcount.sources.sender import Rules
from fullcount.sources.shopify.intakes import ignored, is_test
from fullcount.sources.source import Intake, RawRequest, Refund


def read_refund(body: Node, topic: str, request: RawRequest, rules: Rules) -> Intake:
    """Return the refund of a refunds/create body, and an event of it if the source names one."""
    order_id = plain_id(body, "order_id")
    event_id = purchase_id(rules, order_id=order_id) or order_id
    paid_back = rows(body, "transactions")
    if is_test(request, body) or (paid_back and all(at(each, "test") is True for each in paid_back)):
        return ignored("test_order", topic, event_id)
    refunds = tuple(_refunds(body, event_id)) if event_id else ()
    if not refunds:
        return ignored("no_event", topic, event_id, detail="a refund without its number, or its order's")
    if rules.refund_event is None:
        return Intake((), refunds=refunds)
    # The body names no shopper: visitor memory may know them by the order.
    readings = tuple(
        event_reading(
            {
                "event": rules.refund_event,
                "event_id": f"refund-{each.refund_id}",
                "event_time": each.refunded_at,
                "properties": {"order_id": order_id, "value": each.amount, "currency": each.currency},
            },
            tied([(TieKind.ORDER_ID, order_id)]),
            is_lost_alone=True,
        )
        for each in refunds
        if each.amount
    )
    return Intake(readings, are_names_mapped=True, refunds=refunds)


def refunds_of_order(order: Node, event_id: str | None) -> tuple[Refund, ...]:
    """Return the refunds that an order lists; which of them are new is the ledger's to know."""
    listed = rows(order, "refunds") if event_id else []
    return tuple(refund for body in listed for refund in _refunds(body, event_id or ""))


def _refunds(body: Node, event_id: str) -> Iterator[Refund]:
    """Yield the refund, one for each currency that was paid back in; one of 0 where only goods came back."""
    refund_id = plain_id(body, "id") or plain_id(body, "admin_graphql_api_id")
    if refund_id is None:
        return
    refunded_at = moment(body, "processed_at") or moment(body, "created_at")
    totals: dict[str | None, float] = {}
    for each in rows(body, "transactions"):
        paid_back = amount(each, "amount")
        if paid_back is None or text(each, "status") != "success" or text(each, "kind") not in ("refund", None):
            continue
        currency = text(each, "currency") or _currency(body)
        totals[currency] = totals.get(currency, 0.0) + abs(paid_back)
    for index, (currency, total) in enumerate((totals or {_currency(body): 0.0}).items()):
        own_id = refund_id if index == 0 else f"{refund_id}-{currency or 'other'}"
        yield Refund(own_id, event_id, round(total, 4), currency, refunded_at)


def _currency(body: Node) -> str | None:
    """Return the currency of the goods that came back, if the shop's and the shopper's are the same."""
    said = {
        text(line, "subtotal_set", side, "currency_code")
        for line in rows(body, "refund_line_items")
        for side in ("shop_money", "presentment_money")
    }
    return said.pop() if len(said) == 1 else None
