"""Who an event is about, of Meta's hashes those that are TikTok's as well.

Meta hashes a phone number without its plus and a place without its blanks (facebook-nodejs-business-sdk 24.0.1, read
November 2026), and TikTok hashes the number with it and wants places plain: such hashes can match nobody.
"""

from __future__ import annotations

import re
from typing import Any

from fullcount.events.countries import country_code
from fullcount.events.problems import Problem, Severity
from fullcount.identity.advanced_matching import MOST_VALUES
from fullcount.identity.digest import is_digest
from fullcount.identity.phones import PhoneDoubt, parse_phone
from fullcount.sources.payload import Node, as_list, at, first_text, text
from fullcount.sources.sender import Rules

_MD5 = re.compile(r"[0-9a-fA-F]{32}").fullmatch
_PLACES = (("ct", "city"), ("st", "state"), ("country", "country"))
_PHONE_HASH = Problem(
    "user_data.ph",
    "Meta hashes phone numbers without their plus and TikTok with it, so the hash can match nobody and was dropped",
    "send the plain number, with its country code; it is hashed here",
    Severity.DROPPED,
    "phone_hash_of_meta",
)


def user_of(event: Node, rules: Rules) -> tuple[Node, tuple[Problem, ...]]:
    """Return the person in the event's shape, and what of it could not be used."""
    given = at(event, "user_data")
    problems: list[Problem] = []
    user: Node = {
        "email": _usable(given, "em", problems),
        "external_id": as_list(*_texts(given, "external_id")),
        "first_name": _usable(given, "fn", problems),
        "last_name": _usable(given, "ln", problems),
        "zip_code": _usable(given, "zp", problems),
        "ip": text(given, "client_ip_address"),
        "user_agent": text(given, "client_user_agent"),
        "ttclid": first_text(text(event, "custom_data", "ttclid"), text(given, "ttclid")),
        "ttp": first_text(text(event, "custom_data", "ttp"), text(given, "ttp")),
    }
    for key, name in _PLACES:
        user[name] = next((word for word in _texts(given, key) if not _is_hash(word)), None)
        if user[name] is None and any(_texts(given, key)):
            problems.append(_place_hash(key))
    user["phone"] = _phones(given, country_code(user["country"]) or rules.default_country, problems)
    return user, tuple(problems)


def _texts(given: Any, key: str) -> list[str]:
    """Return a key's values as text, one or several; one more than are taken of a person, if there are more."""
    held = at(given, key)
    several = held[: MOST_VALUES + 1] if isinstance(held, list) else [held]
    return [found for each in several if (found := text({"value": each}, "value")) is not None]


def _usable(given: Any, key: str, problems: list[Problem]) -> list[str]:
    """Return plain values and SHA-256 hashes; an MD5, which Meta's SDKs let pass too, is of no use at TikTok."""
    found = as_list(*_texts(given, key))
    if any(_MD5(word) for word in found):
        reason, fix = "an MD5 hash matches nobody at TikTok and was dropped", "send it plain, or hashed with SHA-256"
        problems.append(Problem(f"user_data.{key}", reason, fix, Severity.DROPPED, "md5_hash"))
    return [word for word in found if not _MD5(word)]


def _phones(given: Any, country: str | None, problems: list[Problem]) -> list[str]:
    found = as_list(*_texts(given, "ph"))
    plain = [word for word in found if not _is_hash(word)]
    if len(plain) < len(found):
        problems.append(_PHONE_HASH)
    return [_international(word, country) for word in plain]


def _international(word: str, country: str | None) -> str:
    """Return a plain number with its plus: Meta wants it with its country code and takes it without the plus.

    One that is no valid number that way is left to `country`, where one is known.
    """
    if word.startswith(("+", "00")):
        return word
    number, doubt = parse_phone(f"+{word}")
    is_international = number is not None and (doubt is PhoneDoubt.NONE or country is None)
    return number if is_international and number is not None else word


def _is_hash(word: str) -> bool:
    return is_digest(word) or _MD5(word) is not None


def _place_hash(key: str) -> Problem:
    reason = "it is hashed, and TikTok takes places only plain, so it was dropped"
    return Problem(f"user_data.{key}", reason, "send it plain", Severity.DROPPED, "place_hashed")
