"""Which law a shopper's country follows: must they have agreed first, or is it enough that they did not object?"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Region(StrEnum):
    """What a region's law asks for."""

    OPT_IN = "opt_in"  # a grant comes first
    OPT_OUT = "opt_out"  # sent unless a signal objects


EU = frozenset({
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU",
    "IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
})  # fmt: skip
# Parts of the EU that have country codes of their own (outermost regions of France, Åland).
EU_OUTERMOST = frozenset({"AX", "GF", "GP", "MF", "MQ", "RE", "YT"})
EEA = EU | EU_OUTERMOST | frozenset({"IS", "LI", "NO"})
NEEDS_GRANT = EEA | {"GB", "CH"}
NEEDS_NO_GRANT = frozenset({"US"})

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


def region_of(country: str | None, regions: Mapping[str, str]) -> Region:
    """Return what the law of `country` asks for; unknown countries, and those in no table, need a grant.

    `regions` (ISO 3166 alpha-2 -> "opt_in" or "opt_out") speaks for the countries that the built-in table leaves
    open. It can make the table stricter, never looser.

    >>> region_of("DE", {"DE": "opt_out"}), region_of("US", {}), region_of("BR", {"BR": "opt_out"})
    (<Region.OPT_IN: 'opt_in'>, <Region.OPT_OUT: 'opt_out'>, <Region.OPT_OUT: 'opt_out'>)
    """
    code = country_code(country)
    if code is None or code in NEEDS_GRANT:
        return Region.OPT_IN
    default = Region.OPT_OUT if code in NEEDS_NO_GRANT else Region.OPT_IN
    return Region(regions.get(code, default))
