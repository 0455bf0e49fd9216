"""Who a beacon is from: identifiers, ties, consent and its place, and what of it is remembered."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.sources.browser.pages import CLICK, PAGE, PHONE, VISITOR, beacon, come, event, posted, read, rules
from tests.unit.sources.fixtures import NOW

from fullcount.events.model import User
from fullcount.events.tie import Tie, TieKind
from fullcount.sources.browser.visit import read_visit
from fullcount.sources.sender import Rules
from fullcount.sources.source import RawRequest, Sighting


def user_of(request: RawRequest, known: Rules | None = None) -> User:
    """Return whom the beacon's event names."""
    (reading,) = read(request, known).readings
    assert reading.event is not None
    return reading.event.user


def sighting(request: RawRequest, known: Rules | None = None) -> Sighting | None:
    """Return what of a beacon is to be remembered."""
    found = read(request, known).sightings
    return found[0] if found else None


def seen(request: RawRequest, known: Rules | None = None) -> Sighting:
    """Return what is remembered of a beacon of which something is."""
    found = sighting(request, known)
    assert found is not None
    return found


def test_the_browser_itself_tells_address_agent_and_language() -> None:
    """They are the caller's, whatever the page writes."""
    forged = {"ip": "198.51.100.9", "user_agent": "forged", "ttclid": "forged", "ttp": "forged", "idfa": "forged"}
    user = user_of(posted(beacon(user=forged, events=[event(user=forged)])))
    assert (user.ip, user.user_agent, user.locale) == ("203.0.113.42", PHONE, "en-US")
    assert (user.ttclid, user.ttp, user.idfa, user.extra) == (None, None, None, None)


@pytest.mark.parametrize(
    ("language", "locale"),
    [
        ("de-CH;q=0.9,en", "de-CH"),
        ("zh-Hans-CN", "zh-Hans-CN"),
        ("*", None),
        ("", None),
        ("x" * 300, None),
        ("{}", None),
    ],
)
def test_a_language_that_is_none_is_left_out(language: str, locale: str | None) -> None:
    """The first of Accept-Language, if it looks like one."""
    assert user_of(posted(beacon(), accept_language=language)).locale == locale


def test_identify_and_an_events_own_person() -> None:
    """What the page knows of its visitor goes with every event; an event may know more, and counts first."""
    who = {"email": "customer@example.com", "phone_number": "+1 555 010 0199", "country": "us"}
    user = user_of(posted(beacon(user=who, events=[event(user={"email": "other@example.com", "city": "Springfield"})])))
    assert (user.email, user.phone, user.city, user.country) == (
        "other@example.com",
        "+1 555 010 0199",
        "Springfield",
        "us",
    )


def test_identifiers_leave_hashed() -> None:
    """At the queue's door there is no plain e-mail or phone."""
    found = come(
        posted(beacon(user={"email": " Customer@Example.com ", "phone": "(555) 010-0199"})), default_country="US"
    )
    assert len(found.event.user.email) == len(found.event.user.phone) == 64


def test_a_click_id_of_the_address_counts_first_and_the_cookies_last() -> None:
    """Address, then beacon, then cookie; a macro that nobody filled in is none of them."""
    url = f"{PAGE}?ttclid=E.C.P.address"
    cookies = {"ttclid": "E.C.P.cookie"}
    assert user_of(posted(beacon(page={"url": url}, ttclid=CLICK), cookies=cookies)).ttclid == "E.C.P.address"
    assert user_of(posted(beacon(ttclid=CLICK), cookies=cookies)).ttclid == CLICK
    assert user_of(posted(beacon(), cookies=cookies)).ttclid == "E.C.P.cookie"
    assert user_of(posted(beacon(ttclid="__CLICKID__"), cookies=cookies)).ttclid == "E.C.P.cookie"
    assert user_of(posted(beacon(ttclid="x" * 1_025), cookies=cookies)).ttclid == "E.C.P.cookie"
    assert user_of(posted(beacon(), cookies={"ttclid": "E.C.P.a%2Fb"})).ttclid == "E.C.P.a/b"
    assert user_of(posted(beacon(ttclid="undefined"))).ttclid is None


