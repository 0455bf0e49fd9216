"""What is often wrong with requests that were written for TikTok itself: the mistake, what it costs, and the fix.

The facts are those of TikTok's Events API as of November 2026: the portal's field lists, answers seen by its partners,
and TikTok's own SDK and templates.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qs

import msgspec

from fullcount.cli.curl import CurlRequest
from fullcount.events.problems import Severity

TRACK_2_0 = "/open_api/v1.3/event/track/"
TRACK_1_0 = ("/open_api/v1.3/pixel/track/", "/open_api/v1.3/pixel/batch/")
OWN_ROUTE = "/v1/events"
_TIKTOK_PATHS = {each.rstrip("/"): each for each in (TRACK_2_0, *TRACK_1_0)}
_TAKEN_BY_GATEWAY = ("application/json", "text/json", "text/plain", "+json")
_JSON_HEADER = "-H 'Content-Type: application/json'"
_HASH = re.compile(r"[0-9a-fA-F]{64}")
_EMPTY_HASH = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


class Shape(StrEnum):
    """What kind of body it is; it shows in its keys."""

    OURS = "ours"  # an event, or {"events": [...]}
    TIKTOK_2_0 = "TikTok 2.0"  # {"event_source", "event_source_id", "data"}
    TIKTOK_1_0 = "TikTok 1.0"  # {"pixel_code", "event", "context"} or {"pixel_code", "batch"}


class Mistake(msgspec.Struct, frozen=True):
    """One mistake: where it stands, what it is, what it costs and what mends it."""

    path: str
    mistake: str
    consequence: str
    fix: str
    severity: Severity = Severity.FATAL


def shape_of(body: Any) -> Shape:
    """Return what kind of body this is."""
    if isinstance(body, dict):
        if "data" in body or "event_source_id" in body:
            return Shape.TIKTOK_2_0
        if "batch" in body or "pixel_code" in body or "context" in body:
            return Shape.TIKTOK_1_0
    return Shape.OURS


def people_of(body: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every `user` object of a body of any shape, with its path."""
    for path, event in _events_of(body):
        context = event.get("context")
        places = (
            ("user", event.get("user")),
            ("context.user", context.get("user") if isinstance(context, dict) else None),
        )
        for name, user in places:
            if isinstance(user, dict):
                yield path + name, user


