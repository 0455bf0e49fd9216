"""The same page again: reloaded, gone back to, in two tabs."""

from __future__ import annotations

from tests.browser.shopper import Shopper
from tests.browser.street import Street, Told, once


async def test_a_thank_you_page_reloaded_five_times_counts_one_order(street: Street, shopper: Shopper) -> None:
    """Each load tells of the purchase again, under the same event_id: seven copies, one of them counted."""
    event_id = await shopper.buy()
    for _ in range(5):
        await shopper.everything_arrived()
        await shopper.page.reload()
    await shopper.leave()
    await street.counts(
        {
            once("Pageview", "pixel"): 4 + 5,
            once("ViewContent", "both"): 1,
            once("AddToCart", "both"): 1,
            once("InitiateCheckout", "both"): 1,
            Told("Purchase", "both", 6 + 1): 1,
        }
    )
    assert len(await street.events(event_id=event_id)) == 1


async def test_back_and_forward_on_the_thank_you_page_counts_one_order(street: Street, shopper: Shopper) -> None:
    """Back from the thank-you page and forward to it again: the purchase is told of twice and counted once."""
    event_id = await shopper.buy()
    await shopper.everything_arrived()
    await shopper.page.go_back()
    await shopper.everything_arrived()
    await shopper.page.go_forward()
    await shopper.page.wait_for_url("**/thanks/*")
    await shopper.leave()
    await street.nothing_under_way()
    (bought,) = await street.events(event="Purchase", event_id=event_id)
    assert (sorted(bought["channels"]), bought["copies"]) == (["pixel", "server"], 3)


async def test_two_tabs_are_two_orders(street: Street, shopper: Shopper) -> None:
    """A person buys in one tab, then in another that was open all along: two orders, each counted once."""
    other = await shopper.context.new_page()
    await shopper.open("/products/case", other)
    await shopper.open("/products/headphones")
    await shopper.everything_arrived()
    await shopper.add_to_cart()
    first = await shopper.pay()
    await shopper.everything_arrived()
    await shopper.add_to_cart(other)
    second = await shopper.pay(other)
    await shopper.leave()
    await street.counts(
        {
            once("Pageview", "pixel"): 8,
            once("ViewContent", "both"): 2,
            once("AddToCart", "both"): 2,
            once("InitiateCheckout", "both"): 2,
            once("Purchase", "both"): 2,
        }
    )
    assert first != second


async def test_a_thank_you_page_in_two_tabs_counts_one_order(street: Street, shopper: Shopper) -> None:
    """The same thank-you page, opened in a second tab, counts nothing again."""
    event_id = await shopper.buy()
    await shopper.everything_arrived()
    other = await shopper.context.new_page()
    await other.goto(shopper.page.url)
    await shopper.leave()
    await street.nothing_under_way()
    assert (await street.event(event_id))["copies"] == 3
    assert len([one for one in await street.events() if one["counted_as"] == "Purchase"]) == 1
