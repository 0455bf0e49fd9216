"""Ads, users, switches and the report over HTTP."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.contract.emulator_client import NOW, Caller, body_of, purchase

from fullcount.clock import DAY_SECONDS
from fullcount.testing.emulator import DEFAULT_PIXEL

SHOP = "http://127.0.0.1:8099/product"


async def click(caller: Caller, **query: str) -> str:
    """Click an ad; return the click ID."""
    async with caller.session.get("/_emulator/ad", params={"to": SHOP, **query}, allow_redirects=False) as answer:
        assert answer.status == 302
        assert answer.headers["Cache-Control"] == "no-store"
        return parse_qs(urlsplit(answer.headers["Location"]).query)["ttclid"][0]


async def users(caller: Caller, size: int = 3) -> list[dict[str, Any]]:
    """Populate the emulator; return what events carry of each user."""
    await caller.control("population", {"size": size, "seed": 7})
    listed: list[dict[str, Any]] = (await caller.control("population"))["users"]
    return [one["user"] for one in listed]


async def send(caller: Caller, *events: dict[str, Any]) -> None:
    """Send events as a server."""
    assert (await caller.post(body_of(*events)))[1]["code"] == 0


async def test_a_click_leads_to_the_page_with_a_fresh_click_id() -> None:
    """The target's query and fragment stay, and each click has an id of its own."""
    async with Caller() as caller:
        to = {"to": f"{SHOP}?a=1%202&b=#reviews"}
        places = []
        for _ in range(2):
            async with caller.session.get("/_emulator/ad", params=to, allow_redirects=False) as answer:
                places.append(answer.headers["Location"])
        assert (await caller.control("state"))["ad_clicks"] == 2
    assert len(set(places)) == 2
    for place in places:
        assert place.startswith(f"{SHOP}?a=1%202&b=&ttclid=E.C.P.")
        assert place.endswith("#reviews")


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({}, "?to=URL"),
        ({"to": "https://shop.example.com/"}, "--remote-ads"),
        ({"to": "javascript:alert(1)"}, "http"),
        ({"to": SHOP, "user": "nobody"}, "/_emulator/population"),
    ],
)
async def test_a_click_that_leads_nowhere_is_refused(query: dict[str, str], words: str) -> None:
    """It is 400 with the reason, without a redirect, and is no click."""
    async with Caller() as caller:
        async with caller.session.get("/_emulator/ad", params=query, allow_redirects=False) as answer:
            assert answer.status == 400
            assert words in (await answer.json())["error"]
        assert (await caller.control("state"))["ad_clicks"] == 0


async def test_remote_ads_may_be_allowed() -> None:
    """A setting lets ads lead off this machine."""
    async with Caller(remote_ads=True) as caller:
        query = {"to": "https://shop.example.com/"}
        async with caller.session.get("/_emulator/ad", params=query, allow_redirects=False) as answer:
            assert answer.headers["Location"].startswith("https://shop.example.com/?ttclid=E.C.P.")


async def test_a_population_is_made_and_listed() -> None:
    """Its plan is answered; the list can be cut; a plan that cannot be is refused and changes nothing."""
    async with Caller(population=5, seed=2) as caller:
        before = await caller.control("population?limit=2&offset=3")
        assert (before["size"], before["seed"]) == (5, 2)
        assert [user["name"] for user in before["users"]] == ["user-00004", "user-00005"]
        made = await caller.control("population", {"size": 2, "known": {"phone": 0}})
        assert (made["size"], made["seed"], made["known"]["phone"]) == (2, 1, 0.0)
        for wrong in ({"size": -1}, {"size": 1, "colour": "red"}, {"known": {"email": 2}}):
            assert (await caller.control("population", wrong))["http"] == 400
        assert len((await caller.control("population"))["users"]) == 2
        await caller.control("reset", {})
        assert (await caller.control("population?limit=0"))["size"] == 5


