"""`fullcount('track', ...)`: one id for one event, for the pixel and for the gateway."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.async_api import Page
from tests.browser.base_code import base_code
from tests.browser.pixel_page import hits
from tests.browser.snippet_shop import LOAD, SnippetShop, started, visit

from fullcount.events.event_id import resolve_event_id
from fullcount.events.model import Event, Properties
from fullcount.testing.emulator import DEFAULT_PIXEL, RunningEmulator

UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}")
BOUGHT = "{order_id: '1001', value: 59, currency: 'EUR'}"


def sent_by_pixel(tiktok: RunningEmulator) -> list[tuple[str, str]]:
    """Return name and id of the pixel's hits, page views left out."""
    return [(hit["event"], hit["event_id"]) for hit in hits(tiktok) if hit["event"] != "Pageview"]


async def test_calls_before_the_script_work(page: Page, shop: SnippetShop) -> None:
    """What the page calls on the stub is told once the script is there, in order and once."""
    shop.put("/", "fullcount('track', 'AddToCart', {value: 1}); fullcount('track', 'Search', {query: 'tea'})")
    await visit(page, shop)
    await shop.event("Search")
    assert [event["event"] for event in shop.events()] == ["AddToCart", "Search"]
    assert shop.events("Search")[0]["properties"] == {"query": "tea"}


async def test_both_halves_have_one_id(page: Page, shop: SnippetShop, tiktok: RunningEmulator) -> None:
    """An event that has no id of its own gets a UUID of version 7, the same in the pixel's hit and in the beacon."""
    shop.put("/", LOAD, tiktok=tiktok.base_url)
    await visit(page, shop)
    await page.evaluate("fullcount('track', 'AddToCart', {value: 5, currency: 'EUR'})")
    event = await shop.event("AddToCart")
    await shop.until(lambda: sent_by_pixel(tiktok), "the pixel's hit")
    assert UUID7.fullmatch(event["event_id"])
    assert sent_by_pixel(tiktok) == [("AddToCart", event["event_id"])]
    assert event["by"] == "call"
    assert 0 <= event["age"] < 60_000


async def test_a_purchase_has_its_order_s_id(page: Page, shop: SnippetShop, tiktok: RunningEmulator) -> None:
    """A purchase goes out under its order's id: spelled to the pixel as it sends it, to the gateway as we count it."""
    shop.put("/", LOAD, tiktok=tiktok.base_url)
    await visit(page, shop)
    await page.evaluate(f"fullcount('track', 'Purchase', {BOUGHT})")
    event = await shop.event("Purchase")
    await shop.until(lambda: ("CompletePayment", "1001") in shop.paired(), "the pair")
    await shop.until(lambda: sent_by_pixel(tiktok), "the pixel's hit")
    assert (event["event_id"], event["properties"]["order_id"]) == ("1001", "1001")
    assert sent_by_pixel(tiktok) == [("CompletePayment", "1001")]


async def test_the_spelling_is_a_setting(page: Page, shop: SnippetShop, tiktok: RunningEmulator) -> None:
    """With `purchase_name = "Purchase"` the pixel is told that; we count a Purchase, whatever the page says."""
    shop.set(purchase_name="Purchase")
    shop.put("/", LOAD, tiktok=tiktok.base_url)
    await visit(page, shop)
    await page.evaluate(f"fullcount('track', 'CompletePayment', {BOUGHT})")
    await shop.until(lambda: ("Purchase", "1001") in shop.paired(), "the pair")
    assert (await shop.event("Purchase"))["event_id"] == "1001"


async def test_a_purchase_without_an_order_id_is_not_told(
    page: Page, shop: SnippetShop, tiktok: RunningEmulator
) -> None:
    """It gets no other id: neither half is sent, and its checkout token is told, for the webhook to join."""
    shop.put("/", LOAD, tiktok=tiktok.base_url)
    await visit(page, shop)
    await page.evaluate("fullcount('track', 'Purchase', {value: 59, checkout_token: 'c-7'})")
    await page.evaluate("fullcount('track', 'Search', {})")
    await shop.event("Search")
    await shop.until(lambda: sent_by_pixel(tiktok), "the pixel's hit")
    assert shop.events("Purchase") == []
    assert [name for name, _ in sent_by_pixel(tiktok)] == ["Search"]
    assert shop.beacons[-1]["ties"] == {"checkout_token": "c-7"}


async def test_an_id_of_the_page_is_kept(page: Page, shop: SnippetShop) -> None:
    """An event_id in the options is the event's id, and a second call with it adds nothing."""
    shop.put("/", "for (const _ of [1, 2]) fullcount('track', 'Purchase', {}, {event_id: 'A-17'})")
    await visit(page, shop)
    await page.evaluate("fullcount('track', 'Search')")
    await shop.event("Search")
    assert [event["event_id"] for event in shop.events("Purchase")] == ["A-17"]


