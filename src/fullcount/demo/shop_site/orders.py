"""Paid orders, and how the shop's platform tells of them: a signed webhook in WooCommerce's shape."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime
from typing import Any

import msgspec

from fullcount.demo.shop_site.goods import CURRENCY, Good, properties_of

ID_TEMPLATE = "order-{order_id}-purchase"
FIRST_ORDER = 1001
TOPIC = "order.updated"


class Buyer(msgspec.Struct, frozen=True):
    """Who buys, as typed into the checkout."""

    first_name: str
    last_name: str
    email: str
    phone: str
    country: str
    ip: str
    user_agent: str

    def __repr__(self) -> str:
        return "Buyer()"


class Order(msgspec.Struct, frozen=True):
    """A paid order, and what the shop's plugin wrote into it."""

    order_id: str
    placed_at: float  # Unix seconds
    lines: tuple[tuple[Good, int], ...]
    buyer: Buyer
    notes: dict[str, str] = {}  # the order's meta data

    @property
    def event_id(self) -> str:
        """The id that page and backend can both derive."""
        return ID_TEMPLATE.format(order_id=self.order_id)

    @property
    def total_cents(self) -> int:
        """What was paid."""
        return sum(good.price_cents * count for good, count in self.lines)

    def properties(self) -> dict[str, Any]:
        """Return what the thank-you page tells of the order."""
        return {**properties_of(self.lines), "order_id": self.order_id}

    def __repr__(self) -> str:
        return f"Order({self.order_id})"


def webhook_body(order: Order) -> bytes:
    """Return the order as WooCommerce's REST API v3 writes it; only what a mapping may want is in it."""
    moment = datetime.fromtimestamp(order.placed_at, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    buyer = order.buyer
    body = {
        "id": int(order.order_id),
        "parent_id": 0,
        "number": order.order_id,
        "order_key": f"wc_order_{order.order_id}",
        "created_via": "checkout",
        "status": "processing",
        "currency": CURRENCY,
        "date_created_gmt": moment,
        "date_paid_gmt": moment,
        "total": f"{order.total_cents / 100:.2f}",
        "total_tax": "0.00",
        "shipping_total": "0.00",
        "customer_id": 0,
        "customer_ip_address": buyer.ip,
        "customer_user_agent": buyer.user_agent,
        "billing": {
            "first_name": buyer.first_name,
            "last_name": buyer.last_name,
            "country": buyer.country,
            "email": buyer.email,
            "phone": buyer.phone,
        },
        "line_items": [
            {
                "id": number,
                "name": good.name,
                "product_id": int(good.product_id),
                "variation_id": 0,
                "sku": good.sku,
                "quantity": count,
                "total": f"{good.price_cents * count / 100:.2f}",
                "price": good.price,
            }
            for number, (good, count) in enumerate(order.lines, 1)
        ],
        "refunds": [],
        "meta_data": [
            {"id": number, "key": key, "value": value} for number, (key, value) in enumerate(order.notes.items(), 1)
        ],
    }
    return msgspec.json.encode(body)


def signature_of(body: bytes, secret: str) -> str:
    """Return what WooCommerce writes into X-WC-Webhook-Signature."""
    return base64.b64encode(hmac.digest(secret.encode(), body, hashlib.sha256)).decode()
