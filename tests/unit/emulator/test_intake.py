"""Whatever a caller sends, the emulator answers in TikTok's envelope and keeps its books straight."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullcount.clock import ManualClock
from fullcount.emulator.emulator import Emulator
from fullcount.emulator.intake import PATHS, PIXEL_BATCH, PIXEL_TRACK, TRACK
from fullcount.emulator.settings import EmulatorSettings
from fullcount.emulator.traffic import Request

PIXEL = "CEXAMPLE0PIXEL000001"
HEADERS = {"access-token": "test-token", "content-type": "application/json"}

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=-(10**400), max_value=10**400)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.sampled_from(["a" * 64, "1", "1e99", "2026-04-01T14:30:00Z", "USD", "10.0.0.1"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def _object(*names: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from(names), json_values, max_size=5)


items = st.dictionaries(
    st.sampled_from(["content_id", "price", "quantity", "content_type"]),
    st.sampled_from(["1", 1, 2.5, "", None, "1e99", -3, 10**17, "x"]),
)
properties = st.fixed_dictionaries(
    {},
    optional={
        "contents": st.lists(items | st.none(), max_size=3),
        "value": st.sampled_from([1, "1", "", None, "9" * 18, -1, 1e300]),
        "currency": st.sampled_from(["USD", "usd", "XXX", ""]),
        "order_id": st.sampled_from(["1", "2", ""]),
        "content_type": json_values,
        "content_ids": json_values,
    },
)
events = st.fixed_dictionaries(
    {"event": st.text(max_size=12) | st.just("Purchase"), "event_time": st.integers() | st.just("1795000000")},
    optional={
        "event_id": st.sampled_from(["1", "2", ""]) | json_values,
        "user": _object("email", "phone", "external_id", "ip", "user_agent", "ttclid", "ttp", "phone_number"),
        "properties": properties | json_values,
        "page": _object("url", "referrer"),
        "context": _object("user", "ad", "page", "ip"),
        "timestamp": json_values,
    },
)
bodies = (
    json_values
    | st.fixed_dictionaries(
        {
            "event_source": st.sampled_from(["web", "app", "offline", "crm"]),
            "event_source_id": st.just(PIXEL),
            "data": st.lists(events, min_size=1, max_size=3),
        }
    )
    | st.fixed_dictionaries({"pixel_code": st.just(PIXEL), "batch": st.lists(events, max_size=3)})
    | events.map(lambda event: {"pixel_code": PIXEL, **event})
)


def _emulator(**settings: Any) -> Emulator:
    return Emulator({PIXEL: "test-token"}, clock=ManualClock(), settings=EmulatorSettings(**settings))


def _post(emulator: Emulator, body: bytes, path: str = TRACK) -> dict[str, Any]:
    return dict(msgspec.json.decode(emulator.handle(Request("POST", f"{path}/", HEADERS, body), path).body))


@given(body=bodies, path=st.sampled_from(sorted(PATHS)), partial=st.booleans(), legacy=st.booleans())
def test_any_json_is_answered(body: Any, path: str, partial: bool, legacy: bool) -> None:  # noqa: FBT001 - drawn
    """Any JSON on any path gets the envelope, and copies are taken only under code 0 or 20001."""
    emulator = _emulator(partial_success=partial, accept_legacy_body=legacy)

    answer = _post(emulator, msgspec.json.encode(body), path)

    assert set(answer) == {"code", "message", "request_id", "data"}
    assert answer["code"] in (0, 20001, 40002, 40001)
    taken = emulator.state()["copies_taken"]
    assert (taken > 0) == (answer["code"] in (0, 20001))
    assert len(emulator.events()) == emulator.state()["counted"]
    assert msgspec.json.encode(emulator.diagnostics())


@given(body=st.binary(max_size=200), path=st.sampled_from(sorted(PATHS)))
def test_any_bytes_are_answered(body: bytes, path: str) -> None:
    """Bytes that are no JSON are 40002."""
    assert _post(_emulator(), body, path)["code"] in (40002, 40001)


@pytest.mark.parametrize("path", [PIXEL_TRACK, PIXEL_BATCH, TRACK])
def test_an_empty_object_is_refused_with_what_is_missing(path: str) -> None:
    """The first field that a reader would look for is named."""
    message = _post(_emulator(), b"{}", path)["message"]
    assert message.startswith("Invalid value for event_source:" if path == TRACK else "Invalid value for pixel_code:")


@given(numbers=st.lists(st.sampled_from([1, 2]), min_size=2, max_size=40))
def test_the_rate_limit_never_lets_more_through(numbers: list[int]) -> None:
    """However requests fall into seconds, no second sees more answers than the limit."""
    clock = ManualClock()
    emulator = Emulator({PIXEL: "test-token"}, clock=clock, settings=EmulatorSettings(requests_per_second=3))
    per_second: dict[int, int] = {}
    for number in numbers:
        for _ in range(number):
            if _post(emulator, b"{}")["code"] != 40100:
                per_second[int(clock.now())] = per_second.get(int(clock.now()), 0) + 1
        clock.advance(0.3)
    assert max(per_second.values()) <= 3
