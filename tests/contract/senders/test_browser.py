"""Pages against the gateway over real HTTP: cookies, CORS, refusals, floods, and a purchase's two halves."""

from __future__ import annotations

import asyncio
import hmac
import json
from base64 import b64encode
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.contract.gateway_house import CODE, Answer
from tests.contract.senders.house import SenderHouse, house_of
from tests.unit.sources.browser.pages import CLICK, KEY, PHONE, VISITOR, beacon, event
from tests.unit.sources.fixtures import NOW, fixture
from tests.unit.sources.mutants import mutated
from tests.unit.sources.shopify.shop import SECRET, body_of, delivery

TTP = "2nFixtureTtpCookie000000001"
TOKEN = "af90fdf5da895a30d06fd963c7309f4c"
PAGES = {"name": "web", "kind": "browser", "key": KEY, "default_country": "US", "consent": "by_region"}
PIXEL = {"name": "store", "code": CODE, "access_token": "test-token-1", "browser": "snippet", "hold_seconds": 20.0}
SHOP_HOST = "www.shop.example.com"
HEADERS = {
    "Content-Type": "text/plain;charset=UTF-8",
    "Host": SHOP_HOST,
    "Origin": f"https://{SHOP_HOST}",
    "User-Agent": PHONE,
    "Accept-Language": "en-US",
}


async def post(house: SenderHouse, body: object, path: str = "/fc/e", **headers: str) -> Answer:
    """Post a beacon as a page of the shop does; an address in `x_forwarded_for` is the visitor's."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    given = HEADERS | {name.replace("_", "-").title(): value for name, value in headers.items()}
    return await house.send(raw, {name: value for name, value in given.items() if value}, path=path)


def bought(order_id: str = "5511001001", **changes: Any) -> dict[str, Any]:
    """Return the snippet's purchase of the recorded order."""
    properties = {"value": 72.4, "currency": "USD", "order_id": order_id}
    return event("Purchase", event_id=order_id, properties=properties, **changes)


def cookies(answer: Answer) -> dict[str, str]:
    """Return the cookies of an answer, by name, as they stand in their headers."""
    return dict(line.split("=", 1) for line in answer.headers.getall("Set-Cookie", []))


async def test_a_beacon_is_answered_with_cookies_and_makes_a_delivery() -> None:
    """204 without a body, the exact origin, cookies of the whole site, and one event of the browser's half."""
    async with house_of(PAGES) as house:
        told = beacon(ttclid=CLICK, pixel={"state": "blocked"})
        answer = await post(house, told, x_forwarded_for="203.0.113.42")
        assert (answer.status, answer.body) == (204, b"")
        assert answer.headers["Access-Control-Allow-Origin"] == f"https://{SHOP_HOST}"
        assert answer.headers["Access-Control-Allow-Credentials"] == "true"
        assert answer.headers["Cache-Control"] == "no-store"
        found = cookies(answer)
        assert found["_fc"] == f"{VISITOR}; Max-Age=33696000; Path=/; SameSite=Lax; Domain=example.com; Secure"
        assert found["ttclid"] == f"{CLICK}; Max-Age=2592000; Path=/; SameSite=Lax; Domain=example.com; Secure"
        assert len(found["_ttp"].partition(";")[0]) == 27
        (sent,) = await house.arrived()
        assert (sent.event, sent.event_id, sent.half.value) == ("AddToCart", "add-1", "browser")
        assert (sent.user.ttclid, sent.user.ip, sent.user.user_agent) == (CLICK, "203.0.113.42", PHONE)
        assert sent.page.url == "https://www.shop.example.com/mug"


async def test_the_visitors_address_is_seen_past_the_proxy() -> None:
    """X-Forwarded-For of a trusted proxy tells it; the same beacon again is the same event."""
    async with house_of(PAGES) as house:
        for _ in range(2):
            assert (await post(house, beacon(), x_forwarded_for="203.0.113.42")).status == 204
        assert [each.user.ip for each in await house.arrived()] == ["203.0.113.42"]


async def test_a_page_of_this_machine_needs_no_tls() -> None:
    """On loopback the cookies are not Secure and stay with the host."""
    async with house_of(PAGES) as house:
        host = house.url.removeprefix("http://")
        answer = await post(house, beacon(), host=host, origin=house.url)
        assert cookies(answer)["_fc"] == f"{VISITOR}; Max-Age=33696000; Path=/; SameSite=Lax"


