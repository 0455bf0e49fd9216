"""WooCommerce: webhooks of orders and customers, signed with the webhook's own secret.

Source of the format: WooCommerce's `class-wc-webhook.php` and REST API v3 (read 2026-11). A shop never repeats a
failed delivery, and its delivery id changes with each copy, so an order's own id is what makes it one.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import unescape

import msgspec

from fullcount.events.model import names_only
from fullcount.events.reading import Reading
from fullcount.events.tie import TieKind
from fullcount.sources.carried import Visit, named_values, visit_of
from fullcount.sources.catalogue import Catalogue, Value
from fullcount.sources.manners import WebhookManners
from fullcount.sources.mapped import event_reading, items_of, mapped_name, purchase_id, tied
from fullcount.sources.payload import (
    Node,
    amount,
    as_list,
    at,
    is_signed,
    moment,
    read_object,
    rows,
    set_id,
    text,
)
from fullcount.sources.reply import Reply, json_reply
from fullcount.sources.sender import Options, Rules
from fullcount.sources.source import Ignored, Intake, RawRequest, Refund

# Where the shop's own order attribution keeps what the landing page brought (plugin source, 2026-11).
LANDING_KEY = "_wc_order_attribution_session_entry"
REFERRER_KEY = "_wc_order_attribution_referrer"
USER_AGENT_KEY = "_wc_order_attribution_user_agent"
# How WooCommerce Subscriptions marks an order that goes on with a subscription (not re-checked in 2026).
RENEWAL_KEY = "_subscription_renewal"
RENEWAL_CHANNEL = "subscription"
_NEVER_SOLD = frozenset({"cancelled", "failed", "trash", "checkout-draft", "refunded"})


class WooCommerceOptions(Options, frozen=True, kw_only=True):
    """What can be set for a WooCommerce shop."""

    paid_statuses: tuple[str, ...] = ("processing", "completed")  # add "on-hold" where bank transfers count as sold
    place_an_order: bool = False  # a new order that waits for its payment is a PlaceAnOrder
    registrations: bool = False  # a new customer is a CompleteRegistration; shops also make customers by themselves
    renewals: bool = False  # an order that goes on with a subscription is a Purchase too
    purchase_after_refund: bool = False  # an update that lists refunds may still be the first that we hear of its order
    skip_created_via: tuple[str, ...] = ()  # values of created_via that are left out, such as "rest-api"


class WooCommerce(WebhookManners):
    """Reads a WooCommerce shop's webhooks."""

    kind = "woocommerce"
    options: type[Options] = WooCommerceOptions

    def greet(self, request: RawRequest, _known: Sequence[Rules]) -> Reply | None:
        """Answer the unsigned ping that saving a webhook sends with the 200 that its page waits for."""
        is_form = request.header("content-type").lower().startswith("application/x-www-form-urlencoded")
        is_ping = is_form and request.body.startswith(b"webhook_id=") and request.body[11:].strip().isdigit()
        if is_ping and request.method == "POST" and not request.header("x-wc-webhook-topic"):
            return json_reply(200, {})
        return None

    def admits(self, request: RawRequest, rules: Rules) -> bool:
        """Check the signature over the exact body; a webhook without a secret is signed with nothing and refused.

        The shop takes HTML entities out of a secret before it signs, so both spellings are tried.
        """
        keys = tuple(dict.fromkeys((*rules.keys, *(unescape(key) for key in rules.keys))))
        return is_signed(request.body, keys, request.header("x-wc-webhook-signature"))

    def read(self, request: RawRequest, rules: Rules) -> Intake:
        """Return the order's purchase and its refunds, or the customer's registration."""
        topic = request.header("x-wc-webhook-topic")
        body = read_object(request.body)
        if topic in ("order.created", "order.updated", "order.restored"):
            return _order(body, topic, request, rules)
        if topic == "customer.created":
            return _customer(body, topic, rules)
        return Intake((), ignored=(Ignored("unknown_topic", topic),))


