"""What each of Stripe's events becomes: a purchase, a subscription, a refund for the ledger, or nothing, and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from fullcount.events.model import names_only
from fullcount.events.tie import TieKind
from fullcount.sources.mapped import event_reading, mapped_name, purchase_id, tied
from fullcount.sources.payload import Node, amount, at, first_text, text
from fullcount.sources.source import Intake, Sighting
from fullcount.sources.stripe.items import contents_of
from fullcount.sources.stripe.money import Price, invoice_price, payment_price, session_price
from fullcount.sources.stripe.options import Checkout
from fullcount.sources.stripe.people import (
    is_id_on_page,
    locale_of,
    parameters_of,
    reference,
    return_page,
    told_by,
    user_of,
)
from fullcount.sources.stripe.refunds import read_refund
from fullcount.sources.stripe.snapshot import Snapshot, ignored

PURCHASE = "Purchase"
ASYNC_SUCCEEDED = "checkout.session.async_payment_succeeded"
# Stripe's own words where a subscription's invoice made the payment (general knowledge, 2026-11).
INVOICE_DESCRIPTIONS = frozenset({"subscription creation", "subscription update"})
_PAID = frozenset({"paid", "no_payment_required"})


class _Sale(msgspec.Struct, frozen=True):
    """What one object says of a sale, still to be named and told whose it is."""

    name: str
    worth: Price
    people: Sequence[Any]
    own_id: str | None  # the event_id where neither the metadata nor the settings give one
    tokens: Sequence[str | None] = ()  # by which the browser's half may be found
    above: Sequence[Any] = ()  # the metadata of what the object belongs to
    is_id_private: bool = False

    __repr__ = names_only


def read_session(said: Snapshot) -> Intake:
    """Read a Checkout Session that ended: a purchase or a subscription once it is paid for."""
    session, options = said.thing, said.options
    mode = text(session, "mode")
    if mode == "setup":
        return ignored(said, "no_event")
    if said.topic != ASYNC_SUCCEEDED and text(session, "payment_status") not in _PAID:
        return ignored(said, "not_paid", event_id=_event_id(said, _session_id(said)))
    intent = reference(session, "payment_intent")
    if options.checkout is Checkout.PAYMENT_INTENTS and intent is not None:
        return ignored(said, "already_counted", "its payment intent counts, as checkout = payment_intents says")
    return _sold(
        said,
        _Sale(
            name=options.subscription_event.value if mode == "subscription" else PURCHASE,
            worth=session_price(session, said.rules.catalogue),
            people=(at(session, "customer_details"), {"email": text(session, "customer_email")}),
            own_id=_session_id(said),
            tokens=(text(session, "id"), intent),
            is_id_private=_session_id(said) == text(session, "id") and not is_id_on_page(session),
        ),
    )


def read_session_lost(said: Snapshot) -> Intake:
    """Read a Checkout Session that nobody paid."""
    return ignored(said, "cancelled", event_id=_event_id(said, _session_id(said)))


def read_payment(said: Snapshot) -> Intake:
    """Read a payment intent that succeeded: a purchase where the site sells without Checkout Sessions."""
    intent = said.thing
    if said.options.checkout is not Checkout.PAYMENT_INTENTS:
        return ignored(
            said, "switched_off", 'the Checkout Session counts; without those set checkout="payment_intents"'
        )
    if reference(intent, "invoice") or (text(intent, "description") or "").lower() in INVOICE_DESCRIPTIONS:
        return ignored(said, "already_counted", "an invoice's payment: invoice.paid tells of it")
    charges = at(intent, "charges", "data")
    charge = charges[0] if isinstance(charges, list) and charges else None  # API versions before 2022-11-15
    people = ({"email": text(intent, "receipt_email")}, at(charge, "billing_details"), at(intent, "shipping"))
    worth = payment_price(intent, said.rules.catalogue)
    identity = text(intent, "id")
    return _sold(said, _Sale(PURCHASE, worth, people, own_id=identity, tokens=(identity,)))


def read_invoice(said: Snapshot) -> Intake:
    """Read an invoice that was paid; by default none counts, as Checkout tells of a subscription's beginning."""
    invoice, options = said.thing, said.options
    identity = text(invoice, "id")
    if not amount(invoice, "amount_paid"):
        return ignored(said, "zero_amount", event_id=identity)
    subscription = at(invoice, "parent", "subscription_details") or at(invoice, "subscription_details")
    reason = text(invoice, "billing_reason") or ("subscription" if reference(invoice, "subscription") else "")
    name = PURCHASE
    if reason == "subscription_create":
        if not options.first_invoices:
            return ignored(said, "already_counted", "Checkout tells of it; else set first_invoices", identity)
        name = options.subscription_event.value
    elif reason.startswith("subscription") or subscription:
        if not options.renewals:
            return ignored(said, "renewal", event_id=identity)
    elif not options.one_off_invoices:
        return ignored(said, "switched_off", "an invoice without a subscription: see one_off_invoices", identity)
    customer = {key: invoice.get(f"customer_{key}") for key in ("email", "name", "phone", "address")}
    worth = invoice_price(invoice, said.rules.catalogue)
    above = (at(subscription, "metadata"),)
    return _sold(said, _Sale(name, worth, (customer,), own_id=identity, above=above))