def _events_of(body: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    path, events = "", body
    if isinstance(body, dict):
        key = next((each for each in ("data", "batch", "events") if each in body), "")
        path, events = (f"{key}.", body[key]) if key else ("", [body])
    for index, event in enumerate(events if isinstance(events, list) else []):
        if isinstance(event, dict):
            yield ("" if event is body else f"{path}{index}."), event


def mistakes_of_request(request: CurlRequest, shape: Shape) -> Iterator[Mistake]:
    """Yield what is wrong with the line's address, method and headers."""
    parts = request.address
    path, host = parts.path, parts.hostname or ""
    if request.method != "POST":
        yield Mistake("method", f"the method is {request.method}", "it is answered 405", "use POST")
    if not goes_to_tiktok(request) and path.rstrip("/") not in _TIKTOK_PATHS:
        yield from _mistakes_on_own_route(request, shape)
        return
    if shape is Shape.OURS:
        yield Mistake(
            "body",
            "our JSON on a path of TikTok's",
            "40002: nothing is counted",
            f"post it to your gateway's {OWN_ROUTE}, or send the 2.0 body shown below",
        )
    if parts.scheme == "http" and goes_to_tiktok(request):
        yield Mistake("URL", "http, not https", "the token travels in the clear", "write https://")
    if host.startswith("sandbox"):
        yield Mistake(
            "URL",
            "TikTok's sandbox host",
            "it does not take events",
            "use business-api.tiktok.com with a test_event_code",
        )
    yield from _mistakes_of_path(path, shape)
    if "access_token" in parse_qs(parts.query):
        yield Mistake("URL", "the token stands in the URL", "it is ignored, and logged", "send it as Access-Token: ...")
    yield from _mistakes_of_headers(request)


def goes_to_tiktok(request: CurlRequest) -> bool:
    """Say whether the line's host is TikTok's own; any other is a gateway, or the emulator."""
    host = request.address.hostname or ""
    return host == "tiktok.com" or host.endswith(".tiktok.com")


def _mistakes_on_own_route(request: CurlRequest, shape: Shape) -> Iterator[Mistake]:
    if request.address.path.rstrip("/") != OWN_ROUTE:
        yield Mistake(
            "URL",
            "not a path of the gateway",
            "404: nothing is taken",
            f"use {OWN_ROUTE}" if shape is Shape.OURS else f"use {TRACK_2_0}",
        )
    elif shape is not Shape.OURS:
        yield Mistake("body", f"a {shape} body on our own route", "400: nothing is taken", f"post it to {TRACK_2_0}")
    said = request.header("authorization")
    bearer = "send Authorization: Bearer KEY, with the source's key"
    if said is None and request.header("access-token") is not None:
        yield Mistake("headers", "Access-Token in place of Authorization", "401: nothing is taken", bearer)
    elif said is None:
        yield Mistake("headers", "there is no Authorization", "401: nothing is taken", bearer)
    elif not said.lower().startswith("bearer "):
        yield Mistake("headers", "Authorization without Bearer and a key", "401: nothing is taken", bearer)
    media_type = (request.header("content-type") or "").partition(";")[0].strip().lower()
    if not media_type.endswith(_TAKEN_BY_GATEWAY):
        yield Mistake("headers", "Content-Type is not application/json", "415: nothing is taken", _JSON_HEADER)


def _mistakes_of_path(path: str, shape: Shape) -> Iterator[Mistake]:
    known = _TIKTOK_PATHS
    slashed = path.rstrip("/")
    if slashed not in known:
        yield Mistake(
            "URL", "not a path of the Events API", "TikTok answers 404 or another API's error", f"use {TRACK_2_0}"
        )
    elif not path.endswith("/"):
        yield Mistake(
            "URL",
            "the slash at the end is missing",
            "a redirect would lose the body; TikTok writes its paths with the slash",
            f"use {known[slashed]}",
            Severity.WARNING,
        )
    if slashed == TRACK_2_0.rstrip("/") and shape is Shape.TIKTOK_1_0:
        yield Mistake(
            "body", "a 1.0 body on the 2.0 path", "40002: nothing is counted", "send the 2.0 body shown below"
        )
    if slashed in known and slashed != TRACK_2_0.rstrip("/"):
        yield Mistake(
            "URL",
            "Events 1.0, whose end TikTok announced for 2024",
            "it may stop any day",
            f"send the 2.0 body shown below to {TRACK_2_0}",
            Severity.WARNING,
        )
        if shape is Shape.TIKTOK_2_0:
            yield Mistake("body", "a 2.0 body on a 1.0 path", "40002: nothing is counted", f"use {TRACK_2_0}")


def _mistakes_of_headers(request: CurlRequest) -> Iterator[Mistake]:
    token = request.header("access-token")
    if token is None and request.header("authorization") is not None:
        yield Mistake(
            "headers", "Authorization in place of Access-Token", "40104: no token", "send Access-Token: TOKEN"
        )
    elif token is None:
        yield Mistake("headers", "there is no Access-Token", "40104: no token", "send Access-Token: TOKEN")
    elif token.lower().startswith("bearer "):
        yield Mistake("headers", "Bearer before the token", "40105: the token is wrong", "send the token alone")
    elif not token:
        yield Mistake("headers", "Access-Token is empty", "40104: no token", "is the shell's variable set?")
    if not (request.header("content-type") or "").lower().startswith("application/json"):
        yield Mistake(
            "headers",
            "Content-Type is not application/json",
            "40002: the body is not read",
            _JSON_HEADER,
        )


def mistakes_of_body(body: Any, shape: Shape, *, severity: Severity) -> Iterator[Mistake]:
    """Yield what is wrong with a body for TikTok; `severity` is that of what Fullcount's drop-in routes mend."""
    if shape is Shape.TIKTOK_2_0 and isinstance(body, dict):
        yield from _mistakes_of_envelope(body, severity)
    for path, event in _events_of(body):
        for found in _mistakes_of_event(event, shape, severity):
            yield msgspec.structs.replace(found, path=path + found.path)


def _mistakes_of_envelope(body: dict[str, Any], severity: Severity) -> Iterator[Mistake]:
    if "event_source" not in body:
        yield Mistake(
            "event_source", "it is missing", "40002: nothing is counted", 'send "event_source": "web"', severity
        )
    if "event_source_id" not in body:
        named = "pixel_code is 1.0's name for it" if "pixel_code" in body else "it is missing"
        yield Mistake(
            "event_source_id", named, "40002: nothing is counted", "send the pixel code as event_source_id", severity
        )


def _mistakes_of_event(event: dict[str, Any], shape: Shape, severity: Severity) -> Iterator[Mistake]:
    if shape is Shape.TIKTOK_2_0:
        user = event.get("user")
        yield from _relics_of_1_0(event, user if isinstance(user, dict) else {}, severity)
    if isinstance(event.get("event_id"), int | float):
        yield Mistake("event_id", "a number", "40002: Not a valid string", 'write it in quotes: "12345"', severity)
    for where, people in people_of(event):
        yield from _mistakes_of_identifiers(people, where, severity)


def _relics_of_1_0(event: dict[str, Any], user: dict[str, Any], severity: Severity) -> Iterator[Mistake]:
    if "context" in event:
        yield Mistake(
            "context",
            "1.0's context in a 2.0 event",
            "TikTok ignores it: no IP, no user agent, no identifier, so no match",
            "move its user, ip and user_agent to user, its page to page, its ad.callback to user.ttclid",
            severity,
        )
    if "timestamp" in event:
        yield Mistake(
            "timestamp",
            "1.0's timestamp in a 2.0 event",
            "40002: event_time is missing",
            "send event_time in Unix seconds",
            severity,
        )
    if isinstance(event.get("event_time"), str) and not str(event["event_time"]).isdigit():
        yield Mistake(
            "event_time", "not Unix seconds", "40002: nothing is counted", "send an integer: 1795357800", severity
        )
    for old, new in (
        ("phone_number", "phone"),
        ("click_id", "ttclid"),
        ("emails", "email"),
        ("phone_numbers", "phone"),
    ):
        if old in user:
            yield Mistake(f"user.{old}", f"2.0 calls it {new}", "TikTok ignores it", f"rename it to {new}", severity)


def _mistakes_of_identifiers(user: dict[str, Any], where: str, severity: Severity) -> Iterator[Mistake]:
    for key in ("email", "emails", "phone", "phone_number", "phone_numbers", "external_id"):
        for value in _several(user.get(key)):
            if value.lower() == _EMPTY_HASH:
                yield Mistake(
                    f"{where}.{key}",
                    "the hash of an empty string",
                    "it matches nobody",
                    "leave the key out if it is empty",
                    severity,
                )
            elif not _HASH.fullmatch(value):
                how = "with + and country code, then SHA-256" if "phone" in key else "SHA-256 in hex"
                yield Mistake(
                    f"{where}.{key}", "not hashed", "TikTok recognises nobody by it, and got it in plain", how, severity
                )


def _several(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [str(each) for each in values if each not in (None, "")]
