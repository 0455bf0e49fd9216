"""The pixel's cookies: which it writes, for how long and how widely, and what it reads."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from playwright.async_api import BrowserContext, Page
from tests.browser.base_code import page_with_pixel
from tests.browser.pixel_page import LOAD, beacons, cookies, record_beacons, started, visit
from tests.browser.site import Site

from fullcount.clock import DAY_SECONDS, SystemClock
from fullcount.emulator.browser.switches import SwitchChanges
from fullcount.testing.emulator import RunningEmulator

CLICK_ID = "E.C.P.test-click"


def _days_left(expires: float) -> int:
    return round((expires - SystemClock().now()) / DAY_SECONDS)


async def test_the_browser_gets_an_id_of_tiktoks_shape(page: Page, site: Site, tiktok: RunningEmulator) -> None:
    """`_ttp` is a ULID of now with its suffix; it and `_tt_enable_cookie` live 390 days."""
    await visit(page, site, tiktok.base_url, LOAD)
    found = await cookies(page)
    assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{26}_\.tt\.1", found["_ttp"]["value"])
    made_at = 0
    for digit in found["_ttp"]["value"][:10]:
        made_at = made_at * 32 + "0123456789ABCDEFGHJKMNPQRSTVWXYZ".index(digit)
    assert abs(datetime.fromtimestamp(made_at / 1000, UTC) - datetime.now(UTC)).total_seconds() < DAY_SECONDS
    assert [_days_left(found[name]["expires"]) for name in ("_ttp", "_tt_enable_cookie")] == [390, 390]
    assert found["_tt_enable_cookie"]["value"] == "1"
    assert found.keys() == {"_ttp", "_tt_enable_cookie"}


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("www.example.com", ".example.com"),
        ("a.b.example.com", ".example.com"),
        ("shop.localhost", ".shop.localhost"),
        ("127.0.0.1", "127.0.0.1"),
        ("localhost", "localhost"),
    ],
)
async def test_cookies_sit_on_the_widest_domain(
    page: Page, site: Site, tiktok: RunningEmulator, host: str, domain: str
) -> None:
    """All hosts of a shop share the cookies; an address or a bare name keeps them to itself."""
    await visit(page, site, tiktok.base_url, LOAD, host=host)
    assert {cookie["domain"] for cookie in (await cookies(page)).values()} == {domain}


@pytest.mark.parametrize("value", ["2F7h37YkS1j57AYSKTI7IHhJPYH", "01KATEMD6NAZBT2CJCF3ZKBZ41_.tt.1", "100%25"])
async def test_an_id_that_is_there_is_kept(
    page: Page, context: BrowserContext, site: Site, tiktok: RunningEmulator, value: str
) -> None:
    """Whoever wrote `_ttp` first (a shop's own server, say) wins: the pixel sends that value and renews its life."""
    soon = SystemClock().now() + DAY_SECONDS
    await context.add_cookies(
        [{"name": "_ttp", "value": value, "domain": ".shop.localhost", "path": "/", "expires": soon}]
    )
    await visit(page, site, tiktok.base_url, LOAD + "ttq.page()", host="shop.localhost")
    (hit,) = await beacons(page)
    found = await cookies(page)
    assert hit["context"]["user"]["anonymous_id"] == value.replace("%25", "%")
    assert (found["_ttp"]["value"], _days_left(found["_ttp"]["expires"])) == (value, 390)


async def test_the_same_browser_keeps_its_id(page: Page, site: Site, tiktok: RunningEmulator) -> None:
    """A second page of the shop sends the id and the click ID that the landing page wrote."""
    await visit(page, site, tiktok.base_url, LOAD + "ttq.page()", at=f"/landing?ttclid={CLICK_ID}")
    (landing,) = await beacons(page)
    site.pages["/checkout"] = site.pages["/landing"]
    await page.goto(site.url("/checkout"))
    await page.wait_for_function("window.beacons.length >= 1")
    (checkout,) = await beacons(page)
    assert checkout["context"]["user"] == landing["context"]["user"]
    assert (checkout["context"]["ad"]["callback"], landing["context"]["ad"]["callback"]) == (CLICK_ID, CLICK_ID)


@pytest.mark.parametrize("days", [1, 30])
async def test_the_click_id_is_kept_for_as_long_as_set(
    page: Page, site: Site, tiktok: RunningEmulator, days: int
) -> None:
    """The pixel's own `ttclid` cookie lives a day, as in the pixel of 2024, or what the switch says."""
    if days != 1:
        tiktok.emulator.switch(SwitchChanges(ttclid_cookie_seconds=days * DAY_SECONDS))
    await visit(page, site, tiktok.base_url, LOAD, at=f"/?ttclid={CLICK_ID}")
    cookie = (await cookies(page))["ttclid"]
    assert (cookie["value"], _days_left(cookie["expires"])) == (CLICK_ID, days)


async def test_a_click_id_of_the_referring_page_counts(page: Page, site: Site, tiktok: RunningEmulator) -> None:
    """A shop whose landing page has no pixel still gets the click ID on the next one, from the referrer."""
    site.pages["/landing"] = "<!doctype html><a href='/product'>Headphones</a>"
    site.pages["/product"] = page_with_pixel(tiktok.base_url, LOAD + "ttq.page()")
    await record_beacons(page)
    await page.goto(site.url(f"/landing?ttclid={CLICK_ID}"))
    await page.get_by_text("Headphones").click()
    await page.wait_for_url("**/product")
    await started(page)
    (hit,) = await beacons(page)
    assert hit["context"]["ad"]["callback"] == CLICK_ID
    assert (await cookies(page))["ttclid"]["value"] == CLICK_ID


async def test_disabled_cookies(page: Page, site: Site, tiktok: RunningEmulator) -> None:
    """`disableCookie` deletes `_ttp` and says so; events go on without it, on later pages too, until `enableCookie`."""
    await visit(page, site, tiktok.base_url, LOAD)
    await page.evaluate("ttq.disableCookie(); ttq.track('Search')")
    found = await cookies(page)
    assert ("_ttp" in found, found["_tt_enable_cookie"]["value"]) == (False, "0")

    await page.reload()
    await started(page)
    await page.evaluate("ttq.track('Contact'); ttq.enableCookie(); ttq.track('Download')")

    ids = [hit["context"]["user"].get("anonymous_id") for hit in await beacons(page)]
    found = await cookies(page)
    assert ids == [None, found["_ttp"]["value"]]
    assert found["_tt_enable_cookie"]["value"] == "1"
