"""Who may post: a server by its secret, a page by the measurement id and its origin.

A measurement id stands in every page's source, and a program can claim any origin: together they keep other sites'
pages out, not a forger. What limits a forger is what one address may send (the settings' [browser] table).
"""

from __future__ import annotations

import hmac
from urllib.parse import urlsplit

from fullcount.sources.ga4.options import COLLECT_PATH, MEASUREMENT_PATH, Ga4Options
from fullcount.sources.payload import is_key
from fullcount.sources.sender import Rules
from fullcount.sources.source import RawRequest


def may_post(request: RawRequest, rules: Rules) -> bool:
    """Say whether the request is authentic for this source."""
    options, query = rules.options_as(Ga4Options), request.parameters()
    path = path_of(request)
    if path == COLLECT_PATH:
        known = options.measurement_id or ""
        is_ours = _is_equal(query.get("tid", ""), known)
        return is_ours and is_allowed_origin(request, options)
    shown = query.get("api_secret")
    if path == MEASUREMENT_PATH:
        is_ours = options.measurement_id is None or _is_equal(query.get("measurement_id", ""), options.measurement_id)
        return is_key(shown, rules.keys) and is_ours
    scheme, _, token = request.header("authorization").partition(" ")
    bearer = token.strip() if scheme.lower() == "bearer" else None
    return is_key(bearer or query.get("key") or shown, rules.keys)


def is_allowed_origin(request: RawRequest, options: Ga4Options) -> bool:
    """Say whether the calling page's host is one of `origins`, or below one; a GET of the same host names none."""
    if not options.origins:
        return True
    host = host_of(request.header("origin")) or host_of(request.header("referer"))
    return any(host == each.lower() or host.endswith(f".{each.lower()}") for each in options.origins)


def path_of(request: RawRequest) -> str:
    """Return the path without its last slash."""
    return request.path.rstrip("/")


def host_of(address: str) -> str:
    """Return the host of an Origin or Referer in lower case, or nothing.

    >>> host_of("https://Shop.example.com:8443"), host_of("null")
    ('shop.example.com', '')
    """
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def _is_equal(shown: str, known: str) -> bool:
    same = hmac.compare_digest(shown.encode("utf-8", "replace"), known.encode("utf-8", "replace"))
    return same and bool(known)
