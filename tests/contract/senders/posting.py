"""One paid order as each of the eight senders posts it, signed or keyed as that sender does."""

from __future__ import annotations

import hmac
import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import msgspec
import stripe
from standardwebhooks import Webhook

MEASUREMENT_ID = "G-TEST000001"
EMAIL = "jane@example.com"
JSON = "application/json"


class Post(msgspec.Struct, frozen=True):
    """One request."""

    path: str
    headers: dict[str, str]
    body: bytes


class Order(msgspec.Struct, frozen=True):
    """What is posted: an order by its number, placed at `at` (Unix seconds); `request_id` is the sender's own."""

    number: str
    at: float
    request_id: str = "request-1"

    @property
    def moment(self) -> str:
        """The time in ISO 8601, UTC."""
        return datetime.fromtimestamp(int(self.at), UTC).isoformat()


def shopify(order: Order, key: str) -> Post:
    """Return orders/paid."""
    content: dict[str, Any] = {
        "id": int(order.number),
        "financial_status": "paid",
        "source_name": "web",
        "email": EMAIL,
    }
    content |= {"total_price": "36.00", "currency": "USD", "created_at": order.moment}
    return webhook("shopify", content, order, key, "orders/paid")


def woocommerce(order: Order, key: str) -> Post:
    """Return order.updated."""
    content: dict[str, Any] = {"id": int(order.number), "status": "processing"}
    content |= {"total": "36.00", "currency": "USD", "billing": {"email": EMAIL}}
    content["date_paid_gmt"] = order.moment.removesuffix("+00:00")
    return webhook("woocommerce", content, order, key, "order.updated")


def stripe_session(order: Order, key: str) -> Post:
    """Return checkout.session.completed."""
    session: dict[str, Any] = {
        "id": f"cs_{order.number}",
        "mode": "payment",
        "payment_status": "paid",
        "amount_total": 3600,
    }
    session |= {"currency": "usd", "metadata": {"event_id": order.number}, "customer_details": {"email": EMAIL}}
    content = {"created": int(order.at), "livemode": True, "data": {"object": session}}
    return webhook("stripe", content, order, key, "checkout.session.completed")


def bigcommerce(order: Order, key: str) -> Post:
    """Return a notice with the order in it."""
    data: dict[str, Any] = {
        "id": int(order.number),
        "status_id": 11,
        "total_inc_tax": "36.0000",
        "currency_code": "USD",
    }
    data |= {"date_created": order.moment, "billing_address": {"email": EMAIL}}
    return webhook("bigcommerce", {"data": data}, order, key, "store/order/updated")


def adobe(order: Order, key: str) -> Post:
    """Return an I/O Event as an extension of the shop's own passes it on."""
    value: dict[str, Any] = {
        "increment_id": order.number,
        "state": "processing",
        "created_at": order.moment,
        "customer_email": EMAIL,
    }
    value |= {"base_grand_total": 36, "base_currency_code": "USD"}
    topic = "com.adobe.commerce.observer.sales_order_save_commit_after"
    return webhook("adobe", {"data": {"value": value}}, order, key, topic)


def webhook(kind: str, content: Mapping[str, Any], order: Order, key: str, topic: str) -> Post:
    """Return a delivery of this topic, with the sender's own id of it, signed or keyed as this platform does."""
    path, at = f"/webhooks/{kind}", int(order.at)
    if kind == "shopify":
        body = json.dumps(content).encode()
        said = {"X-Shopify-Topic": topic, "X-Shopify-Webhook-Id": order.request_id}
        return Post(path, {**said, "X-Shopify-Hmac-Sha256": _signature(body, key)}, body)
    if kind == "woocommerce":
        body = json.dumps(content).encode()
        return Post(path, {"X-WC-Webhook-Topic": topic, "X-WC-Webhook-Signature": _signature(body, key)}, body)
    if kind == "stripe":
        body = json.dumps({"id": order.request_id, "object": "event", "type": topic, **content}).encode()
        made = stripe.WebhookSignature.generate_signature_header(body.decode(), key, timestamp=at)
        return Post(path, {"Stripe-Signature": made}, body)
    if kind == "bigcommerce":
        body = json.dumps({"scope": topic, "hash": order.request_id, **content}).encode()
        made = Webhook(key.encode()).sign("msg_test", datetime.fromtimestamp(at, UTC), body.decode())
        return Post(path, {"webhook-id": "msg_test", "webhook-timestamp": str(at), "webhook-signature": made}, body)
    body = json.dumps({"specversion": "1.0", "id": order.request_id, "type": topic, **content}).encode()
    return Post(path, {"x-fullcount-key": key}, body)


def ga4(order: Order, key: str) -> Post:
    """Return a purchase of the Measurement Protocol."""
    params = {"transaction_id": order.number, "value": 36, "currency": "USD"}
    moment = {"timestamp_micros": int(order.at) * 1_000_000}
    body = {"client_id": "1.2", "user_id": "u-1", **moment, "events": [{"name": "purchase", "params": params}]}
    return Post(f"/mp/collect?measurement_id={MEASUREMENT_ID}&api_secret={key}", {}, json.dumps(body).encode())


def segment(order: Order, key: str) -> Post:
    """Return Order Completed."""
    call = {"type": "track", "event": "Order Completed", "userId": "u-1", "messageId": order.request_id}
    properties = {"order_id": order.number, "total": 36, "currency": "USD"}
    body = json.dumps({**call, "timestamp": order.moment, "properties": properties}).encode()
    return Post("/v1/track", {"Authorization": f"Basic {b64encode(f'{key}:'.encode()).decode()}"}, body)


def meta(order: Order, key: str) -> Post:
    """Return a purchase of the Conversions API."""
    event = {"event_name": "Purchase", "event_time": int(order.at), "event_id": order.number}
    more = {"action_source": "website", "user_data": {"external_id": "u-1"}, "custom_data": {"value": 36}}
    return Post(f"/v26.0/123456789/events?access_token={key}", {}, json.dumps({"data": [{**event, **more}]}).encode())


SENDERS: Mapping[str, Callable[[Order, str], Post]] = {
    "shopify": shopify,
    "woocommerce": woocommerce,
    "stripe": stripe_session,
    "bigcommerce": bigcommerce,
    "adobe": adobe,
    "ga4": ga4,
    "segment": segment,
    "meta": meta,
}
# Whose requests have an id of their own that is the same when they are repeated.
KEYED = ("shopify", "stripe", "bigcommerce", "adobe")


def post_of(kind: str, order: Order, key: str) -> Post:
    """Return the order as this kind's sender posts it."""
    post = SENDERS[kind](order, key)
    return msgspec.structs.replace(post, headers={"Content-Type": JSON, **post.headers})


def table_of(kind: str, *keys: str) -> dict[str, Any]:
    """Return the [[sources]] table of a source that is named after its kind."""
    # Stripe beside a shop platform takes only what names the order's own event.
    own: Mapping[str, Mapping[str, Any]] = {
        "ga4": {"measurement_id": MEASUREMENT_ID},
        "stripe": {"event_id_required": True},
    }
    more = own.get(kind, {})
    return {"name": kind, "kind": kind, "key": list(keys), "pixels": ["store"], "consent": "sender_vouches", **more}


def _signature(body: bytes, key: str) -> str:
    return b64encode(hmac.new(key.encode(), body, sha256).digest()).decode()
