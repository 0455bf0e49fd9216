"""Pages that come back, and pages that are made ready before anyone sees them."""

from __future__ import annotations

from playwright.async_api import Browser, Page
from tests.browser.chromium import ARGUMENTS, find_chromium
from tests.browser.snippet_shop import SnippetShop, visit

BUY = "fullcount('track', 'Purchase', {order_id: '1001'})"


async def test_a_restored_page_counts_nothing_again(chromium: Browser, shop: SnippetShop) -> None:
    """A thank-you page from the back/forward cache is no new page view and no new purchase, and it still works."""
    browser = await chromium.browser_type.launch(
        executable_path=find_chromium(),
        args=list(ARGUMENTS),
        ignore_default_args=["--disable-back-forward-cache"],  # Playwright's own default
    )
    page = await browser.new_page()
    shop.set(pixel="")
    shop.page_headers = {}
    shop.put("/thanks", BUY)
    shop.pages["/other"] = "<!doctype html><h1>Other</h1>"
    await page.add_init_script("addEventListener('pageshow', (event) => (window.isRestored = event.persisted))")
    await visit(page, shop, "/thanks")
    await shop.event("Purchase")
    await shop.event("Pageview")
    await page.goto(shop.url("/other"))
    await page.evaluate("history.back()")
    await page.wait_for_url("**/thanks", wait_until="commit")
    assert await page.evaluate("window.isRestored")
    await page.evaluate("fullcount('track', 'Search')")
    await shop.event("Search")
    await browser.close()
    assert len(shop.events("Purchase")) == 1
    assert len(shop.events("Pageview")) == 1


async def test_a_reloaded_thank_you_page_repeats_its_id(page: Page, shop: SnippetShop) -> None:
    """Each load tells the purchase under the same id, so that it is one."""
    shop.put("/thanks", BUY)
    await visit(page, shop, "/thanks")
    for _ in range(2):
        await page.reload()
    await shop.event("Purchase", 3)
    assert {event["event_id"] for event in shop.events("Purchase")} == {"1001"}


async def test_a_prerendered_page_waits_for_its_visitor(page: Page, shop: SnippetShop) -> None:
    """While a page is only made ready nothing is told; on activation everything is, the click ID of its address too."""
    await page.add_init_script("""
        window.isReady = false;
        Object.defineProperty(Document.prototype, "prerendering", { get: () => !window.isReady });
    """)
    shop.put("/", BUY)
    await page.goto(shop.url("/?ttclid=E.C.P.test-17"))
    await page.wait_for_load_state("load")
    assert await page.evaluate("[fullcount.isOurs, fullcount.q.length, document.cookie]") == [None, 1, ""]
    assert shop.beacons == []
    await page.evaluate("window.isReady = true; document.dispatchEvent(new Event('prerenderingchange'))")
    assert (await shop.event("Purchase"))["event_id"] == "1001"
    assert shop.beacons[0]["ttclid"] == "E.C.P.test-17"