class _Told(msgspec.Struct, frozen=True):
    """One delivery of an order, and what is needed to read it."""

    topic: str
    order: Node
    meta: dict[str, str]
    request: RawRequest
    rules: Rules

    @property
    def visit(self) -> Visit:
        """What it carries of the visit that it began with."""
        return visit_of(self.meta, self.meta.get(LANDING_KEY))

    __repr__ = names_only


def _order(order: Node, topic: str, request: RawRequest, rules: Rules) -> Intake:
    told = _Told(topic, order, _meta(order), request, rules)
    event_id = purchase_id(
        rules,
        order_id=text(order, "id"),
        order_name=text(order, "number"),
        checkout_token=text(order, "order_key"),
    )
    refunds = _refunds(order, event_id)
    said = _left_out(told) or _said_by_status(told)
    name = said if isinstance(said, Ignored) else mapped_name(rules, {}, said) or Ignored("switched_off")
    readings = [_order_event(name, event_id, told)] if isinstance(name, str) else []
    if rules.refund_event:
        readings += [_refund_event(rules.refund_event, each, told) for each in refunds]
    ignored = () if isinstance(name, str) else (Ignored(name.reason, topic, event_id or "", name.detail),)
    return Intake(tuple(readings), are_names_mapped=True, refunds=refunds, ignored=ignored)


def _left_out(told: _Told) -> Ignored | None:
    """Return why the order makes no event whatever its status; None if its status decides."""
    options = told.rules.options_as(WooCommerceOptions)
    channel = text(told.order, "created_via") or ""
    if channel in options.skip_created_via:
        return Ignored("switched_off", detail="skip_created_via names how this order was made")
    if not options.renewals and (channel == RENEWAL_CHANNEL or told.meta.get(RENEWAL_KEY)):
        return Ignored("renewal")
    if set_id(told.order, "parent_id"):
        return Ignored("already_counted", detail="a part of another order, which is counted whole")
    if told.topic == "order.updated" and rows(told.order, "refunds") and not options.purchase_after_refund:
        return Ignored("already_counted", detail="what is refunded was paid before")
    return None


def _said_by_status(told: _Told) -> str | Ignored:
    """Return what the order is an event of by its status, or why of none."""
    options = told.rules.options_as(WooCommerceOptions)
    status = text(told.order, "status") or ""
    if status in options.paid_statuses:
        return "Purchase"
    if status in _NEVER_SOLD:
        return Ignored("cancelled", detail=f"its status is {status}")
    if options.place_an_order and told.topic == "order.created":
        return "PlaceAnOrder"
    return Ignored("not_paid")


def _order_event(name: str, event_id: str | None, told: _Told) -> Reading:
    order, meta, visit, catalogue = told.order, told.meta, told.visit, told.rules.catalogue
    order_id = text(order, "id")
    fields: Node = {
        "event": name,
        "event_id": event_id,
        "event_time": moment(order, "date_paid_gmt") or moment(order, "date_created_gmt"),
        "consent": visit.consent,
        "user": _user(told),
        "properties": {
            "order_id": order_id,
            "value": _value(order, catalogue),
            "currency": text(order, "currency"),
            "content_type": catalogue.content_type,
            "contents": items_of(rows(order, "line_items"), lambda line: _content(line, catalogue)),
        },
        "page": {"url": meta.get(LANDING_KEY) or _shop_page(told.request), "referrer": meta.get(REFERRER_KEY)},
    }
    ties = [
        (TieKind.VISITOR, visit.visitor),
        (TieKind.ORDER_ID, order_id),
        (TieKind.CHECKOUT_TOKEN, text(order, "order_key")),
    ]
    return event_reading(fields, tied(ties))


def _refund_event(name: str, refund: Refund, told: _Told) -> Reading:
    order, visit = told.order, told.visit
    fields: Node = {
        "event": name,
        "event_id": f"refund-{refund.refund_id}",
        "event_time": moment(order, "date_modified_gmt"),
        "consent": visit.consent,
        "user": _user(told),
        "properties": {"order_id": text(order, "id"), "value": refund.amount, "currency": refund.currency},
        "page": {"url": _shop_page(told.request)},
    }
    return event_reading(fields, tied([(TieKind.VISITOR, visit.visitor)]), is_id_private=True)


