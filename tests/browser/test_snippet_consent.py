"""Consent in the page: nothing leaves before it is given, and nothing but the refusal after it is not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.async_api import Page
from tests.browser.pixel_page import hits
from tests.browser.snippet_shop import LOAD, SnippetShop, cookies, visit

from fullcount.testing.emulator import RunningEmulator

BUY = "fullcount('track', 'Purchase', {order_id: '1001', value: 59, currency: 'EUR', checkout_token: 'c-7'})"
LANDING = "/?ttclid=E.C.P.test-17"
PERSON = "fullcount('identify', {email: 'customer@example.com'});"
ALLOWED_IN_A_REFUSAL = {"key", "v", "visitor", "consent", "consent_at", "consent_version", "ties"}


async def is_quiet(page: Page, shop: SnippetShop) -> bool:
    """Say that nothing has left or been kept, after all that the page was about to do has been done."""
    await page.wait_for_load_state("load")
    await page.evaluate("new Promise((done) => setTimeout(done))")
    kept = await page.evaluate("Object.keys(localStorage).length + document.cookie.length")
    return shop.beacons == [] and kept == 0


async def test_held_consent_holds_everything(page: Page, shop: SnippetShop, tiktok: RunningEmulator) -> None:
    """Before the answer nothing leaves and nothing is kept, and the pixel is held: not even a page view goes out."""
    shop.set(hold_consent=True)
    shop.put("/", f"ttq.track('ViewContent'); {LOAD} {PERSON} {BUY}", tiktok=tiktok.base_url, is_first=True)
    await visit(page, shop, LANDING)
    await page.evaluate("new Promise((done) => ttq.ready(done))")
    assert await is_quiet(page, shop)
    assert hits(tiktok) == []


async def test_the_grant_releases_what_waited(page: Page, shop: SnippetShop, tiktok: RunningEmulator) -> None:
    """After the grant the gateway and the pixel have all that waited, with its ids, its age and the click."""
    shop.set(hold_consent=True)
    shop.put("/", f"{LOAD} {PERSON} {BUY}", tiktok=tiktok.base_url, is_first=True)
    await visit(page, shop, LANDING)
    await page.evaluate("new Promise((done) => ttq.ready(done))")
    assert await is_quiet(page, shop)
    await page.evaluate("fullcount('consent', 'granted', {version: 'banner-3'})")
    event = await shop.event("Purchase")
    beacon = next(one for one in shop.beacons if one["events"])
    now = await page.evaluate("Date.now()")
    assert event["event_id"] == "1001"
    assert (beacon["ttclid"], beacon["user"]) == ("E.C.P.test-17", {"email": "customer@example.com"})
    assert (beacon["consent"], beacon["consent_version"]) == ({"said": "granted"}, "banner-3")
    assert now - 60_000 < beacon["consent_at"] <= now
    await shop.until(lambda: len(hits(tiktok)) >= 2, "the pixel's hits")
    assert sorted(hit["event"] for hit in hits(tiktok)) == ["CompletePayment", "Pageview"]


async def test_a_refusal_drops_what_waited(page: Page, shop: SnippetShop, tiktok: RunningEmulator) -> None:
    """After a refusal only that is told, without identifiers; the pixel is revoked; a grant brings nothing back."""
    shop.set(hold_consent=True)
    shop.put("/", f"{LOAD} {PERSON} {BUY}", tiktok=tiktok.base_url, is_first=True)
    await visit(page, shop, LANDING)
    await page.evaluate("fullcount('consent', 'denied'); ttq.track('Contact'); fullcount('track', 'Contact')")
    await shop.until(lambda: shop.beacons, "the refusal")
    assert len(shop.beacons) == 1
    refusal = shop.beacons[0]
    assert set(refusal) <= ALLOWED_IN_A_REFUSAL | {"user"}
    assert (refusal["consent"], refusal["ties"], refusal.get("user")) == ({"said": "denied"}, {}, "")
    await page.evaluate("fullcount('consent', 'granted')")
    await page.evaluate("fullcount('track', 'Search')")
    await shop.event("Search")
    assert [event["event"] for event in shop.events()] == ["Search"]
    await shop.until(lambda: any(hit["event"] == "Search" for hit in hits(tiktok)), "the pixel's hit")
    assert {hit["event"] for hit in hits(tiktok)} <= {"Search"}


async def test_a_refused_order_is_told_for_the_webhook_s_sake(page: Page, shop: SnippetShop) -> None:
    """The shop's webhook of the order must find the refusal: its id is told with it, and nothing else."""
    shop.put("/", "fullcount('consent', 'denied')")
    await visit(page, shop)
    await page.evaluate(f"{PERSON} {BUY}")
    await shop.until(lambda: len(shop.beacons) >= 2, "two refusals")
    assert shop.beacons[1]["ties"] == {"order_id": "1001"}
    assert shop.events() == []
    assert "customer@example.com" not in json.dumps(shop.beacons)


