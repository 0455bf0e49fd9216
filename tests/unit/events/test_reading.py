"""Any JSON becomes an event with problems, or problems alone."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fullcount.consent.decision import Signal, read_signal
from fullcount.events.checks import CheckRules, check_event
from fullcount.events.codec import decode_stored, encode_stored
from fullcount.events.model import Content, Event, EventSource, Page, Properties, User
from fullcount.events.problem_list import MOST_PROBLEMS
from fullcount.events.problems import Severity
from fullcount.events.reading import CONSENT_WORDS, Reading, read_event, read_fields
from fullcount.identity.identify import IdentityRules, identify

ARTICLE = {
    "event": "CompletePayment",
    "event_id": "order-12345-purchase",
    "timestamp": "2026-04-01T14:30:00Z",
    "context": {
        "user_agent": "Mozilla/5.0 ...",
        "ip": "203.0.113.42",
        "ad": {"callback": "E.C.P.x"},
        "page": {"url": "https://yourstore.example/thanks", "referrer": "https://yourstore.example/checkout"},
        "user": {"email": "customer@example.com", "phone_number": "+15550100199", "external_id": "customer-77"},
    },
    "properties": {
        "currency": "USD",
        "value": 89.99,
        "content_type": "product",
        "contents": [
            {
                "content_id": "SKU-1234",
                "content_type": "product",
                "content_name": "Wireless Headphones",
                "quantity": 1,
                "price": 89.99,
            }
        ],
    },
}
KEYS = st.sampled_from(
    "event event_time event_id user properties page app ad lead limited_data_use event_source consent pixel timestamp"  # noqa: SIM905 - keys are read as words
    " context email phone phone_number external_id ttclid ip url referrer value currency contents content_id price"
    " quantity num_items callback lead_id extra (extra)".split()
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(), max_size=8)
    | st.sampled_from(["", "Purchase", "89.99", "(null)", "NaN", "2026-04-01", "1795357800", "web", "\ud800", 10**400])
)
JSON = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS | st.text(max_size=3), inner, max_size=5)
)
NAMED = st.dictionaries(KEYS, JSON, max_size=8).map(lambda fields: {"event": "Purchase"} | fields)
SOUND = NAMED.map(lambda fields: {**fields, "event": "Purchase", "event_time": 1_795_357_800, "event_source": "web"})


def read(**fields: Any) -> Reading:
    """Read a purchase with these fields, from its bytes."""
    return read_event(json.dumps({"event": "Purchase"} | fields).encode())


def codes(reading: Reading) -> list[tuple[str, str]]:
    """Return the problems as (path, code)."""
    return [(problem.path, problem.code) for problem in reading.problems]


def event_of(reading: Reading) -> Event:
    """Return the event, which must be there."""
    assert reading.event is not None
    return reading.event


def test_a_right_event_is_read_at_once() -> None:
    """An event of the right shape raises no problem, from bytes, raw and object alike."""
    fields = {"event": "Purchase", "event_id": "1", "user": {"email": ["a@b.example", "c@d.example"]}}
    encoded = json.dumps(fields).encode()
    expected = Event(event="Purchase", event_id="1", user=User(email=("a@b.example", "c@d.example")))
    for form in (encoded, msgspec.Raw(encoded), fields):
        assert read_event(form) == Reading(expected, (), "Purchase", "1")


@settings(max_examples=300)
@given(JSON | NAMED | SOUND)
def test_reading_never_raises(value: Any) -> None:
    """Whatever JSON comes, it is an event or a fatal problem, and an event can be checked, identified and stored."""
    encoded = json.dumps(value).encode()
    readings = [read_event(encoded)]
    if isinstance(value, dict):
        readings.append(read_event(value))
    for reading in readings:
        assert (reading.event is None) == any(p.severity is Severity.FATAL for p in reading.problems)
        checked = check_event(reading.event, CheckRules(), 1_795_357_800.0)[0] if reading.event is not None else None
        if checked is not None:
            identified, _ = identify(checked, reading.event_id, IdentityRules())
            assert decode_stored(encode_stored(identified)) == identified
            assert json.loads(msgspec.json.encode(identified))


@given(st.binary(max_size=40))
def test_bytes_that_are_no_json_are_refused(body: bytes) -> None:
    """Bytes that are no JSON object are a fatal problem and no exception."""
    reading = read_event(body)
    assert reading.event is None
    assert reading.problems[0].code in {"not_json", "not_an_object", "name_missing"}


@pytest.mark.parametrize("number", ["1e999", "-1e999", "NaN", "Infinity", "9" * 401, "9" * 5_000, "-" + "9" * 5_000])
def test_numbers_beyond_all_bounds_are_read_and_dropped(number: str) -> None:
    """A number that no float and no integer of Python's holds costs the event that field and nothing else."""
    body = b'{"event":"Purchase","event_time":%s,"properties":{"value":%s}}' % ((number.encode(),) * 2)
    fields = read_fields(body)
    assert fields is not None
    assert set(fields) == {"event", "event_time", "properties"}
    reading = read_event(body)
    assert reading == read_event(fields)
    assert {path for path, _ in codes(reading)} == {"event_time", "properties.value"}
    assert event_of(reading).properties.value is None


