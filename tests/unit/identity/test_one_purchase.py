"""One purchase in three spellings is one event."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

from fullcount.events.checks import CheckRules, check_event
from fullcount.events.event_id import resolve_event_id
from fullcount.events.hashed import HashedEvent
from fullcount.events.key import event_key
from fullcount.events.problems import Severity
from fullcount.events.reading import read_event
from fullcount.identity.identify import IdentityRules, identify

AT = 1_775_053_800  # 2026-04-01T14:30:00Z
ITEM = {"content_id": "SKU-1234", "content_name": "Wireless Headphones", "quantity": 1, "price": 89.99}
MONEY = {"currency": "USD", "value": 89.99, "content_type": "product"}
PAGE = {"url": "https://yourstore.example/checkout/thank-you", "referrer": "https://yourstore.example/checkout"}
PLAIN = {"email": "customer@example.com", "phone": "+15550100199", "external_id": "customer-77"}
CONTEXT = {"user_agent": "Mozilla/5.0 ...", "ip": "203.0.113.42"}

OLDER = {
    "event": "CompletePayment",
    "event_id": "order-12345-purchase",
    "timestamp": "2026-04-01T14:30:00Z",
    "context": {
        **CONTEXT,
        "page": PAGE,
        "user": {
            "email": PLAIN["email"],
            "phone_number": PLAIN["phone"],
            "external_id": PLAIN["external_id"],
        },
    },
    "properties": {**MONEY, "contents": [ITEM]},
}
OURS = {
    "event": "CompletePayment",
    "event_id": "order-12345-purchase",
    "event_time": AT,
    "user": {**PLAIN, **CONTEXT},
    "page": PAGE,
    "properties": {**MONEY, "contents": [ITEM]},
}
HASHED = {**OURS, "user": {**{k: sha256(v.encode()).hexdigest() for k, v in PLAIN.items()}, **CONTEXT}}


def travelled(fields: dict[str, Any]) -> HashedEvent:
    """Take one spelling through reading, checks, event_id and identity, a minute after it happened."""
    reading = read_event(json.dumps(fields).encode())
    assert reading.event is not None
    checked, problems = check_event(reading.event, CheckRules(), AT + 60.0)
    assert checked is not None
    assert problems == ()
    event_id, problem = resolve_event_id(reading.event, None, AT + 60.0)
    assert problem is None
    hashed, problems = identify(checked, event_id, IdentityRules(default_country="US"))
    assert problems == ()
    return hashed


def test_three_spellings_are_one_event() -> None:
    """The older shape, our JSON and a body hashed by its sender end as the same stored event under the same key."""
    older, ours, hashed = travelled(OLDER), travelled(OURS), travelled(HASHED)
    assert older == ours == hashed
    keys = {
        event_key("CEXAMPLE0PIXEL000001", each.event_source, None, each.canonical, each.event_id)
        for each in (older, ours, hashed)
    }
    assert len(keys) == 1
    assert (ours.event, ours.canonical, ours.event_time) == ("CompletePayment", "Purchase", AT)


def test_the_purchase_is_too_old_by_now() -> None:
    """As it stands the purchase of April is refused in November, and the reason says so."""
    reading = read_event(json.dumps(OLDER).encode())
    assert reading.event is not None
    checked, problems = check_event(reading.event, CheckRules(), 1_795_357_800.0)
    assert checked is None
    assert [(p.path, p.code, p.severity) for p in problems] == [("event_time", "too_old", Severity.FATAL)]
