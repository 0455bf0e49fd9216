"""Refunds: Stripe tells the sum of all that went back for a charge, so that each one's size is a difference."""

from __future__ import annotations

from fullcount.events.tie import TieKind
from fullcount.sources.mapped import event_reading, tied
from fullcount.sources.payload import Node, amount, at, first_text, rows, text
from fullcount.sources.source import Intake, Refund
from fullcount.sources.stripe.money import in_units
from fullcount.sources.stripe.people import reference, told_by, user_of
from fullcount.sources.stripe.snapshot import Snapshot, ignored


def read_refund(said: Snapshot) -> Intake:
    """Read a charge of which something was refunded.

    The order is known by the event_id in the charge's metadata, else by the payment intent, as far as Stripe tells.
    """
    charge = said.thing
    identity, total = text(charge, "id"), amount(charge, "amount_refunded")
    order_id = first_text(told_by(charge).event_id(), reference(charge, "payment_intent"), identity)
    if identity is None or order_id is None or total is None or total <= 0:
        return ignored(said, "zero_amount")
    currency = text(charge, "currency")
    refund_id = f"{identity}-{int(total)}"
    size = in_units(max(0.0, _size(said, total)), currency) or 0.0
    refund = Refund(refund_id, order_id, size, currency.upper() if currency else None, said.happened_at)
    ties = tied([(TieKind.ORDER_ID, order_id), (TieKind.CHECKOUT_TOKEN, reference(charge, "payment_intent"))])
    readings = (event_reading(_event(said, refund), ties),) if said.rules.refund_event is not None else ()
    return Intake(readings, are_names_mapped=True, refunds=(refund,), request_id=said.event_id)


def _size(said: Snapshot, total: float) -> float:
    before = amount(said.envelope, "data", "previous_attributes", "amount_refunded")
    if before is not None:
        return total - before
    # API versions before 2022-11-15 list the refunds, the newest first.
    newest = next(iter(rows(said.thing, "refunds", "data")), None)
    size = amount(newest, "amount")
    return total if size is None else size


def _event(said: Snapshot, refund: Refund) -> Node:
    charge = said.thing
    people = (at(charge, "billing_details"), {"email": text(charge, "receipt_email")})
    told = told_by(charge)
    return {
        "event": said.rules.refund_event,
        "event_id": f"refund-{refund.refund_id}",
        "event_time": said.happened_at,
        "consent": told("consent"),
        "user": user_of(people, told, reference(charge, "customer"), {}),
        "properties": {"value": refund.amount, "currency": refund.currency, "order_id": refund.order_id},
        "page": {"url": first_text(told("page_url"), said.options.shop_url)},
    }