@pytest.mark.parametrize("digits", ["1795357800", "1795357800000", "1795357800000000000"])
def test_a_time_in_any_unit_is_a_time(digits: str) -> None:
    """Seconds down to nanoseconds are read, as a number and as its digits: the checks know which they are."""
    assert event_of(read_event(b'{"event":"Purchase","event_time":%s}' % digits.encode())).event_time == int(digits)
    assert event_of(read(event_time=digits)).event_time == int(digits)
    assert event_of(read(event_time=int(digits), user="")).event_time == int(digits)


@pytest.mark.parametrize("body", [b"", b"[1]", b"\xff", b'"text"', b"{", b'{"a":' * 100_000])
def test_what_is_no_object_has_no_fields(body: bytes) -> None:
    """Bytes that are no JSON object, or one nested without end, have no fields, and nothing is raised."""
    assert read_fields(body) is None


def test_endless_nesting_is_refused() -> None:
    """A body nested far beyond reason is a fatal problem and no exception."""
    for opening, closing in ((b"[", b"]"), (b'{"event":', b"}")):
        assert read_event(opening * 100_000 + closing * 100_000).event is None


def test_the_shape_of_the_older_api_is_understood() -> None:
    """An event of TikTok's Events API 1.0 reads as what it means today, with warnings."""
    reading = read_event(ARTICLE)
    assert event_of(reading) == Event(
        event="CompletePayment",
        event_id="order-12345-purchase",
        event_time=1_775_053_800,
        user=User(
            email="customer@example.com",
            phone="+15550100199",
            external_id="customer-77",
            ip="203.0.113.42",
            user_agent="Mozilla/5.0 ...",
            ttclid="E.C.P.x",
        ),
        page=Page(url="https://yourstore.example/thanks", referrer="https://yourstore.example/checkout"),
        properties=Properties(
            currency="USD",
            value=89.99,
            content_type="product",
            contents=(
                Content(
                    content_id="SKU-1234",
                    content_type="product",
                    content_name="Wireless Headphones",
                    quantity=1,
                    price=89.99,
                ),
            ),
        ),
    )
    assert {problem.severity for problem in reading.problems} == {Severity.WARNING}
    assert {code for _, code in codes(reading)} == {"old_shape", "old_spelling", "coerced"}


def test_todays_places_win_over_context() -> None:
    """What stands in user and page already is not replaced by what stands under context."""
    context = {"user": {"email": "old@example.com", "ttp": "t"}, "ip": "203.0.113.1", "page": {"url": "https://old"}}
    reading = read(context=context, user={"email": "new@example.com", "ip": "203.0.113.2"}, page={"url": "https://new"})
    event = event_of(reading)
    assert event.user == User(email="new@example.com", ttp="t", ip="203.0.113.2")
    assert event.page.url == "https://new"


@pytest.mark.parametrize(
    ("fields", "path", "expected"),
    [
        ({"event_id": 1001}, "event_id", "1001"),
        ({"event_id": 1001.0}, "event_id", "1001"),
        ({"properties": {"order_id": 1001}}, "properties.order_id", "1001"),
        ({"properties": {"value": "89.99"}}, "properties.value", 89.99),
        ({"properties": {"value": " 90 "}}, "properties.value", 90),
        ({"properties": {"num_items": "2"}}, "properties.num_items", 2),
        ({"event_time": "1795357800"}, "event_time", 1_795_357_800),
        ({"event_time": 1795357800.7}, "event_time", 1_795_357_800),
        ({"event_time": "2026-11-22T14:30:00Z"}, "event_time", 1_795_357_800),
        ({"event_time": "2026-11-22T16:30:00+02:00"}, "event_time", 1_795_357_800),
        ({"event_time": "2026-11-22 14:30:00"}, "event_time", 1_795_357_800),
        ({"limited_data_use": "true"}, "limited_data_use", True),
        ({"limited_data_use": 0}, "limited_data_use", False),
        ({"event_source": "WEB"}, "event_source", EventSource.WEB),
        ({"consent": False}, "consent", "denied"),
        ({"consent": True}, "consent", "granted"),
        ({"page": "https://shop.example/"}, "page", Page(url="https://shop.example/")),
        ({"user": {"external_id": 77}}, "user.external_id", "77"),
    ],
)
def test_readable_values_of_a_wrong_type_are_coerced(fields: dict[str, Any], path: str, expected: Any) -> None:
    """What can be read is taken as the right type, with a warning at its path."""
    reading = read(**fields)
    value: Any = reading.event
    for part in path.split("."):
        value = getattr(value, part)
    assert value == expected
    assert type(value) is type(expected)
    assert codes(reading) == [(path, "coerced")]
    assert reading.problems[0].severity is Severity.WARNING


