"""Reading a beacon: nothing in it is believed but what it is for, and nothing is kept that was not checked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from fullcount.consent.decision import Action, ConsentDecision, decide
from fullcount.consent.signals import Said, read_signals, signals_of
from fullcount.events.countries import country_code
from fullcount.events.model import Half, Page, User
from fullcount.events.reading import Reading
from fullcount.events.tie import Tie, TieKind
from fullcount.sources.mapped import event_reading, tied
from fullcount.sources.payload import Node, amount, at, rows, text
from fullcount.sources.sender import Options, Rules
from fullcount.sources.source import PixelCopy, RawRequest, Sighting

MOST_EVENTS = 50  # in one beacon
OLDEST_AGE_SECONDS = 2 * 86_400.0  # of an event that waited in a page's storage
PIXEL_STATES = frozenset({"absent", "waiting", "loaded", "blocked", "refused", "held"})
_NO_PIXEL = frozenset({"absent", "blocked", "refused"})
_VISITOR = re.compile(r"[A-Za-z0-9_-]{22,64}")
_TIES = {
    "cart_token": TieKind.CART_TOKEN,
    "checkout_token": TieKind.CHECKOUT_TOKEN,
    "order_id": TieKind.ORDER_ID,
    "client_id": TieKind.CLIENT_ID,
}
_USER_KEYS = ("email", "phone", "external_id", "first_name", "last_name", "city", "state", "country", "zip_code")


class BrowserOptions(Options, frozen=True, kw_only=True):
    """What can be set for pages."""

    origins: tuple[str, ...] = ()  # hosts whose pages may send; none: the host that the beacon itself is sent to
    sandboxed: bool = False  # take pages without an origin too (Origin: null), as Shopify's custom pixel has
    cookie: str = "_fc"  # the visitor cookie's name
    visitor_days: float = 390.0  # as long as the pixel keeps its own (13 months)
    click_days: float = 30.0  # as long as server-side tags keep it
    set_browser_id: bool = True  # give a visitor without a `_ttp` one; one that is there is never changed
    country_header: str = ""  # a header in which your CDN writes the visitor's country, such as CF-IPCountry
    capture: tuple[str, ...] = ("pixel", "data_layer", "attributes")  # what the snippet takes up by itself
    hold_consent: bool = False  # let events wait in the page until the visitor has answered


class Visit(msgspec.Struct, frozen=True):
    """What a beacon says of its visitor."""

    visitor: str | None
    page: Page
    user: User
    ties: tuple[Tie, ...]
    said: Said
    decision: ConsentDecision
    is_without_pixel: bool = False  # as far as the page could see

    @property
    def may_be_known(self) -> bool:
        """Whether cookies may be set and the visitor remembered."""
        return self.decision.action in (Action.SEND, Action.LIMIT)

    @property
    def has_refused(self) -> bool:
        """Whether the visitor said no, so that what was remembered goes."""
        return self.decision.reason in ("consent_denied", "opt_out_signal")


def read_visit(beacon: Node, request: RawRequest, rules: Rules) -> Visit:
    """Return who the beacon is from and what they allow; what does not look as it should is left out."""
    options = rules.options_as(BrowserOptions)
    shown = request.cookie(options.cookie) or text(beacon, "visitor")
    visitor = shown if shown and _VISITOR.fullmatch(shown) else None
    country = country_code(request.header(options.country_header.lower())) if options.country_header else None
    signals = msgspec.structs.replace(signals_of(beacon.get("consent"), country), gpc=request.header("sec-gpc") or None)
    said = read_signals(signals, rules.tcf)
    decision = decide(said.word, country or rules.default_country, rules.consent, rules.regions)
    page = Page(url=text(beacon, "page", "url"), referrer=text(beacon, "page", "referrer"))
    click = text(beacon, "ttclid") or request.cookie("ttclid")
    user = User(
        **_person(beacon.get("user")),
        ttclid=click,
        ttp=text(beacon, "ttp") or request.cookie("_ttp"),
        ip=request.client_ip,
        user_agent=request.header("user-agent") or None,
        locale=request.header("accept-language").partition(",")[0].partition(";")[0].strip() or None,
    )
    if user.country is None and country is not None:
        user = msgspec.structs.replace(user, country=country)
    ties = tied([(TieKind.VISITOR, visitor), *((kind, text(beacon, "ties", name)) for name, kind in _TIES.items())])
    return Visit(visitor, page, user, ties, said, decision, pixel_state(beacon) in _NO_PIXEL)


def sighting_of(visit: Visit, beacon: Node, request: RawRequest) -> Sighting | None:
    """Return what is to be remembered: everything where that is allowed, a refusal alone, or nothing."""
    if not visit.ties:
        return None
    answered_at = amount(beacon, "consent_at")
    seen_at = request.received_at if answered_at is None else min(answered_at / 1000, request.received_at)
    if visit.may_be_known:
        return Sighting(visit.ties, visit.user, visit.page, visit.said.word, request.received_at)
    if visit.said.word is None:
        return None
    return Sighting(visit.ties, consent=visit.said.word, seen_at=seen_at)


def read_events(beacon: Node, visit: Visit, request: RawRequest, bot: str) -> tuple[Reading, ...]:
    """Return the beacon's events, each with what it says of its visitor."""
    return tuple(_read_event(row, visit, request, bot) for row in rows(beacon, "events")[:MOST_EVENTS])


