"""The click ID's life: browsers that drop what scripts write."""

from __future__ import annotations

from playwright.async_api import Response
from tests.browser.shopper import OURS, SHOPS_OWN, Shopper
from tests.browser.street import Street, once

from fullcount.demo.waiting import eventually


async def names_set_by(answer: Response) -> list[str]:
    """Return the names of the cookies that an answer sets."""
    headers = await answer.headers_array()
    return [one["value"].partition("=")[0] for one in headers if one["name"].lower() == "set-cookie"]


async def test_cookies_of_scripts_may_go_with_the_page(street: Street, shopper: Shopper) -> None:
    """Where every cookie that a script writes is gone with its page, those of the gateway's answers carry the click."""
    answers: list[Response] = []

    def note(answer: Response) -> None:
        answers.append(answer)

    await shopper.switch(cookies="dropped")
    shopper.context.on("response", note)
    click_id = await shopper.click_ad()
    await shopper.everything_arrived()
    set_by_answers: set[str] = set()

    async def are_ours_set() -> bool:
        set_by_answers.update([name for answer in answers for name in await names_set_by(answer)])
        return set_by_answers >= set(OURS)

    await eventually(are_ours_set, "the answers set the visitor's cookies")
    await shopper.leave()
    await shopper.keeps_click()
    left = await shopper.cookies()
    assert left.keys() == {SHOPS_OWN, *OURS} <= {SHOPS_OWN, *set_by_answers}
    assert left["ttclid"]["value"] == click_id

    await shopper.context.clear_cookies(name=SHOPS_OWN)
    await shopper.switch(cookies="dropped")
    event_id = await shopper.buy()
    await shopper.leave()
    await street.counts(
        {
            once("Pageview", "pixel"): 1 + 4,
            once("ViewContent", "both"): 2,
            once("AddToCart", "both"): 1,
            once("InitiateCheckout", "both"): 1,
            once("Purchase", "both"): 1,
        }
    )
    judged = await street.judged(event_id)
    assert (judged["channel"], judged["attributed_to"]["ttclid"]) == ("both", click_id)
    assert {hit["context"]["ad"]["callback"] for hit in await street.hits()} == {click_id}


async def test_without_the_snippet_such_a_browser_forgets_the_click(shopper: Shopper) -> None:
    """Where scripts' cookies go with the page and the snippet is blocked, no cookie is left that names the click."""
    await shopper.switch(cookies="dropped", snippet="blocked")
    await shopper.click_ad()
    await shopper.leave()
    assert (await shopper.cookies()).keys() == {SHOPS_OWN}
