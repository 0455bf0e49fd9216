"""What calls tell of visitors for later, what they allowed, and money that went back."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.sources.fixtures import NOW
from tests.unit.sources.segment.calling import BROWSER, HAPPENED, taken, track

from fullcount.sources.source import Sighting


def sighting(*calls: dict[str, Any], **settings: Any) -> Sighting:
    """Return the one sighting of these calls."""
    (found,) = taken(*calls, **settings).intake.sightings
    return found


def ties_of(found: Sighting) -> list[tuple[str, str]]:
    """Return a sighting's ties as pairs."""
    return [(tie.kind.value, tie.value) for tie in found.ties]


def identify(**changes: Any) -> dict[str, Any]:
    """Return an identify call."""
    traits = {"email": "jane@example.com", "phone": "+15550100199"}
    return {
        "type": "identify",
        "userId": "u-1",
        "anonymousId": "a-1",
        "timestamp": HAPPENED,
        "traits": traits,
    } | changes


def test_traits_are_told_for_later() -> None:
    """An identify call makes no event: it says who the browser's visitor is, by both ids."""
    result = taken(identify())
    assert result.arrivals == ()
    assert [each.reason for each in result.intake.ignored] == ["no_event"]
    (found,) = result.intake.sightings
    assert (found.user.email, found.user.phone, found.user.external_id) == ("jane@example.com", "+15550100199", "u-1")
    assert ties_of(found) == [("client_id", "a-1")]
    assert found.seen_at == NOW - 60
    nested = sighting(identify(traits=None, context={"traits": {"email": "jane@example.com"}}))
    assert nested.user.email == "jane@example.com"


def test_an_alias_ties_both_ids() -> None:
    """The id of before and the one of now name the same visitor, whichever kind the first was."""
    found = sighting({"type": "alias", "previousId": "a-1", "userId": "u-1"})
    assert ties_of(found) == [("client_id", "a-1")]
    assert found.user.external_id == ("u-1", "a-1")


def test_a_browser_is_remembered_with_its_click() -> None:
    """A page call tells the landing page, the address and the browser for the purchase that a server sends later."""
    url = "https://shop.example.com/?ttclid=E.C.P.landing0001"
    page = {"type": "page", "anonymousId": "a-1", "context": {"page": {"url": url}}}
    later = {"type": "page", "anonymousId": "a-1", "context": {"page": {"url": "https://shop.example.com/cart"}}}
    found = sighting(page, later, headers=BROWSER, client_ip="203.0.113.9")
    assert (found.page.url, found.user.ip, found.user.user_agent) == (url, "203.0.113.9", BROWSER["user-agent"])


def test_one_visitor_of_a_batch_is_one_sighting() -> None:
    """Many calls of one visitor are remembered in one step, another visitor's in another."""
    calls = [identify(), track(anonymousId="a-1", context={"ip": "192.0.2.44"}), identify(userId="u-2")]
    first, second = taken(*calls).intake.sightings
    assert (first.user.external_id, first.user.email, first.user.ip) == ("u-1", "jane@example.com", "192.0.2.44")
    assert second.user.external_id == "u-2"


def test_of_a_visitor_who_refused_only_the_refusal_is_told() -> None:
    """What the visitor said is remembered by both ids; address, browser and landing page are not."""
    consent = {"categoryPreferences": {"Advertising": False}}
    page = {"url": "https://shop.example.com/?ttclid=E.C.P.landing0001"}
    found = sighting(identify(context={"consent": consent, "page": page, "ip": "192.0.2.44"}))
    assert (found.consent, found.user.external_id, ties_of(found)) == ("denied", "u-1", [("client_id", "a-1")])
    assert (found.user.email, found.user.phone, found.user.ip, found.page.url) == (None, None, None, None)


def test_a_call_that_tells_nothing_new_is_not_remembered() -> None:
    """An id alone says only that somebody was there; and a call that names nobody could never be found again."""
    assert taken(track()).intake.sightings == ()
    assert taken(identify(userId=None, anonymousId="undefined")).intake.sightings == ()


