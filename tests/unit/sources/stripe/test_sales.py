"""Stripe's sales: which session or payment is one, under which id, by whom and on which page."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.sources.stripe.events import (
    DINAR,
    LATER,
    PAID,
    UNPAID,
    YEN,
    event,
    hashed,
    recorded,
    taken,
    why,
)


def test_a_paid_session_is_a_purchase_with_all_that_the_shop_wrote_into_its_metadata() -> None:
    """The index's expectations, and everything else that the session and its metadata tell."""
    found = recorded(PAID)
    purchase = found.event

    assert (purchase.canonical, purchase.event_id) == (PAID.expect["event"], PAID.expect["event_id"])
    assert (purchase.properties.value, purchase.properties.currency) == (PAID.expect["value"], PAID.expect["currency"])
    assert purchase.event_time == 1_795_169_744, "when it was paid, not when the session was made"
    user = purchase.user
    assert user.ttclid == PAID.expect["ttclid"]
    assert user.email == hashed("dana.fixture@example.com")
    assert user.phone == hashed("+15550100142")
    assert user.external_id == hashed("cus_fixture1")
    assert (user.first_name, user.last_name) == (hashed("dana"), hashed("fixture"))
    assert (user.city, user.state, user.country, user.zip_code) == ("springfield", "il", "us", hashed("62704"))
    assert (user.ttp, user.ip, user.locale) == ("2nFixtureTtpCookie000000001", "192.0.2.44", "en")
    assert user.user_agent is not None
    assert user.user_agent.startswith("Mozilla/5.0 (iPhone")
    assert purchase.page.url == "https://shop.example.com/checkout"
    assert found.intake.request_id == "evt_fixture001"
    assert {(tie.kind.value, tie.value) for tie in found.intake.readings[0].ties} == {
        ("checkout_token", "cs_live_fixture001"),
        ("checkout_token", "pi_fixture1"),
        ("order_id", "web-order-77"),
    }


def test_a_delayed_payment_counts_when_it_came_and_has_the_id_that_was_announced() -> None:
    """Unpaid makes no event; its success makes the purchase, and both name the same id."""
    unpaid, later = recorded(UNPAID), recorded(LATER)

    assert UNPAID.expect["no_event"]
    assert why(unpaid) == ["not_paid"]
    assert unpaid.intake.ignored[0].event_id == later.event.event_id == LATER.expect["event_id"]
    assert later.event.canonical == LATER.expect["event"]
    assert later.event.page.url == "https://shop.example.com/thanks", "where Stripe sends the shopper back to"


@pytest.mark.parametrize("topic", ["checkout.session.async_payment_failed", "checkout.session.expired"])
def test_a_session_that_nobody_paid_is_cancelled(topic: str) -> None:
    """A failed or expired session makes no event and says so."""
    assert why(taken(event(UNPAID, envelope={"type": topic}))) == ["cancelled"]


@pytest.mark.parametrize(
    ("mode", "status", "expected"),
    [
        ("payment", "paid", "Purchase"),
        ("payment", "no_payment_required", "Purchase"),
        ("payment", "unpaid", "not_paid"),
        ("payment", None, "not_paid"),
        ("subscription", "paid", "Subscribe"),
        ("subscription", "no_payment_required", "Subscribe"),
        ("setup", "no_payment_required", "no_event"),
        (None, "paid", "Purchase"),
    ],
)
def test_mode_and_payment_decide_what_a_session_is(mode: str | None, status: str | None, expected: str) -> None:
    """A sale, a subscription, something to wait for, or nothing."""
    found = taken(event(mode=mode, payment_status=status))
    assert [found.event.event] if found.arrivals else why(found) == [expected]
    assert (found.event.canonical if found.arrivals else why(found)[0]) == expected


def test_a_subscription_is_a_purchase_if_the_settings_say_so() -> None:
    """subscription_event chooses the name; the id is the session's."""
    body = event(LATER, mode="subscription", envelope={"type": "checkout.session.completed"})

    assert taken(body).event.event == "Subscribe"
    found = taken(body, subscription_event="Purchase")
    assert (found.event.canonical, found.event.event_id) == ("Purchase", "cs_live_fixture002")


@pytest.mark.parametrize(
    ("changes", "settings", "event_id"),
    [
        ({}, {}, "web-order-77"),
        ({"metadata": {"event_id": "order-9"}}, {"client_reference_as_event_id": True}, "order-9"),
        ({"metadata": {}}, {}, "cs_live_fixture001"),
        ({"metadata": {"event_id": " "}}, {}, "cs_live_fixture001"),
        ({"metadata": {"event_id": "undefined"}}, {}, "cs_live_fixture001"),
        ({"metadata": None}, {"client_reference_as_event_id": True}, "web-order-77"),
        ({"metadata": {}, "client_reference_id": None}, {"client_reference_as_event_id": True}, "cs_live_fixture001"),
        ({"metadata": {}}, {"event_id": "order-{order_id}-purchase"}, "order-cs_live_fixture001-purchase"),
        ({"metadata": {}}, {"event_id": "stripe-{checkout_token}"}, "stripe-cs_live_fixture001"),
        ({"metadata": {}}, {"event_id": "{order_name}"}, "cs_live_fixture001"),
    ],
)
def test_the_event_id_is_the_shops_own_else_the_references_else_the_sessions(
    changes: dict[str, Any], settings: dict[str, Any], event_id: str
) -> None:
    """metadata.event_id as it stands; else the template over client_reference_id, if configured, or the session."""
    assert taken(event(**changes), **settings).event.event_id == event_id


