"""Shopify's customer events as our custom pixel posts them: the visitor, their consent, and the visit's context."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.unit.sources.browser.pages import CLICK, KEY, PHONE, VISITOR, cookies_of, posted, rules, with_path
from tests.unit.sources.fixtures import NOW, Fixture, Ran, fixture, fixtures, ran
from tests.unit.sources.mutants import changed, mutants
from tests.unit.sources.shopify.shop import body_of
from tests.unit.sources.shopify.shop import come as webhook

from fullcount.errors import InvalidEvent
from fullcount.events.model import Half, User
from fullcount.events.tie import Tie, TieKind
from fullcount.sources.browser.sender import Browser
from fullcount.sources.source import Ignored, Intake, RawRequest, Sighting

TOKEN = "af90fdf5da895a30d06fd963c7309f4c"
TTP = "2nFixtureTtpCookie000000001"


def recorded(name: str, told: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return a recorded customer event, with what our pixel adds."""
    body: dict[str, Any] = json.loads(fixture(f"shopify_pixel/{name}.json").body)
    return body if told is None else {**body, "fullcount": told}


def sandboxed(body: object, *, user_agent: str = PHONE, sec_gpc: str = "") -> RawRequest:
    """Return the request as the sandbox makes it: no origin, no cookies."""
    request = posted(body, query=f"key={KEY}", origin="null", user_agent=user_agent, sec_gpc=sec_gpc)
    return with_path(request, "/fc/s")


def come(body: object, **settings: Any) -> Ran:
    """Take a customer event to the queue's door."""
    return ran("browser", sandboxed(body), KEY, **{"sandboxed": True, "default_country": "US", **settings})


def read(body: object) -> Intake:
    """Return what a customer event brings."""
    known = rules(sandboxed=True)
    assert Browser().admits(sandboxed(body), known)
    return Browser().read(sandboxed(body), known)


def seen(intake: Intake) -> Sighting:
    """Return what is remembered of one."""
    (found,) = intake.sightings
    return found


@pytest.mark.parametrize("each", fixtures("shopify_pixel/"), ids=lambda each: each.file)
def test_every_recorded_event_is_taken(each: Fixture) -> None:
    """Through the door of customer events, under an allowed origin too, to one delivery of its name."""
    headers = {**{name.lower(): value for name, value in each.headers.items()}, "host": "gateway.example.com"}
    request = each.request(path="/fc/s", query=f"key={KEY}", headers=headers, client_ip="203.0.113.42")
    found = ran("browser", request, KEY, default_country="US", origins=["shop.example.com"])
    assert found.event.canonical == each.expect["event"]
    assert found.event.event_id == each.expect.get("event_id", found.event.event_id)
    assert found.event.properties.value == each.expect.get("value", found.event.properties.value)
    assert found.event.user.ttclid == each.expect.get("ttclid", found.event.user.ttclid)
    assert (found.event.half, found.event.user.ip) == (Half.BROWSER, "203.0.113.42")


def test_both_halves_of_an_order_are_one_delivery() -> None:
    """The pixel's purchase has the webhook's key, so whichever comes second joins or is a duplicate."""
    (browsers,) = come(recorded("checkout_completed")).arrivals
    (shops,) = webhook(body_of()).arrivals
    assert browsers.entries[0].key == shops.entries[0].key
    assert browsers.entries[0].event.event == shops.entries[0].event.event == "CompletePayment"


def test_what_our_pixel_could_see_goes_with_the_event() -> None:
    """Visitor, click with its time, and browser ID of the page's cookies; address and agent of the caller."""
    told = {"visitor": VISITOR, "ttclid": CLICK, "clicked_at": (NOW - 60) * 1000, "ttp": TTP}
    intake = read(recorded("product_viewed", told))
    (reading,) = intake.readings
    assert reading.event is not None
    user = reading.event.user
    assert (user.ttp, user.ip, user.user_agent) == (TTP, "203.0.113.42", PHONE)
    assert Tie(TieKind.VISITOR, VISITOR) in reading.ties
    assert (seen(intake).clicked_at, seen(intake).user.ip) == (NOW, "203.0.113.42")
    assert user.ttclid == "E.C.P.CqcBtestFixtureClickId0001"  # of the page's own address: it counts first
    bare = read(recorded("checkout_started", told)).readings[0].event
    assert bare is not None
    assert (bare.user.ttclid, seen(read(recorded("checkout_started", told))).clicked_at) == (CLICK, NOW - 60)


def test_a_checkout_is_tied_to_what_comes_later() -> None:
    """Checkout, order and client find the visitor; who is at the checkout is remembered with it."""
    found = seen(read(recorded("checkout_completed", {"visitor": VISITOR})))
    assert {(tie.kind.value, tie.value) for tie in found.ties} == {
        ("visitor", VISITOR),
        ("checkout_token", TOKEN),
        ("order_id", "5511001001"),
        ("client_id", "5f0c1a2b-1111-4222-9333-abcdefabcdef"),
    }
    assert found.user.email == "dana.fixture@example.com"
    assert found.user.ttp == TTP  # of the cart's attributes


