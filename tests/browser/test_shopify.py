"""Shopify's two paste-ins in a real browser: the custom pixel in its sandbox, and the theme's cart attributes."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, BrowserContext, Frame, Page, Request
from tests.browser.loop import browser_fixture
from tests.browser.site import Site
from tests.contract.gateway_house import CODE
from tests.contract.senders.house import SenderHouse, house_of
from tests.unit.sources.browser.pages import CLICK, KEY, PHONE, VISITOR
from tests.unit.sources.fixtures import fixture
from tests.unit.sources.shopify.shop import SECRET, body_of, delivery

from fullcount.demo.waiting import eventually

EXAMPLES = Path(__file__).parents[2] / "examples" / "shopify"
PIXEL = {"name": "store", "code": CODE, "access_token": "test-token-1", "browser": "snippet", "hold_seconds": 20.0}
PAGES = {
    "name": "web",
    "kind": "browser",
    "key": KEY,
    "default_country": "US",
    "consent": "by_region",
    "sandboxed": True,
}
SHOP = {"name": "shop", "kind": "shopify", "key": SECRET, "default_country": "US", "consent": "sender_vouches"}
ALLOWED = {"marketingAllowed": True, "saleOfDataAllowed": True}
REFUSED = {"marketingAllowed": False, "saleOfDataAllowed": False}
TTP = "2nFixtureTtpCookie000000001"
COOKIES = {"_fc": VISITOR, "ttclid": CLICK, "_ttp": TTP}


@browser_fixture
async def phone(chromium: Browser) -> AsyncIterator[BrowserContext]:
    """A browser that says it is a person's telephone."""
    context = await chromium.new_context(user_agent=PHONE)
    yield context
    await context.close()


def sandbox(gateway: str, privacy: dict[str, bool]) -> str:
    """Return the page that Shopify runs a custom pixel in, as far as ours asks anything of it."""
    code = (EXAMPLES / "custom_pixel.js").read_text(encoding="utf-8")
    code = code.replace("https://fc.example.com/fc/s", f"{gateway}/fc/s").replace("pk-store", KEY)
    return f"""<!doctype html><script>
      const heard = {{}};
      const subscribe = (name, run) => {{ heard[name] = run; }};
      const analytics = {{ subscribe }};
      const api = {{ customerPrivacy: {{ subscribe }} }};
      const init = {{ customerPrivacy: {json.dumps(privacy)} }};
      const browser = {{ cookie: {{ get: async (name) => ({json.dumps(COOKIES)})[name] || "" }} }};
    </script><script>{code}</script>"""


async def opened(context: BrowserContext, site: Site, house: SenderHouse, privacy: dict[str, bool]) -> Frame:
    """Open a shop's page with the sandbox in it, and return the sandbox."""
    site.pages["/sandbox"] = sandbox(house.url, privacy)
    site.pages["/"] = '<!doctype html><iframe sandbox="allow-scripts" src="/sandbox"></iframe>'
    page = await context.new_page()
    await page.goto(site.url("/"))
    (frame,) = page.main_frame.child_frames
    await frame.wait_for_function("Boolean(heard.all_standard_events && heard.visitorConsentCollected)")
    assert await frame.evaluate("window.origin") == "null"
    return frame


async def happens(frame: Frame, name: str) -> None:
    """Let Shopify tell of a recorded event."""
    event = json.loads(fixture(f"shopify_pixel/{name}.json").body)
    await frame.evaluate("event => heard.all_standard_events(event)", event)


async def answers(frame: Frame, privacy: dict[str, bool]) -> None:
    """Let the visitor answer."""
    await frame.evaluate("told => heard.visitorConsentCollected({customerPrivacy: told})", privacy)


async def webhook(house: SenderHouse) -> None:
    """Send the shop's webhook of the recorded order."""
    request = delivery(body_of(note_attributes=[], landing_site=None))
    assert (await house.send(request.body, request.headers)).status == 200


async def came(house: SenderHouse, status: int, count: int) -> None:
    """Wait until the sandbox has had so many answers."""

    async def has_come() -> bool:
        text = (await house.house.ask("GET", "/metrics")).body.decode()
        return f'fullcount_requests_total{{route="shopify pixel",status="{status}"}} {count:.1f}' in text

    await eventually(has_come, f"{count} answers {status} at the custom pixel's door")


async def test_a_checkout_in_the_sandbox_and_its_webhook_are_one_event(phone: BrowserContext, site: Site) -> None:
    """The purchase comes without an origin and merges with the order; it brings click, browser ID and agent."""
    async with house_of(PAGES, SHOP, pixels=[PIXEL], remembers=True) as house:
        frame = await opened(phone, site, house, ALLOWED)
        await happens(frame, "checkout_started")
        await happens(frame, "checkout_completed")
        await came(house, 204, 2)
        await webhook(house)
        begun, sent = await house.arrived()
        assert (begun.event, begun.event_id) == ("InitiateCheckout", "af90fdf5da895a30d06fd963c7309f4c")
        assert (sent.event, sent.event_id, sent.half.value) == ("CompletePayment", "5511001001", "server")
        assert (sent.user.ttclid, sent.user.ttp, sent.user.user_agent) == (CLICK, TTP, PHONE)
        assert await house.arrived() == []


async def test_events_wait_in_the_sandbox_for_the_visitors_answer(phone: BrowserContext, site: Site) -> None:
    """Nothing leaves before it; after a grant all of it does."""
    async with house_of(PAGES) as house:
        frame = await opened(phone, site, house, REFUSED)
        await happens(frame, "product_viewed")
        await happens(frame, "product_added_to_cart")
        assert await frame.evaluate("waiting.length") == 2
        await answers(frame, ALLOWED)
        await came(house, 204, 2)
        assert sorted(event.event for event in await house.arrived()) == ["AddToCart", "ViewContent"]