@pytest.mark.parametrize("garbage", [7, True, None, [], {}, "", " ", "x" * 2_000, "tab\there", ["a"], {"a": 1}])
@pytest.mark.parametrize("key", ["visitor", "ttclid", "ttp", "clicked_at", "consent_at", "consent_version", "page"])
def test_garbage_in_a_field_costs_only_that_field(key: str, garbage: object) -> None:
    """The event is read all the same, and nothing of the garbage goes on."""
    intake = read(posted({**beacon(), key: garbage}))
    (reading,) = intake.readings
    assert reading.event is not None
    assert reading.event.event == "AddToCart"
    if isinstance(garbage, str) and len(garbage) > 1:
        assert "tab\there" not in str([getattr(reading.event.user, name) for name in User.__struct_fields__])
        assert "x" * 2_000 not in [tie.value for tie in reading.ties]


@pytest.mark.parametrize("garbage", [7, True, None, [], "", "text", ["a"], {"a": 1}, [None], [[]], {"events": []}])
@pytest.mark.parametrize("key", ["events", "paired", "ties", "user", "pixel", "webdriver", "v", "page"])
def test_garbage_in_a_part_costs_only_that_part(key: str, garbage: object) -> None:
    """Parts of the wrong type are as if they were not there."""
    intake = read(posted({**beacon(), key: garbage}))
    assert len(intake.readings) == (0 if key == "events" else 1)
    assert intake.pixel_copies == ()


def test_ties_are_those_that_are_known() -> None:
    """Visitor, cart, checkout, order and client; others, empty, long and unprintable ones are none."""
    given = {"cart_token": "c1", "checkout_token": "t1", "order_id": 5511001001, "client_id": "g1", "email": "x"}
    (reading,) = read(posted(beacon(ties=given))).readings
    assert set(reading.ties) == {
        Tie(TieKind.VISITOR, VISITOR),
        Tie(TieKind.CART_TOKEN, "c1"),
        Tie(TieKind.CHECKOUT_TOKEN, "t1"),
        Tie(TieKind.ORDER_ID, "5511001001"),
        Tie(TieKind.CLIENT_ID, "g1"),
    }
    odd = {"cart_token": "", "checkout_token": "x" * 201, "order_id": "a\nb", "client_id": None}
    (reading,) = read(posted(beacon(ties=odd))).readings
    assert reading.ties == (Tie(TieKind.VISITOR, VISITOR),)


def test_who_agreed_is_remembered() -> None:
    """Click with its time, browser ID, address, agent, page, the answer with its time and version, and every tie."""
    clicked_at = NOW - 86_400
    body = beacon(
        ttclid=CLICK,
        clicked_at=clicked_at * 1000,
        ttp="2nFixtureTtpCookie000000001",
        user={"email": "customer@example.com"},
        ties={"cart_token": "c1"},
        consent_at=(NOW - 60) * 1000,
        consent_version="banner-3",
        events=[event("Purchase", event_id="7", properties={"order_id": "7"})],
    )
    found = seen(posted(body))
    assert (found.user.ttclid, found.user.ttp, found.user.ip) == (CLICK, "2nFixtureTtpCookie000000001", "203.0.113.42")
    assert (found.user.user_agent, found.user.email, found.page.url) == (PHONE, "customer@example.com", PAGE)
    assert (found.clicked_at, found.seen_at) == (clicked_at, NOW)
    assert (found.consent, found.consent_at, found.consent_version) == ("granted", NOW - 60, "banner-3")
    assert {tie.kind for tie in found.ties} == {TieKind.VISITOR, TieKind.CART_TOKEN, TieKind.ORDER_ID}


def test_the_time_of_a_click_is_not_made_up() -> None:
    """Of a click that a cookie kept the time is not known; one that just came is of now; the future is none."""
    assert seen(posted(beacon(), cookies={"ttclid": CLICK})).clicked_at == 0.0
    assert seen(posted(beacon(ttclid=CLICK), cookies={"ttclid": CLICK})).clicked_at == 0.0
    assert seen(posted(beacon(ttclid=CLICK))).clicked_at == NOW
    assert seen(posted(beacon(ttclid=CLICK, clicked_at=(NOW + 999) * 1000))).clicked_at == NOW
    assert seen(posted(beacon())).clicked_at is None


def test_of_who_refused_only_the_refusal_is_remembered() -> None:
    """Neither click nor address nor e-mail nor page; the ties are those by which a webhook will ask."""
    found = seen(
        posted(beacon(consent="denied", ttclid=CLICK, user={"email": "a@example.com"}, ties={"order_id": "7"}))
    )
    assert (found.user, found.page.url, found.consent, found.clicked_at) == (User(), None, "denied", None)
    assert [tie.value for tie in found.ties] == [VISITOR, "7"]