async def test_the_prefix_is_the_settings() -> None:
    """Elsewhere there is nothing, and what is not there is told without a hint of a key."""
    async with house_of(PAGES, browser={"prefix": "/r7/x"}) as house:
        assert (await post(house, beacon(), path="/r7/x/e")).status == 204
        assert (await post(house, beacon())).status == 404


async def test_a_gateway_without_pages_has_no_door_for_them() -> None:
    """Without a source of the kind the path is not there."""
    async with house_of({"kind": "json"}) as house:
        assert (await post(house, beacon())).status == 404


async def test_what_is_not_allowed_is_refused_without_a_hint() -> None:
    """Another origin, another key and no key: the same 401, which no page can read, and nothing is stored."""
    async with house_of(PAGES) as house:
        answers = [
            await post(house, beacon(), origin="https://evil.example.net"),
            await post(house, beacon(), origin="null"),
            await post(house, beacon(), origin="", sec_fetch_site="cross-site"),
            await post(house, beacon(key="pk-other")),
            await post(house, beacon(key=None)),
        ]
        assert [answer.status for answer in answers] == [401] * 5
        assert len({answer.body for answer in answers}) == 1
        assert all("Access-Control-Allow-Origin" not in answer.headers for answer in answers)
        assert not any(cookies(answer) for answer in answers)
        assert await house.arrived() == []


@pytest.mark.parametrize("body", [b"", b"not json", b"[1", b'"text"', b"\x00\xff"])
async def test_what_cannot_be_read_is_said_and_not_repeated(body: bytes) -> None:
    """400 with a code; of the body nothing comes back."""
    async with house_of(PAGES) as house:
        answer = await post(house, body)
        assert (answer.status, answer.json["error"]["code"]) == (400, "not_json")
        assert not body or body not in answer.body


async def test_a_beacon_over_64_kb_is_refused() -> None:
    """Told by its length, or while it comes; just within it is taken."""
    async with house_of(PAGES) as house:
        body = beacon(page={"url": "https://shop.example.com/"})
        room = 65_536 - len(json.dumps(body).encode()) - len(', "v2": ""')
        assert (await post(house, {**body, "v2": "x" * room})).status == 204
        answer = await post(house, {**body, "v2": "x" * (room + 1)})
        assert (answer.status, answer.json["error"]["code"]) == (413, "body_too_large")
        head = f"POST /fc/e HTTP/1.1\r\nHost: {SHOP_HOST}\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
        chunked = head.encode() + b"10001\r\n" + b"x" * 65_537 + b"\r\n0\r\n\r\n"
        assert (await house.talk(chunked)).startswith(b"HTTP/1.1 413 ")


async def test_nothing_that_was_sent_comes_back() -> None:
    """Scripts in every field, in cookies and in the address: no answer holds them but the visitor's own checked ids."""
    attack = "<script>alert('test')</script>"
    hostile = dict.fromkeys(("visitor", "ttclid", "ttp", "consent", "consent_version", "v"), attack)
    async with house_of(PAGES) as house:
        for body in (
            beacon(**hostile, page={"url": attack}, events=[event(attack, event_id=attack)]),
            beacon(key=attack),
            attack.encode(),
        ):
            answer = await post(house, body, cookie=f"_fc={attack}; ttclid={attack}; _ttp={attack}")
            assert b"script" not in answer.body
            assert "script" not in str(answer.headers).lower()
        answer = await post(house, beacon(), path=f"/fc/e?key={KEY}&x=%3Cscript%3E")
        assert b"script" not in answer.body


async def test_a_preflight_is_answered() -> None:
    """For a page that may send, and for another site's page without a permission."""
    async with house_of({**PAGES, "origins": ["shop.example.com"]}) as house:
        asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
        allowed = await house.send(b"", {"Origin": "https://shop.example.com", **asked}, path="/fc/e", method="OPTIONS")
        assert (allowed.status, allowed.headers["Access-Control-Max-Age"]) == (204, "7200")
        assert allowed.headers["Access-Control-Allow-Origin"] == "https://shop.example.com"
        refused = await house.send(b"", {"Origin": "https://evil.example.net", **asked}, path="/fc/e", method="OPTIONS")
        assert "Access-Control-Allow-Origin" not in refused.headers
        assert (await house.send(b"", {}, path="/fc/e", method="GET")).status == 405


FEW = {"events_per_minute": 10, "purchases_per_minute": 3}


