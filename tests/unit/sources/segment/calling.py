"""Calls as Segment's and RudderStack's SDKs make them, and a way to run one to the hashed event."""

from __future__ import annotations

import json
from base64 import b64encode
from hashlib import sha256
from typing import Any

from tests.unit.sources.fixtures import NOW, Ran, ran

from fullcount.sources.source import RawRequest

KEY = "test-write-key-of-the-shop"
BASIC = {"authorization": f"Basic {b64encode(f'{KEY}:'.encode()).decode()}"}
BROWSER = {
    **BASIC,
    "content-type": "text/plain",
    "origin": "https://shop.example.com",
    "user-agent": "Mozilla/5.0 (test) Safari/604.1",
}
HAPPENED = "2026-11-20T10:59:00Z"  # a minute before NOW


def hashed(value: str) -> str:
    """Return the SHA-256 of a value that is normalised already."""
    return sha256(value.encode()).hexdigest()


def track(event: str = "Order Completed", **changes: Any) -> dict[str, Any]:
    """Return a track call of a known user."""
    return {
        "type": "track",
        "event": event,
        "userId": "u-1",
        "messageId": "m-1",
        "timestamp": HAPPENED,
        "properties": {"order_id": "1001", "total": 72.4, "currency": "USD"},
    } | changes


def request(body: Any, path: str = "/v1/batch", headers: dict[str, str] = BASIC, **more: Any) -> RawRequest:
    """Return a request; what is no bytes is sent as JSON."""
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    return RawRequest(body=sent, path=path, headers=headers, received_at=NOW, **more)


def taken(*calls: Any, headers: dict[str, str] = BASIC, client_ip: str | None = None, **settings: Any) -> Ran:
    """Run a batch of these calls."""
    return ran("segment", request({"batch": list(calls)}, headers=headers, client_ip=client_ip), KEY, **settings)
