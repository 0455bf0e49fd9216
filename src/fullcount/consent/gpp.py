"""The IAB GPP string (`__gpp`): one string for many regions, a section each, of which a header tells the order.

Layout: IAB Tech Lab, Global Privacy Platform, "Consent String Specification" and the sections' specifications,
versions of 2022 to 2025. What is read: the TCF string of the EU (section 2), the US Privacy string (6), and of the US
sections the opt-outs of sale, of sharing and of targeted advertising and the GPC bit. A section that we cannot read
makes the string unreadable, since it may hold an objection.
"""

from __future__ import annotations

from fullcount.consent.bits import BitReader
from fullcount.consent.decision import Signal, strictest
from fullcount.consent.tcf import TcfRules, read_tcf
from fullcount.consent.us_privacy import read_us_privacy

HEADER_TYPE = 3
HEADER_VERSION = 1
TCF_EU = 2
SAYS_NOTHING = frozenset({3, 4})  # the header itself; signal integrity
US_PRIVACY = 6
US_NATIONAL = 7
# US section -> the bit of its first opt-out, and how many opt-outs follow one another, two bits each.
OPT_OUTS = {
    US_NATIONAL: (18, 3),  # sale, sharing, targeted advertising
    8: (12, 2),  # California: sale, sharing
    11: (14, 2),  # Utah: sale, targeted advertising, as in all that follow
    18: (14, 2),  # Iowa
    # Virginia, Colorado, Connecticut, Florida, Montana, Oregon, Texas, Delaware, Nebraska, New Hampshire,
    # New Jersey, Tennessee, Minnesota
    **dict.fromkeys((9, 10, 12, 13, 14, 15, 16, 17, 19, 20, 21, 22, 23), (12, 2)),
}
_US_VERSIONS = {US_NATIONAL: (1, 2)}  # the second added fields behind the opt-outs
_OPTED_OUT = 1
_SPOILED = 3  # two bits hold 0 (does not apply), 1 (yes), 2 (no)
_GPC_SEGMENT = 1


def read_gpp(text: str, rules: TcfRules) -> Signal:
    """Return the strictest of what the sections say; nothing if none objects or refuses.

    >>> read_gpp("DBACNYA~CPXxRfAPXxRfAAfKABENB-CgAAAAAAAAAAYgAAAAAAAA~1YYN", TcfRules())
    <Signal.DENIED: 'denied'>
    """
    header, *sections = text.split("~")
    try:
        ids = _section_ids(BitReader(header), len(sections))
    except (ValueError, EOFError):
        return Signal.UNREADABLE
    return strictest(_read_section(*each, rules) for each in zip(ids, sections, strict=True))


def _section_ids(bits: BitReader, count: int) -> list[int]:
    """Return the sections' ids, in their order.

    Raises:
        ValueError: it is no header, or not the header of so many sections.
    """
    if bits.take(6) != HEADER_TYPE or bits.take(6) != HEADER_VERSION:
        raise ValueError("no GPP header")
    ids: list[int] = []
    last = 0
    for _ in range(bits.take(12)):
        is_group = bits.flag()
        first = last + bits.fibonacci()
        last = first + (bits.fibonacci() if is_group else 0)
        if last - first >= count - len(ids):
            raise ValueError("more ids than sections")
        ids.extend(range(first, last + 1))
    if len(ids) != count:
        raise ValueError("fewer ids than sections")
    return ids


def _read_section(section: int, text: str, rules: TcfRules) -> Signal:
    if section in OPT_OUTS:
        return _read_us_section(section, text)
    if section == TCF_EU:
        return read_tcf(text, rules)
    if section == US_PRIVACY:
        return read_us_privacy(text)
    return Signal.UNKNOWN if section in SAYS_NOTHING else Signal.UNREADABLE


def _read_us_section(section: int, text: str) -> Signal:
    core, *further = text.split(".")
    start, count = OPT_OUTS[section]
    try:
        bits = BitReader(core)
        if bits.take(6) not in _US_VERSIONS.get(section, (1,)):
            return Signal.UNREADABLE
        bits.skip(start - 6)
        opt_outs = [bits.take(2) for _ in range(count)]
        has_gpc = any(_holds_gpc(BitReader(segment)) for segment in further)
    except (ValueError, EOFError):
        return Signal.UNREADABLE
    if has_gpc or _OPTED_OUT in opt_outs:
        return Signal.OPT_OUT
    return Signal.UNREADABLE if _SPOILED in opt_outs else Signal.UNKNOWN


def _holds_gpc(bits: BitReader) -> bool:
    return bits.take(2) == _GPC_SEGMENT and bits.flag()