@pytest.mark.parametrize(
    ("context", "consent"),
    [
        ({"consent": {"categoryPreferences": {"Advertising": True, "Analytics": False}}}, "granted"),
        ({"consent": {"categoryPreferences": {"advertising": False, "Analytics": True}}}, "denied"),
        ({"consent": {"categoryPreferences": {"C0004": False, "C0002": True}}}, "denied"),
        ({"consent": {"categoryPreferences": {"Analytics": False, "Functional": False}}}, "denied"),
        ({"consent": {"categoryPreferences": {"Analytics": True}}}, None),
        ({"consent": {"categoryPreferences": {"Advertising": None}}}, None),
        ({"consent": {"categoryPreferences": "odd"}}, None),
        ({"consent": "denied"}, "denied"),
        ({"consentManagement": {"deniedConsentIds": ["Advertising"], "allowedConsentIds": ["x"]}}, "denied"),
        ({"consentManagement": {"allowedConsentIds": ["marketing"], "deniedConsentIds": []}}, "granted"),
        ({"consentManagement": {"allowedConsentIds": "odd"}}, None),
        (
            {"consent": {"categoryPreferences": dict.fromkeys(map(str, range(201)), True) | {"C0004": True}}},
            "unreadable",
        ),
        ({"consentManagement": {"allowedConsentIds": ["C0004"] * 201}}, "unreadable"),
        ({}, None),
        (None, None),
    ],
)
def test_the_consent_managers_categories_are_heard(context: Any, consent: str | None) -> None:
    """Segment's and RudderStack's own fields; the categories that count are a setting."""
    (reading,) = taken(track(context=context)).intake.readings
    assert reading.event is not None
    assert reading.event.consent == consent


def test_which_categories_count_is_a_setting() -> None:
    """A consent manager with words of its own."""
    call = track(context={"consent": {"categoryPreferences": {"Anuncios": False, "Other": True}}})
    (reading,) = taken(call, consent_categories=["anuncios"]).intake.readings
    assert reading.event is not None
    assert reading.event.consent == "denied"
    assert [arrival.result.reason for arrival in taken(call, consent_categories=["anuncios"]).arrivals] == [
        "consent_denied"
    ]


def test_a_browsers_own_objection_is_heard() -> None:
    """Global Privacy Control of the browser that calls; a server's header of that name is nobody's."""
    objecting = {**BROWSER, "sec-gpc": "1"}
    assert [arrival.result.reason for arrival in taken(track(), headers=objecting).arrivals] == ["opt_out_signal"]
    server = {"authorization": BROWSER["authorization"], "sec-gpc": "1"}
    assert len(taken(track(), headers=server).arrivals[0].entries) == 1


@pytest.mark.parametrize("said", ["Order Refunded", "order_cancelled", "Order Canceled", "Refunded Order"])
def test_a_refund_is_recorded_and_not_sent(said: str) -> None:
    """The order's event_id, the amount and the moment; TikTok has no event for it."""
    result = taken(track(said, properties={"order_id": "1001", "total": "12.50", "currency": "USD"}))
    assert result.arrivals == ()
    (refund,) = result.intake.refunds
    assert (refund.refund_id, refund.order_id, refund.amount, refund.currency) == ("m-1", "1001", 12.5, "USD")
    assert refund.refunded_at == NOW - 60


@pytest.mark.parametrize(
    ("properties", "amount"),
    [
        ({"value": -5}, 5.0),
        ({"products": [{"price": "2.50", "quantity": 3}, {"price": 1}, {"quantity": 1}]}, 8.5),
        ({"products": [{"price": 1, "quantity": "odd"}]}, 0.0),
        ({}, 0.0),
    ],
)
def test_what_went_back_is_what_the_call_says_else_its_items(properties: dict[str, Any], amount: float) -> None:
    """A total of any sign, else price times quantity, else nothing that is known."""
    (refund,) = taken(track("Order Refunded", properties={"order_id": "1001", **properties})).intake.refunds
    assert refund.amount == amount


def test_a_refund_is_an_event_where_that_is_asked_for() -> None:
    """Under the custom name of the settings and an id of its own; the source's template names the order."""
    call = track("Order Refunded", properties={"refund_id": "r-1", "order_id": "1001", "total": 5, "currency": "USD"})
    result = taken(call, refund_event="OrderRefunded", event_id="order-{order_id}-purchase")
    assert (result.event.event, result.event.event_id, result.event.properties.value) == (
        "OrderRefunded",
        "refund-r-1",
        5.0,
    )
    assert [(refund.refund_id, refund.order_id) for refund in result.intake.refunds] == [("r-1", "order-1001-purchase")]


def test_a_refund_of_no_order_is_refused() -> None:
    """Without an order_id nothing can be recorded, and the call says why."""
    result = taken(track("Order Refunded", properties={}))
    assert result.intake.refunds == ()
    assert [problem.code for problem in result.arrivals[0].result.problems] == ["order_missing"]
