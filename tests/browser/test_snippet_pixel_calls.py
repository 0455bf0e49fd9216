"""The page's own calls of its pixel: given an id where they have none, and told to the gateway."""

from __future__ import annotations

from playwright.async_api import Page, Route
from tests.browser.base_code import base_code
from tests.browser.pixel_page import arrived, hits
from tests.browser.snippet_shop import LOAD, STUB, TAG, SnippetShop, started, visit

from fullcount.testing.emulator import DEFAULT_PIXEL, DEFAULT_TOKEN, RunningEmulator, running_emulator

SECOND = "CEXAMPLE0PIXEL000002"


def ids(tiktok: RunningEmulator, name: str, code: str = DEFAULT_PIXEL) -> list[str]:
    """Return the ids under which a pixel sent an event."""
    return [hit["event_id"] for hit in hits(tiktok) if hit["event"] == name and hit["context"]["pixel"]["code"] == code]


async def test_a_call_without_an_id_gets_one(page: Page, shop: SnippetShop, tiktok: RunningEmulator) -> None:
    """`ttq.track` of the page is sent with a new id, and mirrored with the same."""
    shop.put("/", LOAD, tiktok=tiktok.base_url)
    await visit(page, shop)
    await page.evaluate("ttq.ready(() => ttq.track('AddToCart', {value: 7, currency: 'EUR'}))")
    event = await shop.event("AddToCart")
    await shop.until(lambda: ids(tiktok, "AddToCart"), "the hit")
    assert (event["by"], event["properties"]) == ("pixel", {"value": 7, "currency": "EUR"})
    assert ids(tiktok, "AddToCart") == [event["event_id"]]
    assert len(event["event_id"]) == 36


async def test_a_call_with_an_id_keeps_it(page: Page, shop: SnippetShop, tiktok: RunningEmulator) -> None:
    """An id of the page's, in any of the pixel's spellings, is the id of both halves."""
    shop.put("/", LOAD, tiktok=tiktok.base_url)
    await visit(page, shop)
    await page.evaluate("""
        ttq.track('Search', {}, {event_id: 's-1'}); ttq.track('Contact', {}, {eventID: 'c-1'});
        ttq.track('Download', {event_id: 'd-1'});
    """)
    await shop.event("Download")
    await arrived(tiktok, 4)
    assert {event["event"]: event["event_id"] for event in shop.events()} == {
        "Search": "s-1",
        "Contact": "c-1",
        "Download": "d-1",
    }
    assert [ids(tiktok, name) for name in ("Search", "Contact", "Download")] == [["s-1"], ["c-1"], ["d-1"]]


async def test_what_waited_in_the_queue_gets_an_id_too(page: Page, shop: SnippetShop, tiktok: RunningEmulator) -> None:
    """Calls between base code and our script are still in the pixel's queue, and are completed there, in order."""
    waiting = "ttq.track('ViewContent', {value: 3}); ttq.track('Purchase', {order_id: 'o-88', value: 9});"
    shop.put("/", waiting + "ttq.page()", tiktok=tiktok.base_url)
    await visit(page, shop)
    await page.evaluate(f"ttq.load('{DEFAULT_PIXEL}')")
    await arrived(tiktok, 3)
    await shop.event("Purchase")
    assert ids(tiktok, "ViewContent") == [shop.events("ViewContent")[0]["event_id"]]
    assert ids(tiktok, "CompletePayment") == ["o-88"]
    assert [hit["event"] for hit in hits(tiktok)] == ["ViewContent", "CompletePayment", "Pageview"]


async def test_a_purchase_of_the_page_takes_its_order_s_id(
    page: Page, shop: SnippetShop, tiktok: RunningEmulator
) -> None:
    """The name is counted as ours, and where the page spells it otherwise than the setting, the pair shows that."""
    shop.put("/", LOAD, tiktok=tiktok.base_url)
    await visit(page, shop)
    await page.evaluate("ttq.track('Purchase', {order_id: 1001, value: 59, currency: 'EUR'})")
    event = await shop.event("Purchase")
    await shop.until(lambda: ("Purchase", "1001") in shop.paired(), "the pair")
    assert event["event_id"] == "1001"
    pair = next(row for beacon in shop.beacons for row in beacon["paired"] if row["event_id"] == "1001")
    assert (pair["value"], pair["currency"]) == (59, "EUR")
    assert 0 <= pair["at"] < 60_000


async def test_a_purchase_that_nothing_names_is_recorded_for_pairing(
    page: Page, shop: SnippetShop, tiktok: RunningEmulator
) -> None:
    """The page's call goes out as it is; the gateway is told that the pixel sent one that it can pair with nothing."""
    shop.put("/", LOAD, tiktok=tiktok.base_url)
    await visit(page, shop)
    await page.evaluate("ttq.track('CompletePayment', {value: 59, currency: 'EUR'})")
    await shop.until(lambda: ("CompletePayment", "") in shop.paired(), "the copy")
    assert shop.events("Purchase") == []
    await shop.until(lambda: ids(tiktok, "CompletePayment"), "the hit")
    assert ids(tiktok, "CompletePayment") == [""]