TEMPLATES = [
    ("{order_id}", {"order_id": "1001"}),
    ("{order_id}", {"order_id": 1001}),
    ("{order_id}", {"order_id": " 1001 "}),
    ("{order_id}", {"order_id": "#1001"}),
    ("{order_id}", {"order_id": "gid://shopify/Order/4711"}),
    ("{order_id}", {"order_id": "NONE-1001"}),
    ("order-{order_id}-purchase", {"order_id": "1001"}),
    ("{event}.{order_id}", {"order_id": "1001"}),
    ("{order_name}", {"order_id": "1001", "order_name": "W-33"}),
    ("{checkout_token}/{event}", {"checkout_token": "a1b2c3"}),
    ("{order_id}", {"order_id": "null"}),
    ("{order_id}", {"order_id": "undefined"}),
    ("{order_id}", {"order_id": "undefined-1"}),
    ("{order_id}", {"order_id": ""}),
    ("{order_id}", {"order_id": "0"}),
    ("{order_id}", {"order_id": "{{order_id}}"}),
    ("{order_id}", {"order_id": "__ORDER_ID__"}),
    ("{order_id}", {"order_id": "order-null"}),
    ("{order_id}", {"order_id": "guest"}),
    ("{order_id}", {"order_id": None}),
    ("{order_id}", {}),
    ("{checkout_token}-{order_id}", {"order_id": "1001"}),
]


@pytest.mark.parametrize(("template", "properties"), TEMPLATES)
async def test_the_template_gives_the_server_s_id(
    page: Page, shop: SnippetShop, template: str, properties: dict[str, Any]
) -> None:
    """A purchase has the id that `resolve_event_id` makes of the same order, or is not sent where that finds none."""
    shop.set(template=template)
    shop.put("/")
    await visit(page, shop)
    await page.evaluate("order => { fullcount('track', 'Purchase', order); fullcount('track', 'Search') }", properties)
    await shop.event("Search")
    extra = {name: value for name, value in properties.items() if name != "order_id"}
    order_id = properties.get("order_id")
    event = Event(event="Purchase", properties=Properties(order_id=order_id and str(order_id), extra=extra or None))
    expected, problem = resolve_event_id(event, template, now=1_795_000_000.0)
    found = [one["event_id"] for one in shop.events("Purchase")]
    assert found == ([expected] if problem is None else [])


async def test_other_events_share_the_template_where_they_are_merged(page: Page, shop: SnippetShop) -> None:
    """An event in `merge` is named by the template too; another has an id of its own."""
    shop.set(template="{checkout_token}-{event}", merge=("InitiateCheckout",))
    shop.put(
        "/", "for (const name of ['InitiateCheckout', 'AddToCart']) fullcount('track', name, {checkout_token: 'c9'})"
    )
    await visit(page, shop)
    await shop.event("AddToCart")
    assert shop.events("InitiateCheckout")[0]["event_id"] == "c9-InitiateCheckout"
    assert UUID7.fullmatch(shop.events("AddToCart")[0]["event_id"])


async def test_it_works_without_a_pixel(page: Page, shop: SnippetShop) -> None:
    """On a page without any pixel the gateway has page view and purchase, and is told that there is no pixel."""
    shop.set(pixel="")
    shop.put("/", f"fullcount('track', 'Purchase', {BOUGHT})")
    await visit(page, shop)
    await shop.event("Purchase")
    await shop.event("Pageview")
    assert shop.beacons[-1]["pixel"]["state"] == "absent"
    assert shop.paired() == []


async def test_a_pixel_that_comes_later_has_the_event(page: Page, shop: SnippetShop, tiktok: RunningEmulator) -> None:
    """What was told before the base code ran is given to the pixel when it arrives, under the same id."""
    shop.put("/")
    await visit(page, shop)
    await page.evaluate(f"fullcount('track', 'Purchase', {BOUGHT}); fullcount('track', 'Search')")
    search = await shop.event("Search")
    assert shop.paired() == []
    code = base_code(tiktok.base_url).replace("<script>", "").replace("</script>", "") + LOAD
    await page.evaluate(
        "code => document.head.append(Object.assign(document.createElement('script'), {text: code}))", code
    )
    await shop.until(lambda: len(sent_by_pixel(tiktok)) >= 2, "the pixel's hits")
    assert sent_by_pixel(tiktok) == [("CompletePayment", "1001"), ("Search", search["event_id"])]
    await shop.until(lambda: ("CompletePayment", "1001") in shop.paired(), "the pair")
    assert len(shop.events()) == 2


