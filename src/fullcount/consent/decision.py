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
    UNKNOWN = ""


class Rule(StrEnum):
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
    """Return the signal that an event's `consent` stands for; a word that we do not know is read as denied.

    >>> read_signal("Granted"), read_signal(None), read_signal("declined")
    (<Signal.GRANTED: 'granted'>, <Signal.UNKNOWN: ''>, <Signal.DENIED: 'denied'>)
    """
    if said is None:
        return Signal.UNKNOWN
    word = said.strip().lower()
    if word in _SAYS_NOTHING:
        return Signal.UNKNOWN
    return _KNOWN.get(word, Signal.DENIED)


# Answers that no rule and no region changes.
_ANSWERS = {
    Signal.GRANTED: ConsentDecision(Action.SEND, basis="the visitor agreed"),
    Signal.DENIED: ConsentDecision(Action.WITHHOLD, "consent_denied", "the visitor refused"),
    Signal.OPT_OUT: ConsentDecision(Action.WITHHOLD, "opt_out_signal", "the visitor objected to sale or targeting"),
}
_VOUCHED = ConsentDecision(Action.SEND, basis="the visitor said nothing and the sender vouches")
_NO_OBJECTION = ConsentDecision(Action.SEND, basis="no grant is needed here and the visitor did not object")
_LIMITED = ConsentDecision(Action.LIMIT, basis="the visitor allowed limited data use")
_REQUIRED = ConsentDecision(Action.WITHHOLD, "consent_unknown", "the source requires a grant and there is none")


def decide(said: str | None, country: str | None, rule: Rule, regions: Mapping[str, str]) -> ConsentDecision:
    """Return what to do with an event whose `consent` is `said` and whose shopper is in `country`.

    Denied is never sent, under any rule. `regions` is the settings' table (see `region_of`).

    >>> decide(None, "DE", Rule.BY_REGION, {}).reason, decide(None, "US", Rule.BY_REGION, {}).action
    ('consent_unknown', <Action.SEND: 'send'>)
    """
    signal = read_signal(said)
    answer = _ANSWERS.get(signal)
    if answer is not None:
        return answer
    if rule is Rule.REQUIRED:
        return _REQUIRED
    if rule is Rule.BY_REGION and region_of(country, regions) is Region.OPT_IN:
        place = country_code(country) or "an unknown country"
        return ConsentDecision(Action.WITHHOLD, "consent_unknown", f"{place} needs a grant and there is none")
    if signal is Signal.LIMITED:
        return _LIMITED
    return _VOUCHED if rule is Rule.SENDER_VOUCHES else _NO_OBJECTION
