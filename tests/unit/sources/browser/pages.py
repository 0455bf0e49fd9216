"""Beacons as pages send them, and what a source of the kind browser makes of them."""

from __future__ import annotations

import json
from http.cookies import SimpleCookie
from typing import Any

import msgspec
from tests.unit.sources.fixtures import NOW, Ran, ran

from fullcount.consent.decision import ConsentRule
from fullcount.sources.browser.options import BrowserOptions
from fullcount.sources.browser.sender import Browser
from fullcount.sources.receipt import Receipt
from fullcount.sources.reply import Reply
from fullcount.sources.sender import Rules, Taken
from fullcount.sources.source import Intake, RawRequest

KEY = "pk-shop"
VISITOR = "test_visitor-0123456789ab"
CLICK = "E.C.P.test-click-id"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 Version/19.1 Mobile Safari/604.1"
PAGE = "https://www.shop.example.com/mug"
HEADERS = {
    "content-type": "text/plain;charset=UTF-8",
    "host": "www.shop.example.com",
    "origin": "https://www.shop.example.com",
    "user-agent": PHONE,
    "accept-language": "en-US,en;q=0.9",
}


def beacon(**changes: Any) -> dict[str, Any]:
    """Return a beacon of a visitor who agreed, with one event; None takes a key out."""
    made = {
        "key": KEY,
        "v": 1,
        "visitor": VISITOR,
        "page": {"url": PAGE, "referrer": "https://www.example.com/"},
        "consent": "granted",
        "events": [event()],
    } | changes
    return {key: value for key, value in made.items() if value is not None}


def event(name: str = "AddToCart", **changes: Any) -> dict[str, Any]:
    """Return an event of a page; None takes a key out."""
    made = {
        "event": name,
        "event_id": "add-1",
        "age": 3_000,
        "properties": {"value": 18, "currency": "USD"},
        "by": "call",
    } | changes
    return {key: value for key, value in made.items() if value is not None}


def posted(body: object, *, cookies: dict[str, str] | None = None, query: str = "", **headers: str) -> RawRequest:
    """Return the request of a beacon; `headers` by their names in lower case, with _ for -; an empty one is none."""
    given = {**HEADERS, **{name.replace("_", "-"): value for name, value in headers.items()}}
    if cookies:
        given["cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
    return RawRequest(
        body=body if isinstance(body, bytes) else json.dumps(body).encode(),
        path="/fc/e",
        query=query,
        headers={name: value for name, value in given.items() if value},
        client_ip="203.0.113.42",
        received_at=NOW,
    )


def rules(**options: Any) -> Rules:
    """Return a page source's rules with these options; where visitors are of the US."""
    known = set(Rules.__struct_fields__)
    own = {name: value for name, value in options.items() if name not in known}
    given: dict[str, Any] = {"name": "web", "keys": (KEY,), "default_country": "US", "consent": ConsentRule.BY_REGION}
    return Rules(
        **given | {name: value for name, value in options.items() if name in known}, options=BrowserOptions(**own)
    )


def read(request: RawRequest, known: Rules | None = None) -> Intake:
    """Return what an admitted request brought."""
    known = known or rules()
    assert Browser().admits(request, known)
    return Browser().read(request, known)


def come(request: RawRequest, **settings: Any) -> Ran:
    """Take a request through to the queue's door, for a source with these keys in its table."""
    return ran("browser", request, KEY, **settings)


def reply_to(request: RawRequest, known: Rules | None = None) -> Reply:
    """Return the answer to a request that was stored."""
    return Browser().answer(request, Taken(read(request, known), Receipt(())))


def cookies_of(reply: Reply | Intake) -> SimpleCookie:
    """Return the cookies that an answer sets."""
    headers = reply.reply_headers if isinstance(reply, Intake) else reply.headers
    found = SimpleCookie()
    for name, value in headers:
        if name == b"set-cookie":
            found.load(value.decode())
    return found


def headers_of(reply: Reply) -> dict[str, str]:
    """Return an answer's headers but for its cookies."""
    return {name.decode(): value.decode() for name, value in reply.headers if name != b"set-cookie"}


def with_path(request: RawRequest, path: str) -> RawRequest:
    """Return the request at another path."""
    return msgspec.structs.replace(request, path=path)
