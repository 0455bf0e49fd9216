"""WooCommerce: webhooks of orders and customers, signed with the webhook's own secret.

Source of the format: WooCommerce's `class-wc-webhook.php` and REST API v3 (read 2026-11). A shop never repeats a
failed delivery, and its delivery id changes with each copy, so an order's own id is what makes it one.
"""

from __future__ import annotations

from collections.abc import Sequence

from fullcount.events.tie import TieKind
from fullcount.sources.catalogue import Value
from fullcount.sources.manners import WebhookManners
from fullcount.sources.mapped import event_reading, purchase_id, tied
from fullcount.sources.payload import (
    Node,
    amount,
    as_list,
    at,
    first_text,
    is_signed,
    read_object,
    rows,
    seconds,
    text,
)
from fullcount.sources.reply import Reply, json_reply
from fullcount.sources.sender import Options, Rules
from fullcount.sources.source import Ignored, Intake, RawRequest, Refund

# Where plugins and the shop's own order attribution keep what the landing page brought (plugin source, 2026-11).
CLICK_ID_KEYS = ("ttclid", "_ttclid", "tiktok_ttclid")
BROWSER_ID_KEYS = ("_ttp", "ttp")
VISITOR_KEYS = ("fullcount_visitor", "_fullcount_visitor")
CONSENT_KEYS = ("fullcount_consent", "_fullcount_consent")
LANDING_KEY = "_wc_order_attribution_session_entry"
REFERRER_KEY = "_wc_order_attribution_referrer"
_NEVER_SOLD = frozenset({"cancelled", "failed", "trash", "checkout-draft", "refunded"})


class WooCommerceOptions(Options, frozen=True, kw_only=True):
    """What can be set for a WooCommerce shop."""

    paid_statuses: tuple[str, ...] = ("processing", "completed")  # add "on-hold" where bank transfers count as sold
    place_an_order: bool = False  # an order that waits for its payment is a PlaceAnOrder
    registrations: bool = False  # a new customer is a CompleteRegistration; shops also make customers by themselves


class WooCommerce(WebhookManners):
    """Reads a WooCommerce shop's webhooks."""

    kind = "woocommerce"
    options: type[Options] = WooCommerceOptions

    def greet(self, request: RawRequest, _known: Sequence[Rules]) -> Reply | None:
        """Answer the unsigned ping that saving a webhook sends with the 200 that its page waits for."""
        is_form = request.header("content-type").startswith("application/x-www-form-urlencoded")
        is_ping = is_form and request.body.startswith(b"webhook_id=") and request.body[11:].strip().isdigit()
        if is_ping and not request.header("x-wc-webhook-topic"):
            return json_reply(200, {})
        return None

    def admits(self, request: RawRequest, rules: Rules) -> bool:
        """Check the signature over the exact body; a webhook without a secret is signed with nothing and refused."""
        return is_signed(request.body, rules.keys, request.header("x-wc-webhook-signature"))

    def read(self, request: RawRequest, rules: Rules) -> Intake:
        """Return the order's purchase and its refunds, or the customer's registration."""
        topic = request.header("x-wc-webhook-topic")
        body = read_object(request.body)
        if topic in ("order.created", "order.updated", "order.restored"):
            return _order(body, topic, request, rules)
        if topic == "customer.created":
            return _customer(body, topic, rules)
        return _ignored("unknown_topic", topic)


def _ignored(reason: str, topic: str, event_id: str | None = None) -> Intake:
    return Intake((), ignored=(Ignored(reason, topic, event_id or ""),))