async def test_two_pixels_on_one_page(page: Page, shop: SnippetShop) -> None:
    """Each pixel gets ids; the gateway has the events of its own pixel, each once."""
    async with running_emulator({DEFAULT_PIXEL: DEFAULT_TOKEN, SECOND: "second-test-token"}) as tiktok:
        shop.put("/", f"ttq.load('{SECOND}'); {LOAD}", tiktok=tiktok.base_url)
        await visit(page, shop)
        await page.evaluate(f"""
            ttq.track('AddToCart');
            ttq.instance('{SECOND}').track('Contact'); ttq.instance('{DEFAULT_PIXEL}').track('Contact');
            ttq.track('Download', {{}}, {{pixel_code: '{SECOND}'}});
            ttq.track('Search', {{}}, {{pixel_code: '{DEFAULT_PIXEL}'}});
        """)
        await shop.event("Search")
        await shop.until(lambda: len([hit for hit in hits(tiktok) if hit["event"] != "Pageview"]) >= 6, "the hits")
        assert [event["event"] for event in shop.events()] == ["AddToCart", "Contact", "Search"]
        cart, contact, search = (event["event_id"] for event in shop.events())
        assert ids(tiktok, "AddToCart") == ids(tiktok, "AddToCart", SECOND) == [cart]
        assert ids(tiktok, "Contact") == ids(tiktok, "Contact", SECOND) == [contact]
        assert ids(tiktok, "Search") == [search]
        assert len(ids(tiktok, "Download", SECOND)[0]) == 36


async def test_instances_work_before_the_pixel_is_there(page: Page, shop: SnippetShop) -> None:
    """Calls on one pixel's own queue are completed like the others."""
    async with running_emulator() as tiktok:
        shop.put("/", f"{LOAD} ttq.instance('{DEFAULT_PIXEL}').track('Contact', {{value: 1}})", tiktok=tiktok.base_url)
        held: list[Route] = []

        async def hold(route: Route) -> None:
            held.append(route)

        await page.route("**/i18n/pixel/events.js*", hold)
        await page.goto(shop.url(), wait_until="commit")
        await started(page)
        await shop.event("Contact")
        await page.evaluate(f"ttq.instance('{DEFAULT_PIXEL}').track('Search'); document.body.append('changed')")
        await shop.event("Search")
        await held[0].continue_()
        await arrived(tiktok, 3)
        assert ids(tiktok, "Contact") == [shop.events("Contact")[0]["event_id"]]
        assert ids(tiktok, "Search") == [shop.events("Search")[0]["event_id"]]


async def test_the_pixel_may_have_another_name(page: Page, shop: SnippetShop, tiktok: RunningEmulator) -> None:
    """The pixel is found under the name that the base code announced."""
    head = (
        base_code(tiktok.base_url, name="tiktokQueue") + f"<script>{STUB} tiktokQueue.load('{DEFAULT_PIXEL}')</script>"
    )
    shop.pages["/"] = f"<!doctype html>{head}{TAG}<h1>Shop</h1>"
    await visit(page, shop)
    await page.evaluate("tiktokQueue.track('Search')")
    event = await shop.event("Search")
    await shop.until(lambda: ids(tiktok, "Search"), "the hit")
    assert ids(tiktok, "Search") == [event["event_id"]]


async def test_capture_may_be_switched_off(page: Page, shop: SnippetShop, tiktok: RunningEmulator) -> None:
    """Without `pixel` in `capture` the page's calls are its own affair; ours are paired as ever."""
    shop.set(capture=())
    shop.put("/", LOAD, tiktok=tiktok.base_url)
    await visit(page, shop)
    await page.evaluate("ttq.track('Contact'); fullcount('track', 'Search')")
    search = await shop.event("Search")
    await shop.until(lambda: ("Search", search["event_id"]) in shop.paired(), "the pair")
    await shop.until(lambda: ids(tiktok, "Contact"), "the hit")
    assert ids(tiktok, "Contact") == [""]
    assert [event["event"] for event in shop.events()] == ["Search"]


async def test_the_script_twice_counts_once(page: Page, shop: SnippetShop, tiktok: RunningEmulator) -> None:
    """A page that carries the tag twice has each event once, at the gateway and at the pixel."""
    shop.put("/", LOAD + "ttq.track('AddToCart')", tiktok=tiktok.base_url)
    shop.pages["/"] = shop.pages["/"].replace(TAG, TAG * 2)
    await visit(page, shop)
    await page.wait_for_load_state("load")
    await page.evaluate("fullcount('track', 'Search')")
    await shop.event("Search")
    await arrived(tiktok, 3)
    assert [event["event"] for event in shop.events()] == ["AddToCart", "Search"]
    assert sorted(hit["event"] for hit in hits(tiktok)) == ["AddToCart", "Pageview", "Search"]
