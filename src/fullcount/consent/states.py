"""The US states whose law lets a shopper opt out of targeted advertising: data, with the dates it rests on.

Read 2026-11-23: the states' statutes for the dates, and law firms' overviews of 2026 for who must heed the Global
Privacy Control. They differ on dates by some months, so nothing is decided by a date. Florida is left out: its law
binds only the largest companies.
"""

from __future__ import annotations

import re

import msgspec

from fullcount.events.countries import country_code


class StateLaw(msgspec.Struct, frozen=True):
    """One state's law: since when it holds, and whether it says that the Global Privacy Control must be heeded."""

    name: str
    since: str  # ISO date
    names_gpc: bool


# ISO 3166-2 without "US-" -> its law.
STATE_LAWS = {
    "CA": StateLaw("California", "2020-01-01", names_gpc=True),
    "CO": StateLaw("Colorado", "2023-07-01", names_gpc=True),
    "CT": StateLaw("Connecticut", "2023-07-01", names_gpc=True),
    "DE": StateLaw("Delaware", "2025-01-01", names_gpc=True),
    "IA": StateLaw("Iowa", "2025-01-01", names_gpc=False),
    "IN": StateLaw("Indiana", "2026-01-01", names_gpc=False),
    "KY": StateLaw("Kentucky", "2026-01-01", names_gpc=False),
    "MD": StateLaw("Maryland", "2025-10-01", names_gpc=True),
    "MN": StateLaw("Minnesota", "2025-07-31", names_gpc=True),
    "MT": StateLaw("Montana", "2024-10-01", names_gpc=True),
    "NE": StateLaw("Nebraska", "2025-01-01", names_gpc=True),
    "NH": StateLaw("New Hampshire", "2025-01-01", names_gpc=True),
    "NJ": StateLaw("New Jersey", "2025-01-15", names_gpc=True),
    "OR": StateLaw("Oregon", "2024-07-01", names_gpc=True),
    "RI": StateLaw("Rhode Island", "2026-01-01", names_gpc=False),
    "TN": StateLaw("Tennessee", "2025-07-01", names_gpc=False),
    "TX": StateLaw("Texas", "2024-07-01", names_gpc=True),
    "UT": StateLaw("Utah", "2023-12-31", names_gpc=False),
    "VA": StateLaw("Virginia", "2023-01-01", names_gpc=False),
}

_CODE = re.compile(r"(?:[A-Z]{2}-)?([A-Z0-9]{1,3})")
_BY_NAME = {law.name.upper().replace(" ", ""): code for code, law in STATE_LAWS.items()}


def state_code(state: str | None) -> str | None:
    """Return the ISO 3166-2 code, without its country, that a sender's state stands for; None if it is not known.

    Names are known of the states in `STATE_LAWS` only, and with or without their space.

    >>> state_code("us-ca"), state_code("newhampshire"), state_code("Atlantis")
    ('CA', 'NH', None)
    """
    if not state:
        return None
    said = state.strip().upper()
    named = _BY_NAME.get(said.replace(" ", ""))
    if named is not None:
        return named
    found = _CODE.fullmatch(said)
    return found[1] if found else None


def may_honour_limited_data_use(country: str | None, state: str | None) -> bool:
    """Say whether TikTok can be expected to honour limited data use for a shopper there.

    TikTok honours it "in eligible locations", which it does not list where we could read it (November 2026): so only
    where a state's law asks for it, and never where the state is not known.

    >>> may_honour_limited_data_use("US", "CA"), may_honour_limited_data_use("US", None)
    (True, False)
    """
    return country_code(country) == "US" and state_code(state) in STATE_LAWS
