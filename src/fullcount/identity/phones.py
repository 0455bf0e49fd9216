"""Phone numbers in E.164, the form that TikTok hashes: a plus, the country code, the number.

Clean E.164 input takes a short way that knows which lengths are possible; all else goes through phonenumbers, whose
metadata is loaded only then. A number is kept when it is *possible*; merely not *valid* is said, since number plans
change faster than metadata, and only where the metadata was asked.
"""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum

from fullcount.identity.calling_codes import POSSIBLE

LONGEST_E164 = 16  # with its plus
LONGEST_INPUT = 64  # with all spaces, brackets and an extension
_EXTENSION = re.compile(r"(?:;ext=|[;,]?\s*(?:ext(?:ension)?\.?|x|#))\s*[0-9]{1,7}\s*#?$", re.IGNORECASE)


class PhoneDoubt(StrEnum):
    """What is to be said of a number. Only NOT_VALID is kept."""

    NONE = ""
    NO_COUNTRY = "phone_without_country"
    LETTERS = "phone_with_letters"
    NOT_POSSIBLE = "phone_invalid"
    NOT_VALID = "phone_doubtful"


def normalize_phone(text: str, default_country: str | None = None) -> tuple[str | None, PhoneDoubt]:
    """Return the number in E.164, or None, and what is to be said of it.

    `default_country` (ISO 3166 alpha-2) is for numbers without a country code. `00` in front is read as a plus.

    >>> normalize_phone("(+1)2133734253")[0]  # TikTok's own example
    '+12133734253'
    >>> normalize_phone("030 901820", "DE")[0], normalize_phone("030 901820")[1].value
    ('+4930901820', 'phone_without_country')
    """
    clean = clean_e164(text)
    return (clean, PhoneDoubt.NONE) if clean is not None else parse_phone(text, default_country)


def clean_e164(text: str) -> str | None:
    """Return the text if it is certainly a possible number in E.164 already; None means: ask phonenumbers."""
    if text[:1] != "+" or len(text) > LONGEST_E164 or not text.isascii():
        return None
    digits = text[1:]
    if not digits.isdigit():
        return None
    code = digits[0]
    if code not in POSSIBLE:
        code = digits[:2]
        if code not in POSSIBLE:
            code = digits[:3]
            if code not in POSSIBLE:
                return None
    first, lengths = POSSIBLE[code]
    size = len(code)
    return text if len(digits) - size in lengths and digits[size] in first else None


def parse_phone(text: str, default_country: str | None = None) -> tuple[str | None, PhoneDoubt]:
    """Return what `normalize_phone` does, always by way of phonenumbers."""
    if len(text) > LONGEST_INPUT:
        return None, PhoneDoubt.NOT_POSSIBLE
    number = _digits_and_plus(text)
    if number is None:
        return None, PhoneDoubt.LETTERS
    if not number.strip("+"):
        return None, PhoneDoubt.NOT_POSSIBLE
    if number[0] != "+" and not default_country:
        return None, PhoneDoubt.NO_COUNTRY
    found, doubt = _ask_phonenumbers(number, default_country)
    for _ in range(3):
        # What is left after a trunk prefix is taken off may seem to have another one; the form must be final.
        if found is None or found == number or clean_e164(found):
            return found, doubt
        number = found
        found, doubt = _ask_phonenumbers(number, None)
    return (found, doubt) if found == number else (None, PhoneDoubt.NOT_POSSIBLE)


def _digits_and_plus(text: str) -> str | None:
    """Return the ASCII digits, led by a plus if there is one or `00` stands for it; None if there are letters."""
    text = unicodedata.normalize("NFKC", text).strip()
    if text[:4].lower() == "tel:":
        text = text[4:]
    text = _EXTENSION.sub("", text)
    digits = []
    plus = False
    for char in text:
        if char.isalpha():
            return None
        if char.isdecimal():
            digits.append(str(unicodedata.decimal(char)))
        elif char == "+" and not digits:
            plus = True
    number = "".join(digits)
    if not plus and number.startswith("00"):
        return f"+{number[2:]}"
    return f"+{number}" if plus else number


def _ask_phonenumbers(number: str, default_country: str | None) -> tuple[str | None, PhoneDoubt]:
    import phonenumbers  # noqa: PLC0415 - its metadata is large, and clean numbers do without

    try:
        parsed = phonenumbers.parse(number, default_country.upper() if default_country else None)
    except phonenumbers.NumberParseException:
        return None, PhoneDoubt.NOT_POSSIBLE
    if not phonenumbers.is_possible_number(parsed):
        return None, PhoneDoubt.NOT_POSSIBLE
    found = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    if len(found) > LONGEST_E164:
        return None, PhoneDoubt.NOT_POSSIBLE
    return found, PhoneDoubt.NONE if phonenumbers.is_valid_number(parsed) else PhoneDoubt.NOT_VALID
