"""Stripe's invoices and refunds: which invoice is a sale, and how large one refund is."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.sources.stripe.events import (
    REFUND,
    RENEWAL,
    ZERO,
    event,
    hashed,
    recorded,
    taken,
    why,
)


def test_a_renewal_is_no_new_purchase_unless_the_source_counts_them() -> None:
    """The index's renewal is left out by default; with renewals it is a purchase of the invoice's own id."""
    assert why(recorded(RENEWAL)) == ["renewal"]
    assert recorded(RENEWAL).intake.ignored[0].event_id == RENEWAL.expect["event_id"]
    found = recorded(RENEWAL, renewals=True)

    assert (found.event.canonical, found.event.event_id) == ("Purchase", "in_fixture8")
    assert (found.event.properties.value, found.event.properties.currency) == (19.0, "EUR")
    assert found.event.user.email == hashed("ines@example.com")
    assert found.event.user.ttclid == "E.C.P.CqcBtestFixtureClickId0001", "from the subscription's metadata"
    (item,) = found.event.properties.contents
    assert (item.content_name, item.price, item.quantity) == ("Plan A", 19.0, 1.0)


def test_an_invoice_of_nothing_is_skipped() -> None:
    """The index's trial of an old endpoint, and any other without money, make no event."""
    assert ZERO.expect["skip_reason"] == "zero"
    assert why(recorded(ZERO)) == ["zero_amount"]
    assert why(taken(event(RENEWAL, amount_paid=0), renewals=True)) == ["zero_amount"]


@pytest.mark.parametrize(
    ("changes", "settings", "expected"),
    [
        ({"billing_reason": "subscription_create"}, {}, "already_counted"),
        ({"billing_reason": "subscription_create"}, {"first_invoices": True}, "Subscribe"),
        ({"billing_reason": "subscription_create"}, {"renewals": True}, "already_counted"),
        ({"billing_reason": "subscription_update"}, {}, "renewal"),
        ({"billing_reason": "subscription"}, {"renewals": True}, "Purchase"),
        ({"billing_reason": "manual", "parent": None}, {}, "switched_off"),
        ({"billing_reason": "manual", "parent": None}, {"one_off_invoices": True}, "Purchase"),
        ({"billing_reason": None, "parent": None, "subscription": "sub_9"}, {}, "renewal"),
        ({"billing_reason": None}, {"one_off_invoices": True}, "renewal"),
    ],
)
def test_what_an_invoice_was_made_for_decides(changes: dict[str, Any], settings: dict[str, Any], expected: str) -> None:
    """Checkout tells of a subscription's first invoice; later ones are renewals; the rest counts if asked for."""
    found = taken(event(RENEWAL, **changes), **settings)
    assert (found.event.canonical if found.arrivals else why(found)[0]) == expected


def test_both_notices_of_a_paid_invoice_are_one_event() -> None:
    """invoice.paid and invoice.payment_succeeded tell of the same: one name, one id, one time."""
    events = [
        taken(event(RENEWAL, envelope={"type": topic, "id": f"evt_{topic}"}), renewals=True).event
        for topic in ("invoice.paid", "invoice.payment_succeeded")
    ]
    assert len({(each.event, each.event_id, each.event_time) for each in events}) == 1


def test_a_refund_is_the_difference_of_two_sums() -> None:
    """The index's second partial refund: 20 now, 30 in all; its id holds the sum, so that each is one."""
    found = recorded(REFUND)

    assert not found.arrivals
    (refund,) = found.intake.refunds
    assert (refund.refund_id, refund.order_id) == ("ch_fixture7-3000", "pi_fixture1")
    assert (refund.amount, refund.currency) == (REFUND.expect["refund_amount"], "USD")
    assert refund.refund_id.endswith(f"-{REFUND.expect['refund_total'] * 100:.0f}")
    assert refund.refunded_at == 1_795_169_744.0
    assert found.intake.request_id == "evt_fixture007"


@pytest.mark.parametrize(
    ("changes", "previous", "expected"),
    [
        ({}, {"amount_refunded": 0}, ("ch_fixture7-3000", "pi_fixture1", 30.0)),
        ({}, None, ("ch_fixture7-3000", "pi_fixture1", 30.0)),
        ({"refunds": {"data": [{"amount": 500}, {"amount": 2500}]}}, None, ("ch_fixture7-3000", "pi_fixture1", 5.0)),
        ({"metadata": {"event_id": "order-9"}}, {"amount_refunded": 2999}, ("ch_fixture7-3000", "order-9", 0.01)),
        ({"payment_intent": None, "currency": "jpy"}, {}, ("ch_fixture7-3000", "ch_fixture7", 3000.0)),
        ({}, {"amount_refunded": 9000}, ("ch_fixture7-3000", "pi_fixture1", 0.0)),
    ],
)
def test_a_refunds_size_and_order_in_every_shape(
    changes: dict[str, Any], previous: dict[str, Any] | None, expected: tuple[str, str, float]
) -> None:
    """By what was refunded before, else by the newest of an old charge's list, else all; the order as best known."""
    body = event(REFUND, **changes)
    body["data"]["previous_attributes"] = previous
    (refund,) = taken(body).intake.refunds
    assert (refund.refund_id, refund.order_id, refund.amount) == expected


def test_refunds_are_events_too_under_a_name_of_ones_own() -> None:
    """With refund_event the refund is an event of that name, with its own id and the size of this refund."""
    found = recorded(REFUND, refund_event="Refund")

    assert (found.event.event, found.event.event_id) == ("Refund", "refund-ch_fixture7-3000")
    assert (found.event.properties.value, found.event.properties.order_id) == (20.0, "pi_fixture1")
    assert found.event.user.email == hashed("dana.fixture@example.com")
    assert len(found.intake.refunds) == 1


def test_a_charge_without_a_refund_is_ignored() -> None:
    """What names no charge, or no money that went back, is no refund."""
    for changes in ({"amount_refunded": 0}, {"amount_refunded": None}, {"id": None}):
        found = taken(event(REFUND, **changes))
        assert (why(found), found.intake.refunds) == (["zero_amount"], ())
