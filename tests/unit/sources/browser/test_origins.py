"""Which pages may send: by their origin, their port, and what the browser says where there is no origin."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.unit.sources.browser.pages import beacon, headers_of, posted, reply_to, rules

from fullcount.sources.browser.options import BrowserOptions, mistake_in
from fullcount.sources.browser.origins import is_allowed_origin
from fullcount.sources.browser.sender import Browser
from fullcount.sources.sender import Refused
from fullcount.sources.source import RawRequest

HOST = "www.shop.example.com"


@pytest.mark.parametrize(
    ("origin", "host", "is_taken"),
    [
        (f"https://{HOST}", HOST, True),
        (f"https://{HOST}", HOST.upper(), True),
        (f"https://{HOST}", f"{HOST}:443", True),
        (f"http://{HOST}:8080", f"{HOST}:8080", True),
        (f"http://{HOST}", f"{HOST}:80", True),
        ("http://[::1]:8080", "[::1]:8080", True),
        (f"https://{HOST}:8443", HOST, False),
        (f"https://{HOST}", f"{HOST}:8443", False),
        ("https://shop.example.com", HOST, False),
        (f"https://evil.example.net?{HOST}", HOST, False),
        (f"https://{HOST}.evil.example.net", HOST, False),
        (f"https://{HOST}@evil.example.net", HOST, False),
        (f"https://evil.example.net@{HOST}", HOST, False),
        (f"file://{HOST}", HOST, False),
        (f"https://{HOST}/", HOST, False),
        ("https://", "", False),
    ],
)
def test_without_a_list_a_page_of_the_beacons_own_host_may_send(origin: str, host: str, *, is_taken: bool) -> None:
    """Host and port must be the beacon's own; usual ports may be left out; what is no origin is none."""
    request = posted(beacon(), origin=origin, host=host)
    assert is_allowed_origin(request, (), sandboxed=False) is is_taken
    assert Browser().admits(request, rules()) is is_taken


@pytest.mark.parametrize(
    ("origin", "is_taken"),
    [
        ("https://shop.example.com", True),
        ("https://shop.example.com:8443", True),
        ("https://a.shop.example.com", False),
        ("https://a.b.example.org", True),
        ("https://example.org", False),
        ("https://bad-example.org", False),
        ("https://dev.example.net:3000", True),
        ("https://dev.example.net", False),
        ("https://dev.example.net:3001", False),
        ("https://plain.example.net", True),
        (f"https://{HOST}", False),
    ],
)
def test_a_list_names_the_hosts(origin: str, *, is_taken: bool) -> None:
    """A host stands for itself, with its port for that port alone, and *. for all below; the own must be named."""
    allowed = ("Shop.example.com", "*.example.org", "dev.example.net:3000", "plain.example.net:443")
    assert is_allowed_origin(posted(beacon(), origin=origin), allowed, sandboxed=False) is is_taken


@pytest.mark.parametrize(
    ("site", "allowed", "is_taken"),
    [
        ("", (), True),
        ("same-origin", (), True),
        ("same-site", (), False),
        ("same-site", ("shop.example.com",), True),
        ("cross-site", (), False),
        ("cross-site", ("shop.example.com",), False),
        ("none", (), False),
    ],
)
def test_without_an_origin_the_browser_says_whose_page_it_was(
    site: str, allowed: tuple[str, ...], *, is_taken: bool
) -> None:
    """Old browsers say nothing and are taken; another site's page is not."""
    request = posted(beacon(), origin="", sec_fetch_site=site)
    assert is_allowed_origin(request, allowed, sandboxed=False) is is_taken


def test_a_sandboxed_page_is_taken_where_the_settings_say_so() -> None:
    """Origin: null is anybody's, so it must be allowed, and a list of hosts does not hold it."""
    request = posted(beacon(), origin="null")
    assert not Browser().admits(request, rules())
    assert not Browser().admits(request, rules(origins=("null",)))
    assert Browser().admits(request, rules(sandboxed=True))
    assert Browser().admits(request, rules(sandboxed=True, origins=("shop.example.com",)))


def test_a_page_that_may_send_can_read_the_answer() -> None:
    """Its exact origin is named, with credentials; a sandbox reads without; caches keep origins apart."""
    answered = headers_of(reply_to(posted(beacon())))
    assert answered["access-control-allow-origin"] == f"https://{HOST}"
    assert answered["access-control-allow-credentials"] == "true"
    assert answered["vary"] == "Origin"
    sandboxed = headers_of(reply_to(posted(beacon(), origin="null"), rules(sandboxed=True)))
    assert sandboxed["access-control-allow-origin"] == "null"
    assert "access-control-allow-credentials" not in sandboxed
    assert "access-control-allow-origin" not in headers_of(reply_to(posted(beacon(), origin="")))


def test_a_refusal_tells_a_strangers_page_nothing() -> None:
    """Not authentic: no page may read why; one that may send can read that it sent too much."""
    request = posted(beacon(), origin="https://evil.example.net")
    refused = headers_of(Browser().answer(request, Refused(401, "unauthorized", "reason", "fix")))
    assert "access-control-allow-origin" not in refused
    many = Browser().answer(posted(beacon()), Refused(429, "too_many", "reason", "fix", retry_after_seconds=60.0))
    assert headers_of(many)["access-control-allow-origin"] == f"https://{HOST}"
    assert headers_of(many)["retry-after"] == "60"


def test_a_preflight_is_answered_for_pages_that_may_send() -> None:
    """POST with a Content-Type is allowed for two hours; another site's page is allowed nothing."""
    known = [rules(), rules(origins=("shop.example.com",))]
    asked = posted(b"", origin="https://shop.example.com")
    allowed = Browser().greet(_asking(asked), known)
    assert allowed is not None
    assert allowed.status == 204
    assert headers_of(allowed) == {
        "access-control-allow-origin": "https://shop.example.com",
        "access-control-allow-credentials": "true",
        "vary": "Origin",
        "access-control-allow-methods": "POST",
        "access-control-allow-headers": "content-type",
        "access-control-max-age": "7200",
    }
    refused = Browser().greet(_asking(posted(b"", origin="https://evil.example.net")), known)
    assert refused is not None
    assert (refused.status, refused.headers) == (204, ())


def _asking(request: RawRequest) -> RawRequest:
    return msgspec.structs.replace(request, method="OPTIONS")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"origins": ("https://shop.example.com",)}, "origins"),
        ({"origins": ("shop.example.com/path",)}, "origins"),
        ({"origins": ("",)}, "origins"),
        ({"origins": ("*",)}, "origins"),
        ({"cookie": "_fc; Path=/x"}, "cookie"),
        ({"cookie": ""}, "cookie"),
        ({"cookie": "ttclid"}, "cookie"),
        ({"country_header": "CF IPCountry"}, "country_header"),
        ({"capture": ("pixel", "everything")}, "capture"),
    ],
)
def test_options_that_cannot_be_meant_are_refused(options: dict[str, Any], said: str) -> None:
    """Each says what is wrong and how to write it."""
    problem = mistake_in(BrowserOptions(**options))
    assert problem is not None
    assert problem.startswith(said)
    assert ". Fix: " in problem


def test_usual_options_are_taken() -> None:
    """Hosts with and without a port, all hosts below one, a header, and a part of what is captured."""
    options = BrowserOptions(
        origins=("shop.example.com", "*.example.com", "localhost:8080"), country_header="CF-IPCountry", capture=()
    )
    assert mistake_in(options) is None
