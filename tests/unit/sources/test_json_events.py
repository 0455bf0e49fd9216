"""Our own bodies: one event, or a list of them, with a test code beside."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullcount.consent.decision import Signal, read_signal
from fullcount.errors import InvalidEvent
from fullcount.events.reading import Reading, read_event
from fullcount.sources.each import read_each
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


@pytest.mark.parametrize("number", ["1e999", "-1e999", "9" * 5_000])
@pytest.mark.parametrize("beside", ["", ', "test_event_code": "TEST1"'])
def test_a_number_beyond_all_bounds_costs_its_event_at_most(number: str, beside: str) -> None:
    """An event is read or refused, with a nested test code as well; its neighbour is taken."""
    bad = f'{{"event": "Purchase", "properties": {{"value": {number}}}{beside}}}'
    listed = JsonSource(Limits()).read(RawRequest(f'{{"events": [{bad}, {{"event": "Purchase"}}]}}'.encode()))
    alone = JsonSource(Limits()).read(RawRequest(bad.encode()))

    assert listed.readings[1].event is not None
    assert listed.broken == alone.broken == ()
    assert all(reading.event is not None or reading.problems for reading in (*listed.readings, *alone.readings))


def test_an_event_that_is_too_deep_costs_itself_only() -> None:
    """Its neighbours are read."""
    deep: object = 1
    for _ in range(40):
        deep = [deep]
    good = {"event": "Purchase", "event_id": "order-1"}
    readings = read({"events": [good, {**good, "deep": deep}, good]}).readings

    assert [reading.event is None for reading in readings] == [False, True, False]
    assert [problem.code for problem in readings[1].problems] == ["too_deep"]


def test_consent_beside_the_list_is_the_calls() -> None:
    """It is told with the call; in a single event it is the event's own."""
    event = {"event": "Purchase"}
    listed, alone = read({"consent": "denied", "events": [event]}), read({**event, "consent": "denied"})

    assert listed.consent == "denied"
    assert (alone.consent, alone.readings[0].event and alone.readings[0].event.consent) == (None, "denied")


@pytest.mark.parametrize(("said", "signal"), [(["granted"], Signal.UNREADABLE), ("si", Signal.UNREADABLE)])
def test_a_consent_beside_the_list_that_cannot_be_read_is_told(said: object, signal: Signal) -> None:
    """It is no grant, and a warning names it."""
    intake = read({"consent": said, "events": [{"event": "Purchase"}]})

    assert read_signal(intake.consent) is signal
    assert [(each.path, each.code) for each in intake.warnings] == [("consent", "consent_unreadable")]


def test_only_events_of_many_bytes_are_large() -> None:
    """Large are those that one request may not hold; the rest need no measuring."""
    many = {"event": "Purchase", "properties": {"content_ids": ["SKU-1234"] * 8_000}}

    assert read({"events": [{"event": "Purchase"}, many]}).large == {1}


def test_what_a_request_brought_shows_no_value() -> None:
    """Neither its body nor its events stand in a repr."""
    request = RawRequest(b'{"event": "Purchase", "user": {"email": "customer@example.com"}}')

    assert "customer" not in repr(request) + repr(JsonSource(Limits()).read(request))


def test_an_error_that_nobody_foresaw_costs_its_event_only() -> None:
    """The reader's error is kept for the log, and the event is refused as internal."""

    def read_one(item: bytes) -> Reading:
        if item == b"bad":
            raise ZeroDivisionError
        return read_event(item)

    good = b'{"event": "Purchase"}'
    intake = read_each((good, b"bad", good), read_one, Limits(), Intake((), item_path="events"))

    assert [reading.event is None for reading in intake.readings] == [False, True, False]
    assert [problem.code for problem in intake.readings[1].problems] == ["internal"]
    assert [type(error) for error in intake.broken] == [ZeroDivisionError]
