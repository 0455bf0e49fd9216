"""The IAB TCF string (`euconsent-v2`, `__tcfapi`): what the visitor allowed in the EEA, purpose by purpose.

Layout: IAB Tech Lab, "Consent string and vendor list formats v2", core segment; the same for v2.0 to v2.3.
No vendor number of TikTok's is known (November 2026), so by default the purposes alone decide.
"""

from __future__ import annotations

import msgspec

from fullcount.consent.bits import BitReader
from fullcount.consent.decision import Signal

VERSION = 2
MEASUREMENT = frozenset({1, 7})  # store or read on the device; measure advertising
PERSONALISED = frozenset({3, 4})  # build a profile; choose ads by it: what TikTok does with an event
PURPOSES = 24  # bits that the string has for them
_BEFORE_SCOPE = 132  # bits of dates, of the banner and of the lists' versions, behind the version
_BEFORE_PURPOSES = 13  # whether the texts were the standard ones, and the special features
_BEFORE_VENDORS = 37  # legitimate interests by purpose, the treatment of purpose 1, the publisher's country
_CONSENT_ONLY = 1  # the restriction that asks for what we ask for anyway


class TcfRules(msgspec.Struct, frozen=True):
    """What a TC string must allow: all of `purposes`, and `vendor_id` (TikTok's number at the IAB) if one is set."""

    purposes: frozenset[int] = MEASUREMENT | PERSONALISED
    vendor_id: int | None = None


def read_tcf(text: str, rules: TcfRules) -> Signal:
    """Return what a TC string says: granted if it allows all that is asked, limited if only measurement, else denied.

    A string that cannot be read to its end is unreadable. So is a grant from the shared storage of several sites,
    which the IAB ended on 1 September 2021: it may have been given to another shop.

    >>> read_tcf("CQZ", TcfRules())
    <Signal.UNREADABLE: 'unreadable'>
    """
    try:
        bits = BitReader(text.partition(".")[0])
        if bits.take(6) != VERSION:
            return Signal.UNREADABLE
        bits.skip(_BEFORE_SCOPE)
        is_own_answer = bits.flag()
        allowed = _allowed(bits, rules.vendor_id)
    except (ValueError, EOFError):
        return Signal.UNREADABLE
    if rules.purposes <= allowed:
        return Signal.GRANTED if is_own_answer else Signal.UNREADABLE
    if allowed >= MEASUREMENT:
        return Signal.LIMITED if is_own_answer else Signal.UNREADABLE
    return Signal.DENIED


def _allowed(bits: BitReader, vendor_id: int | None) -> frozenset[int]:
    """Return the purposes that the visitor agreed to, less those that the vendor may not follow on that ground."""
    bits.skip(_BEFORE_PURPOSES)
    agreed = frozenset(purpose for purpose in range(1, PURPOSES + 1) if bits.flag())
    bits.skip(_BEFORE_VENDORS)
    vendor = vendor_id or 0  # no vendor has the number 0
    has_vendor = _names(bits, vendor)
    _names(bits, vendor)  # legitimate interests, which no grant can rest on
    agreed -= _restricted(bits, vendor)
    return agreed if vendor_id is None or has_vendor else frozenset()


def _names(bits: BitReader, vendor: int) -> bool:
    """Pass over a list of vendors; return whether it names this one."""
    last = bits.take(16)
    if bits.flag():
        return _is_in_ranges(bits, vendor)
    if not 1 <= vendor <= last:
        bits.skip(last)
        return False
    bits.skip(vendor - 1)
    is_named = bits.flag()
    bits.skip(last - vendor)
    return is_named


def _is_in_ranges(bits: BitReader, vendor: int) -> bool:
    is_named = False
    for _ in range(bits.take(12)):
        is_range = bits.flag()
        first = bits.take(16)
        last = bits.take(16) if is_range else first
        is_named = is_named or first <= vendor <= last
    return is_named


def _restricted(bits: BitReader, vendor: int) -> frozenset[int]:
    """Return the purposes that the publisher forbids this vendor, or allows it on another ground than consent."""
    forbidden = set()
    for _ in range(bits.take(12)):
        purpose, kind = bits.take(6), bits.take(2)
        if _is_in_ranges(bits, vendor) and kind != _CONSENT_ONLY:
            forbidden.add(purpose)
    return frozenset(forbidden)
