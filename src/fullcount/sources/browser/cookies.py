"""First-party cookies, set by the answer: they live as long as they say, which those that scripts set do not.

Safari keeps a script's cookie for 7 days, or one after an ad's link; one that the site's own server sets is kept
(webkit.org, tracking prevention; read 2026-11).
"""

from __future__ import annotations

import ipaddress
import re
import secrets
import string
from functools import lru_cache
from typing import TYPE_CHECKING

from fullcount.clock import DAY_SECONDS
from fullcount.sources.reply import Headers
from fullcount.sources.source import RawRequest

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

_LETTERS = string.ascii_letters + string.digits
_HOST = re.compile(r"[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*")
_VALUE = re.compile(r"[A-Za-z0-9._~+/=-]{1,1024}")  # of what cookies may hold, what every reader takes as it stands


def new_browser_id() -> str:
    """Return a value for `_ttp` in the form that server-side tags give it: 27 letters and digits."""
    return "".join(secrets.choice(_LETTERS) for _ in range(27))


def set_cookie(request: RawRequest, name: str, value: str, days: float) -> Headers:
    """Return the header that sets a cookie for the shop's whole site; nothing for a value that no cookie may have."""
    if _VALUE.fullmatch(value) is None:
        return ()
    return _cookie(request, f"{name}={value}; Max-Age={int(days * DAY_SECONDS)}")


def drop_cookie(request: RawRequest, name: str) -> Headers:
    """Return the header that deletes a cookie."""
    return _cookie(request, f"{name}=; Max-Age=0")


def _cookie(request: RawRequest, pair: str) -> Headers:
    host = _host(request)
    parts = [pair, "Path=/", "SameSite=Lax"]
    if (site := site_of(host)) is not None:
        parts.append(f"Domain={site}")
    if not is_loopback(host) or request.header("origin").startswith("https:"):
        parts.append("Secure")
    return ((b"set-cookie", "; ".join(parts).encode("ascii")),)


def _host(request: RawRequest) -> str:
    host = request.header("host").strip().lower()
    return host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0].removesuffix(".")


def is_loopback(host: str) -> bool:
    """Say whether a host is this machine, where browsers trust plain HTTP.

    >>> is_loopback("127.0.0.1"), is_loopback("shop.localhost"), is_loopback("::1"), is_loopback("shop.example.com")
    (True, True, True, False)
    """
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@lru_cache(maxsize=256)
def site_of(host: str) -> str | None:
    """Return the registrable domain of a host, or None where a cookie must stay with the host itself.

    >>> site_of("www.shop.example.co.uk"), site_of("127.0.0.1"), site_of("localhost")
    ('example.co.uk', None, None)
    """
    if len(host) > 253 or _HOST.fullmatch(host) is None or "." not in host or host.replace(".", "").isdigit():
        return None
    suffixes = _suffixes()
    return None if suffixes is None else suffixes.privatesuffix(host)


@lru_cache(maxsize=1)
def _suffixes() -> PublicSuffixList | None:
    """Return the public suffix list, or None where it is not installed."""
    try:
        # Imported here, since it is of an extra, large, and only pages need it.
        from publicsuffixlist import PublicSuffixList as Listed  # noqa: PLC0415
    except ModuleNotFoundError:
        return None
    return Listed()
