"""Which law a shopper's country follows: must they have agreed first, or is it enough that they did not object?"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from fullcount.consent.states import state_code
from fullcount.events import countries


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


country_code = countries.country_code


def region_of(country: str | None, regions: Mapping[str, str], state: str | None = None) -> Region:
    """Return what the law of `country` asks for; unknown countries, and those in no table, need a grant.

    `regions` (ISO 3166 alpha-2, or ISO 3166-2 such as "US-WA", -> "opt_in" or "opt_out") speaks for what the built-in
    table leaves open; what it says of a state counts before what it says of the country, and a state that is not
    known may be the one that needs a grant. It can make the table stricter, never looser. `state` is as a sender
    writes it (see `state_code`).

    >>> region_of("DE", {"DE": "opt_out"}), region_of("US", {}), region_of("BR", {"BR": "opt_out"})
    (<Region.OPT_IN: 'opt_in'>, <Region.OPT_OUT: 'opt_out'>, <Region.OPT_OUT: 'opt_out'>)
    >>> [region_of("US", {"US-WA": "opt_in"}, state).value for state in ("wa", "TX", None)]
    ['opt_in', 'opt_out', 'opt_in']
    """
    code = country_code(country)
    if code is None or code in NEEDS_GRANT:
        return Region.OPT_IN
    of_country = Region(regions.get(code, Region.OPT_OUT if code in NEEDS_NO_GRANT else Region.OPT_IN))
    of_states = [key for key in regions if key.startswith(f"{code}-")]
    if not of_states:
        return of_country
    known = state_code(state)
    if known is not None:
        return Region(regions.get(f"{code}-{known}", of_country))
    return Region.OPT_IN if any(regions[key] == Region.OPT_IN for key in of_states) else of_country
