"""How beacons travel, and what becomes of those that cannot."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.async_api import Page, Request
from tests.browser.site import Site
from tests.browser.snippet_shop import SnippetShop, started, visit

BUY = "fullcount('track', 'Purchase', {order_id: '1001', value: 59, currency: 'EUR'})"


async def queue(page: Page) -> list[dict[str, Any]]:
    """Return the beacons that wait in the browser's storage."""
    text = await page.evaluate("localStorage._fcq || '[]'")
    found: list[dict[str, Any]] = json.loads(text)
    return found


async def until_queued(page: Page, count: int) -> None:
    """Wait until so many beacons wait in storage."""
    await page.wait_for_function("count => JSON.parse(localStorage._fcq || '[]').length >= count", arg=count)


async def test_a_beacon_needs_no_preflight(page: Page, shop: SnippetShop) -> None:
    """It is a plain-text POST with the page's cookies, and goes through when the page does not wait for it."""
    shop.put("/", BUY)
    sent: list[Request] = []
    page.on("request", lambda request: sent.append(request) if request.url.endswith("/fc/e") else None)
    await page.context.add_cookies([{"name": "_fc", "value": "v" * 24, "url": shop.url()}])
    await visit(page, shop)
    await shop.event("Purchase")
    assert {(request.method, request.resource_type) for request in sent} == {("POST", "fetch")}
    assert shop.requests[0]["content-type"] == "text/plain;charset=UTF-8"
    assert shop.requests[0]["cookie"] == f"_fc={'v' * 24}"
    assert shop.beacons[0]["visitor"] == "v" * 24


async def test_beacons_go_where_the_script_came_from(page: Page, shop: SnippetShop, site: Site) -> None:
    """A relative endpoint is beside the script, so that a shop's own prefix, or host, is followed by itself."""
    shop.set(endpoint="e", pixel="")
    site.pages["/"] = f"<!doctype html><script src='{shop.url('/fc/fc.js')}'></script>"
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    await page.goto(site.url())
    await started(page)
    await shop.event("Pageview")
    assert sent[0] == shop.url("/fc/e")


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_gateway_in_trouble_gets_it_later(page: Page, shop: SnippetShop, status: int) -> None:
    """A beacon that is told to come later waits in storage and goes with the next page, under its id, aged."""
    shop.answer_status = status
    shop.put("/", f"{BUY}; fullcount('identify', {{email: 'customer@example.com'}})")
    shop.put("/next")
    await visit(page, shop)
    await until_queued(page, 1)
    assert "customer@example.com" not in await page.evaluate("JSON.stringify(localStorage)")
    shop.answer_status = 204
    tried = len(shop.beacons)
    await visit(page, shop, "/next")
    await shop.until(lambda: any(has(one, "1001") for one in shop.beacons[tried:]), "the purchase comes again")
    again = next(one for one in shop.beacons[tried:] if has(one, "1001"))["events"][0]
    first = next(one for one in shop.beacons[:tried] if has(one, "1001"))["events"][0]
    assert again["age"] > first["age"]
    assert {**again, "age": 0} == {**first, "age": 0}
    await page.wait_for_function("localStorage._fcq == '[]'")


def has(beacon: dict[str, Any], event_id: str) -> bool:
    """Say whether an event is in a beacon."""
    return any(event["event_id"] == event_id for event in beacon["events"])


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413])
async def test_a_refusal_is_not_repeated(page: Page, shop: SnippetShop, status: int) -> None:
    """What the gateway will never take is not kept."""
    shop.answer_status = status
    shop.put("/", BUY)
    await visit(page, shop)
    await shop.event("Purchase")
    await page.evaluate("fullcount('track', 'Search')")
    await shop.event("Search")
    await page.wait_for_function("localStorage._fcq == '[]'")
    assert len(shop.events("Purchase")) == 1


