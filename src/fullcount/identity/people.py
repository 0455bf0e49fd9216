"""Names, postal codes and places in the form that TikTok wants."""

from __future__ import annotations

import unicodedata


def normalize_name(text: str) -> str:
    """Return a first or last name in lower case, without punctuation, with single spaces.

    >>> normalize_name("  O'Brien-Smith "), normalize_name("JOSÉ  María"), normalize_name("Мария")
    ('obriensmith', 'josé maría', 'мария')
    """
    low = _folded(text)
    if not low.isalpha():
        low = "".join(char for char in low if not unicodedata.category(char).startswith("P"))
    return " ".join(low.split())


def normalize_zip_code(text: str) -> str:
    """Return a postal code in lower case, without spaces and dashes.

    >>> normalize_zip_code("SW1A 1AA"), normalize_zip_code("94107-1234")
    ('sw1a1aa', '941071234')
    """
    low = _folded(text)
    return low if low.isalnum() else "".join(char for char in low if not char.isspace() and not _is_dash(char))


def normalize_place(text: str) -> str:
    """Return a city, state or country in lower case, letters and digits only; letters of any script stay.

    >>> normalize_place("New York"), normalize_place("São Paulo"), normalize_place("القاهرة")
    ('newyork', 'sãopaulo', 'القاهرة')
    """
    low = _folded(text)
    if low.isalnum():
        return low
    return "".join(char for char in low if char.isalnum() or unicodedata.category(char).startswith("M"))


def _is_dash(char: str) -> bool:
    return unicodedata.category(char) == "Pd"


def _folded(text: str) -> str:
    """Return the text trimmed, composed and in lower case; applying it twice changes nothing more."""
    text = text.strip()
    return text.lower() if text.isascii() else unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).lower())
