"""From an event with plain identifiers to one that may be stored: normalised, hashed, cleaned."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import msgspec
from msgspec.structs import replace

from fullcount.events.countries import country_code
from fullcount.events.free_text import holds_identifier
from fullcount.events.hashed import HashedEvent, HashedUser
from fullcount.events.model import Event, Half, Page, User
from fullcount.events.names import canonical_name
from fullcount.events.problem_list import ProblemList
from fullcount.events.problems import Problem
from fullcount.identity.advanced_matching import Normalize, as_email, as_is, hashed, in_lower_case, phone_reader
from fullcount.identity.click_id import resolve_click_id
from fullcount.identity.device import read_gaid, read_idfa
from fullcount.identity.extras import clean_part, clean_properties, clean_user_extra
from fullcount.identity.ip import IpDoubt, normalize_ip
from fullcount.identity.people import normalize_name, normalize_place, normalize_zip_code
from fullcount.identity.placeholders import LONGEST_PLACEHOLDER, PLACEHOLDERS
from fullcount.identity.urls import clean_url


class IdentityRules(msgspec.Struct, frozen=True, kw_only=True):
    """What the settings say of identifiers."""

    default_country: str | None = (
        None  # ISO 3166 alpha-2, for phone numbers without a country code of events without a country
    )
    lower_case_external_id: bool = False  # must agree with what the browser's half does


def identify(
    event: Event, event_id: str, rules: IdentityRules, half: Half = Half.SERVER
) -> tuple[HashedEvent, tuple[Problem, ...]]:
    """Return the event as it may be stored, and what was dropped or doubted on the way.

    A field that cannot be used is dropped, never the event. An event without `event_time` (which the checks fill in)
    is taken as of Unix second 0.
    """
    problems = ProblemList()
    page = event.page
    identified = HashedEvent(
        event=event.event,
        canonical=canonical_name(event.event),
        event_time=event.event_time or 0,
        event_id=event_id,
        user=_hashed_user(event, rules, problems),
        properties=clean_properties(event.properties, problems),
        page=_clean_page(page, problems) if page.url or page.referrer else page,
        half=half,
        event_source=event.event_source,
        app=None if event.app is None else clean_part(event.app, "app", problems),
        ad=None if event.ad is None else clean_part(event.ad, "ad", problems),
        lead=None if event.lead is None else clean_part(event.lead, "lead", problems),
        limited_data_use=event.limited_data_use,
        extra=clean_user_extra(event.extra, "", problems) if event.extra else None,
    )
    return identified, tuple(problems.listed)


@lru_cache(maxsize=256)
def _phone_reader(default_country: str | None) -> Normalize:
    return phone_reader(default_country)


def _country(user: User, rules: IdentityRules) -> str | None:
    """Return the country whose numbers the event's are if they name none: its own, else the source's."""
    return country_code(user.country) or rules.default_country


def _hashed_user(event: Event, rules: IdentityRules, problems: ProblemList) -> HashedUser:
    user = event.user
    keep_case = not rules.lower_case_external_id
    hashed_user = HashedUser(
        email=hashed(user.email, "user.email", as_email, problems),
        phone=hashed(
            user.phone,
            "user.phone",
            _phone_reader(_country(user, rules) if user.country else rules.default_country),
            problems,
        ),
        external_id=hashed(user.external_id, "user.external_id", as_is if keep_case else in_lower_case, problems),
        ttclid=resolve_click_id(event, problems),
        ttp=_opaque(user.ttp, "user.ttp", problems) if user.ttp else None,
        ip=_public_ip(user.ip, problems) if user.ip else None,
        user_agent=_opaque(user.user_agent, "user.user_agent", problems) if user.user_agent else None,
        locale=_opaque(user.locale, "user.locale", problems) if user.locale else None,
    )
    return replace(hashed_user, **_rare_fields(user, problems)) if _has_rare_fields(user) else hashed_user


def _has_rare_fields(user: User) -> bool:
    return bool(
        user.first_name
        or user.last_name
        or user.zip_code
        or user.city
        or user.state
        or user.country
        or user.idfa
        or user.idfv
        or user.gaid
        or user.att_status
        or user.lead_id
        or user.extra
    )


def _rare_fields(user: User, problems: ProblemList) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "first_name": hashed(user.first_name, "user.first_name", _as_name, problems),
        "last_name": hashed(user.last_name, "user.last_name", _as_name, problems),
        "zip_code": hashed(user.zip_code, "user.zip_code", _as_zip_code, problems),
        "idfa": read_idfa(user.idfa, problems),
        "gaid": read_gaid(user.gaid, problems),
        "extra": clean_user_extra(user.extra, "user", problems) if user.extra else None,
    }
    for name in ("city", "state", "country"):
        fields[name] = _place(getattr(user, name), f"user.{name}", problems)
    for name in ("idfv", "att_status", "lead_id"):
        value = getattr(user, name)
        fields[name] = _opaque(value, f"user.{name}", problems) if value else None
    return fields


def _as_name(text: str, _path: str, _findings: ProblemList) -> str:
    return normalize_name(text)


def _as_zip_code(text: str, _path: str, _findings: ProblemList) -> str:
    return normalize_zip_code(text)


def _place(text: str | None, path: str, problems: ProblemList) -> str | None:
    if not text:
        return None
    if holds_identifier(text) or sum(char.isdecimal() for char in text) >= 7:
        _drop_misplaced(path, problems)
        return None
    return normalize_place(text) or None


def _opaque(text: str, path: str, problems: ProblemList) -> str | None:
    """Return a value that goes out as it is, unless it is a placeholder or somebody's address."""
    text = text.strip()
    if len(text) <= LONGEST_PLACEHOLDER and text.lower() in PLACEHOLDERS:
        if text:
            reason, fix = "the value is a placeholder", "leave the field out when the value is unknown"
            problems.drop(path, "placeholder", reason, fix)
        return None
    if ("@" in text or "+" in text) and path != "user.user_agent" and holds_identifier(text):
        _drop_misplaced(path, problems)
        return None
    return text


def _drop_misplaced(path: str, problems: ProblemList) -> None:
    reason = "the value looks like an e-mail address or a phone number"
    problems.drop(path, "misplaced_identifier", reason, "send it as user.email or user.phone, where it is hashed")


def _public_ip(text: str, problems: ProblemList) -> str | None:
    address, doubt = normalize_ip(text)
    if doubt is IpDoubt.NOT_PUBLIC:
        reason = "the IP address is private or shared: not the shopper's public one"
        problems.drop("user.ip", doubt.value, reason, "send the shopper's address, as the first proxy of yours saw it")
    elif doubt is IpDoubt.NOT_AN_ADDRESS:
        problems.drop("user.ip", doubt.value, "not an IP address", "send the shopper's IPv4 or IPv6 address")
    return address


def _clean_page(page: Page, problems: ProblemList) -> Page:
    url, referrer = page.url, page.referrer
    clean_one = clean_url(url) if url else None
    clean_other = clean_url(referrer) if referrer else None
    if clean_one is url and clean_other is referrer:
        return page
    clean = Page(url=clean_one, referrer=clean_other)
    for name in ("url", "referrer"):
        if getattr(clean, name) != (getattr(page, name) or None):
            reason = "personal or secret parts of the URL were taken out"
            problems.warn(f"page.{name}", "url_cleaned", reason, "nothing; better not to have them in URLs at all")
    return clean
