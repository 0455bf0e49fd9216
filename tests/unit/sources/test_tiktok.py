"""Bodies written for TikTok: what they are shows in their keys, and their facts arrive under 2.0's names."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullcount.errors import InvalidEvent
from fullcount.events.model import EventSource
from fullcount.events.problems import Severity
from fullcount.sources.source import Intake, Limits, RawRequest
from fullcount.sources.tiktok import TikTokSource
from fullcount.sources.tiktok_legacy import lift_content_type, read_legacy

CODE = "CEXAMPLE0PIXEL000001"


def read(body: object) -> Intake:
    """Read a body with small limits."""
    return TikTokSource(Limits(max_events=3)).read(RawRequest(json.dumps(body).encode()))


@pytest.mark.parametrize(
    ("old", "attribute", "value"),
    [
        ({"ad": {"callback": "E.C.P.test"}}, "ttclid", "E.C.P.test"),
        ({"ip": "203.0.113.42"}, "ip", "203.0.113.42"),
        ({"user_agent": "UA"}, "user_agent", "UA"),
        ({"user": {"phone_number": "+15550100199"}}, "phone", "+15550100199"),
        ({"user": {"phone_numbers": ["+15550100199"]}}, "phone", "+15550100199"),
        ({"user": {"emails": ["a@example.com", "b@example.com"]}}, "email", ("a@example.com", "b@example.com")),
        ({"user": {"external_id": "customer-77"}}, "external_id", "customer-77"),
        ({"user": {"ttp": "test-ttp"}}, "ttp", "test-ttp"),
        ({"user": {"locale": "en"}}, "locale", "en"),
    ],
)
def test_a_1_0_users_fields_have_their_2_0_names(old: dict[str, Any], attribute: str, value: object) -> None:
    """Each place of 1.0 where the visitor is described leads to its 2.0 field."""
    reading = read_legacy({"event": "Purchase", "timestamp": "2026-04-01T14:30:00Z", "context": old})

    assert reading.event is not None
    assert getattr(reading.event.user, attribute) == value
    assert reading.problems == ()


@pytest.mark.parametrize(
    ("timestamp", "event_time"),
    [
        ("2026-04-01T14:30:00Z", 1_775_053_800),
        ("2026-04-01T16:30:00.999+02:00", 1_775_053_800),
        ("2026-04-01T14:30:00", 1_775_053_800),
        (1_775_053_800, 1_775_053_800),
        ("1775053800", 1_775_053_800),
    ],
)
def test_a_timestamp_becomes_unix_seconds(timestamp: object, event_time: int) -> None:
    """ISO 8601 with or without an offset, and the mix with Unix seconds, are understood."""
    reading = read_legacy({"event": "Purchase", "timestamp": timestamp})

    assert reading.event is not None
    assert reading.event.event_time == event_time


def test_unknown_keys_of_1_0_are_kept() -> None:
    """Keys that nobody lists stay with the part they came in; the envelope's own keys do not."""
    reading = read_legacy(
        {
            "pixel_code": CODE,
            "type": "track",
            "partner_name": "Example",
            "event": "Purchase",
            "agency": "example",
            "context": {"user": {"loyalty": "gold"}},
            "properties": {"coupon": "SPRING"},
        }
    )

    assert reading.event is not None
    assert reading.event.extra == {"agency": "example"}
    assert reading.event.user.extra == {"loyalty": "gold"}
    assert reading.event.properties.extra == {"coupon": "SPRING"}


CONTENT_TYPES = st.sampled_from([None, "", "product", "product_group"])


@given(CONTENT_TYPES, st.lists(CONTENT_TYPES, max_size=4))
def test_lifting_the_content_type_loses_none(outer: str | None, inner: list[str | None]) -> None:
    """An item's type is its own or the event's, before and after; lifting twice is lifting once."""
    contents = [
        {"content_id": "SKU"} if each is None else {"content_id": "SKU", "content_type": each} for each in inner
    ]
    properties: dict[str, Any] = {"contents": contents} | ({} if outer is None else {"content_type": outer})
    lifted = lift_content_type(properties)

    def types(of: dict[str, Any]) -> list[object]:
        return [item["content_type"] for item in of["contents"] if item.get("content_type")]

    outer_after = lifted.get("content_type")
    assert outer_after == (outer or next(filter(None, inner), outer))
    assert types(lifted) == [each for each in inner if each and each != outer_after]
    assert lift_content_type(lifted) == lifted


