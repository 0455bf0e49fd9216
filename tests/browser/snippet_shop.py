"""A shop that carries the snippet: its pages, the script on its own host, and a door that keeps what comes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from aiohttp import web
from playwright.async_api import Page
from tests.browser.base_code import METHODS, base_code
from tests.browser.site import Site

from fullcount.browser.settings import SnippetSettings
from fullcount.browser.snippet import MEDIA_TYPE, render
from fullcount.demo.waiting import eventually
from fullcount.testing.emulator import DEFAULT_PIXEL

Json = dict[str, Any]

STUB = "window.fullcount = window.fullcount || function () { (fullcount.q = fullcount.q || []).push(arguments) };"
TAG = '<script async src="/fc/fc.js?key=pk-shop"></script>'
LOAD = f"ttq.load('{DEFAULT_PIXEL}'); ttq.page();"


class SnippetShop(Site):
    """Serves `pages` by path, the snippet under `/fc/fc.js`, and takes beacons; use it as an async context manager.

    A refused beacon is kept too: `beacons` holds all, in the order of arrival. Cookies are set as the gateway does.
    """

    def __init__(self) -> None:
        super().__init__()
        self.settings = SnippetSettings(key="pk-shop", pixel=DEFAULT_PIXEL)
        self.page_headers: dict[str, str] = {"cache-control": "no-store"}
        self.beacons: list[Json] = []
        self.requests: list[dict[str, str]] = []  # the beacons' headers
        self.answer_status = 204
        self.sets_cookies = True

    def set(self, **changes: Any) -> None:
        """Change settings of the snippet."""
        self.settings = msgspec.structs.replace(self.settings, **changes)

    def put(
        self,
        path: str,
        script: str = "",
        *,
        tiktok: str = "",
        late: str = "",
        has_old_stub: bool = False,
        is_first: bool = False,
    ) -> None:
        """Put a page there: the stub, base code where `tiktok` has an address, `script`, the snippet, then `late`.

        With `is_first` the snippet stands before the base code and is waited for, as where consent must be asked for.
        """
        methods = METHODS[:-3] if has_old_stub else METHODS
        head = base_code(tiktok, methods=methods) if tiktok else ""
        self.pages[path] = (
            f"<!doctype html><html><head><title>Shop</title><script>{STUB}</script>"
            f"{TAG.replace('async ', '') if is_first else ''}{head}<script>{script}</script>{'' if is_first else TAG}"
            f"</head><body><h1>Shop</h1><script>{late}</script></body></html>"
        )

    def events(self, name: str | None = None) -> list[Json]:
        """Return the events that came, of all names but page views or of one."""
        found = [event for beacon in self.beacons for event in beacon.get("events", [])]
        return [event for event in found if (event["event"] == name if name else event["event"] != "Pageview")]

    def paired(self) -> list[tuple[str, str]]:
        """Return name and id of what the pixel was given, in order."""
        return [(row["event"], row["event_id"]) for beacon in self.beacons for row in beacon.get("paired", [])]

    async def until(self, is_so: Callable[[], Any], what: str) -> Any:
        """Wait until something is so, and return it."""
        return await eventually(is_so, f"{what}; beacons: {self.beacons}")

    async def event(self, name: str, count: int = 1) -> Json:
        """Wait until so many events of a name have come and return the last."""
        await self.until(lambda: len(self.events(name)) >= count, f"{count} {name} arrive")
        last: Json = self.events(name)[count - 1]
        return last

    async def _answer(self, request: web.BaseRequest) -> web.Response:
        if request.path == "/fc/fc.js":
            return web.Response(body=render(self.settings).text, headers={"content-type": MEDIA_TYPE})
        if request.path == "/fc/e":
            return await self._take(request)
        page = self.pages.get(request.path)
        if page is None:
            return web.Response(status=404, text="no such page")
        return web.Response(text=page, content_type="text/html", headers=self.page_headers)

    async def _take(self, request: web.BaseRequest) -> web.Response:
        beacon = msgspec.json.decode(await request.read())
        self.requests.append({name.lower(): value for name, value in request.headers.items()})
        self.beacons.append(beacon)
        answer = web.Response(status=self.answer_status)
        if self.answer_status == 204 and self.sets_cookies and "events" in beacon:  # a refusal has none
            for name, value, days in (
                (self.settings.cookie, beacon["visitor"], 390),
                ("ttclid", beacon.get("ttclid"), 30),
            ):
                if value:
                    answer.set_cookie(name, value, max_age=days * 86_400, samesite="Lax", path="/")
        return answer


async def started(page: Page) -> None:
    """Wait until the snippet runs."""
    await page.wait_for_function("window.fullcount?.isOurs")


async def visit(page: Page, shop: SnippetShop, path: str = "/") -> None:
    """Open a page of the shop and wait until its snippet runs."""
    await page.goto(shop.url(path))
    await started(page)


async def cookies(page: Page) -> dict[str, str]:
    """Return the browser's cookies."""
    return {cookie["name"]: cookie["value"] for cookie in await page.context.cookies()}