def _read_event(row: Node, visit: Visit, request: RawRequest, bot: str) -> Reading:
    age = amount(row, "age") or 0.0
    waited = min(max(0.0, age / 1000), OLDEST_AGE_SECONDS)
    own = {key: value for key, value in (at(row, "user") or {}).items() if key in _USER_KEYS} if at(row, "user") else {}
    fields: Node = {
        "event": row.get("event"),
        "event_id": text(row, "event_id"),
        "event_time": int(request.received_at - waited),
        "consent": visit.said.word,
        "user": {**_held(visit.user), **own},
        "properties": row.get("properties"),
        "page": {"url": text(row, "page", "url") or visit.page.url, "referrer": visit.page.referrer},
    }
    reading = event_reading(fields, visit.ties)
    return msgspec.structs.replace(reading, half=Half.BROWSER, bot=bot)


def read_copies(beacon: Node, request: RawRequest) -> tuple[PixelCopy, ...]:
    """Return what the pixel sent by itself, and what it was given together with an event of ours."""
    copies = [_copy(row, request) for row in rows(beacon, "paired")[:MOST_EVENTS]]
    copies += [_copy(row, request) for row in rows(beacon, "events")[:MOST_EVENTS] if row.get("sent") is True]
    return tuple(copy for copy in copies if copy is not None)


def _copy(row: Node, request: RawRequest) -> PixelCopy | None:
    name = text(row, "sent_as") or text(row, "event")
    if name is None or len(name) > 50:
        return None
    properties: Any = row.get("properties") if isinstance(row.get("properties"), dict) else row
    waited = (amount(row, "at") or amount(row, "age") or 0.0) / 1000
    return PixelCopy(
        name,
        (text(row, "event_id") or "")[:200],
        request.received_at - min(max(0.0, waited), OLDEST_AGE_SECONDS),
        amount(properties, "value"),
        (text(properties, "currency") or "")[:3] or None,
    )


def pixel_state(beacon: Node) -> str:
    """Return what the page says of the pixel, or nothing."""
    said = text(beacon, "pixel", "state") or ""
    return said if said in PIXEL_STATES else ""


def _person(given: Any) -> dict[str, Any]:
    if not isinstance(given, dict):
        return {}
    return {key: value for key in _USER_KEYS if isinstance(value := given.get(key), str) and value.strip()}


def _held(user: User) -> Node:
    return {name: value for name in user.__struct_fields__ if (value := getattr(user, name))}


def is_allowed_origin(request: RawRequest, allowed: Sequence[str], *, sandboxed: bool) -> bool:
    """Say whether the page that sends may: one of the hosts named, or the beacon's own host where none is."""
    origin = request.header("origin")
    if origin == "null":
        return sandboxed
    if not origin:
        return request.header("sec-fetch-site") in ("", "same-origin", "same-site")
    host = origin.partition("://")[2].rpartition("@")[2].lower()
    name = host.partition(":")[0]
    if allowed:
        return any(name == each.lower() or name.endswith(f".{each.lower()}") for each in allowed)
    return host == request.header("host").lower()
