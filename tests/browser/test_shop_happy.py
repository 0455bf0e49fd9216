"""From the ad to the thank-you page, with all that a shop hopes for."""

from __future__ import annotations

from tests.browser.shopper import Shopper
from tests.browser.street import Street, once

# Landing on the product, then cart, checkout and thanks.
VISIT = {
    once("Pageview", "pixel"): 4,
    once("ViewContent", "both"): 1,
    once("AddToCart", "both"): 1,
    once("InitiateCheckout", "both"): 1,
    once("Purchase", "both"): 1,
}


async def test_each_event_comes_from_both_sides_and_counts_once(street: Street, shopper: Shopper) -> None:
    """Whoever clicks the ad and buys is counted once for each thing they did, and the ad gets the credit."""
    click_id = await shopper.click_ad()
    await shopper.add_to_cart()
    event_id = await shopper.pay()
    await shopper.leave()
    await street.counts(VISIT)
    bought = await street.event(event_id)
    assert (bought["event"], bought["user"]["ttclid"], bought["properties"]["value"]) == (
        "CompletePayment",
        click_id,
        89.99,
    )
    judged = await street.judged(event_id)
    assert (judged["channel"], judged["attributed_to"]["ttclid"]) == ("both", click_id)
