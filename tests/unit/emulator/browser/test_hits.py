"""What the pixel posts, read: from the browser's words to an event in 2.0 shape."""

from __future__ import annotations

import base64
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullcount.emulator.browser.hits import Hit, read_hit, unwrap_message
from fullcount.emulator.codes import Refusal

PIXEL = "CEXAMPLE0PIXEL000001"
NOW = 1_795_000_000.5
TTP = "01KATEMD6NAZBT2CJCF3ZKBZ41_.tt.1"

FULL = {
    "event": "CompletePayment",
    "message_id": f"messageId-1-2-{PIXEL}",
    "event_id": "order-1",
    "is_onsite": False,
    "timestamp": "2026-11-18T11:06:40.900Z",
    "context": {
        "ad": {"callback": "E.C.P.x", "sdk_env": "external", "jsb_status": 2},
        "user": {"anonymous_id": TTP, "email": "a" * 64, "phone_number": "b" * 64, "external_id": 42, "city": ""},
        "pixel": {"code": PIXEL, "runtime": "1"},
        "page": {"url": "https://shop.example.com/thanks", "referrer": "", "load_progress": "2"},
        "userAgent": "UA of the script",
    },
    "properties": {"value": 20, "currency": "USD"},
}


def read(body: Any, **changes: Any) -> Hit | Refusal:
    """Return what is read of a body (bytes go as they are)."""
    given: dict[str, Any] = {"arrived_at": NOW, "ip": "203.0.113.42", "user_agent": "UA of the request", **changes}
    return read_hit(body if isinstance(body, bytes) or body is None else msgspec.json.encode(body), **given)


def test_a_whole_hit() -> None:
    """Each key lands where a server's event has it; address and agent come from the request."""
    assert read(FULL) == Hit(
        (PIXEL,),
        {
            "event": "CompletePayment",
            "event_id": "order-1",
            "event_time": 1_795_000_000,
            "properties": {"value": 20, "currency": "USD"},
            "page": {"url": "https://shop.example.com/thanks"},
            "user": {
                "ttp": TTP,
                "email": "a" * 64,
                "phone": "b" * 64,
                "external_id": "42",
                "ttclid": "E.C.P.x",
                "ip": "203.0.113.42",
                "user_agent": "UA of the request",
            },
        },
    )


def test_a_bare_hit() -> None:
    """Event and pixel are enough; the script's own user agent stands in for a missing header."""
    hit = read({"event": "Search", "context": {"pixel": {"code": PIXEL}, "userAgent": "UA"}}, ip="", user_agent="")
    assert isinstance(hit, Hit)
    expected = {"event_id": "", "event_time": int(NOW), "properties": {}, "page": {}, "user": {"user_agent": "UA"}}
    assert hit.event == {"event": "Search", **expected}


@pytest.mark.parametrize(
    ("timestamp", "event_time"),
    [
        ("2026-11-18T11:06:40.900Z", 1_795_000_000),
        ("2026-11-18T13:06:40+02:00", 1_795_000_000),
        ("2026-11-18T11:06:40", 1_795_000_000),
        ("yesterday", int(NOW)),
        (1_795_000_000_000, int(NOW)),
        (None, int(NOW)),
    ],
)
def test_when_it_happened(timestamp: Any, event_time: int) -> None:
    """The browser's own time counts; without one that can be read it is the time of arrival."""
    hit = read({**FULL, "timestamp": timestamp})
    assert isinstance(hit, Hit)
    assert hit.event is not None
    assert hit.event["event_time"] == event_time


@pytest.mark.parametrize(
    ("body", "codes"),
    [
        ({**FULL, "event": "EnrichAM"}, (PIXEL,)),
        ({**FULL, "event": "Metadata"}, (PIXEL,)),
        ({"action": "Click", "context": {"pixel": {"codes": f"{PIXEL}|CSECOND"}}}, (PIXEL, "CSECOND")),
    ],
)
def test_internal_hits_are_no_events(body: dict[str, Any], codes: tuple[str, ...]) -> None:
    """Probes and automatic events name their pixels and make nothing to count."""
    assert read(body) == Hit(codes, None)


@pytest.mark.parametrize(
    "body",
    [None, b"", b"{", b"\xff", b"[]", b"7", b'{"event":""}', b'{"event":["Search"]}', {"context": {}}, b"[" * 9999],
)
def test_what_is_no_hit_is_refused(body: Any) -> None:
    """Anything but a JSON object with an event's name gets the refusal for a bad body, with words."""
    refusal = read(body)
    assert isinstance(refusal, Refusal)
    assert refusal.code == 40002
    assert refusal.message


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(key=st.sampled_from(["event_id", "timestamp", "context", "properties"]), value=JSON)
def test_a_part_of_the_wrong_kind_spoils_nothing_else(key: str, value: Any) -> None:
    """Whatever stands in one place, the hit is read, and its identifiers are text."""
    hit = read({**FULL, key: value})
    assert isinstance(hit, Hit)
    assert hit.event is not None
    assert all(isinstance(one, str) and one for one in hit.event["user"].values())
    assert isinstance(hit.event["event_id"], str)


@given(st.binary())
def test_an_image_carries_any_body(body: bytes) -> None:
    """What goes into `analytics_message` comes out, also when a bare plus sign was read as a space."""
    message = base64.b64encode(body).decode()
    assert unwrap_message(message) == unwrap_message(message.replace("+", " ")) == body


@pytest.mark.parametrize("message", ["a", "%%%", "ä"])
def test_no_base64_is_no_body(message: str) -> None:
    """A message that is not base64 gives nothing."""
    assert unwrap_message(message) is None
