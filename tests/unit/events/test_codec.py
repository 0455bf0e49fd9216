"""The stored form of an event comes back as the event."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullcount.events.codec import decode_stored, encode_stored
from fullcount.events.hashed import HashedEvent, HashedUser
from fullcount.events.key import event_key
from fullcount.events.model import App, Content, EventSource, Half, Page, Properties

texts = st.none() | st.text(max_size=6)
extras = st.none() | st.dictionaries(
    st.text(max_size=4),
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=4) | st.lists(st.integers(0, 9)),
)
identifiers = st.none() | st.text(max_size=4) | st.lists(st.text(max_size=4), min_size=2, max_size=3).map(tuple)
events = st.builds(
    HashedEvent,
    event=st.text(max_size=6),
    canonical=st.text(max_size=6),
    event_time=st.integers(0, 2**40),
    event_id=st.text(max_size=6),
    user=st.builds(HashedUser, email=identifiers, ip=texts, lead_id=texts, extra=extras),
    properties=st.builds(
        Properties,
        value=st.none() | st.floats(allow_nan=False) | st.integers(-(2**53), 2**53),
        contents=st.lists(st.builds(Content, content_id=texts, extra=extras), max_size=2).map(tuple),
        extra=extras,
    ),
    page=st.builds(Page, url=texts, referrer=texts),
    half=st.sampled_from(Half),
    event_source=st.sampled_from(EventSource),
    app=st.none() | st.builds(App, app_id=texts),
    limited_data_use=st.none() | st.booleans(),
    extra=extras,
)


@given(events)
def test_the_stored_form_comes_back(event: HashedEvent) -> None:
    """Storing and reading gives the same event, and storing that the same bytes."""
    stored = encode_stored(event)
    assert decode_stored(stored) == event
    assert encode_stored(decode_stored(stored)) == stored


@pytest.mark.parametrize("stored", [b"", b"\x00", b"\x90", b"garbage"])
def test_damaged_bytes_are_no_event(stored: bytes) -> None:
    """Bytes that are no event are a DecodeError, which the store takes as damage."""
    with pytest.raises(msgspec.DecodeError):
        decode_stored(stored)


def test_the_key_tells_events_apart_by_every_part() -> None:
    """Pixel, event source, test code, canonical name and event_id each make another key."""
    parts = [
        ("A", EventSource.WEB, None, "Purchase", "1"),
        ("B", EventSource.WEB, None, "Purchase", "1"),
        ("A", EventSource.APP, None, "Purchase", "1"),
        ("A", EventSource.WEB, "TEST1", "Purchase", "1"),
        ("A", EventSource.WEB, None, "Lead", "1"),
        ("A", EventSource.WEB, None, "Purchase", "2"),
    ]
    assert len({event_key(*each) for each in parts}) == len(parts)
