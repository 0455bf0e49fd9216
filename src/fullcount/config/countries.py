"""The countries that a setting may name."""

from __future__ import annotations

from fullcount.consent.states import state_code
from fullcount.errors import ConfigError
from fullcount.events.countries import country_code

# ISO 3166-1 alpha-2 as of November 2026, and XK, by which phone numbers and shops know Kosovo.
COUNTRIES = frozenset({
    "AD", "AE", "AF", "AG", "AI", "AL", "AM", "AO", "AQ", "AR", "AS", "AT", "AU", "AW", "AX", "AZ",
    "BA", "BB", "BD", "BE", "BF", "BG", "BH", "BI", "BJ", "BL", "BM", "BN", "BO", "BQ", "BR", "BS", "BT", "BV", "BW",
    "BY", "BZ", "CA", "CC", "CD", "CF", "CG", "CH", "CI", "CK", "CL", "CM", "CN", "CO", "CR", "CU", "CV", "CW", "CX",
    "CY", "CZ", "DE", "DJ", "DK", "DM", "DO", "DZ", "EC", "EE", "EG", "EH", "ER", "ES", "ET", "FI", "FJ", "FK", "FM",
    "FO", "FR", "GA", "GB", "GD", "GE", "GF", "GG", "GH", "GI", "GL", "GM", "GN", "GP", "GQ", "GR", "GS", "GT", "GU",
    "GW", "GY", "HK", "HM", "HN", "HR", "HT", "HU", "ID", "IE", "IL", "IM", "IN", "IO", "IQ", "IR", "IS", "IT", "JE",
    "JM", "JO", "JP", "KE", "KG", "KH", "KI", "KM", "KN", "KP", "KR", "KW", "KY", "KZ", "LA", "LB", "LC", "LI", "LK",
    "LR", "LS", "LT", "LU", "LV", "LY", "MA", "MC", "MD", "ME", "MF", "MG", "MH", "MK", "ML", "MM", "MN", "MO", "MP",
    "MQ", "MR", "MS", "MT", "MU", "MV", "MW", "MX", "MY", "MZ", "NA", "NC", "NE", "NF", "NG", "NI", "NL", "NO", "NP",
    "NR", "NU", "NZ", "OM", "PA", "PE", "PF", "PG", "PH", "PK", "PL", "PM", "PN", "PR", "PS", "PT", "PW", "PY", "QA",
    "RE", "RO", "RS", "RU", "RW", "SA", "SB", "SC", "SD", "SE", "SG", "SH", "SI", "SJ", "SK", "SL", "SM", "SN", "SO",
    "SR", "SS", "ST", "SV", "SX", "SY", "SZ", "TC", "TD", "TF", "TG", "TH", "TJ", "TK", "TL", "TM", "TN", "TO", "TR",
    "TT", "TV", "TW", "TZ", "UA", "UG", "UM", "US", "UY", "UZ", "VA", "VC", "VE", "VG", "VI", "VN", "VU", "WF", "WS",
    "XK", "YE", "YT", "ZA", "ZM", "ZW",
})  # fmt: skip


def checked_country(country: str, where: str) -> str:
    """Return the ISO 3166 alpha-2 code of a country that a setting names.

    Raises:
        ConfigError: there is no such country, at `where`.

    >>> checked_country("UK", "sources[0].default_country")
    'GB'
    """
    code = country_code(country)
    if code is None or code not in COUNTRIES:
        raise ConfigError("not a country", where=where, fix='two capital letters (ISO 3166), such as "US" or "DE"')
    return code


def checked_place(place: str, where: str) -> str:
    """Return the code of a country, or of a state of the US as ISO 3166-2 has it, that a setting names.

    Raises:
        ConfigError: there is no such place, at `where`.

    >>> checked_place("uk", "consent.consent_regions.uk"), checked_place("US-WA", "consent.consent_regions.US-WA")
    ('GB', 'US-WA')
    """
    country, dash, state = place.partition("-")
    if not dash:
        return checked_country(place, where)
    if country.upper() != "US" or state_code(state) is None:
        raise ConfigError("not a country or a US state", where=where, fix='write "DE", or "US-WA" for a state')
    return f"US-{state_code(state)}"
