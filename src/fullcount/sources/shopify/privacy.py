"""The three privacy topics. The topic's header is not signed, so the body must be of that topic, and of this shop."""

from __future__ import annotations

from fullcount.events.model import User
from fullcount.events.reading import read_fields
from fullcount.sources.mapped import purchase_id
from fullcount.sources.payload import Node, as_list, at, plain_id, text
from fullcount.sources.sender import Rules
from fullcount.sources.shopify.customers import registration_id
from fullcount.sources.shopify.intakes import ignored
from fullcount.sources.shopify.options import ShopifyOptions
from fullcount.sources.source import Erasure, Ignored, Intake, RawRequest

DATA_REQUEST, REDACT_CUSTOMER, REDACT_SHOP = "customers/data_request", "customers/redact", "shop/redact"
TOPICS = (DATA_REQUEST, REDACT_CUSTOMER, REDACT_SHOP)
# What only that topic's body has (shopify.dev, "Privacy law compliance", 2026).
_OWN_KEYS = {DATA_REQUEST: "data_request", REDACT_CUSTOMER: "orders_to_redact"}


def is_meant(request: RawRequest, topic: str, rules: Rules) -> bool:
    """Say whether the signed body itself is of this topic and of the source's shop, whatever the headers tell."""
    body = read_fields(request.body)
    shop = (text(body, "shop_domain") or "").lower()
    wanted = rules.options_as(ShopifyOptions).shop_domain
    if body is None or not shop or (wanted is not None and shop != wanted.lower()):
        return False
    if topic == REDACT_SHOP:
        return "customer" not in body and not any(key in body for key in _OWN_KEYS.values())
    return _OWN_KEYS[topic] in body and not any(
        body.get(key) for at_topic, key in _OWN_KEYS.items() if at_topic != topic
    )


def read_privacy(body: Node, topic: str, _request: RawRequest, rules: Rules) -> Intake:
    """Return whom to forget; a request for a person's data is noted, for a person to answer."""
    if topic == DATA_REQUEST:
        number = plain_id(body, "data_request", "id") or "without a number"
        return ignored("no_event", topic, detail=f"a customer asks what is held of them: request {number}")
    if topic == REDACT_SHOP:
        said = Ignored("no_event", topic, detail="the shop left: all that came from it is forgotten")
        return Intake((), ignored=(said,), erasures=(Erasure(is_everything=True),))
    customer_id = plain_id(body, "customer", "id")
    user = User(
        email=tuple(as_list(text(body, "customer", "email"))) or None,
        phone=tuple(as_list(text(body, "customer", "phone"))) or None,
        external_id=customer_id,
    )
    event_ids = tuple(as_list(*_order_events(body, rules), registration_id(customer_id)))
    said = Ignored("no_event", topic, detail="a customer is to be forgotten")
    return Intake((), ignored=(said,), erasures=(Erasure(user, event_ids),))


def _order_events(body: Node, rules: Rules) -> list[str | None]:
    """Return the event_ids of the orders to redact; a template that asks for more than the number has no other."""
    orders = at(body, "orders_to_redact")
    numbers = [plain_id({"id": each}, "id") for each in orders] if isinstance(orders, list) else []
    return [each for number in numbers for each in (purchase_id(rules, order_id=number), number)]
