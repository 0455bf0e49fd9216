"""The shopper's IP address: public, or of no use."""

from __future__ import annotations

import re
from enum import StrEnum
from ipaddress import IPv6Address, ip_address, ip_network

_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_IPV4 = re.compile(rf"{_OCTET}\.{_OCTET}\.{_OCTET}\.{_OCTET}")
# RFC 1918, loopback, link-local, "this network", shared address space (RFC 6598), multicast and above. The
# documentation ranges (RFC 5737) count as public here: they stand for real addresses in examples and tests.
_NOT_PUBLIC_V4 = re.compile(
    r"(?:0|10|127|169\.254|192\.168|172\.(?:1[6-9]|2[0-9]|3[01])|100\.(?:6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7])"
    r"|22[4-9]|23[0-9]|24[0-9]|25[0-5])\."
)
_NOT_PUBLIC_V6 = tuple(ip_network(net) for net in ("::/127", "fc00::/7", "fe80::/10", "ff00::/8", "64:ff9b:1::/48"))
_WITH_PORT = re.compile(rf"({_IPV4.pattern}):[0-9]{{1,5}}|\[([0-9A-Fa-f:.]+)\](?::[0-9]{{1,5}})?")


class IpDoubt(StrEnum):
    """Why an address is not used."""

    NONE = ""
    NOT_AN_ADDRESS = "ip_invalid"
    NOT_PUBLIC = "ip_not_public"


def normalize_ip(text: str) -> tuple[str | None, IpDoubt]:
    """Return the public IPv4 or IPv6 address, or None and why not.

    Of a forwarded list the first counts, a port is cut off, and an IPv4 address inside IPv6 comes out of it.

    >>> normalize_ip("203.0.113.42"), normalize_ip("10.0.0.7")[1].value, normalize_ip("::ffff:203.0.113.42")[0]
    (('203.0.113.42', <IpDoubt.NONE: ''>), 'ip_not_public', '203.0.113.42')
    """
    if _IPV4.fullmatch(text):
        return (None, IpDoubt.NOT_PUBLIC) if _NOT_PUBLIC_V4.match(text) else (text, IpDoubt.NONE)
    return _normalize_unusual(text)


def _normalize_unusual(text: str) -> tuple[str | None, IpDoubt]:
    text = text.split(",", 1)[0].strip()
    if found := _WITH_PORT.fullmatch(text):
        text = found[1] or found[2]
    try:
        address = ip_address(text.split("%", 1)[0])
    except ValueError:
        return None, IpDoubt.NOT_AN_ADDRESS
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    plain = str(address)
    if isinstance(address, IPv6Address):
        hidden = any(address in net for net in _NOT_PUBLIC_V6)
    else:
        hidden = _NOT_PUBLIC_V4.match(plain) is not None
    return (None, IpDoubt.NOT_PUBLIC) if hidden else (plain, IpDoubt.NONE)
