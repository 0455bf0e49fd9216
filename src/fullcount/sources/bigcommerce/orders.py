"""What an order of BigCommerce's API becomes, wherever it came from."""

from __future__ import annotations

import msgspec

from fullcount.events.tie import TieKind
from fullcount.sources.bigcommerce.options import BigCommerceOptions
from fullcount.sources.catalogue import Value
from fullcount.sources.mapped import event_reading, items_of, mapped_name, purchase_id, tied
from fullcount.sources.payload import Node, amount, as_list, at, first_text, moment, rows, set_id, text
from fullcount.sources.sender import Rules
from fullcount.sources.source import Ignored, Intake

# The shop's order statuses (BigCommerce's documentation, 2026-11): id -> the words of `status`.
STATUSES = {
    0: "incomplete",
    1: "pending",
    2: "shipped",
    3: "partially shipped",
    4: "refunded",
    5: "cancelled",
    6: "declined",
    7: "awaiting payment",
    8: "awaiting pickup",
    9: "awaiting shipment",
    10: "completed",
    11: "awaiting fulfillment",
    12: "manual verification required",
    13: "disputed",
    14: "partially refunded",
}
_BY_WORD = {word: number for number, word in STATUSES.items()}
_WAS_PAID = frozenset({4, 13, 14})  # what came after a payment; the payment itself was told before
_NEVER_SOLD = frozenset({5, 6})
TEST_GATEWAY = "test payment gateway"  # the payment method of a shop's trial orders (general knowledge, 2026-11)


def refusal_of(status: int | None, options: BigCommerceOptions) -> str | None:
    """Return why an order in this state makes no purchase, or None if it makes one."""
    if status in options.paid_statuses:
        return None
    if status in _WAS_PAID:
        return "already_counted"
    return "cancelled" if status in _NEVER_SOLD else "not_paid"


def order_event_id(rules: Rules, order_id: str | None, cart_id: str | None = None) -> str | None:
    """Return the event_id of an order's purchase."""
    return purchase_id(rules, order_id=order_id, checkout_token=cart_id)


def read_order(order: Node, products: list[Node], scope: str, rules: Rules) -> Intake:
    """Return an order's purchase, if it is paid."""
    options = rules.options_as(BigCommerceOptions)
    order_id, cart_id = text(order, "id"), text(order, "cart_id")
    event_id = order_event_id(rules, order_id, cart_id)
    refusal = "cancelled" if order.get("is_deleted") is True else refusal_of(status_of(order), options)
    is_test = (text(order, "payment_method") or "").lower() == TEST_GATEWAY
    if refusal is None and is_test and rules.test_event_code is None:
        refusal = "test_order"
    name = mapped_name(rules, {}, "Purchase")
    if refusal is not None or name is None:
        return Intake((), ignored=(Ignored(refusal or "switched_off", scope, event_id or ""),))
    fields: Node = {
        "event": name,
        "event_id": event_id,
        "event_time": moment(order, "date_created"),
        "user": person(order),
        "properties": {
            "order_id": order_id,
            "value": _value(order, rules),
            "currency": currency_of(order),
            "content_type": rules.catalogue.content_type,
            "contents": items_of(products, lambda product: _content(product, rules)),
        },
        "page": {"url": page_of(options)},
    }
    # A cart's id is its checkout's, too.
    ties = [(TieKind.CHECKOUT_TOKEN, cart_id), (TieKind.CART_TOKEN, cart_id), (TieKind.ORDER_ID, order_id)]
    intake = Intake((event_reading(fields, tied(ties)),), are_names_mapped=True)
    return msgspec.structs.replace(intake, test_event_code=rules.test_event_code) if is_test else intake


def status_of(order: Node) -> int | None:
    """Return an order's status as its number, which its words stand for where the number is missing."""
    number = amount(order, "status_id")
    return _BY_WORD.get((text(order, "status") or "").lower()) if number is None else int(number)


def person(order: Node) -> Node:
    """Return who ordered."""
    address = at(order, "billing_address")
    return {
        "email": as_list(text(address, "email")),
        "phone": as_list(text(address, "phone")),
        "external_id": set_id(order, "customer_id"),
        "first_name": text(address, "first_name"),
        "last_name": text(address, "last_name"),
        "city": text(address, "city"),
        "state": text(address, "state"),
        "zip_code": text(address, "zip"),
        "country": first_text(text(address, "country_iso2"), text(address, "country")),
        "ip": first_text(text(order, "ip_address"), text(order, "ip_address_v6")),
        "locale": text(order, "customer_locale"),
    }


def currency_of(order: Node) -> str | None:
    """Return the currency of the order's amounts."""
    return first_text(text(order, "currency_code"), text(order, "default_currency_code"))


def page_of(options: BigCommerceOptions) -> str | None:
    """Return the page where orders are confirmed, if the shop's address is known."""
    return f"{options.shop_url.rstrip('/')}/checkout/order-confirmation" if options.shop_url else None


def _value(order: Node, rules: Rules) -> float | None:
    total = amount(order, "total_inc_tax")
    if rules.catalogue.value is Value.SUBTOTAL and (subtotal := amount(order, "subtotal_ex_tax")) is not None:
        discounts = (amount(order, key) or 0.0 for key in ("discount_amount", "coupon_discount"))
        return round(max(0.0, subtotal - sum(discounts)), 4)
    untaxed = amount(order, "total_ex_tax")
    if rules.catalogue.value is Value.WITHOUT_TAX_AND_SHIPPING and untaxed is not None:
        return round(max(0.0, untaxed - (amount(order, "shipping_cost_ex_tax") or 0.0)), 4)
    return total


def _content(product: Node, rules: Rules) -> Node:
    ids = {
        "variant_id": set_id(product, "variant_id"),
        "product_id": text(product, "product_id"),
        "sku": text(product, "sku"),
    }
    price = amount(product, "price_inc_tax")
    return {
        "content_id": rules.catalogue.item_id(ids),
        "content_name": text(product, "name"),
        "brand": text(product, "brand"),
        "price": amount(product, "base_price") if price is None else price,
        "quantity": amount(product, "quantity"),
    }


def listed_products(order: Node) -> list[Node]:
    """Return the items of an order that has them in itself; the API's own order has a link there."""
    return rows(order, "products")
