"""From raw signals, as pages, tags and browsers carry them, to the one word that `decide` takes.

Each is read by itself, and the strictest counts: a signal that is added can only make an answer stricter. What cannot
be read is no grant, and nothing here raises for what it is given.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from fullcount.consent.bits import LONGEST
from fullcount.consent.decision import Signal, consent_of, read_signal, strictest
from fullcount.consent.google import only_limits, read_gcd, read_gcs, read_status
from fullcount.consent.gpp import read_gpp
from fullcount.consent.tcf import TcfRules, read_tcf
from fullcount.consent.us_privacy import read_us_privacy
from fullcount.events.countries import country_code
from fullcount.events.model import names_only


class Signals(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of one visitor's answer, as it came: text, booleans, or anything else that JSON can hold."""

    said: Any = None  # our snippet's word, or the `consent` of an event
    tcf: Any = None  # IAB TCF string: `euconsent-v2`, `__tcfapi`
    gpp: Any = None  # IAB GPP string: `__gpp`
    usp: Any = None  # US Privacy string: `usprivacy`, `us_privacy`
    gcs: Any = None  # Google's tags
    gcd: Any = None
    npa: Any = None  # Google's tags; `non_personalized_ads` of the Measurement Protocol
    ad_user_data: Any = None  # Measurement Protocol
    ad_personalization: Any = None
    ad_storage: Any = None
    shopify_marketing: Any = None  # `marketingAllowed` of Shopify's customer privacy
    shopify_sale_of_data: Any = None  # `saleOfDataAllowed`
    gpc: Any = None  # the `Sec-GPC` header
    country: str | None = None  # the shopper's, as the sender writes it
    region: str | None = None  # the state or province

    __repr__ = names_only


class Said(msgspec.Struct, frozen=True):
    """What all signals together say: `word` for `decide`, and for a person which of them decided."""

    word: str | None = None  # granted, limited, unreadable, opt_out, denied; None: no signal says anything
    basis: str = ""  # never an identifier, nor a consent string
    country: str | None = None  # ISO 3166 alpha-2
    region: str | None = None


def signals_of(given: Any, country: str | None = None, region: str | None = None) -> Signals:
    """Return the signals of a JSON value: a word, a boolean, or an object whose keys are the fields of `Signals`.

    An object in which no field is known is an answer that cannot be read. `country` and `region` are the caller's.
    """
    known = {key: given[key] for key in _FIELDS if key in given} if isinstance(given, dict) else {}
    if not known:
        known = {"said": consent_of(given if given != {} else None)}
    return Signals(**known, country=country, region=region)


def read_signals(signals: Signals, rules: TcfRules | None = None) -> Said:
    """Return what the signals say together: the strictest of them.

    >>> read_signals(Signals(said="granted", gpc="1", country="us"))  # doctest: +NORMALIZE_WHITESPACE
    Said(word='opt_out', basis='opt_out: the Sec-GPC header; less strict: the consent given with the event (granted)',
         country='US', region=None)
    """
    tcf_rules = rules or TcfRules()
    heard = [(name, _hear(getattr(signals, field), read, tcf_rules)) for field, (name, read) in _FIELDS.items()]
    heard = [(name, signal) for name, signal in heard if signal is not Signal.UNKNOWN]
    counts = strictest(signal for _, signal in heard)
    return Said(
        word=counts.value or None,
        basis=_basis(counts, heard),
        country=country_code(signals.country),
        region=signals.region,
    )


def _basis(counts: Signal, heard: list[tuple[str, Signal]]) -> str:
    if not heard:
        return "no signal"
    deciding = ", ".join(name for name, signal in heard if signal is counts)
    others = ", ".join(f"{name} ({signal.value})" for name, signal in heard if signal is not counts)
    return f"{counts.value}: {deciding}" + (f"; less strict: {others}" if others else "")


def _hear(value: Any, read: Callable[[Any, TcfRules], Signal], rules: TcfRules) -> Signal:
    if isinstance(value, str):
        value = value.strip()
        if len(value) > LONGEST:
            return Signal.UNREADABLE
    return Signal.UNKNOWN if value is None or value == "" else read(value, rules)


def _text(read: Callable[[str], Signal]) -> Callable[[Any, TcfRules], Signal]:
    return lambda value, _: read(value) if isinstance(value, str) else Signal.UNREADABLE


def _text_by_rules(read: Callable[[str, TcfRules], Signal]) -> Callable[[Any, TcfRules], Signal]:
    return lambda value, rules: read(value, rules) if isinstance(value, str) else Signal.UNREADABLE


# As JSON, query strings, cookies and cart attributes carry a boolean.
_YES = (True, "1", "true", "yes")  # True equals 1, and neither equals what cannot be hashed
_NO = (False, "0", "false", "no")


def _flag(yes: Signal, no: Signal) -> Callable[[Any, TcfRules], Signal]:
    def read(value: Any, _: TcfRules) -> Signal:
        word = value.lower() if isinstance(value, str) else value
        if word in _YES:
            return yes
        return no if word in _NO else Signal.UNREADABLE

    return read


def _status(value: Any, _: TcfRules) -> Signal:
    if isinstance(value, bool):
        return Signal.GRANTED if value else Signal.DENIED
    return read_status(value) if isinstance(value, str) else Signal.UNREADABLE


# Field of `Signals` -> what a person calls it, and how it is read.
_FIELDS: dict[str, tuple[str, Callable[[Any, TcfRules], Signal]]] = {
    "said": ("the consent given with the event", lambda value, _: read_signal(consent_of(value))),
    "tcf": ("the IAB TCF string", _text_by_rules(read_tcf)),
    "gpp": ("the IAB GPP string", _text_by_rules(read_gpp)),
    "usp": ("the US Privacy string", _text(read_us_privacy)),
    "gcs": ("Google's gcs", _text(read_gcs)),
    "gcd": ("Google's gcd", _text(read_gcd)),
    # It asks for ads that are not personalised (Google, "Consent mode"); 0 is its ordinary value and no grant.
    "npa": ("Google's npa", _flag(Signal.LIMITED, Signal.UNKNOWN)),
    "ad_user_data": ("Google's ad_user_data", _status),
    "ad_personalization": ("Google's ad_personalization", lambda value, rules: only_limits(_status(value, rules))),
    "ad_storage": ("Google's ad_storage", _status),
    # Shopify's marketingAllowed and saleOfDataAllowed already weigh the shopper's region and answer (shopify.dev,
    # Customer Privacy API, read November 2026); that data may be sold is no grant to send it.
    "shopify_marketing": ("Shopify's marketing permission", _flag(Signal.GRANTED, Signal.DENIED)),
    "shopify_sale_of_data": ("Shopify's sale-of-data permission", _flag(Signal.UNKNOWN, Signal.OPT_OUT)),
    "gpc": ("the Sec-GPC header", _flag(Signal.OPT_OUT, Signal.UNKNOWN)),
}
