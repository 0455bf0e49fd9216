"""Server events as senders of Meta's Conversions API post them, and a way to run one to the hashed event."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

from tests.unit.sources.fixtures import NOW, Ran, ran

from fullcount.sources.source import RawRequest

TOKEN = "test-token-of-the-shop"
PATH = "/v26.0/123456789/events"
JSON = {"content-type": "application/json"}
FORM = {"content-type": "application/x-www-form-urlencoded"}


def hashed(value: str) -> str:
    """Return the SHA-256 of a value that is normalised already."""
    return sha256(value.encode()).hexdigest()


def purchase(**changes: Any) -> dict[str, Any]:
    """Return a purchase on a web site."""
    return {
        "event_name": "Purchase",
        "event_time": int(NOW) - 60,
        "event_id": "M-1",
        "event_source_url": "https://shop.example.com/thanks",
        "action_source": "website",
        "user_data": {"em": [hashed("jane@example.com")], "external_id": ["u-1"]},
        "custom_data": {"value": 36, "currency": "USD", "order_id": "1001"},
    } | changes


def request(body: Any, headers: dict[str, str] = JSON, path: str = PATH, token: str | None = TOKEN) -> RawRequest:
    """Return a request with the token in its query; what is no bytes is sent as JSON."""
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    query = "" if token is None else f"access_token={token}"
    return RawRequest(body=sent, path=path, query=query, headers=headers, received_at=NOW)


def taken(*events: Any, **settings: Any) -> Ran:
    """Run these events."""
    return ran("meta", request({"data": list(events)}), TOKEN, **settings)
