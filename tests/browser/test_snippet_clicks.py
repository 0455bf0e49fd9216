"""The click ID: read at once, told to the gateway, and kept by cookies that the gateway's answer sets."""

from __future__ import annotations

import pytest
from playwright.async_api import Page
from tests.browser.site import Site
from tests.browser.snippet_shop import SnippetShop, cookies, started, visit

CLICK = "E.C.P.test-click-17"


async def test_the_click_id_is_told_at_once(page: Page, shop: SnippetShop) -> None:
    """The first beacon after an ad carries the click ID and its time, before anything else has happened."""
    shop.put("/product")
    await visit(page, shop, f"/product?colour=black&ttclid={CLICK}#reviews")
    await shop.until(lambda: shop.beacons, "a beacon")
    first = shop.beacons[0]
    now = await page.evaluate("Date.now()")
    assert (first["ttclid"], first["events"]) == (CLICK, [])
    assert now - 60_000 < first["clicked_at"] <= now


async def test_a_history_change_before_the_script_hides_nothing(page: Page, shop: SnippetShop) -> None:
    """A page that cleans its address before our script is there has not lost the click ID."""
    shop.put("/", "history.replaceState(null, '', '/clean')")
    await visit(page, shop, f"/?ttclid={CLICK}")
    await shop.until(lambda: shop.beacons, "a beacon")
    assert (shop.beacons[0]["ttclid"], page.url) == (CLICK, shop.url("/clean"))


@pytest.mark.parametrize("value", ["__CLICKID__", "%7B%7Bttclid%7D%7D", "null", "undefined", "", "%E0%A4%A"])
async def test_a_macro_is_no_click_id(page: Page, shop: SnippetShop, value: str) -> None:
    """What nobody filled in is not taken for a click, and hides none that is kept."""
    shop.put("/")
    await page.context.add_cookies([{"name": "ttclid", "value": "E.C.P.kept-1", "url": shop.url()}])
    await visit(page, shop, f"/?ttclid={value}")
    await shop.until(lambda: shop.beacons, "a beacon")
    assert shop.beacons[0]["ttclid"] == "E.C.P.kept-1"
    assert "clicked_at" not in shop.beacons[0]


async def test_the_previous_page_may_have_it(page: Page, shop: SnippetShop) -> None:
    """A landing page without our script is not lost: the same host's referrer still has the click ID."""
    shop.pages["/landing"] = "<!doctype html><a href='/next'>On</a>"
    shop.put("/next")
    await page.goto(shop.url(f"/landing?ttclid={CLICK}"))
    await page.get_by_text("On").click()
    await started(page)
    await shop.until(lambda: shop.beacons, "a beacon")
    assert shop.beacons[0]["ttclid"] == CLICK
    assert shop.beacons[0]["page"]["referrer"].endswith(f"/landing?ttclid={CLICK}")


async def test_another_site_s_click_id_is_not_ours(page: Page, shop: SnippetShop, site: Site) -> None:
    """A click ID in the address of another site that links here was not for this shop."""
    site.pages["/blog"] = f"<!doctype html><meta name=referrer content=unsafe-url><a href='{shop.url('/next')}'>On</a>"
    shop.put("/next")
    await page.goto(site.url(f"/blog?ttclid={CLICK}"))
    await page.get_by_text("On").click()
    await started(page)
    await shop.until(lambda: shop.beacons, "a beacon")
    assert shop.beacons[0]["page"]["referrer"].endswith(CLICK)
    assert "ttclid" not in shop.beacons[0]


