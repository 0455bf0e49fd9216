"""Addresses of hosts as people write them: in the settings and on the command line."""

from __future__ import annotations

import ipaddress
from urllib.parse import SplitResult, urlsplit


def address_of(url: str) -> SplitResult | None:
    """Return the parts of an http or https address whose host and port can be used, or None.

    >>> address_of("http://127.0.0.1:8080").port, address_of("http://[x"), address_of("http://127.0.0.1:99999")
    (8080, None, None)
    """
    if not url.isprintable() or " " in url:  # urlsplit takes line breaks out without a word
        return None
    try:
        parts = urlsplit(url)
        is_usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    return parts if is_usable else None


def is_loopback(host: str) -> bool:
    """Say whether a host name or address is this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