async def test_an_offline_page_keeps_its_events(page: Page, shop: SnippetShop) -> None:
    """Without a network events wait in storage; when it is back they go by themselves."""
    shop.put("/")
    await visit(page, shop)
    await shop.until(lambda: shop.beacons, "a beacon")
    await page.context.set_offline(offline=True)
    await page.evaluate(BUY)
    await until_queued(page, 1)
    assert shop.events("Purchase") == []
    await page.context.set_offline(offline=False)
    assert (await shop.event("Purchase"))["event_id"] == "1001"
    await page.wait_for_function("localStorage._fcq == '[]'")


async def test_a_blocked_gateway_keeps_them_for_the_next_visit(page: Page, shop: SnippetShop) -> None:
    """A request that fails on its way is kept as well, and goes with a later page."""
    shop.put("/", BUY)
    await page.route("**/fc/e", lambda route: route.abort())
    await visit(page, shop)
    await until_queued(page, 1)
    await page.unroute("**/fc/e")
    shop.put("/next")
    await visit(page, shop, "/next")
    assert (await shop.event("Purchase"))["event_id"] == "1001"


async def test_the_queue_is_bounded(page: Page, shop: SnippetShop) -> None:
    """At most 20 beacons wait, the newest."""
    shop.put("/")
    await page.route("**/fc/e", lambda route: route.abort())
    await visit(page, shop)
    await page.evaluate("""async () => {
        for (let number = 1; number <= 25; number += 1) {
            fullcount('track', 'Purchase', {order_id: 1000 + number});
            await new Promise((done) => setTimeout(done));
        }
    }""")
    await page.wait_for_function("(localStorage._fcq || '').includes('1025')")
    kept = await queue(page)
    assert len(kept) == 20
    assert not any(has(one, "1001") for one in kept)


async def test_leaving_at_once_loses_nothing(page: Page, shop: SnippetShop) -> None:
    """A purchase that is told in the moment in which the page is left arrives."""
    shop.put("/")
    shop.pages["/next"] = "<!doctype html><h1>Next</h1>"
    await visit(page, shop)
    await page.evaluate(f"addEventListener('pagehide', () => {BUY})")
    await page.goto(shop.url("/next"))
    assert (await shop.event("Purchase"))["event_id"] == "1001"


async def test_a_browser_without_keepalive_uses_the_beacon(page: Page, shop: SnippetShop) -> None:
    """Where `fetch` would not outlive the page, `sendBeacon` is used."""
    await page.add_init_script("delete Request.prototype.keepalive")
    shop.put("/", BUY)
    kinds: list[str] = []
    page.on("request", lambda request: kinds.append(request.resource_type) if request.url.endswith("/fc/e") else None)
    await visit(page, shop)
    await shop.event("Purchase")
    assert set(kinds) == {"ping"}
    assert shop.requests[0]["content-type"] == "text/plain;charset=UTF-8"


async def test_without_storage_everything_else_works(page: Page, shop: SnippetShop) -> None:
    """A browser that refuses storage and cookies still tells its events."""
    await page.add_init_script("""
        Object.defineProperty(window, "localStorage", { get() { throw new Error("refused") } });
        const refuse = () => { throw new Error("refused") };
        Object.defineProperty(document, "cookie", { get: refuse, set: refuse });
    """)
    shop.put("/", f"fullcount('consent', 'granted'); {BUY}")
    await visit(page, shop)
    assert (await shop.event("Purchase"))["event_id"] == "1001"


async def test_a_large_event_is_sent_without_keepalive(page: Page, shop: SnippetShop) -> None:
    """What is larger than browsers let a page leave behind goes as an ordinary request; the gateway decides."""
    shop.put("/")
    await visit(page, shop)
    await page.evaluate("fullcount('track', 'Search', {query: 'x'.repeat(100000)})")
    assert len((await shop.event("Search"))["properties"]["query"]) == 100_000


async def test_calls_of_one_moment_share_a_beacon(page: Page, shop: SnippetShop) -> None:
    """Ten calls in a row are one request."""
    shop.put("/")
    await visit(page, shop)
    await page.evaluate(
        "for (let at = 0; at < 10; at += 1) fullcount('track', 'Search', {}, {event_id: `s-${at + 1}`})"
    )
    await shop.event("Search", 10)
    assert [len(beacon["events"]) for beacon in shop.beacons if beacon["events"]] == [10]
