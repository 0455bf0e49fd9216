"""Countries as senders write them, and their codes."""

from __future__ import annotations

# Ways to say a country that are common in shop data and are not its ISO 3166 alpha-2 code.
_OTHER_SPELLINGS = {"UK": "GB", "EL": "GR", "USA": "US", "UNITED STATES": "US", "UNITED KINGDOM": "GB"}


def country_code(country: str | None) -> str | None:
    """Return the ISO 3166 alpha-2 code that a sender's country stands for, or None if that cannot be known.

    >>> country_code("us"), country_code(" UK "), country_code("Atlantis"), country_code(None)
    ('US', 'GB', None, None)
    """
    if not country:
        return None
    said = country.strip().upper()
    said = _OTHER_SPELLINGS.get(said, said)
    return said if len(said) == 2 and said.isascii() and said.isalpha() else None
