"""What a beacon brings: events with their ids and times, what makes none, and copies for pairing."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.sources.browser.pages import KEY, PAGE, beacon, come, event, posted, read, rules
from tests.unit.sources.fixtures import NOW, fixture, fixtures
from tests.unit.sources.mutants import mutants, mutated

from fullcount.errors import InvalidEvent
from fullcount.events.model import Event, Half
from fullcount.sources.browser.beacon import read_beacon
from fullcount.sources.browser.events import MOST_EVENTS, OLDEST_AGE_SECONDS
from fullcount.sources.browser.sender import Browser
from fullcount.sources.source import Ignored, PixelCopy

FORTNIGHT = 14 * 86_400_000


def events_of(*rows: Any, **settings: Any) -> list[Event]:
    """Return the events that are read from these rows."""
    readings = read(posted(beacon(events=list(rows))), rules(**settings)).readings
    return [reading.event for reading in readings if reading.event is not None]


def test_an_event_is_the_browsers_half() -> None:
    """With the page of its beacon, its own id, properties and time."""
    (reading,) = read(posted(beacon())).readings
    found = reading.event
    assert found is not None
    assert (reading.half, found.event, found.event_id) == (Half.BROWSER, "AddToCart", "add-1")
    assert (found.page.url, found.page.referrer) == (PAGE, "https://www.example.com/")
    assert (found.properties.value, found.properties.currency) == (18, "USD")
    assert found.event_time == NOW - 3


@pytest.mark.parametrize(
    ("told", "seconds_ago"),
    [
        ({"age": 0}, 0),
        ({"age": 90_500}, 91),
        ({"age": "90000"}, 90),
        ({"age": -5_000}, 0),
        ({"age": FORTNIGHT}, OLDEST_AGE_SECONDS),
        ({"age": None}, 0),
        ({"age": [1]}, 0),
        ({"age": None, "event_time": NOW - 60}, 60),
        ({"age": None, "event_time": NOW + 60}, 0),
        ({"age": None, "event_time": 1}, OLDEST_AGE_SECONDS),
        ({"age": 1_000, "event_time": NOW - 60}, 1),
    ],
)
def test_an_age_is_believed_within_bounds(told: dict[str, Any], seconds_ago: float) -> None:
    """An age counts before a page's clock; nothing is of the future, and nothing older than TikTok's memory."""
    (found,) = events_of(event(**told))
    assert found.event_time == NOW - seconds_ago


def test_an_event_may_have_its_own_page() -> None:
    """In a page that changes its address without loading, each event has that of its moment."""
    (found,) = events_of(event(page={"url": "https://shop.example.com/other"}))
    assert found.page.url == "https://shop.example.com/other"


def test_a_wish_for_limited_data_use_is_kept() -> None:
    """An event that asks for it gets it."""
    assert events_of(event(limited_data_use=True))[0].limited_data_use is True


@pytest.mark.parametrize("name", ["Purchase", "CompletePayment"])
@pytest.mark.parametrize("event_id", [None, "", "undefined", "null", "order-undefined"])
def test_a_purchase_without_an_id_is_named_by_its_order_or_is_none(name: str, event_id: str | None) -> None:
    """Under an id of its own it would count beside the shop's half."""
    (found,) = events_of(event(name, event_id=event_id, properties={"order_id": "1501"}))
    assert found.event_id == "1501"
    (templated,) = events_of(
        event(name, event_id=event_id, properties={"order_id": 1501}), id_template="order-{order_id}"
    )
    assert templated.event_id == "order-1501"
    intake = read(posted(beacon(events=[event(name, event_id=event_id)])))
    assert intake.readings == ()
    assert intake.ignored == (Ignored("event_id_missing", name, detail="a purchase without its order"),)


def test_a_purchase_is_named_by_what_ties_it() -> None:
    """A template of the checkout's token takes it from the beacon's ties."""
    bare = event("Purchase", event_id=None)
    body = beacon(events=[bare], ties={"checkout_token": "t1", "order_id": "7"})
    assert [each.event_id for each in read(posted(body), rules(id_template="{checkout_token}")).readings] == ["t1"]
    assert [each.event_id for each in read(posted(body)).readings] == ["7"]


def test_a_purchase_keeps_the_id_that_it_came_with() -> None:
    """The snippet has made it by the same template."""
    assert events_of(event("Purchase", event_id="order-9", properties={"order_id": "7"}))[0].event_id == "order-9"


def test_other_events_need_no_id() -> None:
    """A page view is sent under an id that is made for it."""
    (arrival,) = come(posted(beacon(events=[event("Pageview", event_id=None)])), default_country="US").arrivals
    assert arrival.entries[0].event.event_id


