"""What Google's senders expect to hear: 204 and nothing else, and from a page's tag the headers that browsers ask for.

Sources: Google answers gtag and the Measurement Protocol with 204, Stape's data client with JSON or an image (2026-11).
"""

from __future__ import annotations

from base64 import b64decode

import msgspec

from fullcount.sources.ga4.access import path_of
from fullcount.sources.ga4.options import COLLECT_PATH, DATA_PATH
from fullcount.sources.manners import plain_refusal
from fullcount.sources.reply import Headers, Reply, empty_reply, json_reply
from fullcount.sources.sender import Outcome, Refused
from fullcount.sources.source import RawRequest

_FROM_PAGES = frozenset({COLLECT_PATH, DATA_PATH})
_IMAGE = b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")  # one transparent point
_PREFLIGHT: Headers = (
    (b"access-control-allow-methods", b"GET, POST, OPTIONS"),
    (b"access-control-allow-headers", b"content-type"),
    (b"access-control-max-age", b"600"),
)


def answer_to(request: RawRequest, outcome: Outcome) -> Reply:
    """Return the answer to a request that was read or refused; a refusal keeps its status, which Google has not."""
    if isinstance(outcome, Refused):
        refusal = plain_refusal(outcome)
        # Who is not authentic may be any page: its script need not read why.
        return refusal if outcome.status == 401 else _shared(refusal, request)
    if path_of(request) != DATA_PATH:
        return _shared(empty_reply(204), request)
    if request.method == "GET":
        return _shared(Reply(200, _IMAGE, ((b"cache-control", b"no-store"),), b"image/gif"), request)
    ids = [each.event_id for each in outcome.receipt.results if each.event_id]
    said = {"timestamp": int(request.received_at * 1000), "unique_event_id": ids[0] if ids else ""}
    return _shared(json_reply(200, said), request)


def preflight(request: RawRequest, *, is_allowed: bool) -> Reply:
    """Return the answer to a browser that asks whether a page may post."""
    if path_of(request) not in _FROM_PAGES:
        return empty_reply(204, ((b"allow", b"POST, OPTIONS"),))
    return _shared(empty_reply(204, _PREFLIGHT), request) if is_allowed else empty_reply(204)


def _shared(reply: Reply, request: RawRequest) -> Reply:
    """Return the reply such that the calling page's browser accepts it, cookies included."""
    origin = request.header("origin")
    if not origin or path_of(request) not in _FROM_PAGES:
        return reply
    headers: Headers = (
        (b"access-control-allow-origin", origin.encode("latin-1", "replace")),
        (b"access-control-allow-credentials", b"true"),
        (b"vary", b"Origin"),
    )
    return msgspec.structs.replace(reply, headers=(*reply.headers, *headers))
