"""The decision: given what the visitor said, where they are and how the source is read, send, limit or withhold."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from fullcount.consent.regions import Region, country_code, region_of


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


class ConsentDecision(msgspec.Struct, frozen=True):
    """What is to be done, why, and on what it rests."""

    action: Action
    reason: str = ""  # when withheld: consent_denied, consent_unknown or opt_out_signal
    basis: str = ""  # for a person: which rule, signal and region decided; never an identifier


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
    return max(said, also_said, key=lambda each: _STRICTNESS[read_signal(each)])


_STRICTNESS = {
    Signal.UNKNOWN: 0,
    Signal.GRANTED: 1,
    Signal.LIMITED: 2,
    Signal.UNREADABLE: 3,
    Signal.OPT_OUT: 4,
    Signal.DENIED: 5,
}

# Answers that no rule and no region changes.
_ANSWERS = {
    Signal.GRANTED: ConsentDecision(Action.SEND, basis="the visitor agreed"),
    Signal.DENIED: ConsentDecision(Action.WITHHOLD, "consent_denied", "the visitor refused"),
    Signal.OPT_OUT: ConsentDecision(Action.WITHHOLD, "opt_out_signal", "the visitor objected to sale or targeting"),
    Signal.UNREADABLE: ConsentDecision(Action.WITHHOLD, "consent_unknown", "the visitor's answer cannot be read"),
}
_VOUCHED = ConsentDecision(Action.SEND, basis="the visitor said nothing and the sender vouches")
_NO_OBJECTION = ConsentDecision(Action.SEND, basis="no grant is needed here and the visitor did not object")
_LIMITED = ConsentDecision(Action.LIMIT, basis="the visitor allowed limited data use")
_REQUIRED = ConsentDecision(Action.WITHHOLD, "consent_unknown", "the source requires a grant and there is none")
# What silence means under the rules that do not ask where the shopper is.
_SILENCE = {ConsentRule.SENDER_VOUCHES: _VOUCHED, ConsentRule.OPT_OUT: _NO_OBJECTION, ConsentRule.REQUIRED: _REQUIRED}


def decide(said: str | None, country: str | None, rule: ConsentRule, regions: Mapping[str, str]) -> ConsentDecision:
    """Return what to do with an event whose `consent` is `said` and whose shopper is in `country`.

    Denied is never sent, under any rule. `regions` is the settings' table (see `region_of`).

    >>> decide(None, "DE", ConsentRule.BY_REGION, {}).reason, decide(None, "US", ConsentRule.BY_REGION, {}).action
    ('consent_unknown', <Action.SEND: 'send'>)
    """
    if said is None and (of_silence := _SILENCE.get(rule)) is not None:
        return of_silence
    signal = read_signal(said)
    answer = _ANSWERS.get(signal)
    if answer is not None:
        return answer
    if rule is ConsentRule.REQUIRED:
        return _REQUIRED
    if rule is ConsentRule.BY_REGION and region_of(country, regions) is Region.OPT_IN:
        place = country_code(country) or "an unknown country"
        return ConsentDecision(Action.WITHHOLD, "consent_unknown", f"{place} needs a grant and there is none")
    if signal is Signal.LIMITED:
        return _LIMITED
    return _VOUCHED if rule is ConsentRule.SENDER_VOUCHES else _NO_OBJECTION
