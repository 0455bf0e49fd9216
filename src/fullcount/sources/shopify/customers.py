"""customers/create: a registration, if the shop says that its customers register."""

from __future__ import annotations

from fullcount.sources.mapped import event_reading
from fullcount.sources.payload import Node, moment, plain_id
from fullcount.sources.sender import Rules
from fullcount.sources.shopify.intakes import ignored, is_test
from fullcount.sources.shopify.names import name_of
from fullcount.sources.shopify.options import ShopifyOptions
from fullcount.sources.shopify.people import customer
from fullcount.sources.source import Intake, RawRequest


def registration_id(customer_id: str | None) -> str | None:
    """Return the event_id of a customer's registration."""
    return customer_id and f"customer-{customer_id}"


def read_customer(body: Node, topic: str, request: RawRequest, rules: Rules) -> Intake:
    """Return a CompleteRegistration. Staff and checkouts make customers, too, so it is off unless it is asked for."""
    event_id = registration_id(plain_id(body, "id"))
    name = name_of(rules, topic)
    if name is None or not rules.options_as(ShopifyOptions).registrations:
        return ignored("switched_off", topic, event_id)
    is_trial = is_test(request, body)
    if is_trial and rules.test_event_code is None:
        return ignored("test_order", topic, event_id)
    fields: Node = {
        "event": name,
        "event_id": event_id,
        "event_time": moment(body, "created_at"),
        "user": customer(body),
    }
    code = rules.test_event_code if is_trial else None
    return Intake((event_reading(fields),), test_event_code=code, are_names_mapped=True)
