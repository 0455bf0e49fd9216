"""Which pages may send, and the headers that let a page on another host read the answer.

A program can claim any origin: this keeps other sites' pages out, and the rate limit everybody else.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from fullcount.sources.reply import Headers
from fullcount.sources.source import RawRequest

SANDBOX = "null"  # what browsers send for a page in a sandbox
_ORIGIN = re.compile(r"(https?)://([a-z0-9._-]{1,253}|\[[0-9a-f:.]{2,45}\])(?::(\d{1,5}))?")
_USUAL_PORT = {"http": "80", "https": "443"}
_VARY: Headers = ((b"vary", b"Origin"),)


def is_allowed_origin(request: RawRequest, allowed: Sequence[str], *, sandboxed: bool) -> bool:
    """Say whether the page that sends may: one of the hosts named, or the beacon's own host where none is.

    A host named without a port stands for all its ports, "*.example.com" for all hosts below. A request without an
    origin is taken unless the browser says that another site's page made it.
    """
    origin = request.header("origin")
    if origin == SANDBOX:
        return sandboxed
    if not origin:
        near = ("", "same-origin", "same-site") if allowed else ("", "same-origin")
        return request.header("sec-fetch-site") in near
    found = _ORIGIN.fullmatch(origin)
    if found is None:
        return False
    usual = _USUAL_PORT[found[1]]
    host = _without_port(f"{found[2]}:{found[3]}" if found[3] else found[2], usual)
    if allowed:
        return any(_is_named(found[2], host, each.lower(), usual) for each in allowed)
    return host == _without_port(request.header("host").lower(), usual)


def _is_named(name: str, host: str, each: str, usual: str) -> bool:
    if each.startswith("*."):
        return (host if ":" in each else name).endswith(_without_port(each[1:], usual))
    return (host if ":" in each else name) == _without_port(each, usual)


def _without_port(host: str, port: str) -> str:
    return host.removesuffix(f":{port}")


def readable_by(request: RawRequest) -> Headers:
    """Return the headers that let the page which sent this read its answer; call it for a page that may send.

    A sandboxed page has no cookies here, and anybody's page may be one: it reads without credentials.
    """
    origin = request.header("origin")
    if origin == SANDBOX:
        return ((b"access-control-allow-origin", b"null"), *_VARY)
    if _ORIGIN.fullmatch(origin) is None:
        return _VARY
    shown = ((b"access-control-allow-origin", origin.encode("ascii")), (b"access-control-allow-credentials", b"true"))
    return (*shown, *_VARY)