async def test_a_flood_is_shed_purchases_last_and_others_are_unharmed() -> None:
    """Beyond its measure an address hears 429 with a time; it may still buy, and every other address goes on."""
    async with house_of(PAGES, browser=FEW) as house:
        answers = [
            await post(house, beacon(events=[event("Pageview", event_id=f"p{number}")]), x_forwarded_for="203.0.113.9")
            for number in range(12)
        ]
        assert [answer.status for answer in answers] == [204] * 10 + [429] * 2
        assert answers[-1].headers["Retry-After"] == "60"
        assert answers[-1].headers["Access-Control-Allow-Origin"] == f"https://{SHOP_HOST}"
        both = beacon(events=[event("Pageview", event_id="late"), bought()])
        assert (await post(house, both, x_forwarded_for="203.0.113.9")).status == 204
        assert (await post(house, beacon(), x_forwarded_for="203.0.113.10")).status == 204
        ids = [each.event_id for each in await house.arrived()]
        assert ids == [f"p{number}" for number in range(10)] + ["5511001001", "add-1"]
        metrics = (await house.house.ask("GET", "/metrics")).body.decode()
        assert 'fullcount_shed_total{route="beacon"} 3.0' in metrics
        house.house.clock.advance(60)
        assert (
            await post(house, beacon(events=[event(event_id="again")]), x_forwarded_for="203.0.113.9")
        ).status == 204


async def test_forged_purchases_are_bounded_too() -> None:
    """More of them than an address may make are shed, in one beacon or in several."""
    async with house_of(PAGES, browser=FEW) as house:
        many = beacon(events=[bought(str(number)) for number in range(1_000, 1_020)])
        assert (await post(house, many)).status == 204
        assert (await post(house, beacon(events=[bought("2000")]))).status == 429
        assert len(await house.arrived()) == 3


async def test_a_store_that_refuses_is_told_and_the_beacon_counts_once() -> None:
    """503 with a time and no cookie; the same again is taken, once."""
    async with house_of(PAGES) as house:
        house.queue.refusals = 1
        refused = await post(house, beacon())
        assert (refused.status, refused.headers["Retry-After"], cookies(refused)) == (503, "1", {})
        for _ in range(2):
            assert (await post(house, beacon())).status == 204
        assert len(await house.arrived()) == 1


async def test_what_the_pixel_did_is_counted() -> None:
    """By state, for stored beacons of people only."""
    async with house_of(PAGES) as house:
        for state in ("loaded", "blocked", "blocked", "nonsense"):
            await post(house, beacon(pixel={"state": state}))
        await post(house, beacon(pixel={"state": "blocked"}), user_agent="Googlebot/2.1")
        house.queue.refusals = 1
        await post(house, beacon(pixel={"state": "blocked"}, events=[event(event_id="other")]))
        metrics = (await house.house.ask("GET", "/metrics")).body.decode()
        assert 'fullcount_pixel_reports_total{source="web",state="blocked"} 2.0' in metrics
        assert 'fullcount_pixel_reports_total{source="web",state="loaded"} 1.0' in metrics
        assert "nonsense" not in metrics


async def test_a_robots_page_events_are_withheld_and_its_purchase_is_kept() -> None:
    """Counted as bot; nobody's order is lost."""
    async with house_of(PAGES) as house:
        await post(house, beacon(events=[event("Pageview"), bought()]), user_agent="Mozilla/5.0 HeadlessChrome/142.0")
        assert [each.event_id for each in await house.arrived()] == ["5511001001"]
        assert [fact.reason.value for fact in house.queue.facts] == ["bot"]


SHOP = {"name": "shop", "kind": "shopify", "key": SECRET, "default_country": "US", "consent": "sender_vouches"}


async def webhook(house: SenderHouse, **changes: Any) -> Answer:
    """Send the shop's webhook of the recorded order."""
    request = delivery(body_of(**changes))
    return await house.send(request.body, request.headers)


async def released(house: SenderHouse) -> list[Any]:
    """Return what is sent once the time of holding is over."""
    house.house.clock.advance(21)
    await house.queue.release_held()
    return await house.arrived()