@pytest.mark.parametrize(
    ("told", "attribute", "word"),
    [
        ({"consent": {"shopify_marketing": True, "shopify_sale_of_data": True}}, None, "granted"),
        ({"consent": {"shopify_marketing": True, "shopify_sale_of_data": True}}, "denied", "denied"),
        ({"consent": {"shopify_marketing": False}}, "granted", "denied"),
        ({"consent": {"shopify_marketing": True, "shopify_sale_of_data": False}}, "granted", "opt_out"),
        ({"consent": "granted"}, None, "granted"),
        ({"consent": "granted"}, "denied", "denied"),
        ({"consent": 7}, None, "unreadable"),
        ({}, "granted", "granted"),
        ("garbage", "granted", "granted"),
        ({}, None, None),
    ],
)
def test_consent_is_the_strictest_of_pixel_and_cart(told: Any, attribute: str | None, word: str | None) -> None:
    """Shopify's permissions, the cart's word and the browser's own header are weighed together."""
    attributes = [] if attribute is None else [{"key": "fullcount_consent", "value": attribute}]
    body = changed(recorded("checkout_completed"), ("data", "checkout", "attributes"), attributes)
    (reading,) = read({**body, "fullcount": told}).readings
    assert reading.event is not None
    assert reading.event.consent == word
    (objected,) = Browser().read(sandboxed({**body, "fullcount": told}, sec_gpc="1"), rules(sandboxed=True)).readings
    assert objected.event is not None
    assert objected.event.consent == ("denied" if word == "denied" else "opt_out")


def test_who_refused_is_not_sent_and_only_the_refusal_is_remembered() -> None:
    """The order's webhook finds the refusal by the checkout and the order."""
    body = recorded("checkout_completed", {"visitor": VISITOR, "consent": {"shopify_marketing": False}})
    found = come(body)
    (arrival,) = found.arrivals
    assert (arrival.entries, arrival.facts[0].reason.value) == ((), "consent_denied")
    assert (seen(found.intake).user, seen(found.intake).consent) == (User(), "denied")
    assert TieKind.ORDER_ID in {tie.kind for tie in seen(found.intake).ties}


def test_a_sandbox_can_keep_no_cookie_and_gets_none() -> None:
    """Neither after a grant nor after a refusal."""
    for allowed in (True, False):
        told = {"visitor": VISITOR, "ttclid": CLICK, "consent": {"shopify_marketing": allowed}}
        assert cookies_of(read(recorded("page_viewed", told))) == {}


def test_an_event_that_means_nothing_still_tells_of_its_visitor() -> None:
    """A cart that was looked at makes no event, and its visitor is remembered."""
    intake = read({**recorded("page_viewed", {"visitor": VISITOR, "ttclid": CLICK}), "name": "cart_viewed"})
    assert (intake.readings, intake.ignored) == ((), (Ignored("no_event", "cart_viewed"),))
    assert seen(intake).user.ttclid == "E.C.P.CqcBtestFixtureClickId0001"


def test_robots_are_marked() -> None:
    """By the browser that called, or by what our pixel saw of it."""
    request = sandboxed(recorded("page_viewed"), user_agent="Googlebot/2.1")
    intake = Browser().read(request, rules(sandboxed=True))
    assert [reading.bot for reading in intake.readings] == ["Googlebot"]
    assert intake.sightings == ()
    assert [each.bot for each in read(recorded("page_viewed", {"webdriver": True})).readings] == ["webdriver"]


@pytest.mark.parametrize(
    ("timestamp", "seconds_ago"),
    [("1999-01-01T00:00:00Z", 172_800), ("2099-01-01T00:00:00Z", 0), ("garbage", 0), (None, 0)],
)
def test_a_clock_that_was_set_is_not_believed(timestamp: object, seconds_ago: int) -> None:
    """Nothing is of the future, and nothing older than TikTok's memory."""
    (reading,) = read({**recorded("page_viewed"), "timestamp": timestamp}).readings
    assert reading.event is not None
    assert reading.event.event_time == NOW - seconds_ago


def test_a_list_is_no_customer_event() -> None:
    """It is refused as unreadable."""
    with pytest.raises(InvalidEvent):
        Browser().read(sandboxed([recorded("page_viewed")]), rules(sandboxed=True))


@pytest.mark.parametrize("name", ["checkout_completed", "product_viewed"])
def test_whatever_is_missing_or_odd_it_is_read(name: str) -> None:
    """Each value in turn missing, null or of another type, in Shopify's part and in ours: never an exception."""
    told = {"visitor": VISITOR, "ttclid": CLICK, "clicked_at": 1, "ttp": TTP, "consent": {"shopify_marketing": True}}
    known = rules(sandboxed=True)
    for path, mutant in mutants(recorded(name, told)):
        intake = Browser().read(sandboxed(mutant), known)
        assert len(intake.readings) + len(intake.ignored) == 1, path