async def test_withdrawal_deletes_what_was_kept(page: Page, shop: SnippetShop) -> None:
    """Cookies and waiting beacons go at once, the visitor is named a last time, and the answer is remembered."""
    shop.put("/", "fullcount('consent', 'granted')")
    shop.put("/next", BUY)
    await visit(page, shop, LANDING)
    await page.wait_for_function("document.cookie.includes('_fc=')")
    visitor = (await cookies(page))["_fc"]
    shop.answer_status = 503
    await page.evaluate("fullcount('track', 'Search')")
    await page.wait_for_function("(localStorage._fcq || '').includes('Search')")
    shop.answer_status = 204
    told = len(shop.beacons)
    await page.evaluate("fullcount('consent', 'denied')")
    await page.wait_for_function("localStorage._fcq == '[]' && document.cookie == ''")
    await shop.until(lambda: len(shop.beacons) > told, "the refusal")
    assert shop.beacons[told]["visitor"] == visitor
    await visit(page, shop, "/next")
    await page.wait_for_load_state("load")
    assert await cookies(page) == {}
    assert all(one.get("consent") == {"said": "denied"} and "events" not in one for one in shop.beacons[told:])


async def test_an_answer_is_remembered(page: Page, shop: SnippetShop) -> None:
    """A grant on one page holds on the next, which does not ask again."""
    shop.set(hold_consent=True)
    shop.put("/", "fullcount('consent', 'granted')")
    shop.put("/next", BUY)
    await visit(page, shop)
    await shop.until(lambda: shop.beacons, "a beacon")
    await visit(page, shop, "/next")
    await shop.event("Purchase")
    assert shop.beacons[-1]["consent"] == {"said": "granted"}


async def test_global_privacy_control_is_a_refusal(page: Page, shop: SnippetShop, tiktok: RunningEmulator) -> None:
    """A browser that says so is not measured: the pixel is revoked before it sends, whatever else was granted."""
    await page.add_init_script("Object.defineProperty(navigator, 'globalPrivacyControl', {value: true})")
    script = f"ttq.track('ViewContent'); {LOAD} fullcount('consent', 'granted'); {BUY}"
    shop.put("/", script, tiktok=tiktok.base_url, is_first=True)
    await visit(page, shop, LANDING)
    await page.evaluate("new Promise((done) => ttq.ready(done))")
    await shop.until(lambda: any(one["ties"] for one in shop.beacons), "the refusal of the order")
    assert all(one["consent"]["gpc"] is True and "events" not in one for one in shop.beacons)
    assert hits(tiktok) == []
    assert await cookies(page) == {}


async def test_an_outdated_base_code_is_no_error(page: Page, shop: SnippetShop, tiktok: RunningEmulator) -> None:
    """A stub without the consent calls is left alone until the runtime has them; then it is told."""
    shop.set(hold_consent=True)
    shop.put("/", LOAD, tiktok=tiktok.base_url, has_old_stub=True)
    await visit(page, shop)
    await page.evaluate("new Promise((done) => ttq.ready(done))")
    await page.evaluate("document.body.append('changed')")
    await page.evaluate("ttq.track('Contact')")
    await page.evaluate("new Promise((done) => setTimeout(done))")
    assert "Contact" not in [hit["event"] for hit in hits(tiktok)]
    await page.evaluate("fullcount('consent', 'granted')")
    await shop.until(lambda: "Contact" in [hit["event"] for hit in hits(tiktok)], "the released hit")


async def test_limited_is_told_and_the_pixel_held(page: Page, shop: SnippetShop, tiktok: RunningEmulator) -> None:
    """What may be used in part goes by the gateway alone, which can limit it; the pixel, which cannot, is held."""
    shop.put("/", f"{LOAD} fullcount('consent', 'limited'); {BUY}", tiktok=tiktok.base_url, is_first=True)
    await visit(page, shop)
    await shop.event("Purchase")
    await page.evaluate("new Promise((done) => ttq.ready(done))")
    await page.evaluate("fullcount('track', 'Search')")
    await shop.event("Search")
    assert (shop.beacons[-1]["consent"], shop.beacons[-1]["pixel"]["state"]) == ({"said": "limited"}, "held")
    assert (hits(tiktok), shop.paired()) == ([], [])


TCF = """
window.__tcfapi = (command, version, callback) => {
  window.answer = (eventStatus, purposes, gdprApplies = true) => callback({
    tcString: 'test-tc-string', eventStatus, gdprApplies,
    purpose: {consents: Object.fromEntries(purposes.map((each) => [each, true]))},
  }, true);
  answer('cmpuishown', [1, 3, 4, 7]);
};
"""


@pytest.mark.parametrize(
    "answer", ["answer('useractioncomplete', [1, 3, 4, 7])", "answer('tcloaded', [1, 2, 3, 4, 7, 9])"]
)
async def test_tcf_granted(page: Page, shop: SnippetShop, answer: str) -> None:
    """A finished choice for all purposes releases what waited, and its string goes with the beacon."""
    shop.set(hold_consent=True, consent_tools=("tcf",))
    shop.put("/", f"{TCF} {BUY}")
    await visit(page, shop)
    assert await is_quiet(page, shop)
    await page.evaluate(answer)
    await shop.event("Purchase")
    assert shop.beacons[-1]["consent"] == {"tcf": "test-tc-string"}