async def test_a_refusal_leaves_alone_and_holds_for_the_order(phone: BrowserContext, site: Site) -> None:
    """What waited is dropped; the gateway hears of the refusal, and the order of that browser is withheld."""
    async with house_of(PAGES, SHOP, remembers=True) as house:
        frame = await opened(phone, site, house, REFUSED)
        await happens(frame, "checkout_started")
        await answers(frame, REFUSED)
        await came(house, 204, 1)
        assert await frame.evaluate("waiting.length") == 0
        assert await house.arrived() == []
        request = delivery(body_of(note_attributes=[{"name": "fullcount_visitor", "value": VISITOR}]))
        await house.send(request.body, request.headers)
        assert await house.arrived() == []
        assert [fact.reason.value for fact in house.queue.facts][-1] == "consent_denied"


SHOPIFY = """
window.Shopify = {
  routes: { root: "/de/" },
  customerPrivacy: {
    marketingAllowed: () => window.said === "yes",
    saleOfDataAllowed: () => window.sells !== false,
    currentVisitorConsent: () => ({ marketing: window.said }),
  },
  loadFeatures: (features, done) => done(),
};
"""


def themed(said: str) -> str:
    """Return a shop's page with our part of the theme, for a visitor who has said so much."""
    text = (EXAMPLES / "theme.liquid").read_text(encoding="utf-8")
    ours = re.sub(r"{% comment %}.*?{% endcomment %}", "", text, flags=re.DOTALL)
    assert "{%" not in ours
    assert "{{" not in ours
    return (
        f"<!doctype html><html><head>{ours}<script>window.said = '{said}';{SHOPIFY}</script></head><body></body></html>"
    )


class Cart:
    """What a page writes into the cart."""

    def __init__(self, page: Page, site: Site) -> None:
        site.pages["/de/cart/update.js"] = "{}"
        self.written: list[dict[str, str]] = []
        self._page = page
        page.on("request", self._note)

    def _note(self, request: Request) -> None:
        if request.url.endswith("/de/cart/update.js"):
            self.written.append(json.loads(request.post_data or "")["attributes"])

    async def is_written(self, times: int) -> None:
        """Wait until it was written so often, and the page knows it."""

        async def done() -> bool:
            kept: Any = await self._page.evaluate("sessionStorage.fullcount && JSON.parse(sessionStorage.fullcount)")
            return len(self.written) >= times and bool(kept) and kept["attributes"] == self.written[-1]

        await eventually(done, f"{times} writes into the cart")


async def answered(page: Page, said: str) -> None:
    """Let the visitor answer the shop's banner."""
    await page.evaluate("said => { window.said = said; }", said)
    await page.evaluate("document.dispatchEvent(new Event('visitorConsentCollected'))")


async def test_the_theme_writes_what_the_landing_page_brought(page: Page, site: Site) -> None:
    """Click, visitor and answer at once, `_ttp` when the pixel has made it; the same is not written twice."""
    cart = Cart(page, site)
    site.pages["/"] = site.pages["/next"] = themed("yes")
    await page.goto(site.url(f"/?ttclid={CLICK}"))
    await cart.is_written(1)
    first = cart.written[0]
    assert first == {
        "ttclid": CLICK,
        "_ttp": "",
        "fullcount_visitor": first["fullcount_visitor"],
        "fullcount_consent": "granted",
    }
    assert re.fullmatch(r"[A-Za-z0-9_-]{22,64}", first["fullcount_visitor"])
    await page.goto(site.url("/next"))
    await page.evaluate(f"document.cookie = '_ttp={TTP}; Path=/'")
    await answered(page, "yes")
    await cart.is_written(2)
    assert cart.written == [first, {**first, "_ttp": TTP}]


async def test_the_theme_keeps_nothing_before_the_visitor_has_answered(page: Page, site: Site) -> None:
    """No cookie and no write; after the grant the landing page's click is still known."""
    cart = Cart(page, site)
    site.pages["/"] = themed("")
    await page.goto(site.url(f"/?ttclid={CLICK}"))
    await page.evaluate("history.replaceState({}, '', '/')")
    assert (await page.context.cookies(), cart.written) == ([], [])
    await answered(page, "yes")
    await cart.is_written(1)
    assert [attributes["ttclid"] for attributes in cart.written] == [CLICK]
    assert {cookie["name"] for cookie in await page.context.cookies()} == {"_fc", "ttclid"}


async def test_a_refusal_is_written_and_nothing_else_is_left(page: Page, site: Site) -> None:
    """The order's webhook will know it; our cookies and what the cart had are gone."""
    cart = Cart(page, site)
    site.pages["/"] = themed("yes")
    await page.goto(site.url(f"/?ttclid={CLICK}"))
    await cart.is_written(1)
    await answered(page, "no")
    await cart.is_written(2)
    assert cart.written[1] == {"ttclid": "", "_ttp": "", "fullcount_visitor": "", "fullcount_consent": "denied"}
    assert await page.context.cookies() == []


async def test_an_objection_to_sale_is_written_as_one(page: Page, site: Site) -> None:
    """Marketing allowed and sale of data not: the gateway decides what that means where the shopper lives."""
    cart = Cart(page, site)
    site.pages["/"] = themed("yes").replace("window.said = 'yes'", "window.said = 'yes', window.sells = false")
    await page.goto(site.url(f"/?ttclid={CLICK}"))
    await cart.is_written(1)
    assert cart.written == [{"ttclid": "", "_ttp": "", "fullcount_visitor": "", "fullcount_consent": "opt_out"}]
