"""Who the pixel says the visitor is: hashed on the page, before it leaves."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from playwright.async_api import ConsoleMessage, Page
from tests.browser.pixel_page import LOAD, arrived, beacons, names_sent, visit
from tests.browser.site import Site

from fullcount.testing.emulator import RunningEmulator

EMAIL, PHONE = "customer@example.com", "+15550100123"


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


async def _user_of_a_search(page: Page, site: Site, tiktok: RunningEmulator, identify: str) -> dict[str, Any]:
    """Return what a hit says of the user after this `identify`, but for its cookie."""
    await visit(page, site, tiktok.base_url, f"{LOAD} ttq.identify({identify}); ttq.track('Search')")
    (hit,) = await arrived(tiktok, 1)
    user: dict[str, Any] = hit["context"]["user"]
    del user["anonymous_id"]
    return user


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("{email: ' Customer@Example.COM '}", {"email": _sha256(EMAIL)}),
        ("{phone_number: '+1 (555) 010-0123'}", {"phone_number": _sha256(PHONE)}),
        (f"{{email: '{_sha256(EMAIL).upper()}'}}", {"email": _sha256(EMAIL)}),
        ("{external_id: ' customer-7 '}", {"external_id": "customer-7"}),
        ("7", {"external_id": "7"}),
        (
            "{first_name: 'Åsa', zip_code: '123 45', city: 'Lund'}",
            {"first_name": _sha256("åsa"), "zip_code": _sha256("12345"), "city": "Lund"},
        ),
        ("{email: 'no address', phone_number: '0171 555010'}", {}),
        ("{email: null, phone_number: '', external_id: undefined}", {}),
    ],
)
async def test_what_identify_makes_of_its_input(
    page: Page, site: Site, tiktok: RunningEmulator, given: str, sent: dict[str, str]
) -> None:
    """E-mail and phone are normalised and hashed, digests pass, an external_id stays; what is neither is left out."""
    assert await _user_of_a_search(page, site, tiktok, given) == sent


async def test_identify_holds_for_what_follows_it(page: Page, site: Site, tiktok: RunningEmulator) -> None:
    """An event before `identify` is sent without the person, those after it with, in the order of the calls."""
    script = f"ttq.track('Search'); ttq.identify({{email: '{EMAIL}'}}); ttq.track('AddToCart'); ttq.page()"
    await visit(page, site, tiktok.base_url, LOAD + script)
    await page.wait_for_function("window.beacons.length >= 3")
    assert [(hit["event"], hit["context"]["user"].get("email")) for hit in await beacons(page)] == [
        ("Search", None),
        ("AddToCart", _sha256(EMAIL)),
        ("Pageview", _sha256(EMAIL)),
    ]


async def test_the_labels_say_how_good_the_input_was(page: Page, site: Site, tiktok: RunningEmulator) -> None:
    """A hit tells whether e-mail and phone came plain or hashed, valid or not, or not at all."""
    await _user_of_a_search(page, site, tiktok, f"{{email: '{EMAIL}', phone_number: 'call me'}}")
    (hit,) = await beacons(page)
    labels = {name: one["label"] for name, one in hit["signal_diagnostic_labels"].items()}
    assert (labels["raw_email"], labels["raw_phone"], labels["hashed_email"]) == ("valid", "invalid", "missing")


async def test_a_page_without_a_secure_context_sends_no_identifier(
    page: Page, site: Site, tiktok: RunningEmulator
) -> None:
    """Over plain HTTP on a real name the browser offers no hashing: the event goes without, and the console says so."""
    said: list[str] = []

    def note(message: ConsoleMessage) -> None:
        said.append(message.text)

    page.on("console", note)
    script = f"{LOAD} ttq.identify({{email: '{EMAIL}'}}); ttq.track('Search')"
    await visit(page, site, tiktok.base_url, script, host="shop.example.com")
    (hit,) = await arrived(tiktok, 1)
    assert "email" not in hit["context"]["user"]
    assert [text for text in said if "[pixel]" in text] == [
        "[pixel] email is left out: a page without HTTPS cannot hash"
    ]
    assert EMAIL not in "".join(said)


async def test_a_plain_external_id_is_diagnosed(page: Page, site: Site, tiktok: RunningEmulator) -> None:
    """It reaches TikTok in the clear and can never equal the server's hash, so the emulator complains."""
    await _user_of_a_search(page, site, tiktok, "{external_id: 'customer-7'}")
    assert [found["title"] for found in tiktok.emulator.diagnostics()] == ["external_id in the clear from the browser"]


async def test_leaving_the_page_while_hashing_loses_no_event(page: Page, site: Site, tiktok: RunningEmulator) -> None:
    """An event that waits for a hash leaves with the page, without the identifier rather than not at all."""
    await page.add_init_script("if (window.SubtleCrypto) SubtleCrypto.prototype.digest = () => new Promise(() => {})")
    script = f"{LOAD} ttq.identify({{email: '{EMAIL}'}}); ttq.track('Purchase', {{}}, {{event_id: 'order-1'}})"
    await visit(page, site, tiktok.base_url, script)
    assert await names_sent(page) == []
    await page.goto("about:blank")
    (hit,) = await arrived(tiktok, 1)
    assert (hit["event_id"], "email" in hit["context"]["user"]) == ("order-1", False)
