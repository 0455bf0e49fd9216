"""What in a text, a parameter or an unlisted key looks like a person's e-mail, phone or name, or a key to something."""

from __future__ import annotations

import re
from enum import Enum, auto
from functools import lru_cache
from urllib.parse import unquote

from fullcount.events.free_text import holds_identifier

_BARE_PHONE = re.compile(r"\(?[0-9](?:[ ().-]{0,2}[0-9]){9,14}")
_DECIMAL = re.compile(r"[0-9]+\.[0-9]+")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


class NameKind(Enum):
    """What the name of a parameter or key says of its value."""

    PLAIN = auto()
    ID = auto()  # a long number under it is no phone
    CLICK_ID = auto()  # opaque: what a signed token looks like says nothing
    PHONE = auto()
    PERSON = auto()  # e-mail, names, address, birthday, IP
    SECRET = auto()  # opens something: a key, a token, a session


_SECRET_PARTS = ("token", "session", "secret", "passw", "sessid", "signature", "credential")
_SECRET_WORDS = frozenset({"key", "sid", "sig", "auth", "jwt", "otp", "pwd", "pass", "pin"})
_PHONE_WORDS = frozenset({"tel", "telephone", "mobile", "cell", "msisdn", "whatsapp", "fax"})
# What a name ends in, whatever stands before it: billing_first_name, customer[last_name].
_PERSON_ENDINGS = (
    *(
        "birthdate",
        "birthday",
        "dateofbirth",
        "familyname",
        "firstname",
        "fullname",
        "givenname",
        "lastname",
        "surname",
    ),
    *("username", "postalcode", "postcode", "zipcode", "streetaddress", "ipaddress", "emailaddress"),
)
_PERSON_WORDS = frozenset("address addr dob fname fn ip lname ln mail street zip zp".split())  # noqa: SIM905 - read as words
_PEOPLE = frozenset(
    "billing buyer cardholder client contact customer guest holder member patient person profile receiver recipient"  # noqa: SIM905 - read as words
    " shipping shopper subscriber user visitor".split()
)
_DIGITS = "0123456789"
_ID_WORDS = frozenset(
    {
        "id",
        "ids",
        "order",
        "orders",
        "number",
        "no",
        "nr",
        "sku",
        "variant",
        "product",
        "item",
        "cart",
        "checkout",
        "campaign",
        "adgroup",
        "ad",
        "creative",
        "time",
        "timestamp",
        "ts",
        "t",
        "v",
        "ver",
        "version",
        "amount",
        "price",
        "value",
    }
)


def kind_of(name: str) -> NameKind:
    """Return what a parameter's or key's name says of its value.

    >>> kind_of("access_token").name, kind_of("orderKey").name, kind_of("keyword").name, kind_of("ttclid").name
    ('SECRET', 'SECRET', 'PLAIN', 'CLICK_ID')
    >>> kind_of("billing_first_name").name, kind_of("customerName").name, kind_of("content_name").name
    ('PERSON', 'PERSON', 'PLAIN')
    """
    return _cached_kind(name) if len(name) <= 40 else _judged_kind(name)


def _judged_kind(name: str) -> NameKind:
    words = re.split(r"[^a-z0-9]+", _HUMP.sub("_", unquote(name)).lower())
    joined = "".join(words)
    if joined.endswith("clid"):
        return NameKind.CLICK_ID
    if any(part in joined for part in _SECRET_PARTS) or joined.endswith("key") or not _SECRET_WORDS.isdisjoint(words):
        return NameKind.SECRET
    if "phone" in joined or not _PHONE_WORDS.isdisjoint(words):
        return NameKind.PHONE
    if "email" in joined or _is_of_a_person(words, joined.rstrip(_DIGITS)):
        return NameKind.PERSON
    if words[0] == "utm" or joined.endswith("id") or not _ID_WORDS.isdisjoint(words):
        return NameKind.ID
    return NameKind.PLAIN


def _is_of_a_person(words: list[str], joined: str) -> bool:
    """Return whether a name is one of a personal value: by its ending, by its last word, or customer_name and such."""
    if joined.endswith(_PERSON_ENDINGS):
        return True
    named = [word.rstrip(_DIGITS) for word in words if word.rstrip(_DIGITS)]
    last = named[-1] if named else ""
    return last in _PERSON_WORDS or (last == "name" and not _PEOPLE.isdisjoint(named))


_cached_kind = lru_cache(maxsize=1024)(_judged_kind)


def is_private(name: str, value: str) -> bool:
    """Return whether a parameter or key must not be stored: by its name, or by what its value looks like.

    The value may be percent-encoded, several times over, and may itself be a URL with parameters.
    """
    return _is_private(name, decoded(value), nested=True)


def _is_private(name: str, plain: str, *, nested: bool) -> bool:
    kind = kind_of(name)
    if kind is NameKind.SECRET or kind is NameKind.PERSON:
        return bool(plain)
    is_held = holds_identifier(plain)
    if is_held or kind is NameKind.CLICK_ID:
        return is_held
    if kind is NameKind.PHONE:
        return sum(char.isdecimal() for char in plain) >= 7
    if kind is NameKind.PLAIN and looks_like_phone(plain):
        return True
    if nested and "=" in plain:
        pieces = (piece.partition("=") for piece in re.split(r"[?&#;]", plain))
        return any(_is_private(inner, rest, nested=False) for inner, equals, rest in pieces if equals)
    return False


def looks_like_phone(text: str) -> bool:
    """Return whether the whole text could be a phone number, with or without a country code.

    >>> looks_like_phone("(555) 010-0199"), looks_like_phone("15550100199"), looks_like_phone("12345.6789012")
    (True, True, False)
    """
    text = text.strip()
    return _BARE_PHONE.fullmatch(text) is not None and _DECIMAL.fullmatch(text) is None


def decoded(text: str) -> str:
    """Return the text with percent-encoding undone, at most three times over."""
    for _ in range(3):
        if "%" not in text:
            break
        text = unquote(text)
    return text
