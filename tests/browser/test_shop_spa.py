"""The shop as a single-page application."""

from __future__ import annotations

from tests.browser.shopper import Shopper
from tests.browser.street import Street, once


async def test_each_view_of_a_single_page_application_counts_once(street: Street, shopper: Shopper) -> None:
    """List, product, back to the list, another product, without a page load: each view counts once."""
    await shopper.open("/spa")
    page = shopper.page
    await page.get_by_role("link", name="Travel Case").click()
    await page.get_by_role("heading", name="Travel Case").wait_for()
    await street.counts({once("Pageview", "pixel"): 2, once("ViewContent", "both"): 1})
    await page.go_back()
    await page.get_by_role("heading", name="Good sound").wait_for()
    await page.get_by_role("link", name="Wireless Headphones").click()
    await page.get_by_role("button", name="Add to cart").click()
    await page.get_by_role("link", name="Checkout").wait_for()
    event_id = await shopper.pay()
    await shopper.leave()
    await street.counts(
        {
            once("Pageview", "pixel"): 6,  # list, case, list, headphones, checkout, thanks
            once("ViewContent", "both"): 2,
            once("AddToCart", "both"): 1,
            once("InitiateCheckout", "both"): 1,
            once("Purchase", "both"): 1,
        }
    )
    assert (await street.event(event_id))["properties"]["contents"][0]["content_id"] == "301"


async def test_a_click_id_outlives_the_history_of_an_application(street: Street, shopper: Shopper) -> None:
    """The application replaces its address as soon as it runs; the click that led to it is credited all the same."""
    await shopper.open("/feed")
    ad = await shopper.page.locator("#ad").get_attribute("href") or ""
    await shopper.page.goto(ad.replace("products%2Fheadphones", "spa"))
    await shopper.page.evaluate("history.replaceState(null, '', '/spa')")
    await shopper.page.get_by_role("link", name="Wireless Headphones").click()
    await shopper.page.get_by_role("button", name="Add to cart").click()
    event_id = await shopper.pay()
    await shopper.leave()
    await street.nothing_under_way()
    assert (await street.judged(event_id))["attributed_to"]["kind"] == "click"
