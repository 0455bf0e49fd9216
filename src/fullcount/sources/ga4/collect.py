"""gtag's own request, `/g/collect`: one event in the query, or several in the body's lines that share the query.

Google documents none of it. Sources: public parsers and encoders of the requests (2026-11); unknown keys are let be.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, unquote

import msgspec

from fullcount.consent.signals import Signals
from fullcount.errors import InvalidEvent
from fullcount.events.model import names_only
from fullcount.events.problems import Problem
from fullcount.sources.bounds import check_count
from fullcount.sources.ga4.hit import Hit, is_on
from fullcount.sources.ga4.items import unpacked_items
from fullcount.sources.ga4.user_data import read_em
from fullcount.sources.payload import Node, as_list
from fullcount.sources.source import Limits, RawRequest

MOST_PARAMETERS = 1_000  # of one event; Google takes 25 of the shop's own, and 200 items
# Of all events of a request together, the query's counted for each: a tag sends a few events with some 40 each.
MOST_TOGETHER = 2_500
MOST_CHARACTERS = 260_000  # likewise; Google takes 130,000 in one request
_NAMES = {
    "dl": "page_location",
    "dr": "page_referrer",
    "dt": "page_title",
    "cu": "currency",
    "sid": "session_id",
}
_TEXT, _NUMBER = "ep.", "epn."
_LINE_END = re.compile(r"\r?\n")


class _Browser(msgspec.Struct, frozen=True):
    """What the request's cookies tell, the same for each of its events."""

    client_ids: tuple[str | None, ...]
    ttclid: str | None
    ttp: str | None

    __repr__ = names_only


def collected_hits(request: RawRequest, limits: Limits) -> list[Hit]:
    """Return a hit for each line of the body, or for the query alone.

    Raises:
        InvalidEvent: there are too many events, or too many parameters for any events of Google's.
    """
    query = request.query.encode("latin-1", "replace").decode("utf-8", "replace")
    body = request.body.decode("utf-8", "replace")
    lines = [line for line in _LINE_END.split(body) if line.strip()]
    if lines:
        check_count(len(lines), limits, "body")
    shared = _pairs(query)
    own = [_pairs(line) for line in lines or [""]]
    together = len(own) * len(shared) + sum(map(len, own))
    if together > MOST_TOGETHER or len(own) * len(query) + len(body) > MOST_CHARACTERS:
        raise _too_many(f"more than {MOST_TOGETHER:,} parameters, or {MOST_CHARACTERS:,} characters, in all events")
    browser = _browser_of(request)
    return [_hit({**shared, **each}, index, request, browser) for index, each in enumerate(own)]


def _pairs(encoded: str) -> dict[str, str]:
    """Return the parameters, decoded; of one that comes twice the first."""
    found: dict[str, str] = {}
    try:
        pairs = parse_qsl(encoded, keep_blank_values=True, errors="replace", max_num_fields=MOST_PARAMETERS)
    except ValueError:
        raise _too_many(f"more than {MOST_PARAMETERS:,} parameters in one event") from None
    for name, value in pairs:
        found.setdefault(name, value)
    return found


def _too_many(reason: str) -> InvalidEvent:
    problem = Problem("", reason, "send what Google's tag sends, unchanged", code="too_many_parameters")
    return InvalidEvent((problem,), where="body")


def _browser_of(request: RawRequest) -> _Browser:
    return _Browser(
        (_google_cookie(request.cookie("FPID")), _google_cookie(request.cookie("_ga"))),
        _cookie(request, "ttclid") or _cookie(request, "tiktok_ttclid"),
        _cookie(request, "_ttp"),
    )


def _hit(given: Mapping[str, str], index: int, request: RawRequest, browser: _Browser) -> Hit:
    page, count = given.get("_p"), given.get("_s")
    return Hit(
        name=given.get("en", "").strip(),
        params=_params(given),
        client_ids=tuple(as_list(given.get("cid"), *browser.client_ids)),
        user_id=given.get("uid"),
        user_data=read_em(given.get("em", "")),
        ttclid=given.get("ep.ttclid") or browser.ttclid,
        ttp=browser.ttp,
        ip=request.client_ip,
        user_agent=request.header("user-agent") or None,
        locale=given.get("ul"),
        signals=Signals(
            gcs=given.get("gcs"),
            gcd=given.get("gcd"),
            npa=given.get("npa"),
            usp=given.get("us_privacy"),
            gpc=request.header("sec-gpc") or None,
        ),
        moment=request.received_at or None,  # a tag tells no time: it sends what happened just now
        seed=(page, count, str(index)) if page and count else (),
        is_debug=is_on(given.get("_dbg") or given.get("ep.debug_mode")),
    )


def _params(given: Mapping[str, str]) -> Node:
    """Return the event's parameters under the Measurement Protocol's names; numbers stay text."""
    params: Node = {name: given[key] for key, name in _NAMES.items() if key in given}
    for key, value in given.items():
        if key.startswith(_NUMBER):
            params.setdefault(key[len(_NUMBER) :], value)
        elif key.startswith(_TEXT):
            params.setdefault(key[len(_TEXT) :], value)
    if items := unpacked_items(given):
        params["items"] = items
    return params


def _cookie(request: RawRequest, name: str) -> str | None:
    found = request.cookie(name)
    return None if found is None else unquote(found)


def _google_cookie(value: str | None) -> str | None:
    """Return the client id in `_ga` ("GA1.1." before it) or `FPID` ("FPID2.2." before it).

    >>> _google_cookie("GA1.1.111.222"), _google_cookie("FPID2.2.abc"), _google_cookie("abc")
    ('111.222', 'abc', None)
    """
    if value is None:
        return None
    parts = value.split(".", 2)
    return unquote(parts[2]) or None if len(parts) == 3 else None
