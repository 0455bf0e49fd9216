"""What an ad blocker or a strict content policy takes away, and what of it arrives all the same."""

from __future__ import annotations

import pytest
from playwright.async_api import Route
from tests.browser.shopper import HITS, Shopper
from tests.browser.street import Street, once

# Everything of a visit to product, cart, checkout and thanks, by the gateway alone.
BY_SERVER = {
    once("Pageview", "server"): 4,
    once("ViewContent", "server"): 1,
    once("AddToCart", "server"): 1,
    once("InitiateCheckout", "server"): 1,
    once("Purchase", "server"): 1,
}


@pytest.mark.parametrize("position", ["blocked", "refused"])
async def test_without_the_pixel_the_gateway_counts_all(street: Street, shopper: Shopper, position: str) -> None:
    """A pixel whose host is refused, or that a content policy refuses, costs nothing: each event counts once."""
    await shopper.switch(pixel=position)
    await shopper.buy()
    await shopper.leave()
    await street.counts(BY_SERVER)
    assert (await street.pixel_reports()).keys() & {"blocked", "refused"}
    assert await street.hits() == []


async def test_an_ad_blocker_that_knows_tiktok_costs_nothing(street: Street, shopper: Shopper) -> None:
    """An ad blocker stops every request to TikTok's host; the shopper's events are counted, the click among them."""

    async def block(route: Route) -> None:
        await route.abort("blockedbyclient")

    click_id = await shopper.click_ad()
    await shopper.open("/")
    await shopper.everything_arrived()
    await street.begin()
    await shopper.context.route(f"{street.shop.emulator.url}/**", block)
    shopper.begin()
    event_id = await shopper.buy()
    await shopper.leave()
    await street.counts(BY_SERVER)
    assert (await street.judged(event_id))["attributed_to"]["ttclid"] == click_id


async def test_a_blocked_snippet_leaves_the_order(street: Street, shopper: Shopper) -> None:
    """With the snippet blocked the pixel sends page views alone; the order comes by the shop's webhook and counts."""
    await shopper.switch(snippet="blocked")
    event_id = await shopper.buy()
    await shopper.leave()
    assert await street.events(event_id=event_id) == []
    await street.end_hold()
    await street.counts({once("Pageview", "pixel"): 4, once("Purchase", "server"): 1})


async def test_with_pixel_and_snippet_blocked_the_order_is_left(street: Street, shopper: Shopper) -> None:
    """Where the browser says nothing at all, the shop's own record of the order is counted."""
    await shopper.switch(snippet="blocked", pixel="blocked")
    await shopper.buy()
    await shopper.leave()
    await street.end_hold()
    await street.counts({once("Purchase", "server"): 1})
    assert shopper.asked[HITS] == 0


async def test_without_a_webhook_the_browser_half_is_sent_alone(street: Street, shopper: Shopper) -> None:
    """The shop's webhook never comes: what the page told is sent when the hold is over, and counts once."""
    await shopper.switch(webhook="off", pixel="blocked")
    event_id = await shopper.buy()
    await shopper.leave()
    assert await street.events(event_id=event_id) == []
    await street.end_hold()
    await street.counts(BY_SERVER)


async def test_a_late_webhook_counts_nothing_again(street: Street, shopper: Shopper) -> None:
    """The shop tells of the order once the browser's half has left alone: the order stays counted once."""
    await shopper.switch(webhook="off", pixel="blocked")
    event_id = await shopper.buy()
    await street.end_hold()
    assert await shopper.send_webhook(event_id) == 200
    await shopper.leave()
    await street.counts(BY_SERVER)
