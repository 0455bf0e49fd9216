"""Who called: the address behind the proxies that the settings trust."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from fullcount.gateway.reply import Scope

MOST_HOPS = 32  # addresses of X-Forwarded-For that are looked at, from the right; nobody has so many proxies
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Callers:
    """Reads X-Forwarded-For from the right, past every address that is trusted; nothing else in it is believed."""

    def __init__(self, trusted_proxies: Iterable[str]) -> None:
        self._trusted: tuple[Network, ...] = tuple(
            ipaddress.ip_network(proxy, strict=False) for proxy in trusted_proxies
        )

    def address_of(self, scope: Scope, forwarded: str) -> str | None:
        """Return the caller's address, or None if there is none (a Unix socket) or what a proxy wrote is no address."""
        client = scope.get("client")
        address = client[0] if client else None
        hops = [hop.strip() for hop in forwarded.rsplit(",", MOST_HOPS)[-MOST_HOPS:] if hop.strip()]
        while address is not None and hops and self._is_trusted(address):
            address = _bare(hops.pop())
        return address

    def _is_trusted(self, address: str) -> bool:
        try:
            found = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(found in network for network in self._trusted)


def _bare(hop: str) -> str | None:
    """Return an address without the port, the brackets and the zone that some proxies add, or None.

    >>> _bare("192.0.2.4:51234"), _bare("[2001:db8::1]:443"), _bare("fe80::1%any text"), _bare("unknown")
    ('192.0.2.4', '2001:db8::1', 'fe80::1', None)
    """
    text = hop[1:].partition("]")[0] if hop.startswith("[") else hop
    if text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        return str(ipaddress.ip_address(text.partition("%")[0]))
    except ValueError:
        return None
