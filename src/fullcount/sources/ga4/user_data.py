"""Who it was: Google's `user_data`, plain or hashed, and the `em` value in which its tags carry the hashes."""

from __future__ import annotations

import binascii
import re
from base64 import urlsafe_b64decode
from typing import Any

from fullcount.events.problems import Problem, Severity
from fullcount.identity.advanced_matching import MOST_VALUES
from fullcount.identity.digest import is_digest
from fullcount.sources.payload import Node, as_list, at, first_text, text

# 32 bytes in base64url without padding.
_BASE64_DIGEST = re.compile(r"[A-Za-z0-9_-]{43}")
_EM_KEY = re.compile(r"([a-z]{2})([0-9]{0,2})")
_ERROR_CODE = re.compile(r"e[0-9]{1,5}")
# Key of an address in `em` -> key in `user_data.address`. Source: Google's public parsers of the value (2026-11).
_EM_ADDRESS = {
    "fn": "sha256_first_name",
    "ln": "sha256_last_name",
    "ct": "city",
    "rg": "region",
    "pc": "postal_code",
    "co": "country",
}
_EM_PERSON = {"em": "sha256_email_address", "pn": "sha256_phone_number"}

_GMAIL = Problem(
    "user.email",
    "only a hash came; Google leaves out the dots of a gmail address before it hashes, TikTok does not, and a hash does"
    " not tell whether it is of one: if it is, and has dots, it matches nobody",
    "send the plain address as well (user_data.email_address), or hash it as TikTok asks",
    Severity.WARNING,
    "email_hash_google",
)


def read_em(said: str) -> Node:
    """Return an `em` value in the shape of `user_data`; error codes and empty values are left out.

    >>> read_em("tv.1~em.e1~pn.~co0.US")
    {'address': [{'country': 'US'}]}
    """
    tokens = [token.partition(".") for token in said.split("~")]
    if not any(key == "tv" and value == "1" for key, _, value in tokens):
        return {}
    person: Node = {}
    addresses: dict[str, Node] = {}
    for key, _, value in tokens:
        known = _EM_KEY.fullmatch(key)
        if known is None or not value or _ERROR_CODE.fullmatch(value):
            continue
        kind, index = known.groups()
        if kind in _EM_PERSON:
            person.setdefault(_EM_PERSON[kind], []).append(value)
        elif kind in _EM_ADDRESS:
            addresses.setdefault(index, {})[_EM_ADDRESS[kind]] = value
    return person | ({"address": [addresses[index] for index in sorted(addresses)]} if addresses else {})


def as_digest(said: str) -> str | None:
    """Return a SHA-256 as lower-case hex, of hex or of base64 with or without padding; None if it is none.

    >>> as_digest("UMsk2oTrrTDsTX5dTi-ijaQp5zqPy9MTRG1lZ8XjSHw")
    '50cb24da84ebad30ec4d7e5d4e2fa28da429e73a8fcbd313446d6567c5e3487c'
    """
    if is_digest(said):
        return said.lower()
    word = said.rstrip("=").replace("+", "-").replace("/", "_")
    if _BASE64_DIGEST.fullmatch(word) is None:
        return None
    try:
        return urlsafe_b64decode(word + "=").hex()
    except binascii.Error:
        return None


def person_of(user_data: Node, location: Node) -> tuple[Node, tuple[Problem, ...]]:
    """Return TikTok's user fields, and what is to be said of them.

    `location` is Google's `user_location`, which counts where no address came.
    """
    problems: list[Problem] = []
    addresses = _addresses(at(user_data, "address"))
    plain_emails = _several(at(user_data, "email_address"))
    emails = as_list(*plain_emails, *_hashes(user_data, "email_address", "user.email", problems))
    phones = _several(at(user_data, "phone_number"))
    if emails and not plain_emails:
        problems.append(_GMAIL)
    fields: Node = {
        "email": emails,
        "phone": as_list(*phones, *_hashes(user_data, "phone_number", "user.phone", problems)),
        "first_name": _names(addresses, "first_name", problems),
        "last_name": _names(addresses, "last_name", problems),
        "zip_code": as_list(*(text(each, "postal_code") for each in addresses)),
        "city": first_text(*(text(each, "city") for each in addresses), text(location, "city")),
        "state": first_text(*(text(each, "region") for each in addresses), _region(location)),
        "country": first_text(*(text(each, "country") for each in addresses), text(location, "country_id")),
    }
    return fields, tuple(problems)


def _several(value: Any) -> list[str]:
    """Return a text or a list of texts as a list."""
    return as_list(*(text({"": each}, "") for each in _listed(value)))


def _addresses(value: Any) -> list[Node]:
    return [each for each in _listed(value) if isinstance(each, dict)]


def _listed(value: Any) -> list[Any]:
    """Return one or several as a list; one more than are taken of a person, so that it shows that there were more."""
    return value[: MOST_VALUES + 1] if isinstance(value, list) else [value]


def _hashes(node: Node, key: str, path: str, problems: list[Problem]) -> list[str]:
    said = _several(at(node, f"sha256_{key}"))
    found = [digest for each in said if (digest := as_digest(each)) is not None]
    if len(found) < len(said):
        reason = f"what stands in sha256_{key} is no SHA-256"
        fix = "send 64 hex digits, or the plain value under the key without sha256_"
        problems.append(Problem(path, reason, fix, Severity.DROPPED, "hash_unreadable"))
    return found


def _names(addresses: list[Node], key: str, problems: list[Problem]) -> list[str]:
    plain = [text(each, key) for each in addresses]
    hashed = [digest for each in addresses for digest in _hashes(each, key, f"user.{key}", problems)]
    return as_list(*plain, *hashed)


def _region(location: Node) -> str | None:
    """Return the state of a `region_id`, which is ISO 3166-2, or nothing.

    >>> _region({"region_id": "US-CA"})
    'CA'
    """
    region = text(location, "region_id")
    return None if region is None else region.rpartition("-")[2]
