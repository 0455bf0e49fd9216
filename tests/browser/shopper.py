"""A person in the demo shop, in a real Chromium."""

from __future__ import annotations

import itertools
import time
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from playwright.async_api import Browser, BrowserContext, Page, Request, StorageStateCookie
from tests.browser.street import Street

from fullcount.clock import DAY_SECONDS
from fullcount.demo.waiting import eventually

Json = dict[str, Any]

USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
HITS, BEACONS = "/api/v2/pixel", "/fc/e"
SHOPS_OWN = "shop_visit"  # the cookie of the shop's session, which holds the landing page too
OURS = frozenset({"_fc", "ttclid", "_ttp"})  # the cookies that are TikTok's and ours

# A person's browser says nothing of automation.
_NO_ROBOT = "Object.defineProperty(Navigator.prototype, 'webdriver', {get: () => false});"
_AHEAD = """
window.Date = class extends Date {
  constructor(...given) { given.length ? super(...given) : super(Date.now()); }
  static now() { return super.now() + %d; }
};
"""
_numbers = itertools.count(1)


class Shopper:
    """A browser of their own, an address of their own, and a count of what left it; use it as a context manager."""

    def __init__(
        self,
        street: Street,
        chromium: Browser,
        cookies: list[StorageStateCookie] | None = None,
        *,
        is_robot: bool = False,
    ) -> None:
        """`cookies` are what their browser kept from an earlier visit; a robot says that it is one."""
        self.street = street
        self.email = f"shopper-{next(_numbers)}@example.com"
        self.asked: dict[str, int] = {HITS: 0, BEACONS: 0}
        self._chromium = chromium
        self._cookies = cookies or []
        self._is_robot = is_robot
        self._errors: list[str] = []
        self.context: BrowserContext
        self.page: Page

    async def __aenter__(self) -> Self:
        self.context = await self._chromium.new_context(
            user_agent=None if self._is_robot else USER_AGENT,
            storage_state={"cookies": self._cookies, "origins": []},
        )
        if not self._is_robot:
            await self.context.add_init_script(_NO_ROBOT)
        if ahead_seconds := await self.street.ahead_seconds():
            await self.context.add_init_script(_AHEAD % (ahead_seconds * 1000))
        self.context.on("request", self._note)
        self.context.on("weberror", lambda error: self._errors.append(str(error.error)))
        self.page = await self.context.new_page()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.context.close()
        if error is None:
            assert self._errors == []

    def _note(self, request: Request) -> None:
        path = urlsplit(request.url).path
        if path in self.asked and request.method == "POST":
            self.asked[path] += 1

    async def switch(self, **positions: str) -> None:
        """Put switches of the shop's panel into other positions."""
        answer = await self.page.request.post(f"{self.street.url}/demo/switches", data=positions)
        assert answer.ok

    async def state(self) -> Json:
        """Return what the shop's panel knows of this visit."""
        found: Json = await (await self.page.request.get(f"{self.street.url}/demo/state")).json()
        return found

    def begin(self) -> None:
        """Forget what this browser has sent so far, as the street does with its own `begin`."""
        self.asked = dict.fromkeys(self.asked, 0)

    async def answer(self, word: str) -> None:
        """Answer the consent banner."""
        await self.page.get_by_label("Consent").get_by_role("button", name=word).click()

    async def send_webhook(self, event_id: str) -> int:
        """Let the shop tell the gateway of an order now; return the gateway's status."""
        order_id = event_id.removeprefix("order-").removesuffix("-purchase")
        answer = await self.page.request.post(f"{self.street.url}/demo/webhooks/{order_id}")
        return int((await answer.json())["status"])

    async def open(self, path: str, page: Page | None = None) -> None:
        """Open a page of the shop and wait until all of its scripts have run or failed."""
        await (page or self.page).goto(f"{self.street.url}{path}")

    async def click_ad(self) -> str:
        """Click the ad and return the click ID with which the shop's page was opened."""
        await self.open("/feed")
        await self.page.locator("#ad").click()
        await self.page.wait_for_url("**/products/headphones?*")
        return parse_qs(urlsplit(self.page.url).query)["ttclid"][0]

    async def fill_cart(self, slug: str = "headphones", page: Page | None = None) -> None:
        """Open a product and put it into the cart."""
        page = page or self.page
        await self.open(f"/products/{slug}", page)
        await self.add_to_cart(page)

    async def add_to_cart(self, page: Page | None = None) -> None:
        """Put the product of this page into the cart."""
        page = page or self.page
        await page.get_by_role("button", name="Add to cart").click()
        await page.wait_for_url("**/cart")

    async def pay(self, page: Page | None = None) -> str:
        """Go from the cart through the checkout; return the order's event_id on the thank-you page."""
        page = page or self.page
        await page.get_by_role("link", name="Checkout").click()
        await page.wait_for_url("**/checkout")
        await page.get_by_label("E-mail").fill(self.email)
        await page.get_by_label("Phone").fill("")
        await page.get_by_role("button", name="Pay").click()
        await page.wait_for_url("**/thanks/*")
        return f"order-{page.url.rpartition('/')[2]}-purchase"

    async def buy(self) -> str:
        """Open a product, buy it, and return the order's event_id; its pages: product, cart, checkout, thanks."""
        await self.fill_cart()
        return await self.pay()

    async def cookies(self) -> dict[str, StorageStateCookie]:
        """Return the browser's cookies by name."""
        return {cookie["name"]: cookie for cookie in (await self.context.storage_state())["cookies"]}

    async def keeps_click(self) -> None:
        """Wait until the browser keeps the click's cookie for weeks, as the gateway's answer sets it."""

        async def is_kept() -> bool:
            cookie = (await self.cookies()).get("ttclid", {})
            return cookie.get("expires", 0.0) > time.time() + 29 * DAY_SECONDS

        await eventually(is_kept, "the click is kept for weeks")

    async def everything_arrived(self) -> None:
        """Wait until TikTok and the gateway have answered all that this browser sent to them."""
        for page in self.context.pages:
            await page.evaluate("0")  # what the browser tells of its requests comes before this answer
        await self.street.arrived(hits=self.asked[HITS], beacons=self.asked[BEACONS])

    async def leave(self) -> None:
        """Leave the shop in every tab, and wait until all that was sent on leaving has arrived."""
        for page in self.context.pages:
            await page.goto("about:blank")
        await self.everything_arrived()
