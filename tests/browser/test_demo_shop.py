"""The panel in the corner of the demo shop, and what its switches do to a visit."""

from __future__ import annotations

from playwright.async_api import Route, expect
from tests.browser.shopper import Shopper
from tests.browser.street import Street

from fullcount.demo.waiting import eventually

PATIENCE_MS = 30_000  # a bound, not a wait: the panel asks every second


async def _counted(street: Street, event_id: str, *channels: str) -> None:
    """Wait until TikTok counts an event from exactly these channels."""

    async def is_so() -> bool:
        return [sorted(one["channels"]) for one in await street.events(event_id=event_id)] == [sorted(channels)]

    await eventually(is_so, f"{event_id} is counted from {' and '.join(channels)}")


async def test_the_panel_tells_that_a_purchase_counts_once(street: Street, shopper: Shopper) -> None:
    """The thank-you page's corner names both sides, the webhook's answer, the ad's credit, and the verdict."""
    await shopper.click_ad()
    await shopper.add_to_cart()
    await _counted(street, await shopper.pay(), "server", "pixel")
    panel = shopper.page.locator("#panel")

    await expect(panel.locator("#verdict")).to_have_text("one order, counted 1", timeout=PATIENCE_MS)
    await expect(panel.locator("#events")).to_contain_text("CompletePayment from Browser and Server")
    await expect(panel.locator("#orders")).to_contain_text("webhook: answered 200")
    await expect(panel.locator("#orders")).to_contain_text("credited to the ad click")
    await expect(panel.locator("#cookies")).to_contain_text("ttclid: E.C.P.")
    await expect(panel.locator("#cookies")).to_contain_text("consent: granted")


async def test_a_purchase_that_counts_twice_is_told(street: Street, shopper: Shopper) -> None:
    """A pixel with event_ids of its own makes two purchases of one order: the panel says so, and pairs says why.

    The snippet mirrors the pixel's event, so that its id came from both sides; the order's did not.
    """
    await shopper.switch(event_id="own")
    event_id = await shopper.buy()
    await street.end_hold(2)
    await _counted(street, event_id, "server")
    verdict = shopper.page.locator("#verdict")

    await expect(verdict).to_have_text("one order, counted 2", timeout=PATIENCE_MS)
    await expect(verdict).to_have_class("bad")
    finding = (await street.pair_findings())["ids_differ"]
    assert finding["is_double"]
    assert any(event_id in example for example in finding["examples"])


async def test_a_switch_of_the_panel_holds_from_the_reload_on(shopper: Shopper) -> None:
    """Whoever turns the ad blocker on sees the page again, without a pixel that runs."""
    await shopper.open("/")
    async with shopper.page.expect_navigation():
        await shopper.page.select_option("select[name=pixel]", "blocked")

    assert (await shopper.state())["switches"]["pixel"] == "blocked"
    assert await shopper.page.evaluate("ttq._runtime === undefined")


async def test_a_content_policy_leaves_the_purchase_to_the_server(street: Street, shopper: Shopper) -> None:
    """Where the shop's own policy refuses the pixel, its script is not even asked for; the server's half counts."""
    asked: list[str] = []

    async def note(route: Route) -> None:
        asked.append(route.request.url)
        await route.continue_()

    await shopper.context.route("**/i18n/pixel/**", note)
    await shopper.switch(pixel="refused")
    await _counted(street, await shopper.buy(), "server")

    assert asked == []
    assert await shopper.page.evaluate("ttq._runtime === undefined")


async def test_a_webhook_that_never_comes_leaves_the_purchase_to_the_browser(street: Street, shopper: Shopper) -> None:
    """The page's half waits its time and goes alone; TikTok merges it with what the pixel sent."""
    await shopper.switch(webhook="off")
    event_id = await shopper.buy()
    await street.end_hold()

    await _counted(street, event_id, "server", "pixel")
    assert (await shopper.state())["orders"][0]["webhook"]["state"] == "off"