@pytest.mark.parametrize("first", ["browser", "server"])
async def test_a_purchases_two_halves_leave_as_one(first: str) -> None:
    """Whichever comes first waits; the server's money and the browser's context leave under one event_id."""
    async with house_of(PAGES, SHOP, pixels=[PIXEL], remembers=True) as house:
        page = beacon(events=[bought(), bought()], ttclid=CLICK, ttp=TTP)
        for half in ("browser", "server") if first == "browser" else ("server", "browser"):
            assert await house.arrived() == []
            if half == "browser":
                assert (await post(house, page, x_forwarded_for="203.0.113.42")).status == 204
            else:
                assert (await webhook(house)).status == 200
        (sent,) = await house.arrived()
        assert (sent.event, sent.event_id, sent.properties.value) == ("CompletePayment", "5511001001", 72.4)
        assert (sent.user.ttclid, sent.user.ttp, sent.user.ip) == (CLICK, TTP, "203.0.113.42")
        assert sent.user.user_agent == PHONE
        assert sent.user.email is not None
        assert await released(house) == []


async def test_a_half_that_stays_alone_goes_alone() -> None:
    """Without the webhook the browser's purchase leaves when its time is over, once."""
    async with house_of(PAGES, SHOP, pixels=[PIXEL]) as house:
        await post(house, beacon(events=[bought()]))
        assert [each.half.value for each in await released(house)] == ["browser"]
        await post(house, beacon(events=[bought()]))
        await webhook(house)
        assert await released(house) == []


@pytest.mark.parametrize("kind", ["shopify", "woocommerce"])
async def test_a_webhook_carries_what_the_page_told_by_its_checkout(kind: str) -> None:
    """Click ID, browser ID, address and agent of a visit come back by the checkout's token alone."""
    order = fixture("woocommerce/order_updated_processing.json")
    shop = SHOP if kind == "shopify" else {"name": "shop", "kind": "woocommerce", "key": order.secret}
    token = TOKEN if kind == "shopify" else json.loads(order.body)["order_key"]
    async with house_of(PAGES, shop, remembers=True) as house:
        told = beacon(ttclid=CLICK, ttp=TTP, ties={"checkout_token": token}, events=[])
        assert (await post(house, told, x_forwarded_for="203.0.113.77")).status == 204
        if kind == "shopify":
            bare: dict[str, Any] = {
                "client_details": None,
                "browser_ip": None,
                "landing_site": None,
                "note_attributes": [],
            }
            await webhook(house, checkout_token=TOKEN, **bare)
        else:
            body = {**json.loads(order.body), "meta_data": [], "customer_ip_address": "", "customer_user_agent": ""}
            await house.send(**woo(body, order.secret))
        (sent,) = await house.arrived()
        assert sent.half.value == "server"
        assert (sent.user.ttclid, sent.user.ttp) == (CLICK, TTP)
        assert (sent.user.ip, sent.user.user_agent) == ("203.0.113.77", PHONE)


def woo(body: dict[str, Any], secret: str) -> dict[str, Any]:
    """Return a signed delivery of a WooCommerce order."""
    raw = json.dumps(body).encode()
    recorded = fixture("woocommerce/order_updated_processing.json")
    signature = b64encode(hmac.new(secret.encode(), raw, sha256).digest()).decode()
    return {"body": raw, "headers": {**recorded.headers, "X-WC-Webhook-Signature": signature}}


async def test_a_refusal_in_the_page_withholds_the_shops_half() -> None:
    """The webhook vouches for nothing that its visitor refused, and a later grant counts from then on."""
    async with house_of(PAGES, SHOP, remembers=True) as house:
        refused = beacon(consent="denied", ties={"order_id": "5511001001"}, events=[], consent_at=(NOW - 60) * 1000)
        answer = await post(house, refused, cookie=f"_fc={VISITOR}; ttclid={CLICK}; _ttp={TTP}")
        assert {name: value.partition(";")[0] for name, value in cookies(answer).items()} == {
            "_fc": "",
            "ttclid": "",
            "_ttp": "",
        }
        await webhook(house)
        assert await house.arrived() == []
        assert [fact.reason.value for fact in house.queue.facts] == ["consent_denied"]
        granted = beacon(ties={"order_id": "5511001001"}, events=[], consent_at=(NOW - 30) * 1000)
        await post(house, granted)
        await webhook(house, id=5511001002, checkout_token="another", customer=None)
        assert [each.event_id for each in await house.arrived()] == ["5511001002"]