@pytest.mark.parametrize(
    "answer",
    [
        "answer('tcloaded', [1, 7])",  # in part
        "answer('cmpuishown', [1, 3, 4, 7])",  # the banner is still open
        "answer('tcloaded', [1, 3, 4, 7], false)",  # TCF does not apply here, so it says nothing
    ],
)
async def test_tcf_says_no_grant(page: Page, shop: SnippetShop, answer: str) -> None:
    """Where a grant is needed, anything short of one keeps all waiting."""
    shop.set(hold_consent=True, consent_tools=("tcf",))
    shop.put("/", f"{TCF} {BUY}")
    await visit(page, shop)
    await page.evaluate(answer)
    assert await is_quiet(page, shop)


async def test_tcf_refused(page: Page, shop: SnippetShop) -> None:
    """A choice without measuring is a refusal, also against an earlier word of the shop's own."""
    shop.set(consent_tools=("tcf",))
    shop.put("/", f"{TCF} fullcount('consent', 'granted')")
    await visit(page, shop)
    await shop.until(lambda: shop.beacons, "a beacon")
    told = len(shop.beacons)
    await page.evaluate(f"answer('useractioncomplete', [1, 2]); {BUY}")
    await shop.until(lambda: len(shop.beacons) >= told + 2, "refusals")
    assert shop.beacons[told]["consent"] == {"said": "granted", "tcf": "test-tc-string"}
    assert shop.events("Purchase") == []


async def test_a_consent_tool_that_comes_later_is_found(page: Page, shop: SnippetShop) -> None:
    """A tool that the page loads after us is asked as soon as it is there, once."""
    shop.set(hold_consent=True, consent_tools=("tcf",))
    shop.put("/", BUY)
    await visit(page, shop)
    count = "const ask = __tcfapi; window.__tcfapi = (...call) => { asked += 1; ask(...call) }"
    script = f"window.asked = 0; {TCF} {count}"
    await page.evaluate("text => document.body.append(Object.assign(document.createElement('script'), {text}))", script)
    await page.evaluate("document.body.append('more')")
    await page.wait_for_function("typeof answer == 'function'")
    await page.evaluate("answer('tcloaded', [1, 3, 4, 7])")
    await shop.event("Purchase")
    assert await page.evaluate("asked") == 1


GPP = """window.__gpp = (command, callback) => callback({eventName: 'signalStatus', pingData: {
  signalStatus: '%s', gppString: 'test-gpp', parsedSections: {usnat: [{SaleOptOut: %d, SharingOptOut: 2}]}}}, true);"""
USP = "window.__uspapi = (command, version, callback) => callback({version: 1, uspString: '%s'}, true);"
SHOPIFY = """window.Shopify = {customerPrivacy: {
  marketingAllowed: () => %s, saleOfDataAllowed: () => %s, currentVisitorConsent: () => ({marketing: '%s'})}};"""


@pytest.mark.parametrize(
    ("tool", "script", "consent"),
    [
        ("gpp", GPP % ("ready", 1), {"gpp": "test-gpp"}),
        ("usp", USP % "1YYN", {"usp": "1YYN"}),
        ("shopify", SHOPIFY % ("false", "true", "no"), {"shopify_marketing": False}),
        ("shopify", SHOPIFY % ("true", "false", ""), {"shopify_marketing": True, "shopify_sale_of_data": False}),
    ],
)
async def test_an_opt_out_is_a_refusal(
    page: Page, shop: SnippetShop, tool: str, script: str, consent: dict[str, Any]
) -> None:
    """Each tool's objection stops events and goes to the gateway as it is."""
    shop.set(consent_tools=(tool,))
    shop.put("/", f"{script} {BUY}")
    await visit(page, shop)
    await shop.until(lambda: any(one["ties"] == {"order_id": "1001"} for one in shop.beacons), "the order's refusal")
    assert shop.beacons[-1]["consent"] == consent
    assert shop.events() == []


@pytest.mark.parametrize(
    ("tool", "script", "consent"),
    [
        ("gpp", GPP % ("ready", 2), {"gpp": "test-gpp"}),
        ("gpp", GPP % ("not ready", 1), {}),
        ("usp", USP % "1YNN", {"usp": "1YNN"}),
        ("shopify", SHOPIFY % ("true", "true", "yes"), {"shopify_marketing": True}),
        ("shopify", SHOPIFY % ("false", "true", ""), {}),
    ],
)
async def test_a_tool_without_an_objection(
    page: Page, shop: SnippetShop, tool: str, script: str, consent: dict[str, Any]
) -> None:
    """Where no grant is needed events go on, with what the tool said."""
    shop.set(consent_tools=(tool,))
    shop.put("/", f"{script} {BUY}")
    await visit(page, shop)
    await shop.event("Purchase")
    assert shop.beacons[-1]["consent"] == consent
