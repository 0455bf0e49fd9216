"""What pages announce to others: GA4's events in the data layer, and buttons with attributes."""

from __future__ import annotations

from playwright.async_api import Page
from tests.browser.pixel_page import hits
from tests.browser.snippet_shop import LOAD, SnippetShop, visit

from fullcount.testing.emulator import RunningEmulator

PURCHASE = """{event: 'purchase', ecommerce: {transaction_id: '1001', value: 118, currency: 'EUR',
  items: [{item_id: 'SKU-7', item_name: 'Headphones', price: 59, quantity: 2}]}}"""
LAYER = "window.dataLayer = window.dataLayer || []; function gtag() { dataLayer.push(arguments) }"


def sent(tiktok: RunningEmulator, name: str) -> list[str]:
    """Return the ids under which the pixel sent an event."""
    return [hit["event_id"] for hit in hits(tiktok) if hit["event"] == name]


async def test_a_purchase_in_the_data_layer(page: Page, shop: SnippetShop, tiktok: RunningEmulator) -> None:
    """GA4's purchase becomes TikTok's, for both halves, under the order's id."""
    shop.put("/", LOAD, tiktok=tiktok.base_url, late=f"{LAYER} dataLayer.push({PURCHASE})")
    await visit(page, shop)
    event = await shop.event("Purchase")
    await shop.until(lambda: sent(tiktok, "CompletePayment"), "the hit")
    assert (event["event_id"], event["by"]) == ("1001", "data_layer")
    assert event["properties"] == {
        "value": 118,
        "currency": "EUR",
        "order_id": "1001",
        "content_type": "product",
        "contents": [{"content_id": "SKU-7", "content_name": "Headphones", "price": 59, "quantity": 2}],
    }
    assert sent(tiktok, "CompletePayment") == ["1001"]


async def test_what_was_pushed_before_us_and_by_gtag(page: Page, shop: SnippetShop) -> None:
    """Entries that were there before the script, and those of `gtag('event', ...)`, count like later ones."""
    items = "{currency: 'EUR', items: [{item_id: 7}]}"
    shop.set(content_id="shop_{sku}_EU")
    shop.put("/", f"{LAYER} gtag('js', new Date()); dataLayer.push({{event: 'view_item', ecommerce: {items}}})")
    await visit(page, shop)
    await page.evaluate(f"gtag('event', 'add_to_cart', {items}); gtag('config', 'G-1'); dataLayer.push(null, 7)")
    cart = await shop.event("AddToCart")
    assert [event["event"] for event in shop.events()] == ["ViewContent", "AddToCart"]
    assert cart["properties"]["contents"] == [{"content_id": "shop_7_EU"}]


async def test_a_push_still_reaches_others(page: Page, shop: SnippetShop) -> None:
    """A tag manager that replaces `push` later, and its return value, work as without us."""
    shop.put("/", LAYER)
    await visit(page, shop)
    result = await page.evaluate(f"""() => {{
        const seen = [], ours = dataLayer.push;
        dataLayer.push = (...entries) => {{ seen.push(...entries); return ours.apply(dataLayer, entries) }};
        const length = dataLayer.push({PURCHASE}, {{event: 'gtm.js'}});
        return [length, seen.length, dataLayer.length];
    }}""")
    await shop.event("Purchase")
    assert result == [2, 2, 2]


async def test_only_mapped_events_are_taken(page: Page, shop: SnippetShop) -> None:
    """What is not in the table is left to others; the table is a setting."""
    shop.set(names=(("newsletter", "Subscribe"),))
    shop.put("/", f"{LAYER} dataLayer.push({{event: 'scroll'}}, {PURCHASE}, {{event: 'newsletter'}})")
    await visit(page, shop)
    await shop.event("Subscribe")
    assert [event["event"] for event in shop.events()] == ["Subscribe"]


async def test_data_layer_and_pixel_announce_one_purchase(
    page: Page, shop: SnippetShop, tiktok: RunningEmulator
) -> None:
    """A tag that also tells the pixel is not counted beside the data layer: the same order is one event, one id."""
    shop.put("/", LOAD, tiktok=tiktok.base_url, late=LAYER)
    await visit(page, shop)
    await page.evaluate(f"dataLayer.push({PURCHASE})")
    await page.evaluate("ttq.track('CompletePayment', {order_id: '1001', value: 118}, {event_id: 'own-1'})")
    await page.evaluate("ttq.track('CompletePayment', {value: 118, currency: 'EUR'})")
    await page.evaluate("fullcount('track', 'Search')")
    await shop.event("Search")
    await shop.until(lambda: len(sent(tiktok, "CompletePayment")) >= 2, "the hits")
    assert [event["event_id"] for event in shop.events("Purchase")] == ["1001"]
    assert sent(tiktok, "CompletePayment")[:2] == ["1001", "1001"]
    assert [event["counted_as"] for event in tiktok.emulator.events() if event["event_id"] == "1001"] == ["Purchase"]


