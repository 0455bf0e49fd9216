"""The consent banner: what is counted before an answer, after a refusal, and after a change of mind."""

from __future__ import annotations

from tests.browser.shopper import OURS, Shopper
from tests.browser.street import Street, once

ALL = {
    once("Pageview", "pixel"): 4,
    once("ViewContent", "both"): 1,
    once("AddToCart", "both"): 1,
    once("InitiateCheckout", "both"): 1,
    once("Purchase", "both"): 1,
}


async def test_a_refusal_is_honoured_on_both_sides(street: Street, shopper: Shopper) -> None:
    """After a refusal pixel and server send nothing, the order neither, and no cookie of TikTok's or ours is left."""
    await shopper.switch(consent="ask")
    await shopper.click_ad()
    await shopper.answer("No")
    await shopper.everything_arrived()
    event_id = await shopper.buy()
    await shopper.leave()
    await street.withheld(event_id, "consent_denied")
    await street.counts({})
    assert await street.hits() == []
    assert OURS & (await shopper.cookies()).keys() == set()


async def test_a_refusal_then_a_grant_counts_from_the_grant_on(street: Street, shopper: Shopper) -> None:
    """A visitor refuses, buys, agrees and buys again: the second visit is counted whole, the first not at all."""
    await shopper.switch(consent="ask")
    await shopper.open("/")
    await shopper.answer("No")
    await shopper.everything_arrived()
    refused = await shopper.buy()
    await street.withheld(refused, "consent_denied")
    await shopper.page.get_by_role("button", name="Privacy choices").click()
    await shopper.answer("Yes")
    await shopper.everything_arrived()
    granted = await shopper.buy()
    await shopper.leave()
    await street.counts(ALL)
    assert await street.events(event_id=refused) == []
    assert sorted((await street.event(granted))["channels"]) == ["pixel", "server"]


async def test_what_waits_for_an_answer_is_counted_with_a_grant(street: Street, shopper: Shopper) -> None:
    """A page waits with its events until the banner is answered; granted, they are counted from both sides."""
    await shopper.switch(consent="ask")
    click_id = await shopper.click_ad()
    assert OURS & (await shopper.cookies()).keys() == set()
    assert (await street.tally(), await street.hits()) == ({}, [])
    await shopper.answer("Yes")
    await shopper.everything_arrived()
    await shopper.add_to_cart()
    event_id = await shopper.pay()
    await shopper.leave()
    await street.counts(ALL)
    assert (await street.judged(event_id))["attributed_to"]["ttclid"] == click_id


async def test_an_unanswered_banner_counts_nothing(street: Street, shopper: Shopper) -> None:
    """Whoever buys without answering is not counted: the order is held for an answer and then withheld."""
    await shopper.switch(consent="ask")
    event_id = await shopper.buy()
    await shopper.leave()
    await street.end_hold()
    await street.withheld(event_id, "consent_unknown")
    await street.counts({})
    assert await street.hits() == []


async def test_a_grant_on_the_thank_you_page_counts_the_order(street: Street, shopper: Shopper) -> None:
    """The banner is answered on the thank-you page at last: the order, held until then, is counted from both sides."""
    await shopper.switch(consent="ask")
    event_id = await shopper.buy()
    await shopper.answer("Yes")
    await shopper.leave()
    await street.counts({once("Pageview", "pixel"): 1, once("Purchase", "both"): 1})
    assert (await street.event(event_id))["user"].keys() >= {"email", "ip", "user_agent"}
