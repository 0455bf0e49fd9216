"""What is wrong with the person and the page of an event: hashes, address, match keys."""

from __future__ import annotations

import functools
import ipaddress
import re
from collections.abc import Iterator
from typing import Any

from fullcount.emulator import complaints
from fullcount.emulator.complaints import Complaint
from fullcount.emulator.people import KnownPeople
from fullcount.emulator.submission import Copy

Complained = tuple[Complaint, str]

_SHA256 = re.compile(r"[0-9a-f]{64}").fullmatch
_SHA256_ANY_CASE = re.compile(r"[0-9a-fA-F]{64}").fullmatch
_HEXADECIMAL = re.compile(r"[0-9a-fA-F]{20,}").fullmatch
_HASHED = ("email", "phone", "external_id", "first_name", "last_name", "zip_code")
_MATCH_KEYS = ("email", "phone", "external_id", "ttclid", "ttp", "idfa", "idfv", "gaid", "lead_id")
_OLD_KEYS = frozenset({"phone_number", "emails", "phone_numbers", "click_id", "callback", "ipAddress", "userAgent"})
_IPV4 = re.compile(r"([1-9]\d{0,2})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})").fullmatch
# First octets below which some network is private or reserved; all other IPv4 addresses are public.
_OCTETS_WITH_EXCEPTIONS = frozenset({"10", "100", "127", "169", "172", "192", "198", "203", *map(str, range(224, 256))})
_EXAMPLE_NETWORKS = tuple(
    ipaddress.ip_network(text) for text in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
)


def user_complaints(copy: Copy, people: KnownPeople) -> Iterator[Complained]:
    """Yield what is wrong with the `user` and `page` of a server's copy."""
    user, is_web = copy.user, copy.event_source == "web"
    for name in _HASHED:
        value = user.get(name)
        if value:
            yield from _hash_complaints(name, value, people)
    if not _OLD_KEYS.isdisjoint(user):
        for name in sorted(_OLD_KEYS.intersection(user)):
            yield complaints.MISNAMED_USER_KEY, f"user.{name} is ignored"
    if copy.event_source != "crm" and not _is_recognisable(user):
        yield complaints.NO_MATCH_KEY, ""
    if user.get("ip") and (kind := _kind_of_address(user["ip"])):
        yield kind, ""
    if is_web:
        yield from _web_complaints(copy, user)


def pixel_user_complaints(copy: Copy, people: KnownPeople) -> Iterator[Complained]:
    """Yield what is wrong with the `user` of a browser's copy."""
    for name in ("email", "phone"):
        yield from _hash_complaints(name, _texts(copy.user.get(name)), people)
    if not all(_SHA256_ANY_CASE(text) for text in _texts(copy.user.get("external_id"))):
        yield complaints.PLAIN_EXTERNAL_ID, ""


def _texts(value: Any) -> list[str]:
    """Return the texts in a value that nothing has checked."""
    return [text for text in (value if isinstance(value, list) else [value]) if isinstance(text, str) and text]


def _is_recognisable(user: dict[str, Any]) -> bool:
    return bool(user.get("ip") and user.get("user_agent")) or any(user.get(name) for name in _MATCH_KEYS)


def _web_complaints(copy: Copy, user: dict[str, Any]) -> Iterator[Complained]:
    if user.get("ip") and not user.get("user_agent"):
        yield complaints.MISSING_USER_AGENT, ""
    if not user.get("ttp"):
        yield complaints.MISSING_TTP, ""
    url = copy.page.get("url")
    if not url:
        yield complaints.MISSING_PAGE, ""
    elif "ttclid=" in url and not user.get("ttclid"):
        yield complaints.CLICK_ID_IN_URL_ONLY, ""


def _hash_complaints(name: str, value: str | list[str], people: KnownPeople) -> Iterator[Complained]:
    for text in value if isinstance(value, list) else (value,):
        digest = text
        if not _SHA256(text):
            if not text.strip():
                continue
            if not _SHA256_ANY_CASE(text):
                yield complaints.MALFORMED_HASH if _HEXADECIMAL(text) else complaints.UNHASHED, f"user.{name}"
                continue
            yield complaints.UPPER_CASE_HASH, f"user.{name}"
            digest = text.lower()
        wrong = people.look_up(digest)
        if wrong is not None:
            yield wrong, f"user.{name}"


@functools.lru_cache(maxsize=10_000)
def _kind_of_address(text: str) -> Complaint | None:
    octets = _IPV4(text)
    if octets and octets[1] not in _OCTETS_WITH_EXCEPTIONS and all(int(octet) < 256 for octet in octets.groups()):
        return None
    try:
        address = ipaddress.ip_address(text.strip())
    except ValueError:
        return complaints.MALFORMED_IP
    if any(address in network for network in _EXAMPLE_NETWORKS if network.version == address.version):
        return complaints.EXAMPLE_IP
    return None if address.is_global and not address.is_multicast else complaints.PRIVATE_IP