def _meta(node: Node) -> dict[str, str]:
    """Return the meta data of an order or a customer that is text, by key."""
    return named_values(node, "meta_data", key="key")


def _user(told: _Told) -> Node:
    order, visit = told.order, told.visit
    return {
        **_person(at(order, "billing")),
        "external_id": set_id(order, "customer_id"),
        "ip": text(order, "customer_ip_address"),
        "user_agent": text(order, "customer_user_agent") or told.meta.get(USER_AGENT_KEY),
        "ttclid": visit.ttclid,
        "ttp": visit.ttp,
    }


def _person(address: object) -> Node:
    return {
        "email": as_list(text(address, "email")),
        "phone": as_list(text(address, "phone")),
        "first_name": text(address, "first_name"),
        "last_name": text(address, "last_name"),
        "city": text(address, "city"),
        "state": _state(address),
        "country": text(address, "country"),
        "zip_code": text(address, "postcode"),
    }


def _state(address: object) -> str | None:
    """Return a state's own code: some countries' are written with the country's before it, as in DE-NW."""
    state, country = text(address, "state"), text(address, "country")
    return state.removeprefix(f"{country}-") if state else None


def _content(line: Node, catalogue: Catalogue) -> Node:
    ids = {
        "variant_id": set_id(line, "variation_id"),
        "product_id": set_id(line, "product_id"),
        "sku": text(line, "sku"),
    }
    quantity, total = amount(line, "quantity"), amount(line, "total")
    unit = round(total / quantity, 4) if quantity and total is not None else amount(line, "price")
    return {
        "content_id": catalogue.item_id(ids),
        "content_name": text(line, "name"),
        "price": unit,
        "quantity": quantity,
    }


def _value(order: Node, catalogue: Catalogue) -> float | None:
    total = amount(order, "total")
    if total is None or catalogue.value is Value.TOTAL:
        return total
    if catalogue.value is Value.SUBTOTAL:
        shares = [amount(line, "total") for line in rows(order, "line_items")]
        return round(sum(share for share in shares if share is not None), 4)
    shipping, tax = amount(order, "shipping_total") or 0.0, amount(order, "total_tax") or 0.0
    return round(max(0.0, total - shipping - tax), 4)


def _shop_page(request: RawRequest) -> str | None:
    """Return the checkout page of the shop that the delivery names, as the page of an order without a landing."""
    shop = request.header("x-wc-webhook-source")
    return f"{shop.rstrip('/')}/checkout/" if shop.startswith(("https://", "http://")) else None


def _refunds(order: Node, event_id: str | None) -> tuple[Refund, ...]:
    """Return every refund that the order lists; which of them are new is the ledger's to know."""
    return tuple(
        Refund(refund_id, event_id, abs(total), text(order, "currency"), moment(order, "date_modified_gmt"))
        for row in rows(order, "refunds")
        if event_id and (refund_id := text(row, "id")) is not None and (total := amount(row, "total")) is not None
    )


def _customer(customer: Node, topic: str, rules: Rules) -> Intake:
    customer_id = set_id(customer, "id")
    event_id = f"customer-{customer_id}" if customer_id else None
    options = rules.options_as(WooCommerceOptions)
    name = mapped_name(rules, {}, "CompleteRegistration") if options.registrations else None
    if name is None:
        return Intake((), ignored=(Ignored("switched_off", topic, event_id or ""),))
    visit = visit_of(_meta(customer), None)
    person = _person(at(customer, "billing"))
    fields: Node = {
        "event": name,
        "event_id": event_id,
        "event_time": moment(customer, "date_created_gmt"),
        "consent": visit.consent,
        "user": {
            **person,
            "email": as_list(text(customer, "email"), text(customer, "billing", "email")),
            "first_name": person["first_name"] or text(customer, "first_name"),
            "last_name": person["last_name"] or text(customer, "last_name"),
            "external_id": customer_id,
        },
    }
    ties = tied([(TieKind.VISITOR, visit.visitor)])
    return Intake((event_reading(fields, ties, is_id_private=True),), are_names_mapped=True)
