"""Who a beacon is from and what they allow: nothing is kept that was not checked, and consent comes first."""

from __future__ import annotations

import re
import secrets
from typing import Any
from urllib.parse import unquote

import msgspec

from fullcount.consent.decision import Action, Circumstances, ConsentDecision, decide
from fullcount.consent.signals import Said, Signals, read_signals, signals_of
from fullcount.events.countries import country_code
from fullcount.events.model import Event, Page, User
from fullcount.events.problem_list import ProblemList
from fullcount.events.tie import Tie, TieKind
from fullcount.identity.bots import bot_name
from fullcount.identity.click_id import resolve_click_id
from fullcount.sources.browser.options import BrowserOptions
from fullcount.sources.mapped import event_reading, tied
from fullcount.sources.payload import Node, amount, at, rows, text
from fullcount.sources.sender import Rules
from fullcount.sources.source import RawRequest, Sighting

CLICK_COOKIE, BROWSER_ID_COOKIE = "ttclid", "_ttp"
PERSON_KEYS = frozenset({
    "email", "phone", "external_id", "first_name", "last_name", "city", "state", "country", "zip_code",
    "phone_number", "sha256_email", "sha256_phone_number",  # as the pixel's own identify call spells them
})  # fmt: skip
LONGEST_TIE, LONGEST_CLICK_ID, LONGEST_USER_AGENT = 200, 1_024, 1_024  # characters
MOST_ORDERS = 8  # of one beacon, by which its visitor is remembered
_VISITOR = re.compile(r"[A-Za-z0-9_-]{22,64}")
_BROWSER_ID = re.compile(r"[!-~]{1,128}")
_LOCALE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{1,8}){0,3}")
_MAY_BE_KNOWN = frozenset({Action.SEND, Action.LIMIT})
_NO_PIXEL = frozenset({"absent", "blocked", "refused"})
_NOWHERE = frozenset({"XX", "ZZ"})  # how CDNs write that they do not know
_TIES = {
    "cart_token": TieKind.CART_TOKEN,
    "checkout_token": TieKind.CHECKOUT_TOKEN,
    "order_id": TieKind.ORDER_ID,
    "client_id": TieKind.CLIENT_ID,
}


class Visit(msgspec.Struct, frozen=True):
    """What a beacon says of its visitor."""

    visitor: str | None  # none where none was shown and none may be given
    page: Page
    user: User
    ties: tuple[Tie, ...]
    said: Said
    decision: ConsentDecision
    clicked_at: float | None = None  # Unix seconds, of the click ID; None: not known
    answered_at: float = 0.0  # Unix seconds
    question: str | None = None  # the version of what was answered
    bot: str = ""
    is_without_pixel: bool = False  # as far as the page could see

    @property
    def may_be_known(self) -> bool:
        """Whether cookies may be set and the visitor remembered."""
        return self.decision.action in _MAY_BE_KNOWN

    @property
    def has_refused(self) -> bool:
        """Whether the visitor said no, so that what was remembered goes."""
        return self.decision.reason in ("consent_denied", "opt_out_signal")

    def __repr__(self) -> str:
        return f"Visit({self.decision.action.value})"


def read_visit(beacon: Node, request: RawRequest, rules: Rules) -> Visit:
    """Return who the beacon is from and what they allow; what does not look as it should is left out."""
    options = rules.options_as(BrowserOptions)
    page = Page(url=text(beacon, "page", "url"), referrer=text(beacon, "page", "referrer"))
    click, clicked_at = _click(beacon, page, request)
    country = _country(request, options.country_header)
    user = _user(beacon, request, country, click)
    signals = _signals(beacon, request)
    said = read_signals(signals, rules.tcf)
    where = Circumstances(state=user.state)
    decision = decide(said.word, user.country or rules.default_country, rules.consent, rules.regions, where)
    shown = (request.cookie(options.cookie), text(beacon, "visitor"))
    known = next((each for each in shown if each and _VISITOR.fullmatch(each)), None)
    visitor = known or (secrets.token_urlsafe(16) if decision.action in _MAY_BE_KNOWN else None)
    return Visit(
        visitor,
        page,
        user,
        tied([(TieKind.VISITOR, visitor), *((kind, _tie(beacon, name)) for name, kind in _TIES.items())]),
        said,
        decision,
        clicked_at,
        _answered_at(beacon, signals, request),
        _bounded(text(beacon, "consent_version"), 64),
        bot_name(user.user_agent, is_webdriver=beacon.get("webdriver") is True) or "",
        text(beacon, "pixel", "state") in _NO_PIXEL,
    )


