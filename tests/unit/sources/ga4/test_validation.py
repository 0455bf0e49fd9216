"""What /debug/mp/collect says of a request."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from tests.unit.sources.fixtures import NOW
from tests.unit.sources.ga4.requests import ID, PURCHASE
from tests.unit.sources.mutants import mutants, mutated

from fullcount.sources.ga4.sender import Ga4
from fullcount.sources.ga4.validation import MOST_MESSAGES, validated
from fullcount.sources.source import RawRequest

BODY: dict[str, Any] = json.loads(PURCHASE.body)
MICROS = int(NOW * 1e6)


def messages(body: Any, query: str = f"measurement_id={ID}") -> list[tuple[str, str]]:
    """Return the path and code of each message."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    found = validated(RawRequest(raw, path="/debug/mp/collect", query=query, received_at=NOW))
    return [(each["fieldPath"], each["validationCode"]) for each in found]


def with_event(name: Any = "search", params: Any = None, **body: Any) -> dict[str, Any]:
    """Return a body with one event."""
    return {"client_id": "1.2", "events": [{"name": name, "params": params}], **body}


def test_what_is_right_has_no_messages() -> None:
    """The recorded purchase, and the shortest body that there is."""
    assert messages(BODY) == []
    assert messages(with_event()) == []
    assert messages({**with_event(), "app_instance_id": "a"}, "firebase_app_id=1:2:android:3") == []


@pytest.mark.parametrize(
    ("body", "query", "expected"),
    [
        (b"{", f"measurement_id={ID}", ("", "VALUE_INVALID")),
        (b"[]", f"measurement_id={ID}", ("", "VALUE_INVALID")),
        (with_event(), "", ("measurement_id", "VALUE_REQUIRED")),
        (with_event(client_id=""), f"measurement_id={ID}", ("client_id", "VALUE_REQUIRED")),
        (with_event(), "firebase_app_id=1", ("app_instance_id", "VALUE_REQUIRED")),
        (with_event(events=None), f"measurement_id={ID}", ("events", "VALUE_REQUIRED")),
        (with_event(events=[]), f"measurement_id={ID}", ("events", "VALUE_REQUIRED")),
        (with_event(events="x"), f"measurement_id={ID}", ("events", "VALUE_INVALID")),
        (with_event(events=[5]), f"measurement_id={ID}", ("events", "VALUE_INVALID")),
        (with_event(events=[{"name": "search"}] * 26), f"measurement_id={ID}", ("events", "EXCEEDED_MAX_ENTITIES")),
        (with_event(timestamp_micros="soon"), f"measurement_id={ID}", ("timestamp_micros", "VALUE_INVALID")),
        (with_event(timestamp_micros=int(NOW)), f"measurement_id={ID}", ("timestamp_micros", "VALUE_INVALID")),
        (
            with_event(timestamp_micros=MICROS - 73 * 3_600_000_000),
            f"measurement_id={ID}",
            ("timestamp_micros", "VALUE_INVALID"),
        ),
        (
            with_event(consent={"ad_user_data": "yes"}),
            f"measurement_id={ID}",
            ("consent.ad_user_data", "VALUE_INVALID"),
        ),
        (with_event(user_properties=5), f"measurement_id={ID}", ("user_properties", "VALUE_INVALID")),
        (
            with_event(user_properties={"user_id": {"value": "x"}}),
            f"measurement_id={ID}",
            ("user_properties", "NAME_RESERVED"),
        ),
        (
            with_event(user_properties={"plan": {"value": "x" * 37}}),
            f"measurement_id={ID}",
            ("user_properties.plan", "VALUE_OUT_OF_BOUNDS"),
        ),
        (
            with_event(user_properties={f"p{number}": {} for number in range(26)}),
            f"measurement_id={ID}",
            ("user_properties", "EXCEEDED_MAX_ENTITIES"),
        ),
    ],
)
def test_what_is_wrong_with_the_request_is_told_with_its_place(
    body: Any, query: str, expected: tuple[str, str]
) -> None:
    """One message for one mistake."""
    assert messages(body, query) == [expected]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("_badName", "NAME_INVALID"),
        ("1st", "NAME_INVALID"),
        ("add-to-cart", "NAME_INVALID"),
        ("x" * 41, "NAME_INVALID"),
        ("ga_x", "NAME_RESERVED"),
        ("firebase_x", "NAME_RESERVED"),
        ("session_start", "NAME_RESERVED"),
        (None, "VALUE_REQUIRED"),
        ("", "VALUE_REQUIRED"),
        (7, "VALUE_REQUIRED"),
    ],
)
def test_event_names_are_held_to_googles_rules(name: Any, code: str) -> None:
    """A letter first, 40 characters at most, no name or prefix of Google's own."""
    assert messages(with_event(name)) == [("events", code)]


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ([], ("events[0].params", "VALUE_INVALID")),
        ({"_x": 1}, ("events[0].params", "NAME_INVALID")),
        ({f"p{number}": 1 for number in range(26)}, ("events[0].params", "EXCEEDED_MAX_ENTITIES")),
        ({"items": [{}] * 201}, ("events[0].params.items", "EXCEEDED_MAX_ENTITIES")),
    ],
)
def test_parameters_are_held_to_googles_limits(params: Any, expected: tuple[str, str]) -> None:
    """An object of at most 25, at most 200 items."""
    assert messages(with_event(params=params)) == [expected]


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"value": "36", "currency": "USD"}, ("events[0].params.value", "VALUE_INVALID")),
        ({"value": 36}, ("events[0].params.currency", "VALUE_REQUIRED")),
        ({"items": {}}, ("events[0].params.items", "VALUE_INVALID")),
        ({"coupon": "x" * 101}, ("events[0].params.coupon", "VALUE_OUT_OF_BOUNDS")),
    ],
)
def test_recommendations_are_enforced_where_the_request_asks_for_it(params: Any, expected: tuple[str, str]) -> None:
    """RELAXED, the default, lets them pass."""
    assert messages(with_event(params=params)) == []
    assert messages(with_event(params=params, validation_behavior="ENFORCE_RECOMMENDATIONS")) == [expected]


def test_whatever_is_wrong_it_is_told_and_never_an_error() -> None:
    """Every value of the recorded request missing, null or of another type gives a list of messages."""
    for _, body in mutants(BODY):
        assert all(code for _, code in messages(body))


@given(mutated(BODY))
def test_any_mixture_of_mistakes_is_answered(body: Any) -> None:
    """The validator never raises."""
    assert isinstance(messages(body), list)


def test_of_a_body_with_any_number_of_mistakes_the_first_are_told() -> None:
    """Anybody may ask, and an answer is no longer than a person reads."""
    names = {f"9{number}": {"value": "x"} for number in range(10_000)}
    assert len(messages({"client_id": "1.2", "events": [], "user_properties": names})) == MOST_MESSAGES


@pytest.mark.parametrize("name", ["\ud800", "9\udfff" * 20])
def test_half_a_character_in_a_name_can_be_answered(name: str) -> None:
    """What no UTF-8 can hold is told as a question mark."""
    request = RawRequest(
        json.dumps(with_event(name, {name: "x"}, user_properties={name: {}})).encode(),
        path="/debug/mp/collect",
        received_at=NOW,
    )
    reply = Ga4().greet(request, ())
    assert reply is not None
    assert (reply.status, b"?" in reply.body) == (200, True)