def test_what_a_body_is_shows_in_its_keys() -> None:
    """`data`, `batch` and `event` tell the three shapes apart, each with its own way of naming a place."""
    event = {"event": "Purchase", "event_id": "order-1"}
    shapes = [
        read({"event_source": "web", "event_source_id": CODE, "data": [event]}),
        read({"pixel_code": CODE, "batch": [{"type": "track", **event}]}),
        read({"pixel_code": CODE, **event}),
        read({"event_source": "web", "event_source_id": CODE, **event}),
    ]

    assert [shape.item_path for shape in shapes] == ["data", "Batch", "", ""]
    assert all(shape.pixel_code == CODE and shape.readings[0].event_id == "order-1" for shape in shapes)
    assert len({shape.readings[0].event for shape in shapes if shape.readings[0].problems == ()}) == 1


def test_a_1_0_event_inside_data_is_understood() -> None:
    """A 2.0 envelope around 1.0 events, which is another common mix, loses nothing."""
    event = {"event": "Purchase", "timestamp": "2026-04-01T14:30:00Z", "context": {"ip": "203.0.113.42"}}
    (reading,) = read({"event_source": "web", "event_source_id": CODE, "data": [event]}).readings

    assert reading.event is not None
    assert (reading.event.event_time, reading.event.user.ip) == (1_775_053_800, "203.0.113.42")


def test_the_event_source_of_the_envelope_is_each_events() -> None:
    """offline, app and crm are the envelope's word for all its events; without one it is web, with a warning."""
    offline = read({"event_source": "offline", "event_source_id": CODE, "data": [{"event": "Purchase"}]})
    silent = read({"event_source_id": CODE, "data": [{"event": "Purchase"}]})

    assert offline.readings[0].event is not None
    assert offline.readings[0].event.event_source is EventSource.OFFLINE
    assert [warning.path for warning in silent.warnings] == ["event_source"]


@pytest.mark.parametrize("said", ["web", "offline"])
def test_an_item_cannot_change_the_event_source(said: str) -> None:
    """TikTok knows no event source but the envelope's."""
    event = {"event": "Purchase", "event_source": "crm"}
    intake = read({"event_source": said, "event_source_id": CODE, "data": [event]})

    assert intake.readings[0].event is not None
    assert intake.readings[0].event.event_source is EventSource(said)


@pytest.mark.parametrize("number", ["1e999", "9" * 5_000])
@pytest.mark.parametrize("key", ["timestamp", "context", "test_event_code", "value"])
def test_a_number_beyond_all_bounds_costs_its_event_at_most(number: str, key: str) -> None:
    """In a 2.0 or a mixed item such a number breaks nothing, and its neighbour is taken."""
    body = f'{{"event_source": "web", "event_source_id": "{CODE}", "data": [{{"event": "Purchase", "{key}": {number}}},'
    intake = TikTokSource(Limits()).read(RawRequest((body + ' {"event": "Purchase"}]}').encode()))

    assert intake.readings[1].event is not None
    assert intake.broken == ()


def test_consent_beside_the_list_is_the_calls() -> None:
    """Every shape with a list has a place for it; in a single event it is the event's own."""
    event = {"event": "Purchase"}
    shapes = [
        read({"event_source": "web", "event_source_id": CODE, "consent": "denied", "data": [event]}),
        read({"pixel_code": CODE, "consent": False, "batch": [event]}),
        read({"pixel_code": CODE, "consent": "denied", **event}),
    ]

    assert [shape.consent for shape in shapes] == ["denied", "denied", None]
    assert shapes[2].readings[0].event is not None
    assert shapes[2].readings[0].event.consent == "denied"


def test_a_nested_test_code_is_ignored_with_a_warning() -> None:
    """The code counts at the top only; inside an event it neither makes a test nor travels on."""
    body = {"event_source": "web", "event_source_id": CODE}
    intake = read({**body, "data": [{"event": "Purchase", "test_event_code": "TEST1"}]})

    (reading,) = intake.readings
    assert intake.test_event_code is None
    assert reading.event is not None
    assert reading.event.extra is None
    assert [(each.code, each.severity) for each in reading.problems] == [("test_code_nested", Severity.WARNING)]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"event_source_id": CODE, "data": [{}] * 4}, "too_many_events"),
        ({"event_source_id": CODE, "data": []}, "empty"),
        ({"event_source_id": CODE}, "empty"),
        ({"data": [{}]}, "pixel_code_missing"),
        ({"event_source_id": CODE, "data": "x"}, "wrong_type"),
        ({"event_source_id": CODE, "event_source": ["web"], "data": [{}]}, "wrong_type"),
        ({"event_source_id": CODE, "test_event_code": "T" * 129, "data": [{}]}, "wrong_type"),
        ({"event_source_id": CODE, "test_event_code": True, "data": [{}]}, "wrong_type"),
        ({"event_source_id": "C" * 129, "data": [{}]}, "wrong_type"),
        ([], "wrong_type"),
    ],
)
def test_a_body_that_is_none_of_tiktoks_is_refused(body: object, code: str) -> None:
    """Each refusal has its code, by which the gateway answers."""
    with pytest.raises(InvalidEvent) as refused:
        read(body)
    assert refused.value.problems[0].code == code
