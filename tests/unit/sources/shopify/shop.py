"""Deliveries as a Shopify shop makes them, from the recorded ones."""

from __future__ import annotations

import hmac
import json
from base64 import b64encode
from hashlib import sha256
from typing import Any

from tests.unit.sources.fixtures import NOW, Ran, fixture, ran

from fullcount.sources.source import RawRequest

SECRET = "shpss_fixture_client_secret"
SHOP = "fixture-shop.myshopify.com"
ORDER = "orders_create_full"


def body_of(name: str = ORDER, **changes: Any) -> dict[str, Any]:
    """Return a recorded body by its file's name, with some of its fields changed."""
    recorded: dict[str, Any] = json.loads(fixture(f"shopify/{name}.json").body)
    return {**recorded, **changes}


def signature(body: bytes, secret: str = SECRET) -> str:
    """Return what Shopify writes into X-Shopify-Hmac-Sha256."""
    return b64encode(hmac.new(secret.encode(), body, sha256).digest()).decode()


def delivery(body: object, topic: str = "orders/create", secret: str = SECRET, **headers: str) -> RawRequest:
    """Return a signed delivery; `headers` are added by their names in lower case, with _ for -."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return RawRequest(
        body=raw,
        path="/webhooks/shop",
        headers={
            "content-type": "application/json",
            "x-shopify-topic": topic,
            "x-shopify-shop-domain": SHOP,
            "x-shopify-api-version": "2026-10",
            "x-shopify-hmac-sha256": signature(raw, secret),
            **{name.replace("_", "-"): value for name, value in headers.items()},
        },
        received_at=NOW,
    )


def come(body: object, topic: str = "orders/create", **settings: Any) -> Ran:
    """Run a delivery through a source with these keys in its table."""
    return ran("shopify", delivery(body, topic), SECRET, **settings)


def told(body: object, topic: str = "orders/create", **settings: Any) -> str:
    """Return the event's name as it goes out and whether it is a test or offline, or why there is none."""
    found = come(body, topic, **settings)
    assert found.is_authentic
    if not found.arrivals:
        (ignored,) = found.intake.ignored
        return ignored.reason
    event = found.event
    marks = [event.event_source.value] if event.event_source != "web" else []
    return " ".join([event.canonical, *marks, *(["test"] if found.intake.test_event_code else [])])


def hashed(value: str) -> str:
    """Return the SHA-256 of a value that is normalised already."""
    return sha256(value.encode()).hexdigest()
