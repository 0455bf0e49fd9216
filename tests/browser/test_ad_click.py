"""From the ad to the purchase in a real browser, against an emulator that is a process of its own."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import Page
from tests.browser.base_code import page_with_pixel
from tests.browser.conftest import Keeper
from tests.browser.pixel_page import LOAD
from tests.browser.site import Site

from fullcount.demo.processes import Emulator
from fullcount.demo.waiting import eventually
from fullcount.testing.emulator import DEFAULT_PIXEL, DEFAULT_TOKEN


async def test_an_ad_is_clicked_and_credited(page: Page, site: Site, child: Keeper, tmp_path: Path) -> None:
    """A shopper clicks an ad, looks around and buys: what the pixel sends is counted, matched and attributed."""
    tiktok = child(Emulator(tmp_path, {DEFAULT_PIXEL: DEFAULT_TOKEN}, options=["--population", "3", "--seed", "7"]))
    await tiktok.start()
    site.pages["/product"] = page_with_pixel(tiktok.url, LOAD + "ttq.page()")
    buy = "ttq.track('Purchase', {value: 59, currency: 'EUR'}, {event_id: 'order-1'})"
    site.pages["/thanks"] = page_with_pixel(tiktok.url, f"{LOAD} ttq.page(); {buy}")
    ad = f"{tiktok.url}/_emulator/ad?user=user-00002&to={site.url('/product')}%3Fcolour=black%23reviews"
    site.pages["/feed"] = f"<!doctype html><a href='{ad}'>Headphones</a>"

    await page.goto(site.url("/feed"))
    await page.get_by_text("Headphones").click()
    await page.wait_for_url("**/product?*")
    landed_at = page.url
    await page.goto(site.url("/thanks"))

    async def counted() -> bool:
        answer = await page.request.get(f"{tiktok.url}/_emulator/events?limit=0")
        return bool((await answer.json())["counted"] == 3)

    await eventually(counted, "the emulator counts two page views and the purchase")
    report = await (await page.request.get(f"{tiktok.url}/_emulator/report")).json()
    assert landed_at.startswith(site.url("/product?colour=black&ttclid=E.C.P."))
    assert landed_at.endswith("#reviews")
    assert report["by_channel"]["pixel"] == {"counted": 3, "matched": 3, "attributed": 3}
    purchase = next(event for event in report["events"] if event["counted_as"] == "Purchase")
    assert (purchase["event"], purchase["user"]) == ("CompletePayment", "user-00002")
    assert purchase["matched_by"] == ["ttclid", "ttp"]
    assert purchase["attributed_to"]["kind"] == "click"
    assert purchase["attributed_to"]["ttclid"] in landed_at
