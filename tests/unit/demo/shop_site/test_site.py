"""The shop over HTTP, in front of a backend that plays the gateway."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from html import unescape

import aiohttp
import msgspec
import pytest
from tests.unit.demo.shop_site.serving import Backend, served, shop_settings
from yarl import URL

from fullcount.clock import ManualClock
from fullcount.demo.shop_site.app import open_shop
from fullcount.demo.waiting import eventually

BUYER = {"first_name": "Ada", "last_name": "Beispiel", "email": "ada@example.com", "phone": "", "country": "DE"}


class Shopper:
    """A browser without scripts, and the gateway's stand-in."""

    def __init__(self, http: aiohttp.ClientSession, url: str, gateway: Backend) -> None:
        self.http = http
        self.url = url
        self.gateway = gateway

    async def get(self, path: str, **headers: str) -> str:
        """Return a page, wherever it leads."""
        async with self.http.get(self.url + path, headers=headers) as answer:
            return await answer.text()

    async def post(self, path: str, **form: str) -> str:
        """Send a form; return where that leads."""
        async with self.http.post(self.url + path, data=form, allow_redirects=False) as answer:
            assert answer.status == 303
            return answer.headers["location"]

    async def switch(self, **positions: str) -> int:
        """Change switches; return the status."""
        async with self.http.post(f"{self.url}/demo/switches", json=positions) as answer:
            return answer.status

    async def buy(self, **changes: str) -> str:
        """Buy headphones; return the thank-you page's path."""
        await self.post("/cart", slug="headphones")
        return await self.post("/checkout", **{**BUYER, **changes})


@pytest.fixture
async def shopper() -> AsyncIterator[Shopper]:
    """Someone in an open shop."""
    jar = aiohttp.CookieJar(unsafe=True)  # keeps cookies of an IP address
    async with (
        Backend() as gateway,
        aiohttp.ClientSession(cookie_jar=jar) as http,
        open_shop(shop_settings(gateway.url), ManualClock()) as app,
        served(app) as url,
    ):
        yield Shopper(http, url, gateway)


async def test_the_ad_leads_through_tiktok_to_the_shop_as_the_browser_names_it(shopper: Shopper) -> None:
    """The address that TikTok is told is of the host that the browser asked."""
    page = await shopper.get("/feed", Host="shop.localhost:8000")

    found = re.search(r'id="ad" href="([^"]*)"', page)
    assert found is not None
    assert unescape(found[1]) == (
        "http://127.0.0.1:9/_emulator/ad?to=http%3A%2F%2Fshop.localhost%3A8000%2Fproducts%2Fheadphones"
    )


async def test_a_purchase_is_told_of_once_by_a_signed_webhook(shopper: Shopper) -> None:
    """The thank-you page tells the same order, and a reload posts nothing."""
    path = await shopper.buy()
    page = await shopper.get(path)
    await shopper.get(path)
    await eventually(lambda: shopper.gateway.requests, "the webhook comes")

    ((method, target, headers, body),) = shopper.gateway.requests
    assert (method, target) == ("POST", "/webhooks/shop")
    assert headers["x-wc-webhook-source"] == f"{shopper.url}/"
    assert msgspec.json.decode(body)["id"] == 1001
    assert '["track", "Purchase", {' in page
    assert '"order_id": "1001"' in page


async def test_a_webhook_that_is_off_is_sent_when_asked_for(shopper: Shopper) -> None:
    """The order waits until somebody posts to its backstage route; each post is one copy more."""
    await shopper.switch(webhook="off")
    await shopper.buy()
    assert shopper.gateway.requests == []
    for times in (1, 2):
        async with shopper.http.post(f"{shopper.url}/demo/webhooks/1001") as answer:
            assert await answer.json() == {"state": "answered", "times": times, "status": 200}
    assert len(shopper.gateway.requests) == 2
    assert len({body for *_, body in shopper.gateway.requests}) == 1


async def test_an_order_is_its_buyer_s_alone(shopper: Shopper) -> None:
    """Another browser is sent away from the thank-you page, and cannot have it told of again."""
    path = await shopper.buy()
    async with aiohttp.ClientSession() as stranger:
        async with stranger.get(shopper.url + path, allow_redirects=False) as answer:
            assert (answer.status, answer.headers["location"]) == (303, "/")
        async with stranger.post(f"{shopper.url}/demo/webhooks/1001") as answer:
            assert answer.status == 404


async def test_what_a_shopper_types_is_text_on_the_page(shopper: Shopper) -> None:
    """Nothing that was typed ends a script or starts one."""
    page = await shopper.get(await shopper.buy(email="</script><script>alert(1)</script>@example.com"))

    assert "alert(1)" in page
    assert "<script>alert" not in page


