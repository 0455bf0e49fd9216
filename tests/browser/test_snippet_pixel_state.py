"""Whether the pixel came, and page views, which go by the server only where it did not."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, Route
from tests.browser.pixel_page import hits
from tests.browser.snippet_shop import LOAD, SnippetShop, started, visit

from fullcount.testing.emulator import RunningEmulator


def page_views(shop: SnippetShop) -> list[str]:
    """Return the addresses of the page views that the gateway was given to send."""
    return [event["page"]["url"] for event in shop.events("Pageview")]


def states(shop: SnippetShop) -> list[str]:
    """Return what the beacons said of the pixel, in order."""
    return [beacon["pixel"]["state"] for beacon in shop.beacons]


async def test_a_pixel_that_runs_sends_its_own_page_views(
    page: Page, shop: SnippetShop, tiktok: RunningEmulator
) -> None:
    """Its page view has no id to share, so the gateway is only told of it."""
    shop.put("/", LOAD, tiktok=tiktok.base_url)
    await visit(page, shop)
    await shop.until(lambda: ("Pageview", "") in shop.paired(), "the pair")
    await page.evaluate("fullcount('track', 'Search')")
    await shop.event("Search")
    assert states(shop)[-1] == "loaded"
    assert page_views(shop) == []
    assert [hit["event"] for hit in hits(tiktok)].count("Pageview") == 1


async def test_a_blocked_pixel_is_told_and_replaced(page: Page, shop: SnippetShop, tiktok: RunningEmulator) -> None:
    """Where a blocker refuses the pixel's script, the gateway has page view and events, and nothing to pair."""
    await page.route("**/i18n/pixel/**", lambda route: route.abort("blockedbyclient"))
    shop.put("/", LOAD, tiktok=tiktok.base_url, late="fullcount('track', 'Purchase', {order_id: '1001'})")
    await visit(page, shop)
    await shop.event("Pageview")
    await shop.event("Purchase")
    assert states(shop)[-1] == "blocked"
    assert page_views(shop) == [shop.url()]
    assert shop.paired() == []


async def test_a_pixel_that_failed_before_us_is_noticed(page: Page, shop: SnippetShop, tiktok: RunningEmulator) -> None:
    """A script that was refused before ours ran is missed when the page has loaded."""
    failed: list[str] = []
    page.on("requestfailed", lambda request: failed.append(request.url))
    await page.route("**/i18n/pixel/**", lambda route: route.abort("blockedbyclient"))

    async def later(route: Route) -> None:
        await shop.until(lambda: failed, "the pixel's script fails")
        await route.continue_()

    await page.route("**/fc/fc.js*", later)
    shop.put("/", LOAD, tiktok=tiktok.base_url)
    await visit(page, shop)
    await shop.event("Pageview")
    assert states(shop)[-1] == "blocked"


@pytest.mark.parametrize("directive", ["script-src 'unsafe-inline' 'self'", "default-src 'unsafe-inline' 'self'"])
async def test_a_content_policy_is_told_from_a_blocker(
    page: Page, shop: SnippetShop, tiktok: RunningEmulator, directive: str
) -> None:
    """A pixel that the shop's own policy refuses is reported as refused."""
    shop.page_headers = {"content-security-policy": directive}
    shop.put("/", tiktok=tiktok.base_url, late=f"window.load = () => {{ {LOAD} }}")
    await visit(page, shop)
    await page.evaluate("load()")
    await shop.event("Pageview")
    await page.evaluate("fullcount('track', 'Search')")
    await shop.event("Search")
    assert states(shop)[-1] == "refused"


async def test_a_pixel_that_is_waited_for(page: Page, shop: SnippetShop, tiktok: RunningEmulator) -> None:
    """While the script is on its way the state is waiting; what was told meanwhile is paired when it arrives."""
    held: list[Route] = []

    async def hold(route: Route) -> None:
        held.append(route)

    await page.route("**/i18n/pixel/**", hold)
    shop.put("/", LOAD + "fullcount('track', 'Search', {}, {event_id: 's-17'})", tiktok=tiktok.base_url)
    await page.goto(shop.url(), wait_until="commit")
    await shop.event("Search")
    assert (states(shop)[-1], shop.paired()) == ("waiting", [])
    await held[0].continue_()
    await shop.until(lambda: ("Search", "s-17") in shop.paired(), "the pair")
    assert states(shop)[-1] == "loaded"
    assert page_views(shop) == []


