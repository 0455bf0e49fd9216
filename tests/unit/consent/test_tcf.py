"""The IAB TCF string: a grant is one that can be read to its end, is the visitor's own and allows all that is asked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.consent.consent_strings import fibonacci, tc_string, vendor_bits, vendor_ranges, web_safe

from fullcount.consent.bits import LONGEST, BitReader
from fullcount.consent.decision import Signal
from fullcount.consent.tcf import MEASUREMENT, TcfRules, read_tcf

RULES = TcfRules()
VENDOR = TcfRules(vendor_id=21)
ALL = range(1, 12)
# The example of the IAB's GPP specification: nothing agreed to, service-specific.
SPECIFICATIONS_EXAMPLE = "CPXxRfAPXxRfAAfKABENB-CgAAAAAAAAAAYgAAAAAAAA"


@pytest.mark.parametrize(
    ("purposes", "signal"),
    [
        (ALL, Signal.GRANTED),
        ((1, 3, 4, 7), Signal.GRANTED),
        ((1, 7), Signal.LIMITED),
        ((1, 3, 7), Signal.LIMITED),
        ((1, 3, 4), Signal.DENIED),
        ((3, 4, 7), Signal.DENIED),
        ((), Signal.DENIED),
    ],
)
def test_purposes_decide(purposes: tuple[int, ...], signal: Signal) -> None:
    """Purposes 1, 3, 4 and 7 are a grant, 1 and 7 alone allow measurement only, without them it is refused."""
    assert read_tcf(tc_string(purposes), RULES) is signal


def test_the_specifications_own_example_is_a_refusal() -> None:
    """The published example, in which no purpose is agreed to, is read to its end and says denied."""
    assert read_tcf(SPECIFICATIONS_EXAMPLE, RULES) is Signal.DENIED


def test_the_purposes_that_are_asked_can_be_set() -> None:
    """A shop that needs less asks for less."""
    assert read_tcf(tc_string(MEASUREMENT), TcfRules(purposes=MEASUREMENT)) is Signal.GRANTED


def test_legitimate_interest_is_no_grant() -> None:
    """Every legitimate interest is established in these strings, and it counts for nothing."""
    assert read_tcf(tc_string((), vendors=vendor_bits((), 40)), TcfRules(vendor_id=1)) is Signal.DENIED


@pytest.mark.parametrize(
    ("vendors", "signal"),
    [
        (vendor_bits((21,), 40), Signal.GRANTED),
        (vendor_bits((20, 22), 40), Signal.DENIED),
        (vendor_bits((20,), 20), Signal.DENIED),
        (vendor_ranges([(2, 4), (21, 21)], 40), Signal.GRANTED),
        (vendor_ranges([(2, 40)], 40), Signal.GRANTED),
        (vendor_ranges([(2, 20), (22, 40)], 40), Signal.DENIED),
        (vendor_ranges([], 40), Signal.DENIED),
    ],
)
def test_a_vendor_that_is_set_must_be_named(vendors: str, signal: Signal) -> None:
    """With TikTok's number set, the visitor must have agreed to that vendor too, in either form of the list."""
    assert read_tcf(tc_string(ALL, vendors=vendors), VENDOR) is signal


def test_without_a_vendor_number_the_vendors_are_passed_over() -> None:
    """No number is known, so by default nobody needs to be named."""
    assert read_tcf(tc_string(ALL, vendors=vendor_ranges([(2, 4)], 40)), RULES) is Signal.GRANTED


@pytest.mark.parametrize(
    ("kind", "signal"),
    [(0, Signal.DENIED), (1, Signal.GRANTED), (2, Signal.DENIED), (3, Signal.DENIED)],
)
def test_the_publishers_restrictions_hold(kind: int, signal: Signal) -> None:
    """A purpose that the publisher forbids the vendor, or grants on another ground, is not agreed to."""
    string = tc_string(ALL, vendors=vendor_bits((21,), 40), restrictions=[(1, kind, [(20, 30)])])
    others = tc_string(ALL, vendors=vendor_bits((21,), 40), restrictions=[(1, kind, [(22, 30)])])

    assert read_tcf(string, VENDOR) is signal
    assert read_tcf(others, VENDOR) is Signal.GRANTED


@pytest.mark.parametrize("purposes", [ALL, (1, 7)])
def test_a_grant_to_several_sites_is_none_to_this_shop(purposes: tuple[int, ...]) -> None:
    """A grant from the shared storage is unreadable; a refusal from there stays one."""
    assert read_tcf(tc_string(purposes, is_own=False), RULES) is Signal.UNREADABLE
    assert read_tcf(tc_string((), is_own=False), RULES) is Signal.DENIED


def test_further_segments_are_passed_over() -> None:
    """Disclosed vendors and the publisher's own purposes stand behind a dot and change nothing."""
    assert read_tcf(f"{tc_string(ALL)}.YAAAAAAAAAAA.IAAA", RULES) is Signal.GRANTED


@pytest.mark.parametrize("text", ["C", "!", "CQ==", "C Q", "BOEFEAyOEFEAyAHABDENAI4AAAB9vABAASA", "A" * (LONGEST + 1)])
def test_what_is_no_tc_string_is_unreadable(text: str) -> None:
    """Other versions, other alphabets and what is too long say nothing that could be a grant."""
    assert read_tcf(text, RULES) is Signal.UNREADABLE


@given(st.integers(0, len(tc_string(ALL)) - 3))
def test_a_string_that_was_cut_is_no_grant(length: int) -> None:
    """Wherever the core ends too early it cannot be read, though the purposes stood in front."""
    assert read_tcf(tc_string(ALL)[:length], RULES) is Signal.UNREADABLE


@given(st.text() | st.text("ABCDEFabcdef0123-_.", max_size=400).map(lambda text: "C" + text))
def test_no_text_raises(text: str) -> None:
    """Whatever a page sends is answered."""
    assert isinstance(read_tcf(text, VENDOR), Signal)


@given(st.frozensets(st.integers(1, 24)), st.frozensets(st.integers(1, 24)))
def test_agreeing_to_more_never_allows_less(purposes: frozenset[int], more: frozenset[int]) -> None:
    """Denied, limited, granted: each further purpose moves only that way."""
    order = [Signal.DENIED, Signal.LIMITED, Signal.GRANTED]

    fewer, all_of_them = (read_tcf(tc_string(each), RULES) for each in (purposes, purposes | more))
    assert order.index(fewer) <= order.index(all_of_them)


@given(st.lists(st.integers(1, 12_000), min_size=1, max_size=6))
def test_fibonacci_numbers_come_back(numbers: list[int]) -> None:
    """What the published rule encodes is read as the same numbers."""
    bits = BitReader(web_safe("".join(fibonacci(each) for each in numbers)))

    assert [bits.fibonacci() for _ in numbers] == numbers


def test_a_fibonacci_number_without_end_is_refused() -> None:
    """A code that no field can hold ends the reading, however long the string goes on."""
    with pytest.raises(ValueError, match="too large"):
        BitReader("A" * 1_000).fibonacci()
