"""The decision: given what the visitor said, where they are and how the source is read, send, limit or withhold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

import msgspec

from fullcount.consent.regions import Region, country_code, region_of
from fullcount.consent.states import may_honour_limited_data_use, state_code


class Signal(StrEnum):
    """What the visitor said."""

    GRANTED = "granted"
    DENIED = "denied"
    OPT_OUT = "opt_out"  # an objection to sale or targeting: GPC, an opt-out link
    LIMITED = "limited"  # may be sent under TikTok's limited data use
    UNREADABLE = "unreadable"  # an answer that we do not understand; it may be a refusal
    UNKNOWN = ""


class ConsentRule(StrEnum):
    """How a source's missing consent is read; the values are those of the settings."""

    REQUIRED = "required"
    BY_REGION = "by_region"
    OPT_OUT = "opt_out"
    SENDER_VOUCHES = "sender_vouches"


class Action(StrEnum):
    """What is to be done with the event."""

    SEND = "send"
    LIMIT = "limit"  # with limited data use, and without e-mail, phone and external_id
    WITHHOLD = "withhold"
    HOLD = "hold"  # hashed, until an answer comes; without one it is withheld


class ConsentDecision(msgspec.Struct, frozen=True):
    """What is to be done, why, and on what it rests."""

    action: Action
    reason: str = ""  # when withheld: consent_denied, consent_unknown or opt_out_signal; when held: if no answer comes
    basis: str = ""  # for a person: which rule, signal and region decided; never an identifier


class Circumstances(msgspec.Struct, frozen=True, kw_only=True):
    """What else bears on a decision.

    `may_be_answered`: the visitor's answer can still come by another way, as where a browser source feeds the pixel.
    `limits_opt_out`: the shop has chosen to send what a visitor objects to under limited data use, where TikTok can
    be expected to honour that.
    """

    state: str | None = None  # as a sender writes it: "CA", "US-CA", "California"
    may_be_answered: bool = False
    limits_opt_out: bool = False


_SAYS_NOTHING = frozenset({"", "unknown", "pending", "unset"})
_KNOWN = {signal.value: signal for signal in Signal if signal.value}


def read_signal(said: str | None) -> Signal:
    """Return the signal that an event's `consent` stands for; a word that we do not know is no grant.

    >>> read_signal("Granted"), read_signal(None), read_signal("declined")
    (<Signal.GRANTED: 'granted'>, <Signal.UNKNOWN: ''>, <Signal.UNREADABLE: 'unreadable'>)
    """
    if said is None:
        return Signal.UNKNOWN
    word = said.strip().lower()
    if word in _SAYS_NOTHING:
        return Signal.UNKNOWN
    return _KNOWN.get(word, Signal.UNREADABLE)


