"""Our own bodies: one event, or a list of them, with a test code beside."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullcount.errors import InvalidEvent
from fullcount.sources.json_events import JsonSource
from fullcount.sources.source import Intake, Limits, RawRequest


def read(body: object) -> Intake:
    """Read a body with small limits."""
    return JsonSource(Limits(max_events=5)).read(RawRequest(json.dumps(body).encode()))


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20), min_size=1, max_size=5))
def test_events_are_read_in_their_order(ids: list[str]) -> None:
    """Each event of a list gives one reading, in the list's order; a single one gives the same alone."""
    events = [{"event": "Purchase", "event_id": each} for each in ids]

    assert [reading.event_id for reading in read({"events": events}).readings] == ids
    assert read(events[0]).readings == read({"events": events[:1]}).readings


def test_the_test_code_is_the_calls_and_not_the_events() -> None:
    """Beside a list or in a single event it is the call's; it never stays in an event."""
    event = {"event": "Purchase", "event_id": "order-1"}
    for body in ({"events": [event], "test_event_code": "TEST1"}, {**event, "test_event_code": "TEST1"}):
        intake = read(body)

        assert intake.test_event_code == "TEST1"
        assert intake.readings == read(event).readings


def test_words_in_values_are_no_keys() -> None:
    """A value that spells the test code's key changes nothing."""
    intake = read({"event": "Purchase", "properties": {"description": '"test_event_code"'}})

    assert intake.test_event_code is None
    assert intake.readings[0].event is not None
    assert intake.readings[0].event.properties.description == '"test_event_code"'


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"events": []}, "empty"),
        ({"events": [{}] * 6}, "too_many_events"),
        ({"events": None}, "wrong_type"),
        ({"events": {"event": "Purchase"}}, "wrong_type"),
        ([{"event": "Purchase"}], "wrong_type"),
        ({"event_source": "web", "data": []}, "wrong_type"),
        ({"pixel_code": "CEXAMPLE0PIXEL000001", "batch": []}, "wrong_type"),
        ({"event": "Purchase", "test_event_code": "T" * 129}, "wrong_type"),
    ],
)
def test_what_is_none_of_ours_is_refused(body: object, code: str) -> None:
    """Each refusal has its code, by which the gateway answers."""
    with pytest.raises(InvalidEvent) as refused:
        read(body)
    assert refused.value.problems[0].code == code