def test_who_was_not_asked_is_not_remembered() -> None:
    """Where a grant is needed, silence leaves nothing behind."""
    assert sighting(posted(beacon(consent=None, ttclid=CLICK)), rules(default_country="DE")) is None
    assert seen(posted(beacon(consent=None, ttclid=CLICK))).consent is None


def test_a_refusal_that_nobody_can_be_found_by_is_not_remembered() -> None:
    """Without an id there is nobody to remember it of, and none is given to who refused."""
    assert sighting(posted(beacon(consent="denied", visitor=None))) is None
    assert read(posted(beacon(consent="denied", visitor=None))).readings[0].ties == ()


def test_a_robot_is_not_remembered() -> None:
    """Its events are marked, and nothing of it is kept or counted."""
    body = beacon(paired=[event("Pageview")], pixel={"state": "blocked"})
    for request in (posted(body, user_agent="Googlebot/2.1"), posted({**body, "webdriver": True})):
        intake = read(request)
        assert (intake.sightings, intake.pixel_copies, intake.pixel_state) == ((), (), "")
        assert [reading.bot for reading in intake.readings] != [""]


def test_an_answer_has_its_own_time_only_where_it_speaks_alone() -> None:
    """A signal says what holds now: a later grant must not be dated before the refusal that it lifts."""
    at = {"consent_at": (NOW - 500) * 1000}
    assert seen(posted(beacon(consent="granted", **at))).consent_at == NOW - 500
    assert seen(posted(beacon(consent={"said": "granted"}, **at))).consent_at == NOW - 500
    assert seen(posted(beacon(consent={"said": "granted", "usp": "1YNN"}, **at))).consent_at == NOW
    assert seen(posted(beacon(**at), sec_gpc="1")).consent_at == NOW
    assert seen(posted(beacon(consent="granted"))).consent_at == NOW
    assert seen(posted(beacon(consent="granted", consent_at=(NOW + 500) * 1000))).consent_at == NOW


@pytest.mark.parametrize(
    ("consent", "header", "word"),
    [
        ("granted", "", "granted"),
        (True, "", "granted"),
        ({"said": "granted", "usp": "1YYN"}, "", "opt_out"),
        ({"said": "granted", "gpc": True}, "", "opt_out"),
        ({"said": "granted", "gpc": True}, "0", "granted"),
        ("granted", "1", "opt_out"),
        (None, "1", "opt_out"),
        ({"shopify_marketing": True, "shopify_sale_of_data": False}, "", "opt_out"),
        ("no thanks", "", "unreadable"),
        ({"unknown": 1}, "", "unreadable"),
        (None, "", None),
        ({}, "", None),
    ],
)
def test_consent_is_the_strictest_signal(consent: Any, header: str, word: str | None) -> None:
    """Body and header together, as docs/consent.md reads them; the event says the same as the visit."""
    (reading,) = read(posted({**beacon(), "consent": consent}, sec_gpc=header)).readings
    assert reading.event is not None
    assert reading.event.consent == word


@pytest.mark.parametrize(
    ("header", "person", "is_sent"),
    [("DE", {}, False), ("US", {}, True), ("XX", {}, True), ("", {}, True), ("DE", {"country": "US"}, True)],
)
def test_the_cdns_country_decides_where_the_page_tells_none(
    header: str, person: dict[str, str], *, is_sent: bool
) -> None:
    """It goes before default_country, and the shopper's own country before it."""
    body = beacon(consent=None, user=person)
    request = posted(body, cf_ipcountry=header)
    found = come(request, country_header="CF-IPCountry", default_country="US", consent="by_region")
    (arrival,) = found.arrivals
    assert bool(arrival.entries) is is_sent
    assert bool(found.intake.sightings) is is_sent
    assert bool(found.intake.reply_headers) is is_sent


def test_the_cdns_country_is_read_only_where_the_settings_name_it() -> None:
    """A header that anybody can send is not believed by itself."""
    found = come(posted(beacon(), cf_ipcountry="DE"), default_country="US")
    assert found.event.user.country is None


def test_nobody_is_shown_in_a_repr() -> None:
    """A stray log line tells how it was decided, and of whom nothing."""
    body = beacon(ttclid=CLICK, user={"email": "customer@example.com"})
    shown = repr(read_visit(body, posted(body), rules()))
    assert shown == "Visit(send)"