async def test_shopifys_custom_pixel_and_the_webhook_are_one() -> None:
    """The sandbox's beacon without an origin merges with the order's webhook, and brings the browser's context."""
    pages = {**PAGES, "sandboxed": True}
    body = json.loads(fixture("shopify_pixel/checkout_completed.json").body)
    told = {"visitor": VISITOR, "ttclid": CLICK, "consent": {"shopify_marketing": True, "shopify_sale_of_data": True}}
    async with house_of(pages, SHOP, pixels=[PIXEL], remembers=True) as house:
        answer = await post(
            house, {**body, "fullcount": told}, path=f"/fc/s?key={KEY}", origin="null", x_forwarded_for="203.0.113.42"
        )
        assert (answer.status, cookies(answer)) == (204, {})
        assert answer.headers["Access-Control-Allow-Origin"] == "null"
        assert "Access-Control-Allow-Credentials" not in answer.headers
        await webhook(house)
        (sent,) = await house.arrived()
        assert (sent.event_id, sent.user.ttclid, sent.user.ip) == ("5511001001", CLICK, "203.0.113.42")


FULL = beacon(events=[event(), bought()], paired=[event()], ties={"order_id": "1"}, pixel={"state": "held"})


@settings(max_examples=4, deadline=None)
@given(st.lists(mutated(FULL) | st.binary(max_size=80), min_size=15, max_size=15))
def test_no_mixture_is_the_gateways_fault(bodies: list[Any]) -> None:
    """Whatever a page posts is taken or refused, never a 5xx."""

    async def ask() -> list[int]:
        async with house_of({**PAGES, "sandboxed": True}) as house:
            paths = ("/fc/e", f"/fc/e?key={KEY}", f"/fc/s?key={KEY}")
            answers = [await post(house, body, path=paths[index % 3]) for index, body in enumerate(bodies)]
            assert "broke" not in house.log
            return [answer.status for answer in answers]

    assert set(asyncio.run(ask())) <= {204, 400, 401}


async def test_nobody_shows_in_the_log_or_the_metrics() -> None:
    """Neither click, address, agent, visitor nor key."""
    async with house_of(PAGES) as house:
        await post(house, beacon(ttclid=CLICK, user={"email": "customer@example.com"}), x_forwarded_for="203.0.113.42")
        await post(house, beacon(key="pk-of-a-stranger"), x_forwarded_for="203.0.113.42")
        shown = house.log + (await house.house.ask("GET", "/metrics")).body.decode()
        for secret in (CLICK, "203.0.113.42", PHONE, VISITOR, KEY, "customer@example.com", "pk-of-a-stranger"):
            assert secret not in shown


async def test_the_snippet_is_fetched_kept_and_checked() -> None:
    """GET, HEAD and 304 at the plain address; at the one with its hash the same content, for ever."""
    async with house_of(PAGES, pixels=[PIXEL], browser={"prefix": "/r7"}) as house:
        path = f"/r7/fc.js?key={KEY}"
        got = await house.send(b"", {}, path=path, method="GET")
        assert (got.status, got.headers["Content-Type"]) == (200, "text/javascript; charset=utf-8")
        assert got.headers["Cache-Control"] == "public, max-age=3600"
        assert got.headers["X-Content-Type-Options"] == "nosniff"
        assert CODE.encode() in got.body
        head = await house.send(b"", {}, path=path, method="HEAD")
        assert (head.status, head.body, head.headers["ETag"]) == (200, b"", got.headers["ETag"])
        assert head.headers["Content-Length"] == str(len(got.body))
        kept = await house.send(b"", {"If-None-Match": got.headers["ETag"]}, path=path, method="GET")
        assert (kept.status, kept.body) == (304, b"")
        hashed = f"/r7/fc.{sha256(got.body).hexdigest()[:12]}.js?key={KEY}"
        fixed = await house.send(b"", {}, path=hashed, method="GET")
        assert (fixed.body, fixed.headers["Cache-Control"]) == (got.body, "public, max-age=31536000, immutable")


async def test_a_strangers_key_gets_no_snippet() -> None:
    """404 with a comment for a script, nothing of the address in it; other methods are refused."""
    async with house_of(PAGES) as house:
        answer = await house.send(b"", {}, path="/fc/fc.js?key=%2A%2Falert(1)", method="GET")
        assert (answer.status, answer.headers["Content-Type"]) == (404, "text/javascript; charset=utf-8")
        assert b"alert" not in answer.body
        assert (await post(house, beacon(), path=f"/fc/fc.js?key={KEY}")).status == 405
