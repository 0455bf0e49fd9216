"""Segment's Analytics.js, unchanged, on a page of the shop: it loads its settings from the gateway and sends there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from playwright.async_api import Page
from tests.browser.site import Site
from tests.contract.senders.house import KEY, SenderHouse, house_of

LIBRARY = (
    Path(__file__).parents[2] / ".venv" / "node" / "node_modules" / "@segment" / "analytics-next" / "dist" / "umd"
) / "index.js"
CDP = {"kind": "segment"}


async def load(page: Page, site: Site, house: SenderHouse, options: dict[str, Any]) -> list[str]:
    """Open a page that has the library, and return what will be refused of its requests, by the gateway or CORS."""
    refused: list[str] = []
    page.on("requestfailed", lambda request: refused.append(request.url))
    page.on("response", lambda answer: refused.append(answer.url) if answer.status >= 400 else None)
    site.pages["/"] = "<!doctype html><title>Shop</title><h1>Shop</h1>"
    await page.goto(site.url("/?ttclid=E.C.P.clicked0001"))
    await page.add_script_tag(path=LIBRARY)
    given = json.dumps([{"writeKey": KEY, "cdnURL": house.url}, options])
    await page.evaluate(f"window.analytics = AnalyticsNext.AnalyticsBrowser.load(...{given})")
    return refused


async def settle(page: Page, calls: str) -> None:
    """Make calls of the library and wait until each was handed over."""
    await page.evaluate(f"(async () => {{ {calls} }})()")


async def test_a_visit_arrives_from_another_origin(page: Page, site: Site) -> None:
    """Page, identify and order pass the browser's preflight, and carry the click, the browser and the address."""
    async with house_of(CDP, remembers=True) as house:
        refused = await load(page, site, house, {})
        await settle(
            page,
            """
            await analytics.page();
            await analytics.identify('u-1', {email: 'jane@example.com'});
            await analytics.track('Order Completed', {order_id: '1001', total: 36, currency: 'USD'});
            """,
        )
        await page.wait_for_function(
            "performance.getEntriesByType('resource').filter((e) => /[/]v1[/][pit]$/.test(e.name)).length >= 3"
        )
        events = {event.canonical: event for event in await house.arrived()}
        assert set(events) == {"Pageview", "Purchase"}
        order = events["Purchase"]
        assert order.event_id == "1001"
        assert order.user.ttclid == "E.C.P.clicked0001"
        assert order.user.email is not None
        assert order.user.user_agent == await page.evaluate("navigator.userAgent")
        assert order.page.url == site.url("/?ttclid=E.C.P.clicked0001")
        assert [url for url in refused if url.startswith(house.url)] == []


async def test_a_batch_arrives_and_a_refusal_for_now_is_repeated(page: Page, site: Site) -> None:
    """In batching mode, while nothing can be stored once: the library keeps the calls and they count once."""
    batching = {
        "integrations": {
            "Segment.io": {"deliveryStrategy": {"strategy": "batching", "config": {"size": 2, "timeout": 100}}}
        }
    }
    async with house_of(CDP) as house:
        house.queue.refusals = 1
        await load(page, site, house, batching)
        async with page.expect_response(lambda answer: answer.url.endswith("/v1/b") and answer.status == 200):
            await settle(
                page,
                """
                await analytics.track('Product Added', {product_id: '811', price: 18, event_id: 'e-1'});
                await analytics.track('Order Completed', {order_id: '1001', total: 36, currency: 'USD'});
                """,
            )
        assert sorted(event.event_id for event in await house.arrived()) == ["1001", "e-1"]
        assert house.queue.refusals == 0
