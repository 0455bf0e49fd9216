"""A page with the emulator's pixel, and what that pixel sent."""

from __future__ import annotations

from typing import Any

import msgspec
from playwright.async_api import Page
from tests.browser.base_code import page_with_pixel
from tests.browser.site import Site

from fullcount.demo.waiting import eventually
from fullcount.testing.emulator import DEFAULT_PIXEL, RunningEmulator

Json = dict[str, Any]
LOAD = f"ttq.load('{DEFAULT_PIXEL}');"

# Kept in the page itself, so that what was not sent can be told without waiting for it.
_RECORD_BEACONS = """
window.beacons = [];
const send = navigator.sendBeacon;
navigator.sendBeacon = (url, body) => {
  window.beacons.push(JSON.parse(body));
  return send.call(navigator, url, body);
};
"""


async def visit(
    page: Page, site: Site, tiktok_url: str, script: str, *, at: str = "/", host: str = "127.0.0.1"
) -> None:
    """Open a page that runs `script` after the base code, and wait until its pixel has started."""
    path = at.partition("?")[0]
    site.pages[path] = page_with_pixel(tiktok_url, script)
    await record_beacons(page)
    await page.goto(site.url(at, host=host))
    await started(page)


async def record_beacons(page: Page) -> None:
    """Let each page that this tab opens from now on remember its beacons."""
    await page.add_init_script(_RECORD_BEACONS)


async def started(page: Page) -> None:
    """Wait until the pixel runs."""
    await page.wait_for_function("window[window.TiktokAnalyticsObject]._runtime !== undefined")
    await page.evaluate("new Promise((done) => window[window.TiktokAnalyticsObject].ready(done))")


async def beacons(page: Page) -> list[Json]:
    """Return what the pixel has sent from this page so far."""
    found: list[Json] = await page.evaluate("window.beacons")
    return found


async def names_sent(page: Page) -> list[str]:
    """Return the names of the events that the pixel has sent from this page so far."""
    return [hit["event"] for hit in await beacons(page)]


def hits(tiktok: RunningEmulator) -> list[Json]:
    """Return the hits that have arrived, in order."""
    return [msgspec.json.decode(one.body) for one in tiktok.emulator.requests if one.path == "/api/v2/pixel"]


async def arrived(tiktok: RunningEmulator, count: int) -> list[Json]:
    """Wait until so many hits have arrived and return them."""
    await eventually(lambda: len(hits(tiktok)) >= count, f"{count} hits arrive")
    return hits(tiktok)


async def cookies(page: Page) -> dict[str, Json]:
    """Return all cookies of the browser by name."""
    return {cookie["name"]: dict(cookie) for cookie in await page.context.cookies()}
