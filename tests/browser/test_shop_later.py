"""People who come back weeks later: the street's time is moved, so this one is for these tests alone."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import Browser, StorageStateCookie
from tests.browser.shopper import SHOPS_OWN, Shopper
from tests.browser.street import OPTIONS, Street, once

from fullcount.clock import DAY_SECONDS
from fullcount.demo.shop_stage import start_shop


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def built_street(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Street]:
    """A demo shop for this file alone."""
    async with start_shop(tmp_path_factory.mktemp("later"), OPTIONS) as shop, aiohttp.ClientSession() as http:
        yield Street(shop, http)


def kept_for(cookies: dict[str, StorageStateCookie], seconds: float) -> list[StorageStateCookie]:
    """Return the cookies that a browser still has so much later; the shop's own session is over."""
    then = time.time() + seconds
    return [cookie for name, cookie in cookies.items() if name != SHOPS_OWN and (cookie.get("expires") or 0.0) > then]


async def test_a_purchase_weeks_after_the_click_is_credited(street: Street, chromium: Browser) -> None:
    """Twenty days after the ad, TikTok's own cookie long gone by its life of one day, ours still names the click."""
    await street.switch_tiktok(click_window_days=28)
    async with Shopper(street, chromium) as first:
        click_id = await first.click_ad()
        await first.leave()
        await first.keeps_click()
        kept = kept_for(await first.cookies(), 20 * DAY_SECONDS)
    await street.pass_time(20 * DAY_SECONDS)
    async with Shopper(street, chromium, kept) as later:
        event_id = await later.buy()
        await later.leave()
    await street.counts(
        {
            once("Pageview", "pixel"): 1 + 4,
            once("ViewContent", "both"): 2,
            once("AddToCart", "both"): 1,
            once("InitiateCheckout", "both"): 1,
            once("Purchase", "both"): 1,
        }
    )
    judged = await street.judged(event_id)
    assert (judged["attributed_to"]["ttclid"], judged["matched_by"][0]) == (click_id, "ttclid")
    assert {hit["context"]["ad"]["callback"] for hit in await street.hits()} == {click_id}


async def test_a_purchase_on_another_device_is_credited_by_the_address(street: Street, chromium: Browser) -> None:
    """Whoever bought after an ad and buys again elsewhere, with no cookie at all, is known by their e-mail address."""
    await street.switch_tiktok(click_window_days=28)
    async with Shopper(street, chromium) as phone:
        click_id = await phone.click_ad()
        await phone.add_to_cart()
        await phone.pay()
        await phone.leave()
        await street.nothing_under_way()
    await street.pass_time(3 * DAY_SECONDS)
    async with Shopper(street, chromium) as desktop:
        desktop.email = phone.email
        await desktop.switch(pixel="blocked", snippet="blocked")
        event_id = await desktop.buy()
        await desktop.leave()
    await street.end_hold()
    judged = await street.judged(event_id)
    assert (judged["channel"], judged["attributed_to"]["ttclid"]) == ("server", click_id)