def test_the_same_is_ignored_once_for_each_beacon() -> None:
    """A script that posts fifty purchases without an order leaves one note, not fifty."""
    intake = read(posted(beacon(events=[event("Purchase", event_id=None)] * 50)))
    assert [ignored.reason for ignored in intake.ignored] == ["event_id_missing"]


def test_names_may_be_changed_or_left_out() -> None:
    """By the source's `names`, as everywhere."""
    names = {"MyStep": "Contact", "Pageview": ""}
    intake = read(posted(beacon(events=[event("MyStep"), event("Pageview")])), rules(names=names))
    assert [each.name for each in intake.readings] == ["Contact"]
    assert intake.ignored == (Ignored("switched_off", "Pageview"),)


def test_a_purchase_is_spelled_as_the_pixel_spells_it() -> None:
    """Both names are one event, and leave under the pixel's."""
    for name in ("Purchase", "CompletePayment"):
        found = come(posted(beacon(events=[event(name, event_id="7")])), default_country="US").event
        assert (found.canonical, found.event) == ("Purchase", "CompletePayment")


def test_an_event_without_a_usable_name_is_refused_alone() -> None:
    """Its neighbours go on."""
    rows = [event(None), event(7), event("x" * 80), event(["Pageview"]), event()]  # type: ignore[arg-type]  # garbage
    found = come(posted(beacon(events=rows)), default_country="US")
    assert [bool(arrival.entries) for arrival in found.arrivals] == [False, False, False, False, True]


def test_of_one_beacon_so_many_events_are_read() -> None:
    """What is beyond the bound is a script's."""
    rows = [event(event_id=f"e{number}", sent=True) for number in range(MOST_EVENTS + 20)]
    intake = read(posted(beacon(events=rows, paired=rows)))
    assert len(intake.readings) == MOST_EVENTS
    assert len(intake.pixel_copies) == 2 * MOST_EVENTS


def test_what_the_pixel_sent_is_told_for_pairing() -> None:
    """By itself with or without an id, and together with an event of ours, under the name that it was sent by."""
    paired = [
        {"event": "Pageview", "event_id": "", "at": 2_000},
        {"event": "CompletePayment", "event_id": "7", "value": "72.40", "currency": "usd", "at": 1_000},
    ]
    rows = [event("Purchase", event_id="7", sent=True, sent_as="CompletePayment"), event(sent=False), event(sent="yes")]
    assert read(posted(beacon(events=rows, paired=paired))).pixel_copies == (
        PixelCopy("Pageview", "", NOW - 2),
        PixelCopy("CompletePayment", "7", NOW - 1, 72.4, "USD"),
        PixelCopy("CompletePayment", "7", NOW - 3, 18.0, "USD"),
    )


@pytest.mark.parametrize(
    "copy",
    [
        {},
        {"event": None},
        {"event": "x" * 51},
        {"event": "<script>"},
        {"event": "a\nb"},
        {"event": "Pageview", "event_id": "x" * 201},
        {"event": "Pageview", "event_id": "a\nb"},
    ],
)
def test_a_copy_that_cannot_be_one_is_left_out(copy: dict[str, Any]) -> None:
    """Nothing is kept for pairing that was not checked."""
    assert read(posted(beacon(paired=[copy]))).pixel_copies == ()


@pytest.mark.parametrize(
    ("currency", "value", "expected"),
    [
        ("USD", 1, (1.0, "USD")),
        ("dollars", "x", (None, None)),
        (7, float("inf"), (None, None)),
        (None, True, (None, None)),
    ],
)
def test_a_copys_amount_is_one_or_none(currency: object, value: object, expected: tuple[float, str]) -> None:
    """A number and three letters."""
    row = {"event": "Pageview", "currency": currency, "value": value}
    (copy,) = read(posted(beacon(paired=[row]))).pixel_copies
    assert (copy.value, copy.currency) == expected


@pytest.mark.parametrize("state", ["absent", "waiting", "loaded", "blocked", "refused", "held"])
def test_the_state_of_the_pixel_is_one_of_six_words(state: str) -> None:
    """Anything else is none, so that nobody fills the metrics with words."""
    assert read(posted(beacon(pixel={"state": state}))).pixel_state == state
    for other in ({"state": f"{state}!"}, {"state": [state]}, state, None):
        assert read(posted(beacon(pixel=other))).pixel_state == ""


@pytest.mark.parametrize(
    "body", [b"", b"not json", b"7", b'"text"', b"null", b"{", b"[1", b"[]]", b"\xff\xfe{}", b"[" * 5_000]
)
def test_what_is_no_json_object_or_list_is_unreadable(body: bytes) -> None:
    """It is answered 400 before anybody asks for its key, and without a word of what it was."""
    request = posted(body)
    with pytest.raises(InvalidEvent):
        read_beacon(request)
    reply = Browser().greet(request, [rules()])
    assert reply is not None
    assert reply.status == 400
    assert json.loads(reply.body)["error"]["code"] == "not_json"
    assert not Browser().admits(request, rules())


