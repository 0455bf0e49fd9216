"""A hash says nothing of how it was made, unless one knows the value: then the usual wrong ways can be tried."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from fullcount.cli.mistakes import Mistake, people_of
from fullcount.events.problems import Severity
from fullcount.identity.digest import is_digest, sha256_hex
from fullcount.identity.phones import normalize_phone

EXAMPLE_PHONE = "+12133734253"  # TikTok's own example, which turns up in tests of every integration


class Known(msgspec.Struct, frozen=True):
    """Plain values that somebody says are in the body."""

    email: str = ""
    phone: str = ""
    country: str | None = None  # of a phone number without its code

    def __repr__(self) -> str:
        return "Known(…)"


def mistakes_of_hashes(body: Any, known: Known) -> Iterator[Mistake]:
    """Yield a mistake for each hash that is a known value's, made in a wrong way; and for a value that is not there."""
    phones, emails = _phone_forms(known), _email_forms(known)
    hashed: set[str] = set()
    found: set[str] = set()
    for path, user in people_of(body):
        for key, value in user.items():
            forms = phones if key.startswith("phone") else emails if key.startswith("email") else {}
            for digest in value if isinstance(value, list) else [value]:
                if is_digest(str(digest)):
                    hashed.add(key[:5])
                how = forms.get(str(digest).lower())
                if how is not None:
                    found.add(key[:5])
                if how:
                    yield Mistake(f"{path}.{key}", how, "it matches nobody", _FIXES[key[:5]])
    for key, value in (("phone", known.phone), ("email", known.email)):
        if value and key in hashed - found:
            yield Mistake(
                key,
                "no hash in it is that of the value you gave",
                "it matches somebody else, or nobody",
                f"send it plain to Fullcount, or hash it so: {_FIXES[key]}",
                Severity.WARNING,
            )


_FIXES = {"phone": "E.164 with its +, such as +15550100199, then SHA-256", "email": "trim, lower-case, then SHA-256"}


def _phone_forms(known: Known) -> dict[str, str]:
    typed = known.phone or EXAMPLE_PHONE
    forms = {sha256_hex(typed): "hashed as it was typed", sha256_hex(_digits(typed)): "hashed without its country code"}
    right = normalize_phone(typed, known.country)[0]
    if right is None:
        return forms
    digits = right.removeprefix("+")
    forms |= {sha256_hex(digits): "hashed without the +", sha256_hex(f"00{digits}"): "hashed with 00 in place of +"}
    return forms | _twice(right)


def _email_forms(known: Known) -> dict[str, str]:
    if not known.email:
        return {}
    forms = {
        sha256_hex(known.email): "hashed as it was typed",
        sha256_hex(known.email.strip()): "hashed without making it lower case",
        sha256_hex(known.email.lower()): "hashed without trimming it",
    }
    return forms | _twice(known.email.strip().lower())


def _twice(right: str) -> dict[str, str]:
    digest = sha256_hex(right)
    return {sha256_hex(digest): "hashed twice", sha256_hex(digest.upper()): "hashed twice", digest: ""}


def _digits(text: str) -> str:
    return "".join(letter for letter in text if letter.isdigit())
