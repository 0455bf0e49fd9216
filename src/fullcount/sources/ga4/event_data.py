"""The event data of a server-side tag container, as our tag template or Stape's data tag posts it to `/data`.

Sources: Google's page on common event data, and the protocol page of Stape's data client (2026-11).
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from fullcount.consent.signals import Signals
from fullcount.errors import InvalidEvent
from fullcount.events.problems import Problem
from fullcount.events.reading import read_fields
from fullcount.sources.bounds import check_count, decode_json
from fullcount.sources.ga4.hit import Hit, is_on, moment_of
from fullcount.sources.payload import Node, at, first_text, read_object, text
from fullcount.sources.source import Limits, RawRequest

_MOST_FIELDS = 1_000
_DEEPEST_KEY = 8  # dots in a form's key
# Where senders put the same thing, the first that is there counts.
_NAMES = ("event_name", "eventName", "event", "e_n")
_PAGES = ("page_location", "pageLocation", "url", "href")
_ADDRESSES = ("ip_override", "ip", "ipOverride", "ip_address")
_EMAILS = ("email_address", "userEmail", "email", "mail")
_PHONES = ("phone_number", "userPhoneNumber", "phoneNumber", "phone")
_VALUES = ("value", "e_v")
_TIMES = ("event_time", "eventTime", "timestamp_micros")
_decoder = msgspec.json.Decoder(list[msgspec.Raw])


def posted_hits(request: RawRequest, limits: Limits) -> list[Hit | None]:
    """Return a hit for each object of the body or query; None for what is no object.

    Raises:
        InvalidEvent: it is neither JSON nor a form, or holds too many events.
    """
    query = request.parameters()
    objects = _objects(request, query, limits)
    return [None if data is None else _hit(data, index, query) for index, data in enumerate(objects)]


def _objects(request: RawRequest, query: Mapping[str, str], limits: Limits) -> list[Node | None]:
    if request.method == "GET":
        return [_of_query(request, query)]
    if request.header("content-type").lower().startswith("application/x-www-form-urlencoded"):
        return [_of_form(request.body.decode("utf-8", "replace"))]
    if request.body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"["):
        listed, _ = decode_json(request.body, _decoder)
        check_count(len(listed), limits, "body")
        return [read_fields(each) for each in listed]
    return [read_object(request.body)]


def _of_query(request: RawRequest, query: Mapping[str, str]) -> Node:
    if packed := query.get("dtdc"):
        try:
            # A plus that was not escaped has become a blank.
            return read_object(b64decode(packed.replace(" ", "+") + "=" * (-len(packed) % 4)))
        except (binascii.Error, ValueError):
            problem = Problem("dtdc", "it is no base64", "send what the data tag sends, unchanged", code="not_json")
            raise InvalidEvent((problem,), where="dtdc") from None
    if plain := query.get("dtcd"):
        return read_object(plain.encode("utf-8", "replace"))
    return _of_form(request.query)


def _of_form(encoded: str) -> Node:
    """Return a form as an object; a dot in a key leads into an object below."""
    try:
        pairs = parse_qsl(encoded, keep_blank_values=True, errors="replace", max_num_fields=_MOST_FIELDS)
    except ValueError:
        reason = f"more than {_MOST_FIELDS:,} fields"
        problem = Problem("", reason, "send fewer, or JSON", code="too_many_parameters")
        raise InvalidEvent((problem,), where="body") from None
    found: Node = {}
    for key, value in pairs:
        *outer, last = key.split(".", _DEEPEST_KEY)
        node: Any = found
        for step in outer:
            node = node.setdefault(step, {}) if isinstance(node, dict) else None
        if isinstance(node, dict):
            node.setdefault(last, value)
    return found


def _hit(data: Node, index: int, query: Mapping[str, str]) -> Hit:
    page, count = text(data, "x-ga-page_id"), text(data, "x-ga-request_count")
    own_time = _first(data, _TIMES)
    moment = next((found for key in _TIMES if (found := moment_of(data, key)) is not None), None)
    seed = (own_time,) if own_time and moment is not None else (page, count) if page and count else ()
    client_id = text(data, "client_id")
    return Hit(
        name=_first(data, _NAMES) or query.get("event", ""),
        params={**data, "page_location": _first(data, _PAGES), "value": _first(data, _VALUES)},
        client_ids=(client_id,) if client_id else (),
        user_id=first_text(text(data, "user_id"), text(data, "userId"), text(data, "user_data", "external_id")),
        user_data=_user_data(data),
        ttclid=first_text(text(data, "ttclid"), text(data, "common_cookie", "ttclid")),
        ttp=first_text(text(data, "common_cookie", "_ttp"), text(data, "_ttp")),
        ip=_first(data, _ADDRESSES),
        user_agent=first_text(text(data, "user_agent"), text(data, "userAgent")),
        locale=text(data, "language"),
        signals=_signals(data),
        moment=moment,
        seed=(*seed, str(index)) if seed else (),
        is_debug=is_on(at(data, "debug_mode")),
    )


def _first(data: Node, keys: tuple[str, ...]) -> str | None:
    return first_text(*(text(data, key) for key in keys))


def _user_data(data: Node) -> Node:
    """Return the user data with an e-mail address and phone number that stand elsewhere under their own names."""
    found = at(data, "user_data")
    person = found if isinstance(found, dict) else {}
    emails = next((each for node in (person, data) for key in _EMAILS if (each := node.get(key))), None)
    phones = next((each for node in (person, data) for key in _PHONES if (each := node.get(key))), None)
    return {**person, "email_address": emails, "phone_number": phones}


def _signals(data: Node) -> Signals:
    state, said = at(data, "consent_state"), at(data, "consent")
    return Signals(
        said=None if isinstance(said, dict) else said,
        gcs=at(data, "x-ga-gcs"),
        gcd=at(data, "x-ga-gcd"),
        ad_storage=at(state, "ad_storage"),
        ad_user_data=at(state, "ad_user_data"),
        ad_personalization=at(state, "ad_personalization"),
    )
