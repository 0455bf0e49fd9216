"""`fullcount pairs` shows which halves met, and says what counts double and why."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.unit.cli.paired import CLOCK, foreign, order, page, told
from tests.unit.cli.shop import Shop

LIVE = 'mode = "live"'


async def pairs(shop: Shop, *more: str, exit_code: int = 0) -> Any:
    """Run it with --json and return its document."""
    return await asyncio.to_thread(shop.run_json, "pairs", *more, exit_code=exit_code)


async def shown(shop: Shop, *more: str) -> Any:
    """Run it for a person."""
    return await asyncio.to_thread(shop.run, "pairs", *more)


async def test_halves_that_meet_are_counted_once(shop: Shop) -> None:
    """Both, browser only and server only, with TikTok's count with and without deduplication."""
    foreign(shop, LIVE)
    await told(shop, [order("1"), order("2", 30.0)], [page("1"), page("3", value=40.0)])
    report = await pairs(shop)
    (total,) = report["totals"]

    assert (total["pixel"], total["event"]) == ("store", "Purchase")
    assert (total["both"], total["browser_only"], total["server_only"]) == (1, 1, 1)
    assert (total["copies"], total["counted"], total["happened"], total["too_many"]) == (4, 3, 3, 0)
    assert (report["counts_double"], report["findings"], report["unknown_pixels"]) == (False, [], [])
    result = await shown(shop)
    assert result.exit_code == 0
    assert "Nothing counts double, as far as pages told." in result.stdout


async def test_purchases_without_an_id_in_the_browser_count_twice(shop: Shop) -> None:
    """It is said how many, why, and what mends it; the exit status is 1."""
    foreign(shop, LIVE)
    values = [10.0 + n for n in range(12)]
    orders = [order(f"{n}", value) for n, value in enumerate(values, 1)]
    await told(shop, orders, [page("", value=value) for value in values])
    result = await shown(shop)

    assert result.exit_code == 1
    words = " ".join(result.stdout.split())
    assert "12 purchases reached TikTok from the browser without an event_id" in words
    assert "third argument of ttq.track" in words
    assert "TikTok would count 12 too many (an estimate)." in words


async def test_names_and_ids_that_differ_are_told(shop: Shop) -> None:
    """Purchase from the server beside the pixel's CompletePayment; ids that one side made by itself."""
    foreign(shop, LIVE)
    await told(shop, [order("1", name="Purchase"), order("2", 33.0)], [page("1"), page("page-2", value=33.0)])
    report = await pairs(shop, exit_code=1)
    (total,) = report["totals"]

    assert {finding["code"] for finding in report["findings"]} == {"names_differ", "ids_differ"}
    assert (total["counted"], total["counted_aliased"], total["too_many"]) == (4, 3, 2)


async def test_the_table_fits_an_ordinary_terminal(shop: Shop) -> None:
    """It takes no more than 80 columns, for no name and no head of a column to be broken, also day by day."""
    foreign(shop, LIVE)
    await told(shop, [order("1", name="InitiateCheckout")], [page("1", "InitiateCheckout")])
    for more in ((), ("--event", "InitiateCheckout")):
        lines = (await shown(shop, *more)).stdout.splitlines()
        assert max(map(len, lines)) <= 80
        heads = " ".join(lines[:2]).split()
        assert {"both", "halves", "browser", "server", "copies", "TikTok", "counts", "names", "events"} <= set(heads)
        assert any("store" in line.split() for line in lines)


async def test_days_and_events_can_be_chosen(shop: Shop) -> None:
    """With --event it goes day by day, under its old name, too; another event is left out."""
    foreign(shop, LIVE)
    await told(shop, [order("1")], [page("1"), page("a", "AddToCart", None)])
    by_day = await shown(shop, "--event", "CompletePayment", "--days", "1")
    report = await pairs(shop, "--event", "Purchase", "--pixel", "CEXAMPLE0PIXEL000001")
    (day,) = report["days"]

    assert "day" in by_day.stdout
    assert "AddToCart" not in by_day.stdout
    assert day["day"] in by_day.stdout
    assert report["since"] <= CLOCK.now()
    assert [each["event"] for each in (await pairs(shop))["totals"]] == ["AddToCart", "Purchase"]


@pytest.mark.parametrize("browser", ["other", "none"])
async def test_what_cannot_be_known_is_said(shop: Shop, browser: str) -> None:
    """Where no page tells of its pixel, and where there is none: no reassurance."""
    if browser == "other":
        foreign(shop, LIVE)
    await told(shop, [order("1")])
    result = await shown(shop)

    assert result.exit_code == 0
    assert "Nothing counts double" not in result.stdout
    expected = "No page has said yet what the pixel of store sent" if browser == "other" else "no browser half"
    assert expected in " ".join(result.stdout.replace("has a browser half", "no browser half").split())


async def test_an_unknown_pixel_and_a_missing_store_are_exit_status_2(shop: Shop) -> None:
    """Each says what there is instead."""
    no_store = await shown(shop)
    unknown = await shown(shop, "--pixel", "stor")

    assert (no_store.exit_code, unknown.exit_code) == (2, 2)
    assert "fullcount serve" in no_store.stderr
    assert 'did you mean "store"?' in unknown.stderr