def consent_of(value: object) -> str | None:
    """Return a JSON value as the text of a `consent`: a boolean as its word, what cannot be read as unreadable."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return Signal.GRANTED.value if value else Signal.DENIED.value
    return Signal.UNREADABLE.value


def stricter(said: str | None, also_said: str | None) -> str | None:
    """Return which of two consents, said of the same event in two places, counts: the one that allows less.

    >>> stricter("granted", "denied"), stricter(None, "granted"), stricter("limited", "unknown")
    ('denied', 'granted', 'limited')
    """
    return max(said, also_said, key=lambda each: (_STRICTNESS[read_signal(each)], each is not None, each or ""))


def strictest(signals: Iterable[Signal]) -> Signal:
    """Return the signal that allows least; no signal at all says nothing.

    >>> strictest([Signal.GRANTED, Signal.OPT_OUT, Signal.UNKNOWN]).value, strictest([]).value
    ('opt_out', '')
    """
    return max(signals, key=_STRICTNESS.__getitem__, default=Signal.UNKNOWN)


_STRICTNESS = {
    Signal.UNKNOWN: 0,
    Signal.GRANTED: 1,
    Signal.LIMITED: 2,
    Signal.UNREADABLE: 3,
    Signal.OPT_OUT: 4,
    Signal.DENIED: 5,
}

_SENT = ConsentDecision(Action.SEND, basis="the visitor agreed")
_DENIED = ConsentDecision(Action.WITHHOLD, "consent_denied", "the visitor refused")
_OPT_OUT = ConsentDecision(Action.WITHHOLD, "opt_out_signal", "the visitor objected to sale or targeting")
_UNREADABLE = ConsentDecision(Action.WITHHOLD, "consent_unknown", "the visitor's answer cannot be read")
_NO_GRANT = ConsentDecision(Action.WITHHOLD, "consent_unknown", "the source requires a grant and there is none")
_NO_OBJECTION = ConsentDecision(Action.SEND, basis="no grant is needed here and the visitor did not object")
_LIMITED = ConsentDecision(Action.LIMIT, basis="the visitor allowed limited data use")
_VOUCHED = ConsentDecision(Action.SEND, basis="the visitor said nothing and the sender vouches")
_LIMITED_OBJECTION = ConsentDecision(
    Action.LIMIT, basis="the visitor objected to sale or targeting, and the shop sends that under limited data use"
)

# What each answer means where a grant is needed, and where it is enough that nobody objects (see docs/consent.md).
# Sources, read November 2026: EDPB Guidelines 2/2023 on Art. 5(3) ePrivacy; the US states' laws (see `states`).
TABLE: dict[Region, dict[Signal, ConsentDecision]] = {
    Region.OPT_IN: {
        Signal.GRANTED: _SENT,
        Signal.DENIED: _DENIED,
        Signal.OPT_OUT: _OPT_OUT,
        Signal.UNREADABLE: _UNREADABLE,
        Signal.LIMITED: _NO_GRANT,  # limited data use is a notion of US law
        Signal.UNKNOWN: _NO_GRANT,
    },
    Region.OPT_OUT: {
        Signal.GRANTED: _SENT,
        Signal.DENIED: _DENIED,
        Signal.OPT_OUT: _OPT_OUT,
        Signal.UNREADABLE: _UNREADABLE,
        Signal.LIMITED: _LIMITED,
        Signal.UNKNOWN: _NO_OBJECTION,
    },
}
# The rules that do not ask where the shopper is.
_EVERYWHERE = {
    ConsentRule.REQUIRED: Region.OPT_IN,
    ConsentRule.OPT_OUT: Region.OPT_OUT,
    ConsentRule.SENDER_VOUCHES: Region.OPT_OUT,
}
_ORDINARY = Circumstances()


def decide(
    said: str | None,
    country: str | None,
    rule: ConsentRule,
    regions: Mapping[str, str],
    circumstances: Circumstances = _ORDINARY,
) -> ConsentDecision:
    """Return what to do with an event whose `consent` is `said` and whose shopper is in `country`.

    Denied is never sent, under any rule. `regions` is the settings' table (see `region_of`). Where a grant is needed
    and nothing was said, an event whose answer may still come is held; decide again when it came, or without
    `may_be_answered` when its time is over.

    >>> decide(None, "DE", ConsentRule.BY_REGION, {}).reason, decide(None, "US", ConsentRule.BY_REGION, {}).action
    ('consent_unknown', <Action.SEND: 'send'>)
    """
    if said is None and rule is ConsentRule.SENDER_VOUCHES:
        return _VOUCHED
    signal = read_signal(said)
    region = _EVERYWHERE.get(rule) or region_of(country, regions, circumstances.state)
    decision = TABLE[region][signal]
    if decision is _NO_GRANT:
        return _without_grant(signal, country, rule, circumstances)
    if decision is _OPT_OUT and circumstances.limits_opt_out and region is Region.OPT_OUT:
        is_honoured = may_honour_limited_data_use(country, circumstances.state)
        return _LIMITED_OBJECTION if is_honoured else decision
    if decision is _NO_OBJECTION and rule is ConsentRule.SENDER_VOUCHES:
        return _VOUCHED
    return decision


def _without_grant(
    signal: Signal, country: str | None, rule: ConsentRule, circumstances: Circumstances
) -> ConsentDecision:
    """Return the decision where a grant is needed and there is none: hold it if one can come, else withhold it."""
    basis = _NO_GRANT.basis
    if rule is ConsentRule.BY_REGION:
        basis = f"{_place(country, circumstances.state)} needs a grant and there is none"
    if signal is Signal.UNKNOWN and circumstances.may_be_answered:
        return ConsentDecision(Action.HOLD, _NO_GRANT.reason, f"{basis} yet")
    return ConsentDecision(Action.WITHHOLD, _NO_GRANT.reason, basis)


def _place(country: str | None, state: str | None) -> str:
    code = country_code(country)
    if code is None:
        return "an unknown country"
    return "-".join(filter(None, (code, state_code(state))))