def sighting_of(visit: Visit, beacon: Node, request: RawRequest) -> Sighting | None:
    """Return what is to be remembered: everything where that is allowed, the answer alone, or nothing."""
    word = visit.said.word
    if not visit.may_be_known and word is None:
        return None
    orders = [_bounded(text(row, "properties", "order_id"), LONGEST_TIE) for row in rows(beacon, "events")]
    ties = tuple(dict.fromkeys((*visit.ties, *tied((TieKind.ORDER_ID, order) for order in orders[:MOST_ORDERS]))))
    if not ties:
        return None
    answer = Sighting(
        ties,
        consent=word,
        seen_at=request.received_at,
        consent_at=visit.answered_at,
        consent_version=visit.question,
    )
    if not visit.may_be_known:
        return answer
    clicked_at = (visit.clicked_at or 0.0) if visit.user.ttclid else None
    return msgspec.structs.replace(answer, user=visit.user, page=visit.page, clicked_at=clicked_at)


def _user(beacon: Node, request: RawRequest, country: str | None, click: str | None) -> User:
    shown = (request.cookie(BROWSER_ID_COOKIE), text(beacon, "ttp"))
    browser_id = next((each for each in shown if each and _BROWSER_ID.fullmatch(each)), None)
    language = request.header("accept-language").partition(",")[0].partition(";")[0].strip()
    person = person_of(beacon.get("user"))
    return msgspec.structs.replace(
        person,
        country=person.country or country,
        ttclid=click,
        ttp=browser_id,
        ip=request.client_ip,
        user_agent=request.header("user-agent")[:LONGEST_USER_AGENT] or None,
        locale=language if _LOCALE.fullmatch(language) else None,
    )


def _country(request: RawRequest, header: str) -> str | None:
    found = country_code(request.header(header.lower())) if header else None
    return None if found in _NOWHERE else found


def person_of(given: Any) -> User:
    """Return who the page says that its visitor is; a page knows no other browser's address or click."""
    picked = {key: value for key, value in given.items() if key in PERSON_KEYS} if isinstance(given, dict) else {}
    event = event_reading({"event": "Pageview", "user": picked}).event
    return User() if event is None else event.user


def _click(beacon: Node, page: Page, request: RawRequest) -> tuple[str | None, float | None]:
    """Return the click ID (of the page's address, else told, else kept) and when it was clicked, if that is known."""
    told, kept = text(beacon, "ttclid"), request.cookie(CLICK_COOKIE)
    kept = unquote(kept) if kept and "%" in kept else kept
    for sent in (told, kept):
        event = Event(event="Pageview", page=page, user=User(ttclid=sent))
        click = _bounded(resolve_click_id(event, ProblemList()), LONGEST_CLICK_ID)
        if click is not None:
            moment = _moment(beacon, "clicked_at", request) if click == told else None
            return click, moment or (None if click == kept else request.received_at)
    return None, None


def _signals(beacon: Node, request: RawRequest) -> Signals:
    signals = signals_of(beacon.get("consent"))
    header = request.header("sec-gpc")
    return msgspec.structs.replace(signals, gpc=header) if header else signals


def _answered_at(beacon: Node, signals: Signals, request: RawRequest) -> float:
    """Return when the visitor answered; where anything but their own answer speaks, that is what holds now."""
    is_alone = all(getattr(signals, name) is None for name in signals.__struct_fields__ if name != "said")
    return (_moment(beacon, "consent_at", request) if is_alone else None) or request.received_at


def _moment(beacon: Node, key: str, request: RawRequest) -> float | None:
    """Return a page's moment (Unix milliseconds) in seconds; none of the future, whatever its clock says."""
    found = amount(beacon, key)
    return None if found is None or found <= 0 else min(found / 1000, request.received_at)


def _tie(beacon: Node, name: str) -> str | None:
    return _bounded(text(at(beacon, "ties"), name), LONGEST_TIE)


def _bounded(value: str | None, longest: int) -> str | None:
    """Return a value, or None for one that is too long to be what it should be, or that is no line of text."""
    return value if value and len(value) <= longest and value.isprintable() else None
