"""The identifiers that TikTok wants hashed: normalised, never hashed twice, placeholders refused."""

from __future__ import annotations

from collections.abc import Callable

from fullcount.events.model import Identifiers
from fullcount.events.problem_list import ProblemList
from fullcount.identity.digest import is_digest, sha256_hex
from fullcount.identity.emails import normalize_email
from fullcount.identity.phones import PhoneDoubt, clean_e164, parse_phone
from fullcount.identity.placeholders import DIGESTS, PLACEHOLDERS

MOST_VALUES = 10  # of one identifier: nobody has more addresses, and a request holds only so much
# Takes one trimmed value and its path; returns the normal form, or None after saying why.
Normalize = Callable[[str, str, ProblemList], str | None]


def hashed(values: Identifiers, path: str, normalize: Normalize, problems: ProblemList) -> Identifiers:
    """Return the SHA-256 of one value or of several, without repetitions; None if nothing usable is left.

    A value that is a SHA-256 already is taken as it is, in lower case. Beyond MOST_VALUES they are dropped, and said.
    """
    if values is None:
        return None
    if isinstance(values, str):
        return _hashed_one(values, path, normalize, problems)
    if len(values) > MOST_VALUES:
        reason = f"{len(values):,} values of one person; the first {MOST_VALUES} were taken"
        problems.drop(path, "too_many_values", reason, "send those that the person uses")
        values = values[:MOST_VALUES]
    found = (_hashed_one(value, f"{path}.{i}", normalize, problems) for i, value in enumerate(values))
    distinct = tuple(dict.fromkeys(digest for digest in found if digest is not None))
    return distinct if len(distinct) > 1 else distinct[0] if distinct else None


def _hashed_one(value: str, path: str, normalize: Normalize, problems: ProblemList) -> str | None:
    text = value.strip()
    if not text:
        return None
    if len(text) == 64 and is_digest(text):
        digest = text.lower()
        if digest not in DIGESTS:
            return digest
    else:
        normal = normalize(text, path, problems)
        if not normal:
            return None
        if normal.lower() not in PLACEHOLDERS:
            return sha256_hex(normal)
    reason = "the value, or what it is the hash of, is empty or a placeholder"
    problems.drop(path, "placeholder", reason, "leave the field out when the value is unknown")
    return None


def as_email(text: str, path: str, problems: ProblemList) -> str | None:
    """Return the normal form of an e-mail address, or say that it is none."""
    address = normalize_email(text)
    if address is None:
        problems.drop(path, "email_invalid", "not an e-mail address", "send it as name@host, plain or as SHA-256 hex")
    return address


_PHONE_WORDS = {
    PhoneDoubt.NO_COUNTRY: (
        "a number without a country code",
        'send it as "+", country code, number; or set default_country for the source',
    ),
    PhoneDoubt.LETTERS: ("letters in a phone number", "send digits"),
    PhoneDoubt.NOT_POSSIBLE: ("not a possible phone number", 'send it as "+", country code, number'),
    PhoneDoubt.NOT_VALID: (
        "a possible number that no number plan lists",
        "check it, and its country if it came without a code; it was sent as it is",
    ),
}


def phone_reader(default_country: str | None) -> Normalize:
    """Return a normaliser for phone numbers of a source whose shoppers are mostly in `default_country`."""

    def as_phone(text: str, path: str, problems: ProblemList) -> str | None:
        if clean_e164(text) is not None:
            return text
        number, doubt = parse_phone(text, default_country)
        if doubt is not PhoneDoubt.NONE:
            reason, fix = _PHONE_WORDS[doubt]
            (problems.warn if number is not None else problems.drop)(path, doubt.value, reason, fix)
        return number

    return as_phone


def as_is(text: str, _path: str, _findings: ProblemList) -> str:
    """Return the trimmed text: the rule for external_id."""
    return text


def in_lower_case(text: str, _path: str, _findings: ProblemList) -> str:
    """Return the trimmed text in lower case: the rule for external_id where the browser's half does so."""
    return text.lower()