@pytest.mark.parametrize(
    ("changes", "is_private"),
    [
        ({}, False),
        ({"metadata": {}}, False),
        ({"metadata": {}, "success_url": "https://shop.example.com/thanks"}, True),
        ({"metadata": {}, "success_url": None}, True),
        (
            {"metadata": {}, "success_url": None, "return_url": "https://shop.example.com/?s={CHECKOUT_SESSION_ID}"},
            False,
        ),
    ],
)
def test_a_sessions_id_is_shared_only_if_the_page_learns_it(changes: dict[str, Any], *, is_private: bool) -> None:
    """Without {CHECKOUT_SESSION_ID} in the address of the page no browser half can have that id."""
    (reading,) = taken(event(**changes)).intake.readings
    assert reading.is_id_private is is_private


def test_a_payment_intent_counts_only_where_there_are_no_sessions() -> None:
    """By default the session counts; with checkout = "payment_intents" the payment does, and its session does not."""
    assert why(recorded(YEN)) == ["switched_off"]
    yen = recorded(YEN, checkout="payment_intents").event
    dinar = recorded(DINAR, checkout="payment_intents").event

    assert (yen.properties.value, yen.properties.currency) == (YEN.expect["value"], YEN.expect["currency"])
    assert (yen.canonical, yen.event_id) == ("Purchase", "pi_fixture5")
    assert (dinar.properties.value, dinar.properties.currency) == (DINAR.expect["value"], DINAR.expect["currency"])
    assert (dinar.event_id, dinar.user.email) == (DINAR.expect["event_id"], hashed("noor@example.com"))
    assert why(recorded(PAID, checkout="payment_intents")) == ["already_counted"]
    free = event(payment_intent=None, payment_status="no_payment_required", amount_total=0)
    assert taken(free, checkout="payment_intents").event.event_id == "web-order-77", "nothing else tells of it"


@pytest.mark.parametrize("mark", [{"invoice": "in_1"}, {"description": "Subscription creation"}])
def test_an_invoices_payment_is_not_counted_beside_the_invoice(mark: dict[str, Any]) -> None:
    """A subscription's renewal makes a payment intent too, and is no purchase by that way."""
    assert why(taken(event(YEN, **mark), checkout="payment_intents")) == ["already_counted"]


def test_an_old_payment_intent_names_its_payer_in_its_charge() -> None:
    """API versions before 2022-11-15 hold the charges; their billing details and the shipping are read."""
    charge = {"billing_details": {"email": "Old@example.com", "name": "Dana Maria Fixture", "phone": None}}
    shipping = {"phone": "+1 555 010 0143", "address": {"country": "US", "city": "Springfield"}}
    user = taken(
        event(YEN, charges={"data": [charge]}, shipping=shipping), checkout="payment_intents", default_country="US"
    ).event.user

    assert (user.email, user.phone) == (hashed("old@example.com"), hashed("+15550100143"))
    assert (user.country, user.first_name) == ("us", None), "of three names nobody knows which is the first"


def test_what_the_landing_page_brought_is_taken_from_the_return_address() -> None:
    """Without metadata the click ID and `_ttp` are those of success_url, whose page the event is on."""
    url = "https://shop.example.com/thanks?s={CHECKOUT_SESSION_ID}&ttclid=E.C.P.testUrlClickId0001&ttp=test-ttp-1"
    found = taken(event(metadata={}, success_url=url)).event

    assert (found.user.ttclid, found.user.ttp) == ("E.C.P.testUrlClickId0001", "test-ttp-1")
    assert found.page.url == "https://shop.example.com/thanks?ttclid=E.C.P.testUrlClickId0001&ttp=test-ttp-1"
    told = {"ttclid": "E.C.P.testMetaClickId0001", "page_url": "https://shop.example.com/cart"}
    assert taken(event(metadata=told, success_url=url)).event.user.ttclid == "E.C.P.testMetaClickId0001"


def test_a_page_is_named_by_the_settings_where_stripe_names_none() -> None:
    """shop_url stands in for a payment without an address."""
    found = recorded(YEN, checkout="payment_intents", shop_url="https://shop.example.com/")
    assert found.event.page.url == "https://shop.example.com/"


def test_a_visitor_and_a_refused_consent_come_with_the_metadata() -> None:
    """What the shop wrote there ties the event to its visitor, and a refusal is never sent."""
    told = {"fullcount_visitor": "visitor-1", "fullcount_consent": "denied", "order_id": "77", "external_id": "u-1"}
    found = taken(event(metadata=told))

    (arrival,) = found.arrivals
    assert (arrival.entries, arrival.result.reason) == ((), "consent_denied")
    ties = {(tie.kind.value, tie.value) for tie in found.intake.readings[0].ties}
    assert {("visitor", "visitor-1"), ("order_id", "77")} <= ties
    granted = taken(event(metadata={**told, "fullcount_consent": "granted"}), consent="required")
    assert granted.event.user.external_id == hashed("u-1"), "the shop's own id, which its pixel has, too"