async def test_identify_reaches_both(page: Page, shop: SnippetShop, tiktok: RunningEmulator) -> None:
    """The person is told to the pixel, which hashes, and in each later beacon; the external_id to the gateway alone."""
    shop.put("/", LOAD, tiktok=tiktok.base_url)
    await visit(page, shop)
    await page.evaluate(
        "fullcount('identify', {email: 'customer@example.com', phone: '+1 555 010 0123', external_id: 'c-7'})"
    )
    await page.evaluate("fullcount('track', 'AddToCart')")
    await shop.event("AddToCart")
    await shop.until(lambda: sent_by_pixel(tiktok), "the pixel's hit")
    told = {"email": "customer@example.com", "phone": "+1 555 010 0123", "external_id": "c-7"}
    assert shop.beacons[-1]["user"] == told
    user = next(hit for hit in hits(tiktok) if hit["event"] == "AddToCart")["context"]["user"]
    assert {len(user["email"]), len(user["phone_number"])} == {64}
    assert "external_id" not in user


async def test_a_person_may_come_with_the_event(page: Page, shop: SnippetShop, tiktok: RunningEmulator) -> None:
    """`{user}` in a call's options identifies before the event is sent."""
    shop.put("/", LOAD, tiktok=tiktok.base_url)
    await visit(page, shop)
    await page.evaluate(f"fullcount('track', 'Purchase', {BOUGHT}, {{user: {{email: 'customer@example.com'}}}})")
    await shop.event("Purchase")
    await shop.until(lambda: sent_by_pixel(tiktok), "the pixel's hit")
    bought = next(hit for hit in hits(tiktok) if hit["event_id"] == "1001")
    assert len(bought["context"]["user"]["email"]) == 64
    assert next(one for one in shop.beacons if shop_has(one, "1001"))["user"] == {"email": "customer@example.com"}


def shop_has(beacon: dict[str, Any], event_id: str) -> bool:
    """Say whether an event is in a beacon."""
    return any(event["event_id"] == event_id for event in beacon["events"])


async def test_tokens_of_cart_and_checkout_stay_with_the_gateway(
    page: Page, shop: SnippetShop, tiktok: RunningEmulator
) -> None:
    """What ties the visitor to a webhook is told to the gateway from then on, and never to TikTok."""
    shop.put("/", LOAD, tiktok=tiktok.base_url)
    await visit(page, shop)
    await page.evaluate("fullcount('track', 'AddToCart', {cart_token: 'cart-7', value: 5})")
    await page.evaluate(f"fullcount('track', 'Purchase', {{...{BOUGHT}, checkout_token: 'c-7'}})")
    await shop.event("Purchase")
    await shop.until(lambda: len(sent_by_pixel(tiktok)) >= 2, "the pixel's hits")
    assert shop.beacons[-1]["ties"] == {"cart_token": "cart-7", "checkout_token": "c-7", "order_id": "1001"}
    assert not any("token" in str(hit["properties"]) for hit in hits(tiktok))


@pytest.mark.parametrize(
    "call",
    [
        "fullcount()",
        "fullcount('dance')",
        "fullcount('constructor')",
        "fullcount('track')",
        "fullcount('track', null, null, null)",
        "fullcount('track', {}, 7, 'x')",
        "fullcount('identify', null)",
        "fullcount('consent', {a: 1}, 5)",
        "fullcount('consent')",
        "fullcount('page', {}, [])",
    ],
)
async def test_nothing_is_thrown_into_the_page(page: Page, shop: SnippetShop, call: str) -> None:
    """A wrong call is no error of the page's, and the next right one works."""
    shop.put("/")
    await visit(page, shop)
    await page.evaluate(call)
    await page.evaluate(f"fullcount('track', 'Purchase', {BOUGHT})")
    assert (await shop.event("Purchase"))["event_id"] == "1001"
    assert all(isinstance(event["event"], str | dict) for event in shop.events())


async def test_a_pixel_that_throws_hurts_nobody(page: Page, shop: SnippetShop) -> None:
    """Where the page's `ttq` is something else, or broken, the page goes on and the gateway has the event."""
    shop.put("/", "window.ttq = {track() { throw new Error('broken') }, get _i() { throw new Error('worse') }}")
    await page.goto(shop.url())
    await started(page)
    await page.evaluate(f"fullcount('track', 'Purchase', {BOUGHT})")
    assert (await shop.event("Purchase"))["event_id"] == "1001"


async def test_the_pixel_s_code_is_told(page: Page, shop: SnippetShop) -> None:
    """A beacon says which key, which version of the contract, and whose pixel it speaks of."""
    shop.put("/")
    await visit(page, shop)
    await shop.until(lambda: shop.beacons, "a beacon")
    beacon = shop.beacons[0]
    assert (beacon["key"], beacon["v"], beacon["pixel"]["code"]) == ("pk-shop", 1, DEFAULT_PIXEL)
    assert re.fullmatch(r"[A-Za-z0-9_-]{22,64}", beacon["visitor"])
    assert beacon["page"] == {"url": shop.url(), "referrer": ""}
    assert beacon["webdriver"] is True
