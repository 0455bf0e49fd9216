"""What hostile input does in a browser: nothing, on any page that shows something of it."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest
from playwright.async_api import Browser, Page
from tests.browser.shopper import Shopper
from tests.browser.street import Street, once

MARK = "<img src=x onerror='window.reflected=1'>"
HOSTILE = f"</script>\"'--><script>window.reflected=1</script>{MARK}"


async def assert_harmless(page: Page) -> None:
    """Assert that nothing of the hostile input has become a part of this page."""
    assert await page.evaluate("window.reflected") is None
    assert await page.locator("img[onerror]").count() == 0


async def test_addresses_and_forms_are_not_reflected(street: Street, shopper: Shopper) -> None:
    """A hostile click ID, cookie or name in a form becomes no part of the shop's pages, nor of TikTok's page."""
    await shopper.context.add_cookies(
        [{"name": name, "value": quote(HOSTILE), "url": street.url} for name in ("_fc", "ttclid", "_ttp", "shop_visit")]
    )
    asked = quote(HOSTILE, safe="")
    for path in (
        f"/products/headphones?ttclid={asked}&q={asked}",
        f"/spa/{asked}",
        f"/products/{asked}",
        f"/spa#{asked}",
    ):
        await shopper.open(path)
        await assert_harmless(shopper.page)
    await shopper.fill_cart()
    await shopper.page.get_by_role("link", name="Checkout").click()
    await shopper.page.get_by_label("First name").fill(HOSTILE)
    await shopper.page.get_by_label("Last name").fill(HOSTILE)
    await shopper.page.get_by_role("button", name="Pay").click()
    await shopper.page.wait_for_url("**/thanks/*")
    await assert_harmless(shopper.page)
    await shopper.everything_arrived()
    await street.nothing_under_way()
    await shopper.page.goto(f"{street.shop.emulator.url}/")
    await assert_harmless(shopper.page)
    assert HOSTILE not in json.dumps([cookie["value"] for cookie in (await shopper.cookies()).values()])


async def test_what_the_gateway_answers_reflects_nothing(street: Street, shopper: Shopper) -> None:
    """The snippet's address with a hostile key, and a hostile beacon, are answered with nothing of what was sent."""
    page = shopper.page
    await shopper.open(f"/fc/fc.js?key={quote(HOSTILE, safe='')}")
    assert "reflected" not in await page.content()
    await assert_harmless(page)
    events = [{"event": HOSTILE, "event_id": HOSTILE, "properties": {"order_id": HOSTILE, "value": HOSTILE}}]
    hostile = {"visitor": HOSTILE, "ttclid": HOSTILE, "ttp": HOSTILE, "events": events, "paired": events, "v": HOSTILE}
    for key in ("pk-headphone-corner", HOSTILE):
        await shopper.open("/")
        body = json.dumps({"key": key, **hostile})
        answer = await page.evaluate(
            "async (body) => { const answer = await fetch('/fc/e', {method: 'POST', body});"
            " return [answer.status, await answer.text(), JSON.stringify([...answer.headers])] }",
            body,
        )
        assert answer[0] in (204, 401)
        assert "reflected" not in json.dumps(answer)
        assert "reflected" not in json.dumps(list((await shopper.cookies()).values()))
    await page.goto(f"{street.shop.emulator.url}/")
    await assert_harmless(page)


@pytest.mark.parametrize("name", ["_fc", "ttclid", "_ttp"])
async def test_garbage_in_a_cookie_costs_no_order(street: Street, shopper: Shopper, name: str) -> None:
    """A visitor whose cookie holds garbage is counted like any other, each event once."""
    await shopper.context.add_cookies([{"name": name, "value": "%00%ff{{7*7}}", "url": street.url}])
    await shopper.buy()
    await shopper.leave()
    await street.counts(
        {
            once("Pageview", "pixel"): 4,
            once("ViewContent", "both"): 1,
            once("AddToCart", "both"): 1,
            once("InitiateCheckout", "both"): 1,
            once("Purchase", "both"): 1,
        }
    )


async def test_a_robot_s_purchase_is_kept_and_its_page_events_are_not(street: Street, chromium: Browser) -> None:
    """Of a browser that says it is a robot the gateway sends the order alone; its pixel sends what it likes."""
    async with Shopper(street, chromium, is_robot=True) as robot:
        await robot.buy()
        await robot.leave()
        await street.counts(
            {
                once("Pageview", "pixel"): 4,
                once("ViewContent", "pixel"): 1,
                once("AddToCart", "pixel"): 1,
                once("InitiateCheckout", "pixel"): 1,
                once("Purchase", "both"): 1,
            }
        )