async def test_the_switches_change_what_a_page_carries(shopper: Shopper) -> None:
    """A blocked host is another address, a content policy is a header, dropped cookies are a script."""
    plain = await shopper.get("/")
    assert await shopper.switch(pixel="blocked", snippet="blocked", cookies="dropped") == 200
    blocked = await shopper.get("/")
    assert await shopper.switch(pixel="refused", snippet="loads") == 200
    async with shopper.http.get(shopper.url) as answer:
        policy = answer.headers["content-security-policy"]

    assert '"http://127.0.0.1:9/i18n/pixel/events.js"' in plain
    assert 'src="/fc/fc.js?key=pk-test"' in plain
    assert "/assets/cookies.js" not in plain
    assert "127.0.0.1:9/i18n" not in blocked
    assert 'src="/fc/fc.js' not in blocked
    assert "/assets/cookies.js" in blocked
    assert "script-src 'self'" in policy
    assert await shopper.switch(pixel="no such position") == 400


async def test_a_blocked_host_refuses_connections(shopper: Shopper) -> None:
    """The address that a blocked pixel is loaded from really fails, at once."""
    await shopper.switch(pixel="blocked")
    found = re.search(r'"(http://[^"]*/i18n/pixel/events.js)"', await shopper.get("/"))
    assert found is not None
    with pytest.raises(aiohttp.ClientConnectorError):
        await shopper.http.get(found[1])


async def test_consent_decides_whether_the_pixel_is_loaded(shopper: Shopper) -> None:
    """Before the answer it is held, after a refusal it is not even loaded; the answer is kept for the next page."""
    await shopper.switch(consent="ask")
    asked = await shopper.get("/")
    async with shopper.http.post(f"{shopper.url}/consent", json={"answer": "denied"}) as answer:
        assert answer.status == 204
    refused = await shopper.get("/")
    async with shopper.http.post(f"{shopper.url}/consent", json={"answer": "perhaps"}) as answer:
        assert answer.status == 400

    assert "ttq.holdConsent();" in asked
    assert "ttq.load(" in asked
    assert 'fullcount("consent"' not in asked
    assert "ttq.load(" not in refused
    assert 'fullcount("consent", "denied");' in refused


async def test_only_the_switch_of_consent_asks_again(shopper: Shopper) -> None:
    """Whoever is asked anew has lost the cookies by which the gateway knows them; other switches leave all that."""
    shopper.http.cookie_jar.update_cookies({"_fc": "visitor-1"}, URL(shopper.url))
    async with shopper.http.post(f"{shopper.url}/consent", json={"answer": "granted"}) as answer:
        assert answer.status == 204
    await shopper.switch(pixel="blocked")
    known = msgspec.json.decode(await shopper.get("/demo/state"))
    await shopper.switch(consent="ask")
    asked = msgspec.json.decode(await shopper.get("/demo/state"))

    assert (known["consent"], known["cookies"]["_fc"]) == ("granted", "visitor-1")
    assert (asked["consent"], asked["cookies"]["_fc"]) == ("not answered", "")


async def test_a_pixel_with_ids_of_its_own_is_called_beside_the_snippet(shopper: Shopper) -> None:
    """Then the page tells the pixel alone, under an id that the backend cannot know."""
    await shopper.switch(event_id="own")
    page = await shopper.get(await shopper.buy())

    assert 'ttq.track("Purchase", {' in page
    assert '["track", "Purchase"' not in page


async def test_the_state_says_so_when_nobody_can_be_asked(shopper: Shopper) -> None:
    """Without a TikTok and without a store the panel still tells of the order and its webhook."""
    await shopper.buy()
    await eventually(lambda: shopper.gateway.requests, "the webhook comes")
    known = msgspec.json.decode(await shopper.get("/demo/state"))

    assert (known["events"], known["consent"]) == ([], "granted")
    (order,) = known["orders"]
    assert (order["order_id"], order["event_id"]) == ("1001", "order-1001-purchase")
    assert (order["gateway"], order["tiktok"]) == ([], [])


async def test_only_the_shop_s_own_files_are_handed_out(shopper: Shopper) -> None:
    """Its style and scripts are; what lies beside them is not."""
    for name, status in (
        ("shop.css", 200),
        ("panel.js", 200),
        ("case.svg", 200),
        ("..%2Fapp.py", 404),
        ("nothing.js", 404),
    ):
        async with shopper.http.get(f"{shopper.url}/assets/{name}") as answer:
            assert answer.status == status, name
