"""What docs/sources/paste-ins.md says to paste, pasted into a page and used."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import dedent

import pytest
from playwright.async_api import Page
from tests.browser.snippet_shop import SnippetShop, visit

PASTED = Path(__file__).parents[2] / "docs" / "sources" / "paste-ins.md"
HEAD, PRODUCT, THANKS, CONSENT = (
    dedent(block)
    for block in re.findall(
        r"```html\n(.*?)```", PASTED.read_text(encoding="utf-8").replace("pk-store", "pk-shop"), re.DOTALL
    )
)


async def test_plain_pages_tell_of_view_cart_and_purchase(page: Page, shop: SnippetShop) -> None:
    """The button, the call of the product's page and that of the thank-you page, with person and order id."""
    shop.pages["/"] = f"<!doctype html><head>{HEAD}</head><body>{PRODUCT}</body>"
    shop.pages["/thanks"] = f"<!doctype html><head>{HEAD}</head><body>{THANKS}</body>"
    await visit(page, shop)
    view = await shop.event("ViewContent")
    await page.get_by_role("button", name="Buy").click()
    added = await shop.event("AddToCart")
    assert added["properties"] == view["properties"]
    await visit(page, shop, "/thanks")
    bought = await shop.event("Purchase")
    assert (bought["event_id"], bought["properties"]["value"]) == ("1001", 59)
    assert shop.beacons[-1]["user"] == {"email": "customer@example.com"}


@pytest.mark.parametrize("moment", ["before the tag", "after it"])
async def test_a_banner_that_tells_google_is_heard(moment: str, page: Page, shop: SnippetShop) -> None:
    """A consent update in the data layer is the visitor's answer; the default before it is none."""
    shop.set(hold_consent=True)
    layer = "<script>window.dataLayer = window.dataLayer || []; function gtag() { dataLayer.push(arguments); }</script>"
    default = "<script>gtag('consent', 'default', {ad_storage: 'denied', ad_user_data: 'denied'});</script>"
    answer = "gtag('consent', 'update', {ad_storage: 'granted', ad_user_data: 'granted'});"
    early = f"<script>{answer}</script>" if moment == "before the tag" else ""
    shop.pages["/"] = f"<!doctype html><head>{layer}{default}{early}{CONSENT}{HEAD}</head><body>{PRODUCT}</body>"
    await visit(page, shop)
    if not early:
        assert shop.beacons == []
        await page.evaluate(answer)
    await shop.event("ViewContent")
    assert shop.beacons[-1]["consent"] == {"said": "granted"}
    await page.evaluate("gtag('consent', 'update', {ad_storage: 'granted', ad_user_data: 'denied'})")
    await shop.until(lambda: shop.beacons[-1]["consent"] == {"said": "denied"}, "the refusal arrives")
    assert await page.evaluate("dataLayer.length") == 3
