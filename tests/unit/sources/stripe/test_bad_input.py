"""Stripe's events with anything in them: what can still be made, and never an exception."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.sources.fixtures import NOW, Fixture, ran
from tests.unit.sources.mutants import mutants, mutated
from tests.unit.sources.stripe.events import (
    LATER,
    PAID,
    REFUND,
    RENEWAL,
    SECRET,
    TRIAL,
    UNPAID,
    YEN,
    ZERO,
    event,
    signed,
    taken,
    why,
)

from fullcount.errors import InvalidEvent
from fullcount.sources.sender import Refused, Rules
from fullcount.sources.source import RawRequest
from fullcount.sources.stripe.sender import Stripe

NONE: dict[str, Any] = {}
ALL: dict[str, Any] = {
    "checkout": "payment_intents",
    "renewals": True,
    "first_invoices": True,
    "one_off_invoices": True,
    "refund_event": "Refund",
    "money": "presentment",
    "value": "subtotal",
}
DECIDES = {"type", "livemode", "object", "data"}  # of the envelope: what is to be read at all
DECIDES_TOO = {"mode", "payment_status", "amount_paid", "amount_refunded", "billing_reason", "livemode", "id"}
STRIPE = Stripe()


def test_a_thin_event_is_refused_politely() -> None:
    """A v2 event names an object and holds none: answered 200, counted, and said how to mend it."""
    body = {"id": "evt_1", "object": "v2.core.event", "type": "v1.billing.meter.no_meter_found", "related_object": {}}
    found = taken(body)

    assert why(found) == ["unreadable_notice"]
    assert "snapshot" in found.intake.ignored[0].detail
    assert why(taken({"object": "event", "type": "charge.refunded", "data": {"object": None}})) == ["unreadable_notice"]


@pytest.mark.parametrize("topic", ["customer.created", "charge.succeeded", "refund.created", ""])
def test_what_means_nothing_to_tiktok_is_counted_as_ignored(topic: str) -> None:
    """Other types make no event, whatever they hold, and are read afresh when they are sent again."""
    found = taken(event(envelope={"type": topic}))
    assert (why(found), found.intake.ignored[0].name, found.intake.request_id) == (["unknown_topic"], topic, "")


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"{", b"\xff"])
def test_what_is_no_object_is_refused(body: bytes) -> None:
    """A signed body that is no JSON object raises InvalidEvent, and nothing else."""
    with pytest.raises(InvalidEvent):
        STRIPE.read(signed(body), Rules(name="pay", keys=(SECRET,)))


@pytest.mark.parametrize("sample", [PAID, LATER, RENEWAL], ids=lambda each: each.file)
def test_whatever_is_missing_or_odd_the_rest_is_still_an_event(sample: Fixture) -> None:
    """Each key missing, null or of another type: the event that can still be made, and never an exception."""
    for path, body in mutants(json.loads(sample.body)):
        found = taken(body, renewals=True, one_off_invoices=True)
        is_decisive = path[0] in DECIDES and (len(path) <= 2 or path[2] in DECIDES_TOO)
        if not is_decisive and body["data"]["object"].get("amount_total") != -1:
            assert found.arrivals[0].entries, path


@pytest.mark.parametrize("sample", [YEN, REFUND, ZERO, TRIAL, UNPAID], ids=lambda each: each.file)
def test_no_key_breaks_the_others_either(sample: Fixture) -> None:
    """Each key missing, null or of another type, with all settings that read more: an answer, never an exception."""
    assert all(taken(body, **ALL).is_authentic for _, body in mutants(json.loads(sample.body)))


@given(body=st.sampled_from([PAID, YEN, RENEWAL, REFUND]).flatmap(lambda each: mutated(json.loads(each.body))))
def test_no_body_breaks_it(body: object) -> None:
    """Recorded bodies with anything in them are read, travel to the queue's door, and can be answered."""
    request = signed(json.dumps(body).encode())
    for settings in (NONE, ALL):
        assert ran("stripe", request, SECRET, **settings).is_authentic


@given(body=st.binary(max_size=80), signature=st.text(max_size=80))
def test_no_bytes_break_it(body: bytes, signature: str) -> None:
    """Arbitrary bytes are not authentic, and are read or refused as no object."""
    request = RawRequest(body=body, headers={"stripe-signature": signature}, received_at=NOW)
    rules = Rules(name="pay", keys=(SECRET,))

    assert not STRIPE.admits(request, rules)
    with contextlib.suppress(InvalidEvent):
        STRIPE.read(request, rules)
    assert STRIPE.answer(request, Refused(401, "unauthorized", "", "")).status == 401
