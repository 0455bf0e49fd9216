"""What TikTok counts: the deduplication and merge windows."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullcount.clock import ManualClock
from fullcount.emulator.counting import Verdict
from fullcount.emulator.emulator import Emulator
from fullcount.emulator.settings import EmulatorSettings
from fullcount.emulator.traffic import Request

PIXEL = "CEXAMPLE0PIXEL000001"
TRACK = "/open_api/v1.3/event/track"
HOUR = 3_600.0
WINDOW = 48 * HOUR
START = 1_795_000_000.0

COUNTED, MERGED, DISCARDED = Verdict.COUNTED, Verdict.MERGED, Verdict.DISCARDED


class Shop:
    """Sends copies of one purchase to an emulator whose clock it moves."""

    def __init__(self, **settings: Any) -> None:
        self.clock = ManualClock(START)
        self.emulator = Emulator({PIXEL: "test-token"}, clock=self.clock, settings=EmulatorSettings(**settings))

    def send(self, channel: str, event: str = "Purchase", event_id: str = "order-1", **parts: Any) -> Verdict:
        """Send one copy, and return what became of it."""
        if channel == "pixel":
            return self.emulator.take_pixel_copy(PIXEL, event, event_id, **parts)
        plain = {"event": event, "event_time": int(self.clock.now()), "event_id": event_id, **parts}
        body = {"event_source": "web", "event_source_id": PIXEL, "data": [plain]}
        before = dict(self.emulator.verdicts)
        headers = {"access-token": "test-token", "content-type": "application/json"}
        self.emulator.handle(Request("POST", f"{TRACK}/", headers, msgspec.json.encode(body)), TRACK)
        (verdict,) = (v for v, times in self.emulator.verdicts.items() if times != before.get(v, 0))
        return Verdict(verdict)


@pytest.mark.parametrize(
    ("first", "second", "after_seconds", "verdict"),
    [
        ("server", "server", 0, DISCARDED),
        ("server", "server", WINDOW, DISCARDED),
        ("server", "server", WINDOW + 1, COUNTED),
        ("pixel", "pixel", 1, DISCARDED),
        ("pixel", "pixel", WINDOW + 1, COUNTED),
        ("pixel", "server", 0, MERGED),
        ("pixel", "server", 300, MERGED),
        ("pixel", "server", 301, DISCARDED),
        ("pixel", "server", WINDOW, DISCARDED),
        ("pixel", "server", WINDOW + 1, COUNTED),
        ("server", "pixel", 300, MERGED),
        ("server", "pixel", 301, DISCARDED),
        ("server", "pixel", WINDOW + 1, COUNTED),
    ],
)
def test_the_second_copy(first: str, second: str, after_seconds: float, verdict: Verdict) -> None:
    """A second copy is merged for five minutes, discarded for 48 hours, and counted again afterwards."""
    shop = Shop()
    assert shop.send(first) is COUNTED

    shop.clock.advance(after_seconds)

    assert shop.send(second) is verdict
    assert len(shop.emulator.book) == (2 if verdict is COUNTED else 1)


@pytest.mark.parametrize(
    ("setting", "after_seconds", "verdict"),
    [
        ({"merge_window_includes_its_end": False}, 300, DISCARDED),
        ({"merge_window_includes_its_end": False}, 299, MERGED),
        ({"dedup_window_includes_its_end": False}, WINDOW, COUNTED),
        ({"dedup_window_includes_its_end": False}, WINDOW - 1, DISCARDED),
        ({"merge_window_seconds": 10}, 11, DISCARDED),
        ({"dedup_window_seconds": 10}, 11, COUNTED),
    ],
)
def test_the_edges_can_be_set(setting: dict[str, Any], after_seconds: float, verdict: Verdict) -> None:
    """Whether a window's last second belongs to it is unknown, so that it is a setting, as is its length."""
    shop = Shop(**setting)
    shop.send("pixel")
    shop.clock.advance(after_seconds)
    assert shop.send("server") is verdict


def test_the_window_is_anchored_on_the_first_arrival() -> None:
    """Copies inside the window do not prolong it, and neither does event_time move it."""
    shop = Shop()
    shop.send("server")
    shop.clock.advance(WINDOW - 10)
    assert shop.send("server") is DISCARDED
    shop.clock.advance(20)
    assert shop.send("server") is COUNTED
    shop.clock.advance(WINDOW - 10)
    assert shop.send("server") is DISCARDED


