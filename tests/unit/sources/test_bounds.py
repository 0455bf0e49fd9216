"""Bodies that are too deep, too many, too long or no JSON are known by their place, cheaply for all others."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullcount.errors import InvalidEvent
from fullcount.events.problems import Severity
from fullcount.sources.bounds import check_count, decode_json, envelope_text, over_bounds
from fullcount.sources.source import Limits

JSON = st.recursive(
    st.none() | st.integers() | st.text(max_size=12), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
)
ANY: msgspec.json.Decoder[Any] = msgspec.json.Decoder()


def depth_of(value: object) -> int:
    """Return how many levels of objects and lists a value has."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(depth_of, inner), default=0)


def longest_in(value: object) -> int:
    """Return the length of the longest text in a value, keys included."""
    if isinstance(value, str):
        return len(value)
    inner = [*value, *value.values()] if isinstance(value, dict) else value if isinstance(value, list) else []
    return max(map(longest_in, inner), default=0)


@given(value=JSON, max_depth=st.integers(1, 5), max_string=st.integers(5, 10), is_ascii=st.booleans())
def test_bounds_are_exact(value: Any, max_depth: int, max_string: int, *, is_ascii: bool) -> None:
    """What is over a bound is found and what is not passes, whatever brackets and quotes stand in texts."""
    event = {"event": value}
    encoded = json.dumps(event, ensure_ascii=is_ascii).encode()
    problem = over_bounds(encoded, Limits(max_depth=max_depth, max_string=max_string), 0)
    found = None if problem is None else problem.code
    is_deep, is_long = depth_of(event) > max_depth, longest_in(event) > max_string
    allowed = {"too_deep"} if is_deep and not is_long else {"value_too_long"} if is_long and not is_deep else {None}
    assert found in ({"too_deep", "value_too_long"} if is_deep and is_long else allowed)


def test_levels_above_count() -> None:
    """An event in a list stands two levels deep already; what is deeper is a problem of that event, with its byte."""
    assert over_bounds(b'{"user":{}}', Limits(max_depth=4), 2) is None
    problem = over_bounds(b'{"user":{}}', Limits(max_depth=3), 2)

    assert problem is not None
    assert (problem.code, problem.severity) == ("too_deep", Severity.FATAL)
    assert "byte 8 of the event; 3 levels" in problem.reason


def test_a_long_value_is_named_by_its_key() -> None:
    """The problem says which key and which byte."""
    problem = over_bounds(b'{"page":{"url" : "xxxxxxxxxx"}}', Limits(max_string=9), 0)

    assert problem is not None
    assert (problem.path, problem.code) == ("url", "value_too_long")
    assert "byte 17" in problem.reason


@given(JSON)
def test_json_passes_unchanged(value: Any) -> None:
    """What is JSON is decoded as it is, with or without a mark of byte order."""
    encoded = json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")
    if b"\xed" in encoded:
        return
    assert decode_json(encoded, ANY)[0] == decode_json(encoded + b"\n", ANY)[0] == value


@pytest.mark.parametrize(
    ("body", "meant"),
    [
        (b'{"price": NaN}', {"price": "NaN"}),
        (b'{"a": [Infinity, -Infinity], "b": "NaN in text"}', {"a": ["Infinity", "-Infinity"], "b": "NaN in text"}),
    ],
)
def test_pythons_words_for_no_number_become_text(body: bytes, meant: object) -> None:
    """NaN and Infinity, which are not JSON, are kept as texts for the checks to refuse; texts stay as they are."""
    assert decode_json(body, ANY)[0] == meant


@pytest.mark.parametrize("filling", [b'\\"', b'"', b"\\", b'"a', b"\\ud83d", b"NaN,", b'\\\\"NaN'])
def test_a_long_body_that_cannot_be_mended_is_refused_at_once(filling: bytes) -> None:
    """A megabyte of texts without an end is looked at a few times and not once for each of its quotes."""
    with pytest.raises(InvalidEvent, match="not JSON"):
        decode_json(b'{"a":NaN,"' + filling * (1_000_000 // len(filling)), ANY)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        (b"\\ud83d", "\ufffd"),
        (b"\\uDE00 tail", "\ufffd tail"),
        (b"\\ud83d\\ud83d\\ude00", "\ufffd\U0001f600"),
        (b"\\\\ud83d and \\uD83D", "\\ud83d and \ufffd"),
        (b"\\\\\\ud83d", "\\\ufffd"),
        (b"NaN \\ud83d", "NaN \ufffd"),
    ],
)
def test_half_an_emoji_becomes_the_replacement_character(text: bytes, meant: str) -> None:
    """A text that was cut inside a UTF-16 pair costs one character; pairs and escaped backslashes stay."""
    assert decode_json(b'{"a": "' + text + b'"}', ANY)[0] == {"a": meant}


@pytest.mark.parametrize("body", [b'{"a":1', b'{"a":"x', b'{"a":"\\ud83d'])
def test_a_body_that_ends_too_early_is_told_so(body: bytes) -> None:
    """Its last byte is named, and half an emoji before it changes nothing."""
    with pytest.raises(InvalidEvent, match=f"it ends at byte {len(body)}"):
        decode_json(body, ANY)


@pytest.mark.parametrize("value", [True, False, 123.0, ["TEST1"], {}, {"code": "TEST1"}])
def test_a_code_that_is_no_text_refuses_the_call(value: object) -> None:
    """A test code that was passed over would send test events live."""
    with pytest.raises(InvalidEvent) as refused:
        envelope_text(value, "test_event_code")
    assert (refused.value.problems[0].code, refused.value.problems[0].path) == ("wrong_type", "test_event_code")


def test_what_is_worse_than_nan_is_refused_with_the_first_place() -> None:
    """A body that holds NaN and is broken besides is no JSON."""
    with pytest.raises(InvalidEvent, match="byte 6"):
        decode_json(b'{"a": NaN, "b": oops}', ANY)


@pytest.mark.parametrize(("count", "code"), [(0, "empty"), (4, "too_many_events")])
def test_a_call_has_at_least_one_event_and_at_most_the_limit(count: int, code: str) -> None:
    """No event and too many events refuse the call."""
    with pytest.raises(InvalidEvent) as refused:
        check_count(count, Limits(max_events=3), "events")
    assert refused.value.problems[0].code == code