async def test_the_report_tells_counted_from_matched_from_attributed() -> None:
    """One purchase has nobody known, one a user who met no ad, one a user who clicked; by channel and by name."""
    async with Caller() as caller:
        anna, ben, _ = await users(caller)
        await click(caller, user="user-00002")
        stranger, known, clicked = {"email": "0" * 64}, {"email": anna["email"]}, {"phone": ben["phone"]}
        await send(
            caller,
            purchase(event_id="order-1", event_time=NOW, user=stranger),
            purchase(event_id="order-2", event_time=NOW, user=known),
            purchase(event_id="order-3", event_time=NOW, user=clicked),
            purchase(event_id="cart-3", event_time=NOW, user=clicked, event="AddToCart"),
        )
        browser = {"pixel_code": DEFAULT_PIXEL, "event": "Purchase", "user": {"ttp": ben["ttp"]}}
        await caller.control("pixel", {"events": [{**browser, "event_id": name} for name in ("order-3", "order-4")]})

        report = await caller.control("report")

    assert [report[name] for name in ("counted", "matched", "attributed")] == [5, 4, 3]
    assert report["by_channel"] == {
        "pixel": {"counted": 1, "matched": 1, "attributed": 1},
        "server": {"counted": 3, "matched": 2, "attributed": 1},
        "both": {"counted": 1, "matched": 1, "attributed": 1},
    }
    assert report["by_event"] == {
        "AddToCart": {"counted": 1, "matched": 1, "attributed": 1},
        "Purchase": {"counted": 4, "matched": 3, "attributed": 2},
    }
    assert (report["by_best_key"], report["by_touch"]) == ({"email": 1, "phone": 2, "ttp": 1}, {"click": 3})
    assert (report["clicks"], report["views"], report["population"]) == (1, 0, 3)
    assert "estimate" in report["estimate"]
    first, _, third, *_ = report["events"]
    assert (first["event_id"], first["user"], first["matched_by"], first["attributed_to"]) == (
        "order-1",
        None,
        [],
        None,
    )
    assert (third["user"], third["matched_by"], third["channel"]) == ("user-00002", ["phone", "ttp"], "both")


@pytest.mark.parametrize(("after_days", "window", "attributed"), [(6, None, 1), (8, None, 0), (8, 14, 1), (0.5, 0, 0)])
async def test_the_click_window_is_a_switch(after_days: float, window: float | None, attributed: int) -> None:
    """By default a click is credited for 7 days; the report follows the switch at once, for what came before too."""
    async with Caller() as caller:
        click_id = await click(caller)
        await caller.control("clock", {"advance_seconds": after_days * DAY_SECONDS})
        bought_at = int(NOW + after_days * DAY_SECONDS)
        await send(caller, purchase(event_time=bought_at, user={"ttclid": click_id}))
        if window is not None:
            await caller.control("switches", {"click_window_days": window})
        report = await caller.control("report")
    assert (report["matched"], report["attributed"]) == (1, attributed)
    assert report["windows"] == {"click_days": 7.0 if window is None else window, "view_days": 1.0}


async def test_a_view_is_credited_where_no_click_is() -> None:
    """Who saw an ad within a day and clicked none is attributed by view."""
    async with Caller() as caller:
        anna, ben, _ = await users(caller)
        for name in ("user-00001", "user-00002"):
            await caller.control("views", {"user": name})
        await click(caller, user="user-00002")
        await send(
            caller,
            *(purchase(event_id=user["email"], event_time=NOW, user={"email": user["email"]}) for user in (anna, ben)),
        )
        report = await caller.control("report")
        for wrong in ({"user": ""}, {"user": "nobody"}, {}):
            assert (await caller.control("views", wrong))["http"] == 400
    assert report["by_touch"] == {"view": 1, "click": 1}
    assert report["views"] == 2


async def test_switches_are_shown_changed_and_taken_back() -> None:
    """What is not named stays; nonsense is refused; reset brings back what the emulator was started with."""
    started = {
        "rename_events": False,
        "ttclid_cookie_seconds": 86_400,
        "click_window_days": 7.0,
        "view_window_days": 1.0,
    }
    async with Caller(rename_events=False) as caller:
        assert await caller.control("switches") == {"http": 200, **started}
        assert await caller.control("switches", {"rename_events": True}) == {
            "http": 200,
            **started,
            "rename_events": True,
        }
        for wrong in ({"rename_events": "yes"}, {"click_window_days": 29}, {"colour": 1}):
            assert (await caller.control("switches", wrong))["http"] == 400
        await caller.control("reset", {})
        assert await caller.control("switches") == {"http": 200, **started}


async def test_reset_forgets_the_ads() -> None:
    """Clicks and views are gone with the events: a click ID from before is unknown."""
    async with Caller() as caller:
        click_id = await click(caller)
        await caller.control("reset", {})
        await send(caller, purchase(event_time=NOW, user={"ttclid": click_id}))
        report = await caller.control("report?limit=0")
    assert (report["clicks"], report["counted"], report["matched"], report["events"]) == (0, 1, 0, [])
    assert report["matched"] is not False