def test_a_third_copy_of_a_merged_event_is_discarded() -> None:
    """Pixel, server, server within five minutes: the second server copy is a duplicate."""
    shop = Shop()
    assert [shop.send(channel) for channel in ("pixel", "server", "server", "pixel")] == [
        COUNTED,
        MERGED,
        DISCARDED,
        DISCARDED,
    ]
    (event,) = shop.emulator.events()
    assert (event["channels"], event["copies"]) == (["pixel", "server"], 4)


def test_a_merge_fills_what_is_missing_and_changes_nothing_else() -> None:
    """The first copy wins on conflict; empty values count as missing."""
    shop = Shop()
    shop.send("pixel", user={"ttp": "browser", "email": ""}, page={"url": "https://shop.example.com/a"})
    shop.send("server", user={"ttp": "server", "email": "a" * 64}, properties={"value": 5.0}, page={"referrer": "r"})

    (event,) = shop.emulator.events()

    assert event["user"] == {"ttp": "browser", "email": "a" * 64}
    assert event["properties"] == {"value": 5.0}
    assert event["page"] == {"url": "https://shop.example.com/a", "referrer": "r"}


def test_a_late_copy_enriches_nothing() -> None:
    """After five minutes the other channel's copy is discarded with all its fields."""
    shop = Shop()
    shop.send("pixel")
    shop.clock.advance(301)
    shop.send("server", user={"email": "a" * 64})

    assert shop.emulator.events()[0]["user"] == {}


def test_without_an_event_id_each_copy_counts() -> None:
    """There is no key without an event_id."""
    shop = Shop()
    for channel in ("server", "server", "pixel"):
        assert shop.send(channel, event_id="") is COUNTED
    assert len(shop.emulator.book) == 3


@pytest.mark.parametrize("other", [{"event_id": "Order-1"}, {"event": "AddToCart"}, {"event": "purchase"}])
def test_the_key_is_exact(other: dict[str, Any]) -> None:
    """Another event, another event_id or another case of either is another event."""
    shop = Shop()
    shop.send("server")
    assert shop.send("server", **other) is COUNTED


@pytest.mark.parametrize(("alias_events", "second"), [(False, COUNTED), (True, MERGED)])
def test_old_and_new_names_share_a_key_only_by_setting(alias_events: bool, second: Verdict) -> None:  # noqa: FBT001 - a parameter
    """CompletePayment and Purchase are two events unless `alias_events` says otherwise."""
    shop = Shop(alias_events=alias_events)
    assert shop.send("pixel", "CompletePayment") is COUNTED
    assert shop.send("server", "Purchase") is second
    assert {event["counted_as"] for event in shop.emulator.events()} == {"Purchase"}


def test_page_views_are_one_name_in_any_case() -> None:
    """Pageview and PageView share a key; the raw name is kept as the first copy spelled it."""
    shop = Shop()
    assert shop.send("pixel", "PageView") is COUNTED
    assert shop.send("server", "Pageview") is MERGED
    (event,) = shop.emulator.events()
    assert (event["event"], event["counted_as"]) == ("PageView", "Pageview")


@given(
    copies=st.lists(
        st.tuples(st.sampled_from(["server", "pixel"]), st.floats(min_value=0, max_value=HOUR)), min_size=1, max_size=12
    )
)
def test_within_the_window_an_event_counts_once_in_any_order(copies: list[tuple[str, float]]) -> None:
    """However its copies arrive, an event counts once within 48 hours, merges at most once, and loses no copy."""
    shop = Shop()
    verdicts = []
    for channel, pause in copies:
        verdicts.append(shop.send(channel))
        shop.clock.advance(pause)

    assert verdicts.count(COUNTED) == 1
    assert verdicts.count(MERGED) <= 1
    (event,) = shop.emulator.events()
    assert event["copies"] == len(copies)
    assert set(event["channels"]) == {channel for channel, _ in copies}


@given(orders=st.permutations([(f"order-{n}", channel) for n in range(4) for channel in ("server", "pixel", "server")]))
def test_orders_do_not_disturb_each_other(orders: list[tuple[str, str]]) -> None:
    """Interleaved copies of several orders count each order once."""
    shop = Shop()
    for event_id, channel in orders:
        shop.send(channel, event_id=event_id)
    assert sorted(event["event_id"] for event in shop.emulator.events()) == [f"order-{n}" for n in range(4)]
