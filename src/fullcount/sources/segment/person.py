"""Who a call is about: identifiers, traits, the browser, the click, and what the visitor allowed."""

from __future__ import annotations

from fullcount.consent.decision import Signal, consent_of, stricter
from fullcount.events.placeholders import is_unset_id
from fullcount.events.tie import Tie, TieKind
from fullcount.identity.emails import normalize_email
from fullcount.sources.mapped import tied
from fullcount.sources.payload import Node, at, first_text, text
from fullcount.sources.segment.calls import Call
from fullcount.sources.segment.names import INTEGRATIONS
from fullcount.sources.source import RawRequest

MOST_CATEGORIES = 200  # of one consent manager; an answer in more cannot be read, and that is no grant
_ANSWERS = (("deniedConsentIds", False), ("allowedConsentIds", True))


def is_for_tiktok(call: Call) -> bool:
    """Say whether the call's `integrations` leave TikTok in: by its own name, else by "All"."""
    asked = at(call.fields, "integrations")
    if not isinstance(asked, dict):
        return True
    named = [asked[name] for name in INTEGRATIONS if asked.get(name) is not None]
    return all(each is not False for each in named) if named else asked.get("All") is not False


def user_of(call: Call, request: RawRequest) -> Node:
    """Return the person in the event's shape; `properties` come before traits, as at Segment's own destination."""
    fields = call.fields
    user_id, anonymous_id = _set(text(fields, "userId")), _set(text(fields, "anonymousId"))
    email = first_text(text(fields, "properties", "email"), _trait(call, "email"))
    is_address = email is None and user_id is not None and normalize_email(user_id) is not None
    ip, user_agent = text(fields, "context", "ip"), text(fields, "context", "userAgent")
    if _is_browser(request):
        ip, user_agent = ip or request.client_ip, user_agent or request.header("user-agent")
    return {
        "email": user_id if is_address else email,
        "phone": first_text(text(fields, "properties", "phone"), _trait(call, "phone")),
        "external_id": _external_ids(call, user_id, anonymous_id),
        "first_name": _trait(call, "firstName", "first_name", "firstname"),
        "last_name": _trait(call, "lastName", "last_name", "lastname"),
        "city": _address(call, "city"),
        "state": _address(call, "state"),
        "country": _address(call, "country"),
        "zip_code": _address(call, "postalCode", "postal_code", "zip"),
        "ttclid": _of_tiktok(call, "ttclid"),
        "ttp": _of_tiktok(call, "ttp"),
        "ip": ip,
        "user_agent": user_agent,
        "locale": text(fields, "context", "locale"),
    }


def page_of(call: Call) -> Node:
    """Return the page; its query may stand apart from its URL."""
    page = at(call.fields, "context", "page")
    own = call.fields.get("properties") if call.kind == "page" else None
    url = first_text(text(page, "url"), text(own, "url"))
    search = first_text(text(page, "search"), text(own, "search"))
    if url and search and search.startswith("?") and "?" not in url:
        base, mark, fragment = url.partition("#")
        url = f"{base}{search}{mark}{fragment}"
    return {"url": url, "referrer": first_text(text(page, "referrer"), text(own, "referrer"))}


def ties_of(call: Call) -> tuple[Tie, ...]:
    """Return what later calls of the same visitor may have, besides the user's id, which is tied hashed."""
    ids = [_set(text(call.fields, "anonymousId"))]
    if call.kind == "alias":
        ids.append(_set(text(call.fields, "previousId")))
    return tied((TieKind.CLIENT_ID, each) for each in dict.fromkeys(ids))


def consent_in(call: Call, request: RawRequest, categories: tuple[str, ...]) -> str | None:
    """Return what the visitor allowed: of the consent manager's categories, and of a browser's own signal."""
    context = call.fields.get("context")
    said = _by_category(context, frozenset(each.casefold() for each in categories))
    is_objection = _is_browser(request) and request.header("sec-gpc").strip() == "1"
    return stricter(said, Signal.OPT_OUT.value) if is_objection else said


def _by_category(context: object, wanted: frozenset[str]) -> str | None:
    """Read Segment's `context.consent` and RudderStack's `context.consentManagement` (their docs, November 2026)."""
    said: str | None = None
    given = at(context, "consent")
    if given is not None and not isinstance(given, dict):
        said = consent_of(given)
    preferences = at(given, "categoryPreferences")
    lists = {key: at(context, "consentManagement", key) for key, _ in _ANSWERS}
    if any(isinstance(each, dict | list) and len(each) > MOST_CATEGORIES for each in (preferences, *lists.values())):
        return Signal.UNREADABLE.value
    if isinstance(preferences, dict):
        answered = {str(name).casefold(): value for name, value in preferences.items() if isinstance(value, bool)}
        answers = [value for name, value in answered.items() if name in wanted]
        if answered and not any(answered.values()):
            answers.append(False)
        for answer in answers:
            said = stricter(said, consent_of(answer))
    for key, answer in _ANSWERS:
        listed = lists[key]
        if isinstance(listed, list) and any(str(each).casefold() in wanted for each in listed):
            said = stricter(said, consent_of(answer))
    return said


def _external_ids(call: Call, user_id: str | None, anonymous_id: str | None) -> list[str]:
    ids = [user_id or anonymous_id]
    if call.kind == "alias":
        ids.append(_set(text(call.fields, "previousId")))
    return list(dict.fromkeys(each for each in ids if each))


def _set(found: str | None) -> str | None:
    """Return an id, unless it is what programs write where there is none: it would make strangers one."""
    return None if found is None or is_unset_id(found) else found


def _trait(call: Call, *names: str) -> str | None:
    nodes = (at(call.fields, "context", "traits"), call.fields.get("traits"))
    return first_text(*(text(node, name) for node in nodes for name in names))


def _address(call: Call, *names: str) -> str | None:
    nodes = (at(call.fields, "context", "traits"), call.fields.get("traits"))
    places = (place for node in nodes for place in (at(node, "address"), node))
    return first_text(*(text(place, name) for place in places for name in names))


def _of_tiktok(call: Call, key: str) -> str | None:
    integrations = at(call.fields, "integrations")
    named = (text(integrations, name, key) for name in INTEGRATIONS)
    return first_text(text(call.fields, "properties", key), *named)


def _is_browser(request: RawRequest) -> bool:
    """Say whether a shopper's browser called, whose address and name are then the shopper's; no server is."""
    return bool(request.header("origin") or request.header("sec-fetch-site"))
