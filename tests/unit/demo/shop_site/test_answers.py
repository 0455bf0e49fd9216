"""What of TikTok's counts belongs to one visit, and how a journey is told."""

from __future__ import annotations

from typing import Any

from fullcount.demo.shop_site.answers import seen_by_tiktok, told
from fullcount.ledger.journey import Journey, Step, What


def _counted(event_id: str, **user: str) -> dict[str, Any]:
    return {"event": "ViewContent", "event_id": event_id, "channels": ["server", "pixel"], "copies": 2, "user": user}


def test_events_are_found_by_click_by_browser_and_by_order() -> None:
    """Another browser's are left out, and a cookie that is not there is nobody's."""
    counted = [
        _counted("by-click", ttclid="E.C.P.1"),
        _counted("by-browser", ttp="browser-1"),
        _counted("order-1", ttclid="E.C.P.other"),
        _counted("stranger", ttclid="E.C.P.other", ttp="browser-2"),
        _counted("nobody"),
    ]
    cookies = {"ttclid": "E.C.P.1", "_ttp": "browser-1"}

    found = seen_by_tiktok(counted, cookies, ["order-1"])

    assert [one["event_id"] for one in found] == ["by-click", "by-browser", "order-1"]
    assert found[0]["channels"] == ["Browser", "Server"]
    assert seen_by_tiktok([_counted("empty", ttclid="", ttp="")], {"ttclid": ""}, []) == []


def test_a_journey_is_told_step_by_step() -> None:
    """The panel says how it came, from where, and where it stands."""
    steps = (Step(1.0, What.HELD, source="pages"), Step(2.0, What.MERGED, source="shop"), Step(3.0, What.DELIVERED))
    journey = Journey("order-1", "Purchase", "store", "C1", "web", None, "delivered", steps)

    shown = told(journey)

    assert (shown["event"], shown["state"]) == ("Purchase", "delivered")
    assert [(step["what"], step["source"]) for step in shown["steps"]] == [
        ("held", "pages"),
        ("merged", "shop"),
        ("delivered", ""),
    ]