async def test_a_visitor_who_leaves_before_the_pixel_is_there_is_counted(
    page: Page, shop: SnippetShop, tiktok: RunningEmulator
) -> None:
    """The page view of a page that is left too early goes by the server: the pixel never sent it."""
    held: list[Route] = []

    async def hold(route: Route) -> None:
        held.append(route)

    await page.route("**/i18n/pixel/**", hold)
    shop.put("/", LOAD, tiktok=tiktok.base_url)
    shop.pages["/other"] = "<!doctype html><h1>Other</h1>"
    await page.goto(shop.url(), wait_until="commit")
    await started(page)
    await page.goto(shop.url("/other"))
    await shop.event("Pageview")
    assert page_views(shop) == [shop.url()]
    assert hits(tiktok) == []


async def test_a_shop_without_a_pixel_sends_page_views(page: Page, shop: SnippetShop) -> None:
    """Where the settings name no pixel, page views go by the server at once."""
    shop.set(pixel="")
    shop.put("/")
    await visit(page, shop)
    await shop.event("Pageview")
    assert states(shop)[-1] == "absent"


async def test_a_single_page_app(page: Page, shop: SnippetShop) -> None:
    """Each address that the app goes to is one page view, with the one before as its referrer; anchors are none."""
    shop.set(pixel="")
    shop.put("/")
    await visit(page, shop)
    await shop.event("Pageview")
    show = "document.querySelector('h1').textContent = location.href;"
    for step in (
        f"history.pushState(null, '', '/product?id=7'); {show}",
        f"history.replaceState(null, '', '/product?id=7'); {show}",
        f"history.replaceState(null, '', '/product'); {show}",
        f"location.hash = 'reviews'; {show}",
        f"history.replaceState(null, '', '/cart'); {show}",
        f"history.pushState(null, '', '/cart#/pay'); {show}",
        "fullcount('page')",
    ):
        await page.evaluate(step)
    await page.go_back()
    await page.evaluate(show)
    await page.evaluate("fullcount('track', 'Search')")
    await shop.event("Search")
    expected = ["/", "/product?id=7", "/cart", "/cart#/pay", "/cart"]
    assert page_views(shop) == [shop.url(path) for path in expected]
    assert shop.beacons[-1]["page"] == {"url": shop.url("/cart"), "referrer": shop.url("/cart#/pay")}


async def test_the_pixel_sees_a_single_page_app_too(page: Page, shop: SnippetShop, tiktok: RunningEmulator) -> None:
    """The pixel is called for each new address, and sends each page view once, as it does by itself."""
    shop.put("/", LOAD, tiktok=tiktok.base_url)
    await visit(page, shop)
    await shop.until(lambda: ("Pageview", "") in shop.paired(), "the pair")
    await page.evaluate("history.pushState(null, '', '/cart'); document.body.append('cart')")
    await shop.until(lambda: shop.paired().count(("Pageview", "")) == 2, "the second pair")
    await shop.until(lambda: len(hits(tiktok)) >= 2, "two hits")
    assert [hit["context"]["page"]["url"] for hit in hits(tiktok)] == [shop.url("/"), shop.url("/cart")]
    assert page_views(shop) == []


async def test_page_views_may_be_switched_off(page: Page, shop: SnippetShop) -> None:
    """With `pages = false` only `fullcount('page')` makes one."""
    shop.set(pixel="", pages=False)
    shop.put("/")
    await visit(page, shop)
    await page.evaluate("fullcount('track', 'Search')")
    await shop.event("Search")
    assert page_views(shop) == []
    await page.evaluate("fullcount('page')")
    await shop.event("Pageview")
    assert page_views(shop) == [shop.url()]
