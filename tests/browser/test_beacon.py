"""The snippet and the gateway in a real browser: cookies that the answer sets, and what consent does to them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

from playwright.async_api import Browser, BrowserContext, Page
from tests.browser.loop import browser_fixture
from tests.browser.site import Site
from tests.contract.senders.house import SenderHouse, house_of
from tests.unit.sources.browser.pages import CLICK, KEY, PHONE

from fullcount.clock import DAY_SECONDS, SystemClock
from fullcount.demo.waiting import eventually

PAGES = {"kind": "browser", "key": KEY, "default_country": "US", "consent": "by_region", "origins": ["127.0.0.1"]}
STUB = "window.fullcount = window.fullcount || function () { (fullcount.q = fullcount.q || []).push(arguments) };"


@browser_fixture
async def visitor(chromium: Browser) -> AsyncIterator[BrowserContext]:
    """A browser that says it is a person's telephone."""
    context = await chromium.new_context(user_agent=PHONE)
    await context.add_init_script("Object.defineProperty(Navigator.prototype, 'webdriver', { get: () => false })")
    yield context
    await context.close()


async def opened(context: BrowserContext, site: Site, house: SenderHouse, path: str, script: str = "") -> Page:
    """Open a page of a shop whose gateway is another port of the same host."""
    tag = f'<script async src="{house.url}/fc/fc.js?key={KEY}"></script>'
    site.pages[path.partition("?")[0]] = (
        f"<!doctype html><head><script>{STUB}{script}</script>{tag}</head><body></body>"
    )
    page = await context.new_page()
    await page.goto(site.url(path))
    return page


async def cookies(context: BrowserContext) -> dict[str, Any]:
    """Return the browser's cookies by name."""
    return {cookie["name"]: cookie for cookie in await context.cookies()}


async def came(house: SenderHouse, name: str) -> dict[str, Any]:
    """Wait for an event of this name, and return all that arrived by their names."""
    seen: list[Any] = []

    async def has_come() -> bool:
        seen.extend(await house.arrived())
        return any(event.event == name for event in seen)

    await eventually(has_come, f"{name} arrives")
    return {event.event: event for event in seen}


async def until(context: BrowserContext, is_so: Callable[[dict[str, Any]], bool], what: str) -> dict[str, Any]:
    """Wait until the cookies are so, and return them."""

    async def check() -> bool:
        return is_so(await cookies(context))

    await eventually(check, what)
    return await cookies(context)


async def test_a_click_lives_on_in_cookies_of_the_answer(visitor: BrowserContext, site: Site) -> None:
    """Landing, and another page later: the server has set both cookies for long, and the event carries the click."""
    async with house_of(PAGES, now=SystemClock().now(), remembers=True) as house:
        await opened(visitor, site, house, f"/landing?ttclid={CLICK}")
        found = await until(visitor, lambda held: {"_fc", "ttclid", "_ttp"} <= held.keys(), "the answer sets cookies")
        days = {name: round((found[name]["expires"] - SystemClock().now()) / DAY_SECONDS) for name in found}
        assert days == {"_fc": 390, "ttclid": 30, "_ttp": 390}
        assert found["ttclid"]["value"] == CLICK
        assert not any(cookie["httpOnly"] for cookie in found.values())
        add = "fullcount('track', 'AddToCart', {value: 18, currency: 'USD'});"
        await opened(visitor, site, house, "/product", add)
        sent = (await came(house, "AddToCart"))["AddToCart"]
        assert (sent.user.ttclid, sent.user.ttp, sent.user.user_agent) == (CLICK, found["_ttp"]["value"], PHONE)
        assert sent.half.value == "browser"
        assert (await cookies(visitor))["_fc"]["value"] == found["_fc"]["value"]


async def test_a_refusal_ends_it_and_a_grant_begins_again(visitor: BrowserContext, site: Site) -> None:
    """The answer deletes what was set; what happens then does not arrive; after a grant it does."""
    async with house_of(PAGES, now=SystemClock().now(), remembers=True) as house:
        page = await opened(visitor, site, house, f"/landing?ttclid={CLICK}")
        await until(visitor, lambda held: "_fc" in held, "the answer sets cookies")
        await page.evaluate("fullcount('consent', 'denied')")
        await until(visitor, lambda held: not held, "the cookies are gone")
        await page.evaluate("fullcount('track', 'AddToCart', {value: 18, currency: 'USD'})")
        await page.evaluate("fullcount('consent', 'granted')")
        await page.evaluate("fullcount('track', 'Contact', {})")
        assert "AddToCart" not in await came(house, "Contact")
        assert "_fc" in await cookies(visitor)


async def test_where_a_grant_is_needed_silence_leaves_nothing(visitor: BrowserContext, site: Site) -> None:
    """No cookie and no event before the grant, though the page asks for none to be held."""
    async with house_of({**PAGES, "default_country": "DE"}, now=SystemClock().now(), remembers=True) as house:
        page = await opened(visitor, site, house, f"/landing?ttclid={CLICK}", "fullcount('track', 'ViewContent', {});")

        async def was_withheld() -> bool:
            return any(fact.reason.value == "consent_unknown" for fact in house.queue.facts)

        await eventually(was_withheld, "the gateway withholds it")
        assert [name for name, cookie in (await cookies(visitor)).items() if cookie["value"]] == []
        await page.evaluate("fullcount('consent', 'granted')")
        await page.evaluate("fullcount('track', 'Contact', {})")
        assert (await came(house, "Contact"))["Contact"].user.ttclid == CLICK
        assert "_fc" in await until(visitor, lambda held: "ttclid" in held, "the answer sets cookies")
