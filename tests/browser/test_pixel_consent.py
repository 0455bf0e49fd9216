"""The pixel's consent calls: nothing leaves and nothing is written before the visitor agrees."""

from __future__ import annotations

import pytest
from playwright.async_api import Page
from tests.browser.pixel_page import LOAD, arrived, beacons, cookies, names_sent, visit
from tests.browser.site import Site

from fullcount.testing.emulator import RunningEmulator

HELD = f"ttq.holdConsent(); {LOAD} ttq.page(); ttq.track('ViewContent', {{}}, {{event_id: 'v-1'}});"
LANDING = "/?ttclid=E.C.P.test-click"


async def test_held_consent_holds_events_and_cookies(page: Page, site: Site, tiktok: RunningEmulator) -> None:
    """After `holdConsent` the page calls as usual, and neither hit nor cookie comes of it."""
    await visit(page, site, tiktok.base_url, HELD, at=LANDING)
    await page.evaluate("ttq.track('AddToCart')")
    assert await beacons(page) == []
    assert await cookies(page) == {}
    assert await page.evaluate("sessionStorage.length") == 0


async def test_granted_consent_releases_what_waited(page: Page, site: Site, tiktok: RunningEmulator) -> None:
    """`grantConsent` sends the waiting events in their order, as of their own page, and writes the cookies."""
    await visit(page, site, tiktok.base_url, HELD, at=LANDING)
    await page.evaluate("history.pushState({}, '', '/next'); ttq.track('AddToCart'); ttq.grantConsent()")

    sent = await arrived(tiktok, 3)
    found = await cookies(page)

    assert [(hit["event"], hit["context"]["page"]["url"]) for hit in await beacons(page)] == [
        ("Pageview", site.url(LANDING)),
        ("ViewContent", site.url(LANDING)),
        ("AddToCart", site.url("/next")),
    ]
    assert {hit["context"]["user"]["anonymous_id"] for hit in sent} == {found["_ttp"]["value"]}
    assert {hit["context"]["ad"]["callback"] for hit in sent} == {found["ttclid"]["value"]}


async def test_a_waiting_event_stays_as_it_was(page: Page, site: Site, tiktok: RunningEmulator) -> None:
    """What `identify` learns while consent is held is said of the events after it, not of those before."""
    await visit(page, site, tiktok.base_url, HELD)
    await page.evaluate("ttq.identify('customer-7'); ttq.track('AddToCart'); ttq.grantConsent()")
    said = [(hit["event"], hit["context"]["user"].get("external_id")) for hit in await beacons(page)]
    assert said == [("Pageview", None), ("ViewContent", None), ("AddToCart", "customer-7")]


@pytest.mark.parametrize("start", [HELD, LOAD + "ttq.page();"], ids=["while held", "while sending"])
async def test_revoked_consent_drops_all(page: Page, site: Site, tiktok: RunningEmulator, start: str) -> None:
    """`revokeConsent` drops what waits and what comes after it, and takes the cookies away."""
    await visit(page, site, tiktok.base_url, start, at=LANDING)
    before = await names_sent(page)
    await page.evaluate("ttq.revokeConsent(); ttq.page(); ttq.track('Purchase')")
    assert await names_sent(page) == before
    assert not {"_ttp", "ttclid"} & (await cookies(page)).keys()


async def test_consent_may_come_after_a_refusal(page: Page, site: Site, tiktok: RunningEmulator) -> None:
    """What was refused stays unsent; what follows a later grant is sent, the page view of this page too."""
    await visit(page, site, tiktok.base_url, HELD, at=LANDING)
    await page.evaluate(
        "ttq.revokeConsent(); ttq.track('Search'); ttq.grantConsent(); ttq.page(); ttq.track('Contact')"
    )
    assert await names_sent(page) == ["Pageview", "Contact"]
    assert {"_ttp", "ttclid"} <= (await cookies(page)).keys()