def test_the_key_is_public_and_stands_in_the_beacon_or_its_address() -> None:
    """A wrong one, one of another type and none let nothing in; while it is changed, each of several does."""
    assert Browser().admits(posted(beacon(key=None), query=f"key={KEY}"), rules())
    assert Browser().admits(posted(beacon()), rules(keys=("pk-new", KEY)))
    for body in (beacon(key="pk-other"), beacon(key=None), beacon(key=[KEY]), beacon(key="")):
        assert not Browser().admits(posted(body), rules())
    assert not Browser().admits(posted(beacon(), query="key=pk-other"), rules())
    assert not Browser().admits(posted(beacon(key="")), rules(keys=("",)))


def test_recorded_events_as_any_page_can_post_them() -> None:
    """One event, or a list; unnormalised identifiers are hashed, a value of 0 and empty contents are read."""
    single = fixture("browser/beacon_purchase.json")
    ordinary = {"query": f"key={KEY}", "path": "/fc/e", "client_ip": "203.0.113.42"}
    headers = {**{name.lower(): value for name, value in single.headers.items()}, "host": "shop.example.com"}
    found = come(single.request(headers=headers, **ordinary), default_country="US").event
    assert (found.event_id, found.properties.currency, found.properties.value) == ("5511001001", "USD", 72.4)
    assert found.user.ttclid == "E.C.P.CqcBtestFixtureClickId0001"
    assert found.user.ttp == "2nFixtureTtpCookie000000001"
    assert found.user.email == sha256(b"dana.fixture@example.com").hexdigest()
    assert found.event_time == 1_795_169_744
    listed = fixture("browser/beacon_array_pageview.json")
    ran = come(listed.request(headers=headers, **ordinary), default_country="US")
    assert [(each.event_id, each.name) for each in ran.intake.readings] == [
        ("pv-1", "Pageview"),
        ("vc-1", "ViewContent"),
    ]
    assert len(ran.arrivals) == listed.expect["count"]
    assert all(arrival.entries for arrival in ran.arrivals)


def test_consent_in_a_list_of_events_is_the_strictest() -> None:
    """One browser has one answer; what is said in several places counts as it allows least."""
    rows = [event(consent="granted"), event("Pageview", consent="denied")]
    intake = read(posted(json.dumps(rows).encode(), query=f"key={KEY}"))
    assert {reading.event.consent for reading in intake.readings if reading.event} == {"denied"}
    single = read(posted(event(consent={"usp": "1YYN"}), query=f"key={KEY}"))
    assert [reading.event.consent for reading in single.readings if reading.event] == ["opt_out"]


def test_whatever_is_missing_or_odd_the_rest_is_read() -> None:
    """Each value of a full beacon in turn missing, null or of another type: never an exception."""
    body = beacon(
        ttclid="E.C.P.x", clicked_at=NOW * 1000, ttp="t" * 27, user={"email": "a@example.com"}, ties={"order_id": "1"},
        pixel={"state": "loaded", "code": "C"}, paired=[event("Pageview")], webdriver=False,
        events=[event("Purchase", event_id="7", sent=True, user={"phone": "+15550100199"})],
    )  # fmt: skip
    for path, mutant in mutants(body):
        if path == ("key",):
            assert not Browser().admits(posted(mutant), rules())
        else:
            intake = read(posted(mutant))
            assert len(intake.readings) + len(intake.ignored) == len(_rows(mutant)), path


def _rows(body: Any) -> list[Any]:
    found = body.get("events")
    return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []


FULL = beacon(
    events=[event(user={"email": "a@example.com"})], paired=[event()], ties={"order_id": "1"}, pixel={"state": "held"}
)


@given(mutated(FULL), st.dictionaries(st.sampled_from(["cookie", "sec-gpc", "accept-language", "host"]), st.text()))
def test_no_mixture_breaks_it(body: Any, headers: dict[str, str]) -> None:
    """Odd values, cookies and headers together are read and answered."""
    plain = posted(body, query=f"key={KEY}", origin="")
    request = msgspec.structs.replace(plain, headers={**plain.headers, **headers})
    try:
        intake = Browser().read(request, rules())
    except InvalidEvent:
        return
    for name, value in intake.reply_headers:
        assert name == b"set-cookie"
        assert value.isascii()
        assert b"\n" not in value


def test_every_recorded_body_is_read_whoever_sent_it() -> None:
    """Other senders' requests at this door are read or refused, and nothing else is raised."""
    for each in fixtures():
        request = posted(each.body, query=f"key={KEY}")
        assert Browser().greet(request, [rules()]) is not None or Browser().read(request, rules()) is not None
