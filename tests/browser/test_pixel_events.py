"""The emulator's pixel on a real page: what it sends for each call, and under which id."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Page
from tests.browser.base_code import base_code
from tests.browser.pixel_page import LOAD, arrived, beacons, names_sent, started, visit
from tests.browser.site import Site
from tests.contract.emulator_client import TRACK

from fullcount.emulator.browser.switches import SwitchChanges
from fullcount.testing.emulator import (
    DEFAULT_PIXEL,
    DEFAULT_TOKEN,
    EmulatorSettings,
    RunningEmulator,
    running_emulator,
)

SECOND_PIXEL = "CEXAMPLE0PIXEL000002"


async def test_a_hit_has_the_shape_of_tiktoks(page: Page, site: Site, tiktok: RunningEmulator) -> None:
    """One `track` call is one hit: event and event_id on top, the rest where TikTok's pixel puts it."""
    call = "ttq.track('AddToCart', {value: 10, currency: 'usd', contents: [{content_id: 'SKU-1'}]}, {event_id: 'e-1'})"
    await visit(page, site, tiktok.base_url, LOAD + call, at="/product?ttclid=E.C.P.test")

    (hit,) = await arrived(tiktok, 1)

    assert (hit["event"], hit["event_id"], hit["is_onsite"]) == ("AddToCart", "e-1", False)
    assert hit["properties"] == {"value": 10, "currency": "USD", "contents": [{"content_id": "SKU-1"}]}
    assert re.fullmatch(rf"messageId-\d{{13}}-\d{{13}}-{DEFAULT_PIXEL}", hit["message_id"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", hit["timestamp"])
    context = hit["context"]
    assert context["pixel"]["code"] == DEFAULT_PIXEL
    assert context["ad"]["callback"] == "E.C.P.test"
    assert context["page"]["url"] == site.url("/product?ttclid=E.C.P.test")
    assert context["user"]["anonymous_id"].endswith("_.tt.1")
    assert context["session_id"].endswith(f"-{DEFAULT_PIXEL}")
    assert "consent" not in str(hit).lower()


async def test_the_browsers_copy_is_counted_as_one_of_the_pixel(
    page: Page, site: Site, tiktok: RunningEmulator
) -> None:
    """The event is listed with channel `pixel`, the browser's address, agent and page; the screen says Browser."""
    await visit(page, site, tiktok.base_url, LOAD + "ttq.track('Search', {query: 'headphones'}, {event_id: 's-1'})")
    await arrived(tiktok, 1)

    (event,) = tiktok.emulator.events()

    assert (event["event"], event["event_id"], event["channels"]) == ("Search", "s-1", ["pixel"])
    assert event["user"]["ip"] == "127.0.0.1"
    assert event["user"]["user_agent"] == await page.evaluate("navigator.userAgent")
    assert event["page"] == {"url": site.url("/")}
    await page.goto(tiktok.base_url)
    assert await page.locator("tbody tr").first.locator(".tag").first.inner_text() == "Browser"
    assert await page.locator("tbody tr").first.locator(".counted").inner_text() == "counted"


@pytest.mark.parametrize(
    ("arguments", "event_id"),
    [
        ("{}, {event_id: 'a', eventID: 'b'}", "a"),
        ("{event_id: 'c'}, {eventID: 'b'}", "b"),
        ("{event_id: 'c', eventID: 'd'}", "c"),
        ("{eventID: 'd'}, {}", "d"),
        ("{}, {event_id: 1001}", "1001"),
        ("{}", ""),
        ("undefined, null", ""),
    ],
)
async def test_where_an_event_id_may_stand(
    page: Page, site: Site, tiktok: RunningEmulator, arguments: str, event_id: str
) -> None:
    """The options go before the parameters, the new spelling before the old; parameters do not keep it."""
    await visit(page, site, tiktok.base_url, LOAD + f"ttq.track('Search', {arguments})")
    (hit,) = await arrived(tiktok, 1)
    assert (hit["event_id"], hit["properties"]) == (event_id, {})


async def test_a_page_view_is_sent_once_for_each_address(page: Page, site: Site, tiktok: RunningEmulator) -> None:
    """A second `page()` on one URL sends nothing; after a history change it does, and back again too."""
    await visit(page, site, tiktok.base_url, LOAD + "ttq.page(); ttq.page();")
    await page.evaluate("ttq.page(); history.pushState({}, '', '/second'); ttq.page(); ttq.page(); history.back()")
    await page.wait_for_url(site.url("/"))
    await page.evaluate("ttq.page()")

    sent = await beacons(page)

    assert [(hit["event"], hit["context"]["page"]["url"]) for hit in sent] == [
        ("Pageview", site.url("/")),
        ("Pageview", site.url("/second")),
        ("Pageview", site.url("/")),
    ]


@pytest.mark.parametrize("alias_events", [False, True])
@pytest.mark.parametrize("renames", [False, True])
@pytest.mark.parametrize("server_name", ["CompletePayment", "Purchase"])
@pytest.mark.parametrize("browser_name", ["CompletePayment", "Purchase"])
async def test_the_four_pairs_of_names(
    page: Page, site: Site, browser_name: str, server_name: str, *, renames: bool, alias_events: bool
) -> None:
    """One order counts once exactly if both halves reach TikTok under one name, or TikTok takes the names for one."""
    settings = EmulatorSettings(rename_events=renames, alias_events=alias_events)
    async with running_emulator(settings=settings) as tiktok:
        await visit(page, site, tiktok.base_url, LOAD + f"ttq.track('{browser_name}', {{}}, {{event_id: 'order-1'}})")
        (hit,) = await arrived(tiktok, 1)
        await _post_from_server(page, tiktok.base_url, server_name)

        counted = tiktok.emulator.events()
        titles = [found["title"] for found in tiktok.emulator.diagnostics()]

    on_the_wire = "CompletePayment" if renames else browser_name
    assert hit["event"] == on_the_wire
    is_one = alias_events or on_the_wire == server_name
    assert len(counted) == (1 if is_one else 2)
    assert counted[0]["channels"] == (["pixel", "server"] if is_one else ["pixel"])
    assert ("One event under two names" in titles) is not is_one


async def test_renaming_is_switched_while_it_runs(page: Page, site: Site, tiktok: RunningEmulator) -> None:
    """Pages that load the pixel after the switch send names as they are given."""
    script = LOAD + "ttq.track('Purchase'); ttq.track('Checkout'); ttq.track('AddToCart')"
    await visit(page, site, tiktok.base_url, script)
    assert await names_sent(page) == ["CompletePayment", "PlaceAnOrder", "AddToCart"]
    tiktok.emulator.switch(SwitchChanges(rename_events=False))
    await page.reload()
    await started(page)
    assert await names_sent(page) == ["Purchase", "Checkout", "AddToCart"]


async def test_two_pixels_on_one_page(page: Page, site: Site) -> None:
    """Calls go to both pixels, also to the one whose script comes last; an instance or `pixel_code` names one."""
    pixels = {DEFAULT_PIXEL: DEFAULT_TOKEN, SECOND_PIXEL: "second-test-token"}
    script = LOAD + (
        f"ttq.load('{SECOND_PIXEL}', {{limited_data_use: true}}); ttq.page(); ttq.track('Search');"
        f"ttq.instance('{SECOND_PIXEL}').track('Contact');"
        f"ttq.track('Download', {{}}, {{pixel_code: '{DEFAULT_PIXEL}'}})"
    )
    async with running_emulator(pixels) as tiktok:
        await visit(page, site, tiktok.base_url, script)
        found = await arrived(tiktok, 6)
        sent = sorted((hit["context"]["pixel"]["code"], hit["event"], hit.get("limited_data_use")) for hit in found)
        assert await page.evaluate("ttq.instances().map((one) => one.info.pixelCode)") == list(pixels)
    assert sent == [
        (DEFAULT_PIXEL, "Download", None),
        (DEFAULT_PIXEL, "Pageview", None),
        (DEFAULT_PIXEL, "Search", None),
        (SECOND_PIXEL, "Contact", True),
        (SECOND_PIXEL, "Pageview", True),
        (SECOND_PIXEL, "Search", True),
    ]


async def test_a_pixel_may_be_loaded_later(page: Page, site: Site) -> None:
    """`ttq.load` works once the runtime is there; the new pixel gets what is called from then on."""
    async with running_emulator({DEFAULT_PIXEL: DEFAULT_TOKEN, SECOND_PIXEL: "second-test-token"}) as tiktok:
        await visit(page, site, tiktok.base_url, LOAD + "ttq.track('Search')")
        await page.evaluate(f"ttq.load('{SECOND_PIXEL}'); ttq.track('Contact')")
        found = await arrived(tiktok, 3)
    assert [hit["event"] for hit in found if hit["context"]["pixel"]["code"] == SECOND_PIXEL] == ["Contact"]


async def test_the_base_code_twice_counts_once(page: Page, site: Site, tiktok: RunningEmulator) -> None:
    """A page that carries base code and calls twice keeps one runtime: one Pageview, each track as often as called."""
    await visit(page, site, tiktok.base_url, LOAD + "ttq.page()")
    twice = f"{base_code(tiktok.base_url)}<script>{LOAD} ttq.page(); ttq.track('Search')</script>"
    site.pages["/twice"] = f"<!doctype html>{twice}{twice}"
    await page.goto(site.url("/twice"))
    await started(page)
    await page.wait_for_function("window.beacons.length >= 3")
    assert sorted(await names_sent(page)) == ["Pageview", "Search", "Search"]


async def test_the_global_may_have_another_name(page: Page, site: Site, tiktok: RunningEmulator) -> None:
    """The queue is found under the name that the base code announced."""
    site.pages["/"] = (
        f"<!doctype html>{base_code(tiktok.base_url, name='tiktokQueue')}"
        f"<script>tiktokQueue.load('{DEFAULT_PIXEL}'); tiktokQueue.track('Search', {{}}, {{event_id: 's-1'}})</script>"
    )
    await page.goto(site.url("/"))
    await started(page)
    (hit,) = await arrived(tiktok, 1)
    assert (hit["event_id"], await page.evaluate("typeof window.ttq")) == ("s-1", "undefined")


async def test_a_raw_push_is_a_call(page: Page, site: Site, tiktok: RunningEmulator) -> None:
    """`ttq.push([method, ...])` works before and after the runtime came, and an unknown method is passed over."""
    await visit(page, site, tiktok.base_url, LOAD + "ttq.push(['track', 'Search'])")
    await page.evaluate("ttq.push(['track', 'Contact'], ['dance']); ttq.debug(); ttq.alias(); ttq.group()")
    assert await names_sent(page) == ["Search", "Contact"]


async def test_listeners_hear_calls(page: Page, site: Site, tiktok: RunningEmulator) -> None:
    """`on` hears every call of a method, `once` the first, and after `off` nothing."""
    await visit(page, site, tiktok.base_url, LOAD)
    await page.evaluate("""
        window.heard = [];
        const hear = (name, properties) => heard.push(['on', name, properties.value]);
        ttq.on('track', hear); ttq.once('track', (name) => heard.push(['once', name]));
        ttq.track('Search', {value: 1}); ttq.track('Contact', {value: 2});
        ttq.off('track', hear); ttq.track('Download');
    """)
    assert await page.evaluate("heard") == [["on", "Search", 1], ["once", "Search"], ["on", "Contact", 2]]


async def test_limited_data_use_of_an_event_wins(page: Page, site: Site, tiktok: RunningEmulator) -> None:
    """An event says for itself whether its data is limited, and the pixel's option holds for the others."""
    script = f"ttq.load('{DEFAULT_PIXEL}', {{limited_data_use: true}}); ttq.track('Search');"
    await visit(page, site, tiktok.base_url, script + "ttq.track('Contact', {limited_data_use: false, value: 1})")
    first, second = await beacons(page)
    assert (first["limited_data_use"], second["limited_data_use"]) == (True, False)
    assert second["properties"] == {"value": 1}


async def test_a_refused_beacon_goes_as_an_image(page: Page, site: Site, tiktok: RunningEmulator) -> None:
    """Where `sendBeacon` fails, the whole hit arrives in a GET, any character intact, and counts the same."""
    await page.add_init_script("Navigator.prototype.sendBeacon = () => false")
    call = "ttq.track('Search', {query: 'Kopfhörer 🎧 + ?&#'}, {event_id: 's-1'})"
    await visit(page, site, tiktok.base_url, LOAD + call)
    await arrived(tiktok, 1)
    (event,) = tiktok.emulator.events()
    assert (event["event_id"], event["properties"]) == ("s-1", {"query": "Kopfhörer 🎧 + ?&#"})
    assert [one.method for one in tiktok.emulator.requests] == ["GET"]


async def test_an_unknown_pixel_never_starts(page: Page, site: Site, tiktok: RunningEmulator) -> None:
    """The script of a pixel that does not exist fails to load, and its queue waits for ever."""
    site.pages["/"] = f"<!doctype html>{base_code(tiktok.base_url)}<script>ttq.load('CNOBODY'); ttq.page()</script>"
    async with page.expect_response("**/events.js?*") as response:
        await page.goto(site.url("/"))
    assert (await response.value).status == 404
    assert await page.evaluate("ttq.length") == 1
    assert tiktok.emulator.events() == []


async def _post_from_server(page: Page, tiktok_url: str, name: str) -> None:
    event = {"event": name, "event_time": 1_795_000_000, "event_id": "order-1"}
    answer = await page.request.post(
        tiktok_url + TRACK,
        data={"event_source": "web", "event_source_id": DEFAULT_PIXEL, "data": [event]},
        headers={"Access-Token": DEFAULT_TOKEN},
    )
    assert (await answer.json())["code"] == 0