async def test_the_answer_sets_the_cookies(page: Page, shop: SnippetShop) -> None:
    """Visitor and click ID are kept by the gateway's answer, and later pages tell them without a new time of click."""
    shop.put("/")
    shop.put("/thanks", "fullcount('track', 'Search')")
    await visit(page, shop, f"/?ttclid={CLICK}")
    await shop.until(lambda: shop.beacons, "a beacon")
    visitor = shop.beacons[0]["visitor"]
    await page.wait_for_function("document.cookie.includes('_fc=')")
    assert await cookies(page) == {"_fc": visitor, "ttclid": CLICK}
    await visit(page, shop, "/thanks")
    await shop.event("Search")
    later = shop.beacons[-1]
    assert (later["visitor"], later["ttclid"], "clicked_at" in later) == (visitor, CLICK, False)


async def test_a_click_that_the_pixel_kept_first_is_new_all_the_same(page: Page, shop: SnippetShop) -> None:
    """The pixel ran before the snippet and wrote the click's cookie, for a day: the time of the click is told anyway.

    By it the gateway's answer sets the cookie for weeks.
    """
    shop.put("/", f"document.cookie = 'ttclid={CLICK}; Path=/; Max-Age=86400'")
    await visit(page, shop, f"/?ttclid={CLICK}")
    await shop.until(lambda: shop.beacons, "a beacon")
    assert shop.beacons[0]["ttclid"] == CLICK
    assert shop.beacons[0]["clicked_at"] > 0


async def test_no_cookie_is_set_by_script_while_the_answer_does(page: Page, shop: SnippetShop) -> None:
    """The script writes no cookie of its own where those of the answer are there."""
    await page.add_init_script("""
        window.written = [];
        const { set, get } = Object.getOwnPropertyDescriptor(Document.prototype, "cookie");
        Object.defineProperty(document, "cookie", { get, set(text) { written.push(text); set.call(document, text) } });
    """)
    shop.put("/", "fullcount('consent', 'granted')")
    await visit(page, shop, f"/?ttclid={CLICK}")
    await shop.until(lambda: shop.beacons, "a beacon")
    await page.wait_for_function("document.cookie.includes('_fc=')")
    assert await page.evaluate("written") == []


async def test_a_script_s_cookies_are_the_fallback(page: Page, shop: SnippetShop) -> None:
    """Where the answer could set none and the visitor agreed, the script keeps visitor and click ID itself."""
    shop.sets_cookies = False
    shop.put("/", "fullcount('consent', 'granted')")
    await visit(page, shop, f"/?ttclid={CLICK}")
    await page.wait_for_function("document.cookie.includes('ttclid=')")
    assert await cookies(page) == {"_fc": shop.beacons[0]["visitor"], "ttclid": CLICK}
    kept = {cookie["name"]: cookie for cookie in await page.context.cookies()}
    now = await page.evaluate("Date.now() / 1000")
    assert 29 < (kept["ttclid"]["expires"] - now) / 86_400 <= 30
    assert 389 < (kept["_fc"]["expires"] - now) / 86_400 <= 390


async def test_without_a_grant_the_script_keeps_nothing(page: Page, shop: SnippetShop) -> None:
    """An answer without cookies means no cookies: only a visitor who agreed gets a script's."""
    shop.sets_cookies = False
    shop.put("/", "fullcount('track', 'Search')")
    await visit(page, shop, f"/?ttclid={CLICK}")
    await shop.event("Search")
    await page.evaluate("fullcount('track', 'AddToCart')")
    await shop.event("AddToCart")
    assert await cookies(page) == {}


async def test_a_cached_page_gives_nobody_another_s_ids(page: Page, shop: SnippetShop) -> None:
    """The page's HTML and the script are the same for all: two visitors of one cached copy have ids of their own."""
    shop.page_headers = {"cache-control": "public, max-age=3600"}
    shop.put("/", "fullcount('track', 'AddToCart')")
    await visit(page, shop)
    await shop.event("AddToCart")
    assert page.context.browser is not None
    other = await page.context.browser.new_context()
    await visit(await other.new_page(), shop)
    await shop.event("AddToCart", 2)
    await other.close()
    assert len({beacon["visitor"] for beacon in shop.beacons}) == 2
    assert len({event["event_id"] for event in shop.events("AddToCart")}) == 2
