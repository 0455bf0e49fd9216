"""Stripe's recorded events, others made of them, and a source that reads them."""

from __future__ import annotations

import hmac
import json
from hashlib import sha256
from typing import Any

from tests.unit.sources.fixtures import NOW, Fixture, Ran, fixture, ran

from fullcount.sources.payload import encode
from fullcount.sources.source import RawRequest

SECRET = "whsec_fixture0000000000000000000000"
SIGNED_AT = 1_795_169_745  # the recorded signatures' time
PAID = fixture("stripe/checkout_session_completed.json")
UNPAID = fixture("stripe/checkout_session_completed_unpaid.json")
LATER = fixture("stripe/checkout_session_async_succeeded.json")
TRIAL = fixture("stripe/checkout_session_zero_subscription_testmode.json")
YEN = fixture("stripe/payment_intent_succeeded_jpy.json")
DINAR = fixture("stripe/payment_intent_succeeded_kwd.json")
REFUND = fixture("stripe/charge_refunded_partial.json")
RENEWAL = fixture("stripe/invoice_paid_renewal.json")
ZERO = fixture("stripe/invoice_paid_zero_trial_old_shape.json")


def hashed(value: str) -> str:
    """Return the SHA-256 of a value that is normalised already."""
    return sha256(value.encode()).hexdigest()


def header(body: bytes, secret: str = SECRET, at: int = int(NOW)) -> str:
    """Return a signature header as Stripe makes it."""
    return f"t={at},v1={hmac.new(secret.encode(), b'%d.%s' % (at, body), sha256).hexdigest()}"


def signed(body: bytes, **kept: Any) -> RawRequest:
    """Return a delivery of this body, signed now."""
    return RawRequest(body=body, headers={"stripe-signature": header(body, **kept)}, received_at=NOW)


def recorded(sample: Fixture, **settings: Any) -> Ran:
    """Run a recorded delivery at the time of its signature."""
    return ran("stripe", sample.request(received_at=float(SIGNED_AT)), SECRET, **settings)


def event(sample: Fixture = PAID, *, envelope: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """Return a recorded event with some fields of its object, and of its envelope, changed."""
    whole: dict[str, Any] = json.loads(sample.body)
    whole["data"]["object"] |= changes
    return whole | (envelope or {})


def taken(body: object, **settings: Any) -> Ran:
    """Run a signed delivery of this body through a source."""
    return ran("stripe", signed(encode(body)), SECRET, **settings)


def why(found: Ran) -> list[str]:
    """Return why the delivery made no event."""
    assert not found.arrivals
    return [each.reason for each in found.intake.ignored]
