"""Google's consent mode, as its tags (`gcs`, `gcd`, `npa`) and the Measurement Protocol (`consent`) carry it.

Google documents the states and not the letters: these are from what practitioners read in requests (2024), who differ
on p, q and l. So only the letters that all of them call granted are a grant.
"""

from __future__ import annotations

import re

from fullcount.consent.decision import Signal, strictest

_GCS = re.compile(r"G1([01-])[01-]")  # advertising, then analytics, which TikTok's events do not rest on
_GCS_SAYS = {"1": Signal.GRANTED, "0": Signal.DENIED, "-": Signal.UNKNOWN}

# Storage for ads, analytics, user data for ads, personalised ads; then a digit, and more in newer tags.
_GCD = re.compile(r"[0-9]{2}([a-z])[0-9][a-z][0-9]([a-z])[0-9]([a-z])[0-9][0-9a-z]*")
_GCD_SAYS = {
    "l": Signal.UNKNOWN,  # not set
    "m": Signal.DENIED,  # by the visitor
    "n": Signal.GRANTED,  # by the visitor
    "p": Signal.DENIED,  # by default, and not answered since
    "q": Signal.DENIED,  # by default and by the visitor
    "r": Signal.GRANTED,  # by the visitor, denied by default
    "t": Signal.GRANTED,  # by default, and not answered since
    "u": Signal.DENIED,  # by the visitor, granted by default
    "v": Signal.GRANTED,  # by default and by the visitor
}

_STATUS = {
    "granted": Signal.GRANTED,
    "denied": Signal.DENIED,
    "": Signal.UNKNOWN,
    "unspecified": Signal.UNKNOWN,
}


def read_gcs(text: str) -> Signal:
    """Return what `gcs` says of storage for ads: `G111` granted, `G100` denied, `G1--` nothing.

    >>> read_gcs("G110").value, read_gcs("G101").value, read_gcs("G1--").value, read_gcs("G2").value
    ('granted', 'denied', '', 'unreadable')
    """
    found = _GCS.fullmatch(text)
    return Signal.UNREADABLE if found is None else _GCS_SAYS[found[1]]


def read_gcd(text: str) -> Signal:
    """Return what `gcd` says: limited if only personalised ads are refused.

    >>> read_gcd("13t3t3t3t5l1").value, read_gcd("11p1p1p1p5").value, read_gcd("13v3v3v3q5").value
    ('granted', 'denied', 'limited')
    """
    found = _GCD.fullmatch(text)
    if found is None:
        return Signal.UNREADABLE
    storage, user_data, personalised = (_GCD_SAYS.get(letter, Signal.UNREADABLE) for letter in found.groups())
    return strictest((storage, user_data, only_limits(personalised)))


def read_status(text: str) -> Signal:
    """Return what one of the states GRANTED and DENIED says, in any case.

    >>> read_status("GRANTED").value, read_status("denied").value, read_status("yes").value
    ('granted', 'denied', 'unreadable')
    """
    return _STATUS.get(text.lower(), Signal.UNREADABLE)


def only_limits(personalised: Signal) -> Signal:
    """Return what an answer on personalised ads means for the event: a refusal limits it, a grant is no grant to send.

    >>> only_limits(Signal.DENIED).value, only_limits(Signal.GRANTED).value
    ('limited', '')
    """
    if personalised is Signal.DENIED:
        return Signal.LIMITED
    return Signal.UNKNOWN if personalised is Signal.GRANTED else personalised