@pytest.mark.parametrize(
    ("fields", "path", "code"),
    [
        ({"properties": {"value": "(null)"}}, "properties.value", "not_a_number"),
        ({"properties": {"value": "1,299.00"}}, "properties.value", "not_a_number"),
        ({"properties": {"value": "$5"}}, "properties.value", "not_a_number"),
        ({"properties": {"value": True}}, "properties.value", "not_a_number"),
        ({"properties": {"value": float("nan")}}, "properties.value", "not_finite"),
        ({"properties": {"value": float("-inf")}}, "properties.value", "not_finite"),
        ({"properties": {"value": str(10**16)}}, "properties.value", "number_too_large"),
        ({"properties": {"num_items": 1.5}}, "properties.num_items", "not_whole"),
        ({"properties": {"contents": [{"price": float("nan")}]}}, "properties.contents.0.price", "not_finite"),
        ({"properties": {"contents": [{"content_id": {}, "price": []}, 1.5]}}, "properties.contents.1", "wrong_type"),
        ({"properties": {"contents": "SKU-1"}}, "properties.contents", "wrong_type"),
        ({"properties": [1]}, "properties", "wrong_type"),
        ({"user": "jane"}, "user", "wrong_type"),
        ({"user": {"email": {"value": "x"}}}, "user.email", "wrong_type"),
        ({"user": {"phone": ["+12133734253", True]}}, "user.phone.1", "wrong_type"),
        ({"event_id": True}, "event_id", "wrong_type"),
        ({"event_id": [1]}, "event_id", "wrong_type"),
        ({"event_time": "yesterday"}, "event_time", "time_unreadable"),
        ({"event_time": [1]}, "event_time", "wrong_type"),
        ({"event_time": float("inf")}, "event_time", "not_finite"),
        ({"page": {"title": "Thanks"}}, "page.title", "unknown_key"),
        ({"note": float("nan")}, "note", "not_finite"),
    ],
)
def test_unreadable_parts_are_dropped(fields: dict[str, Any], path: str, code: str) -> None:
    """A part that cannot be read is left out with a problem at its path, and the event goes on."""
    reading = read(**fields)
    assert reading.event is not None
    assert codes(reading)[-1] == (path, code)
    assert reading.problems[-1].severity is Severity.DROPPED


@pytest.mark.parametrize("name", [None, "", 5, [], {"a": 1}])
def test_an_event_without_a_name_is_refused(name: Any) -> None:
    """A missing or unreadable name is fatal; the event_id is still told."""
    reading = read_event({"event": name, "event_id": "order-1"})
    assert (reading.event, reading.name, reading.event_id) == (None, "", "order-1")
    assert codes(reading) == [("event", "name_missing")]


def test_an_unknown_event_source_is_refused() -> None:
    """An event that belongs to no lane cannot be taken."""
    reading = read(event_source="billboard")
    assert (reading.event, codes(reading)) == (None, [("event_source", "event_source_unknown")])
    assert reading.name == "Purchase"


def test_empty_values_count_as_absent() -> None:
    """Null and an empty text, list or object are as if they were not there, and nothing is said."""
    reading = read(
        event_id="",
        event_time=None,
        user={"email": "", "phone": [], "external_id": [None, ""], "ip": None, "city": "", "loyalty": ""},
        properties={"contents": [], "currency": "", "value": None, "content_id": ""},
        page={},
        app=None,
        lead={},
        vendor=None,
    )
    assert reading == Reading(Event(event="Purchase"), (), "Purchase", "")


def test_old_spellings_are_understood() -> None:
    """TikTok's older spellings are read as today's, with a warning; today's wins where both stand."""
    user = {"phone_number": "+12133734253", "emails": ["a@b.example"], "click_id": "E.C.P.x", "sha256_email": "f" * 64}
    reading = read(user=user, timestamp=1_795_357_800)
    assert event_of(reading).user.phone == "+12133734253"
    assert event_of(reading).user.ttclid == "E.C.P.x"
    assert event_of(reading).event_time == 1_795_357_800
    assert ("user.phone_number", "old_spelling") in codes(reading)
    both = event_of(read(user={"phone_number": "+1", "phone": "+12133734253"}, timestamp=1, event_time=2))
    assert (both.user.phone, both.event_time) == ("+12133734253", 2)