async def test_the_pixel_first_then_the_data_layer(page: Page, shop: SnippetShop, tiktok: RunningEmulator) -> None:
    """The other order: the data layer's purchase joins what the pixel was given, and is not given to it again."""
    shop.put("/", LOAD, tiktok=tiktok.base_url, late=LAYER)
    await visit(page, shop)
    await page.evaluate("ttq.track('CompletePayment', {value: 118, currency: 'EUR'}, {event_id: '1001'})")
    await page.evaluate(f"dataLayer.push({PURCHASE}); fullcount('track', 'Search')")
    await shop.event("Search")
    await shop.until(lambda: sent(tiktok, "Search"), "the last hit")
    assert [(event["event_id"], event["by"]) for event in shop.events("Purchase")] == [("1001", "pixel")]
    assert sent(tiktok, "CompletePayment") == ["1001"]


async def test_two_orders_stay_two(page: Page, shop: SnippetShop) -> None:
    """Another order id is another purchase, whoever announces it, also on the same page."""
    shop.put("/", f"{LAYER} dataLayer.push({PURCHASE}); fullcount('track', 'Purchase', {{order_id: '1002'}})")
    await visit(page, shop)
    await shop.until(lambda: len(shop.events("Purchase")) >= 2, "two purchases")
    assert sorted(event["event_id"] for event in shop.events("Purchase")) == ["1001", "1002"]


async def test_one_step_announced_twice_is_one(page: Page, shop: SnippetShop, tiktok: RunningEmulator) -> None:
    """A tag that turns the data layer's event into a call of the pixel takes the same id; a second click is another."""
    shop.put("/", LOAD, tiktok=tiktok.base_url, late=LAYER)
    await visit(page, shop)
    step = "dataLayer.push({event: 'add_to_cart', ecommerce: {value: 1}}); ttq.track('AddToCart', {value: 1});"
    await page.evaluate(step)
    await page.evaluate(step)
    await shop.event("AddToCart", 2)
    await page.evaluate("fullcount('track', 'Search')")
    await shop.event("Search")
    await shop.until(lambda: sent(tiktok, "Search"), "the last hit")
    ids = [event["event_id"] for event in shop.events("AddToCart")]
    assert len(set(ids)) == len(ids) == 2
    assert set(sent(tiktok, "AddToCart")) == set(ids)
    assert sum(event["event"] == "AddToCart" for event in tiktok.emulator.events()) == 2


async def test_the_data_layer_may_be_left_alone(page: Page, shop: SnippetShop) -> None:
    """Without `data_layer` in `capture` nothing is read there."""
    shop.set(capture=("pixel",))
    shop.put("/", f"{LAYER} dataLayer.push({PURCHASE}); fullcount('track', 'Search')")
    await visit(page, shop)
    await shop.event("Search")
    assert [event["event"] for event in shop.events()] == ["Search"]


async def test_buttons_say_what_they_are(page: Page, shop: SnippetShop) -> None:
    """A click on, or within, an element with our attribute is its event, with the properties beside it."""
    button = """<button data-fullcount-event="AddToCart" data-fullcount-properties='{"value": 59, "currency": "EUR"}'>
      <b>Buy</b></button><a href="#contact" data-fullcount-event="Contact">Ask</a><i>Nothing</i>"""
    shop.put("/")
    shop.pages["/"] = shop.pages["/"].replace("<h1>", button + "<h1>")
    await visit(page, shop)
    await page.get_by_text("Nothing").click()
    await page.get_by_text("Buy").click()
    await page.get_by_text("Ask").click()
    await shop.event("Contact")
    assert [(event["event"], event["by"]) for event in shop.events()] == [
        ("AddToCart", "attribute"),
        ("Contact", "attribute"),
    ]
    assert shop.events("AddToCart")[0]["properties"] == {"value": 59, "currency": "EUR"}


async def test_a_click_that_leaves_the_page_is_told(page: Page, shop: SnippetShop) -> None:
    """A link that leads away tells its event before the page is gone."""
    shop.put("/")
    shop.pages["/"] = shop.pages["/"].replace("<h1>", "<a href='/next' data-fullcount-event='Contact'>Ask</a><h1>")
    shop.pages["/next"] = "<!doctype html><h1>Next</h1>"
    await visit(page, shop)
    await page.get_by_text("Ask").click()
    await page.wait_for_url("**/next")
    await shop.event("Contact")