def _order(order: Node, topic: str, request: RawRequest, rules: Rules) -> Intake:
    options = rules.options_as(WooCommerceOptions)
    order_id = text(order, "id")
    event_id = purchase_id(
        rules, order_id=order_id, order_name=text(order, "number"), checkout_token=text(order, "order_key")
    )
    refunds = _refunds(order, event_id)
    status = text(order, "status") or ""
    if refunds and topic == "order.updated":
        # What is refunded was paid before: this update tells of the refund.
        return Intake((), refunds=refunds, ignored=(Ignored("already_counted", topic, event_id or ""),))
    if status in options.paid_statuses:
        name = "Purchase"
    elif status in _NEVER_SOLD:
        return Intake((), refunds=refunds, ignored=(Ignored("cancelled", topic, event_id or ""),))
    elif options.place_an_order:
        name = "PlaceAnOrder"
    else:
        return Intake((), refunds=refunds, ignored=(Ignored("not_paid", topic, event_id or ""),))
    meta = _meta(order)
    billing = at(order, "billing")
    guest_free_id = text(order, "customer_id")
    fields: Node = {
        "event": name,
        "event_id": event_id,
        "event_time": _moment(order, "date_paid_gmt") or _moment(order, "date_created_gmt"),
        "consent": _first(meta, CONSENT_KEYS),
        "user": {
            **_person(billing),
            "external_id": guest_free_id if guest_free_id != "0" else None,
            "ip": text(order, "customer_ip_address"),
            "user_agent": text(order, "customer_user_agent"),
            "ttclid": _first(meta, CLICK_ID_KEYS),
            "ttp": _first(meta, BROWSER_ID_KEYS),
        },
        "properties": {
            "order_id": order_id,
            "value": _value(order, rules),
            "currency": text(order, "currency"),
            "content_type": rules.catalogue.content_type,
            "contents": [_content(line, rules) for line in rows(order, "line_items")],
        },
        "page": {
            "url": meta.get(LANDING_KEY) or _shop_page(request),
            "referrer": meta.get(REFERRER_KEY),
        },
    }
    ties = tied(
        [
            (TieKind.VISITOR, _first(meta, VISITOR_KEYS)),
            (TieKind.ORDER_ID, order_id),
            (TieKind.CHECKOUT_TOKEN, text(order, "order_key")),
        ]
    )
    return Intake((event_reading(fields, ties),), are_names_mapped=True, refunds=refunds)


def _meta(order: Node) -> dict[str, str]:
    """Return the order's meta data that is text, by key; of a key that comes twice the last, as WordPress reads it."""
    return {
        key: value
        for row in rows(order, "meta_data")
        if (key := text(row, "key")) is not None and (value := text(row, "value")) is not None
    }


def _first(meta: dict[str, str], keys: Sequence[str]) -> str | None:
    return first_text(*(meta.get(key) for key in keys))


def _person(address: object) -> Node:
    return {
        "email": as_list(text(address, "email")),
        "phone": as_list(text(address, "phone")),
        "first_name": text(address, "first_name"),
        "last_name": text(address, "last_name"),
        "city": text(address, "city"),
        "state": text(address, "state"),
        "country": text(address, "country"),
        "zip_code": text(address, "postcode"),
    }


def _content(line: Node, rules: Rules) -> Node:
    variation = text(line, "variation_id")
    ids = {
        "variant_id": variation if variation != "0" else None,
        "product_id": text(line, "product_id"),
        "sku": text(line, "sku"),
    }
    quantity, total = amount(line, "quantity"), amount(line, "total")
    unit = round(total / quantity, 4) if quantity and total is not None else amount(line, "price")
    return {
        "content_id": rules.catalogue.item_id(ids),
        "content_name": text(line, "name"),
        "price": unit,
        "quantity": quantity,
    }


def _value(order: Node, rules: Rules) -> float | None:
    total = amount(order, "total")
    if total is None or rules.catalogue.value is Value.TOTAL:
        return total
    shipping, tax = amount(order, "shipping_total") or 0.0, amount(order, "total_tax") or 0.0
    if rules.catalogue.value is Value.SUBTOTAL:
        shares = [amount(line, "subtotal") for line in rows(order, "line_items")]
        return round(sum(share for share in shares if share is not None), 2)
    return round(max(0.0, total - shipping - tax), 2)


def _moment(order: Node, key: str) -> int | None:
    found = seconds(order, key)
    return None if found is None else int(found)


def _shop_page(request: RawRequest) -> str | None:
    """Return the checkout page of the shop that the delivery names, as the page of an order without a landing."""
    shop = request.header("x-wc-webhook-source")
    return f"{shop.rstrip('/')}/checkout/" if shop.startswith(("https://", "http://")) else None


def _refunds(order: Node, event_id: str | None) -> tuple[Refund, ...]:
    """Return every refund that the order lists; which of them are new is the ledger's to know."""
    return tuple(
        Refund(refund_id, event_id, abs(total), text(order, "currency"), seconds(order, "date_modified_gmt"))
        for row in rows(order, "refunds")
        if event_id and (refund_id := text(row, "id")) is not None and (total := amount(row, "total")) is not None
    )


def _customer(customer: Node, topic: str, rules: Rules) -> Intake:
    options = rules.options_as(WooCommerceOptions)
    customer_id = text(customer, "id")
    if not options.registrations:
        return _ignored("switched_off", topic, customer_id and f"customer-{customer_id}")
    fields: Node = {
        "event": "CompleteRegistration",
        "event_id": customer_id and f"customer-{customer_id}",
        "event_time": _moment(customer, "date_created_gmt"),
        "user": {
            **_person(at(customer, "billing")),
            "email": as_list(text(customer, "email"), text(customer, "billing", "email")),
            "external_id": customer_id,
        },
    }
    return Intake((event_reading(fields),), are_names_mapped=True)