def test_a_flat_item_becomes_one_item() -> None:
    """Item fields beside no contents become one item; beside contents they are unlisted keys."""
    flat = {"content_id": "SKU-1", "price": 5, "quantity": 2, "value": 10}
    reading = read(properties=flat)
    assert event_of(reading).properties == Properties(
        contents=(Content(content_id="SKU-1", price=5, quantity=2),), value=10
    )
    assert codes(reading) == [("properties.content_id", "flat_item")]
    beside = event_of(read(properties={"content_id": "SKU-1", "contents": [{"content_id": "SKU-2"}]})).properties
    assert (beside.contents, beside.extra) == ((Content(content_id="SKU-2"),), {"content_id": "SKU-1"})
    listed = event_of(read(properties={"content_id": ["SKU-1", "SKU-2"]})).properties
    assert (listed.content_ids, listed.contents) == (("SKU-1", "SKU-2"), ())
    lone = event_of(read(properties={"contents": {"content_id": 7}})).properties
    assert lone.contents == (Content(content_id="7"),)


def test_unlisted_keys_are_kept() -> None:
    """Keys that TikTok does not list stay with the part they came in."""
    reading = read(
        device={"model": "x"},
        user={"tier": "gold"},
        properties={"city": "Oslo", "contents": [{"content_id": "a", "sku": 1}], "(extra)": {"a": 1}},
    )
    event = event_of(reading)
    assert event.extra == {"device": {"model": "x"}}
    assert event.user.extra == {"tier": "gold"}
    assert event.properties.extra == {"city": "Oslo", "(extra)": {"a": 1}}
    assert event.properties.contents[0].extra == {"sku": 1}
    assert reading.problems == ()


@pytest.mark.parametrize(
    "body",
    [
        '{"event":"Purchase",%s}',
        '{"event":"Purchase","user":{%s}}',
        '{"event":"Purchase","properties":{%s}}',
        '{"event":"Purchase","properties":{"contents":[{%s}]}}',
    ],
)
def test_our_own_word_is_a_senders_key_like_any_other(body: str) -> None:
    """A sender's "(extra)" is kept under that name, also where escapes spell it: its values pass the rules."""
    plain = read_event((body % '"(extra)":{"a":1e300}').encode())
    spelled = read_event((body % r'"\u0028extra)":{"a":1e300}').encode())
    assert spelled == plain
    assert [code for _, code in codes(spelled)] == ["number_too_large"]


def test_an_unreadable_consent_is_a_refusal() -> None:
    """A consent that cannot be read is never taken as a grant."""
    reading = read(consent={"ads": True})
    assert event_of(reading).consent == "denied"
    assert codes(reading) == [("consent", "consent_unreadable")]


@pytest.mark.parametrize("said", ["true", "yes", "1", "accepted", "opt_in"])
@pytest.mark.parametrize("other", [{}, {"note": "x"}])
def test_an_unknown_word_of_consent_is_said(said: str, other: dict[str, Any]) -> None:
    """A consent in words that nobody knows is kept as it is, and the sender is told, on either way of reading."""
    reading = read(consent=said, **other)
    assert event_of(reading).consent == said
    assert codes(reading) == [("consent", "consent_unreadable")]


@pytest.mark.parametrize("said", [*sorted(CONSENT_WORDS - {""}), " Granted "])
def test_a_known_word_of_consent_is_not_remarked_on(said: str) -> None:
    """The words that the consent rules understand pass without a problem."""
    assert read(consent=said).problems == ()


def test_the_words_of_consent_are_those_that_the_rules_understand() -> None:
    """Reading and deciding know the same words."""
    assert {each.value for each in Signal} - {Signal.UNREADABLE.value} <= CONSENT_WORDS
    assert Signal.UNREADABLE not in {read_signal(word) for word in CONSENT_WORDS}


def test_an_unreadable_limited_data_use_is_a_wish_for_it() -> None:
    """limited_data_use that cannot be read counts as true."""
    assert event_of(read(limited_data_use="perhaps")).limited_data_use is True
    assert event_of(read(limited_data_use={"state": "CA"})).limited_data_use is True


def test_a_hostile_event_makes_no_endless_list() -> None:
    """The list of problems of one event has an end, and fatal ones are always on it."""
    reading = read_event({"properties": {"contents": [{"price": "x"}] * 5_000}, "event_source": "?"})
    assert len(reading.problems) <= MOST_PROBLEMS + 2
    assert {p.code for p in reading.problems if p.severity is Severity.FATAL} == {
        "name_missing",
        "event_source_unknown",
    }


def test_problems_never_repeat_an_identifier() -> None:
    """Neither path, reason nor fix tells what the sender put in."""
    reading = read(user={"email": {"jane@example.com": 1}, "ip": [True]}, **{"jane@example.com": float("nan")})
    assert "jane" not in repr(reading.problems)
    assert sorted(path for path, _ in codes(reading)) == ["?", "user.email", "user.ip"]
