"""Builds IAB strings bit by bit, from the published layouts and not from our reader."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def web_safe(bits: str) -> str:
    """Return the bits as web-safe base64, padded with zeros to whole characters."""
    padded = bits + "0" * (-len(bits) % 6)
    return "".join(ALPHABET[int(padded[at : at + 6], 2)] for at in range(0, len(padded), 6))


def number(value: int, width: int) -> str:
    """Return a number in so many bits."""
    return format(value, f"0{width}b")


def vendor_bits(vendors: Iterable[int], last: int) -> str:
    """Return a list of vendors with one bit for each."""
    named = set(vendors)
    return number(last, 16) + "0" + "".join("1" if each in named else "0" for each in range(1, last + 1))


def vendor_ranges(ranges: Sequence[tuple[int, int]], last: int) -> str:
    """Return a list of vendors as ranges, single ones in their short form."""
    return number(last, 16) + "1" + range_entries(ranges)


def range_entries(ranges: Sequence[tuple[int, int]]) -> str:
    """Return ranges of vendors with their count in front."""
    entries = [
        "0" + number(first, 16) if first == end else "1" + number(first, 16) + number(end, 16) for first, end in ranges
    ]
    return number(len(ranges), 12) + "".join(entries)


def tc_string(
    purposes: Iterable[int],
    *,
    vendors: str | None = None,
    restrictions: Sequence[tuple[int, int, Sequence[tuple[int, int]]]] = (),
    is_own: bool = True,
    version: int = 2,
) -> str:
    """Return a TC string's core in which these purposes were agreed to."""
    agreed = set(purposes)
    return web_safe(
        number(version, 6)
        + number(17_600_000_000, 36) * 2
        + number(31, 12)
        + number(640, 12)
        + number(1, 6)
        + number(4, 6)
        + number(13, 6)
        + number(126, 12)
        + number(5, 6)
        + ("1" if is_own else "0")
        + "0"
        + "0" * 12
        + "".join("1" if purpose in agreed else "0" for purpose in range(1, 25))
        + "1" * 24  # legitimate interests, which must not count
        + "0"
        + number(3, 6)
        + number(4, 6)
        + (vendors if vendors is not None else vendor_bits((), 0))
        + vendor_bits((1, 2), 40)
        + number(len(restrictions), 12)
        + "".join(number(purpose, 6) + number(kind, 2) + range_entries(ids) for purpose, kind, ids in restrictions)
    )


def fibonacci(value: int) -> str:
    """Return a number's Fibonacci code: the sum of 1, 2, 3, 5, 8, ... that makes it, smallest first, and a final 1."""
    weights = [1, 2]
    while weights[-1] <= value:
        weights.append(weights[-1] + weights[-2])
    bits = []
    for weight in reversed(weights[:-1]):
        bits.append("1" if weight <= value else "0")
        value -= weight if weight <= value else 0
    return "".join(reversed(bits)).rstrip("0") + "1"


def gpp_string(sections: dict[int, str]) -> str:
    """Return a GPP string of these sections, each id as an entry of its own."""
    last, entries = 0, []
    for section in sorted(sections):
        entries.append("0" + fibonacci(section - last))
        last = section
    header = web_safe(number(3, 6) + number(1, 6) + number(len(sections), 12) + "".join(entries))
    return "~".join([header, *(sections[section] for section in sorted(sections))])


def us_section(notices: int, opt_outs: Sequence[int], *, version: int = 1, gpc: bool | None = None) -> str:
    """Return a US section: its version, notices that were given, the opt-outs (1 yes, 2 no), and then other fields."""
    core = web_safe(number(version, 6) + "01" * notices + "".join(number(each, 2) for each in opt_outs) + "10" * 12)
    return core if gpc is None else f"{core}.{web_safe('01' + ('1' if gpc else '0'))}"