def _sold(said: Snapshot, sale: _Sale) -> Intake:
    thing, rules, options = said.thing, said.rules, said.options
    told = told_by(thing, *sale.above)
    event_id = _event_id(said, sale.own_id)
    name = mapped_name(rules, {said.topic: sale.name}, said.topic)
    if name is None:
        return ignored(said, "switched_off", "by the source's names", event_id)
    if options.event_id_required and told.event_id() is None:
        return ignored(said, "event_id_missing", "its metadata has none, and event_id_required is set", event_id)
    back = return_page(thing)
    client = text(thing, "client_reference_id")
    fields: Node = {
        "event": name,
        "event_id": event_id,
        "event_time": said.happened_at,
        "consent": told("consent"),
        "user": {
            **user_of(sale.people, told, _customer(said), parameters_of(back)),
            "locale": locale_of(thing),
        },
        "properties": {
            "order_id": first_text(told("order_id"), client, event_id),
            "value": sale.worth.value,
            "currency": sale.worth.currency,
            "content_type": rules.catalogue.content_type,
            "contents": contents_of(thing, told, rules.catalogue),
        },
        "page": {"url": first_text(told("page_url"), back, options.shop_url), "referrer": told("referrer")},
    }
    ties = tied(
        [
            (TieKind.VISITOR, told("visitor")),
            *((TieKind.CHECKOUT_TOKEN, token) for token in sale.tokens),
            *((TieKind.ORDER_ID, order) for order in dict.fromkeys((told("order_id"), client, event_id))),
        ]
    )
    is_private = sale.is_id_private and told.event_id() is None
    reading = event_reading(fields, ties, is_id_private=is_private)
    # The refund's charge has metadata of its own: what was answered at the sale is remembered for it.
    answer = told("consent")
    sightings = (Sighting(ties, consent=answer, seen_at=said.happened_at),) if answer else ()
    return Intake((reading,), are_names_mapped=True, request_id=said.event_id, sightings=sightings)


def _event_id(said: Snapshot, own_id: str | None) -> str | None:
    """Return the shop's own event_id, else what the source's template makes of Stripe's id."""
    given = told_by(said.thing).event_id()
    return given or purchase_id(said.rules, order_id=own_id, checkout_token=text(said.thing, "id")) or own_id


def _session_id(said: Snapshot) -> str | None:
    client = text(said.thing, "client_reference_id")
    identity = text(said.thing, "id")
    return first_text(client, identity) if said.options.client_reference_as_event_id else identity


def _customer(said: Snapshot) -> str | None:
    """Return Stripe's id of the customer, else the shop's own, unless that names the order."""
    client = None if said.options.client_reference_as_event_id else text(said.thing, "client_reference_id")
    return first_text(reference(said.thing, "customer"), client)


TOPICS: Mapping[str, Callable[[Snapshot], Intake]] = {
    "checkout.session.completed": read_session,
    ASYNC_SUCCEEDED: read_session,
    "checkout.session.async_payment_failed": read_session_lost,
    "checkout.session.expired": read_session_lost,
    "payment_intent.succeeded": read_payment,
    "invoice.paid": read_invoice,
    "invoice.payment_succeeded": read_invoice,  # told beside invoice.paid, of the same invoice: counted once
    "charge.refunded": read_refund,
}
