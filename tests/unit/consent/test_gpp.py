"""The GPP and the US Privacy string: they can object, and where they hold a TCF string refuse or grant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.consent.consent_strings import gpp_string, tc_string, us_section

from fullcount.consent.decision import Signal
from fullcount.consent.gpp import OPT_OUTS, read_gpp
from fullcount.consent.tcf import TcfRules
from fullcount.consent.us_privacy import read_us_privacy

RULES = TcfRules()
# Section -> notices in front of its opt-outs, in the order of the IAB's specifications.
NOTICES = {7: 6, 8: 3, 11: 4, 18: 4}


@pytest.mark.parametrize("section", sorted(OPT_OUTS))
def test_each_opt_out_of_each_us_section_is_an_objection(section: int) -> None:
    """Sale, sharing or targeted advertising: one of them is enough; none of them is no grant."""
    notices, count = NOTICES.get(section, 3), 3 if section == 7 else 2
    none = [2] * count
    for at in range(count):
        objecting = [*none[:at], 1, *none[at + 1 :]]
        assert read_gpp(gpp_string({section: us_section(notices, objecting)}), RULES) is Signal.OPT_OUT
    assert read_gpp(gpp_string({section: us_section(notices, none)}), RULES) is Signal.UNKNOWN
    assert read_gpp(gpp_string({section: us_section(notices, [0] * count)}), RULES) is Signal.UNKNOWN


@pytest.mark.parametrize(("gpc", "signal"), [(True, Signal.OPT_OUT), (False, Signal.UNKNOWN)])
def test_the_gpc_segment_is_an_objection(gpc: bool, signal: Signal) -> None:  # noqa: FBT001 - a table's column
    """The browser's objection stands in a segment of its own."""
    assert read_gpp(gpp_string({8: us_section(3, [2, 2], gpc=gpc)}), RULES) is signal


@pytest.mark.parametrize(
    ("text", "signal"),
    [
        ("DBACNYA~CPXxRfAPXxRfAAfKABENB-CgAAAAAAAAAAYgAAAAAAAA~1YNN", Signal.DENIED),
        ("DBABMA~CPXxRfAPXxRfAAfKABENB-CgAAAAAAAAAAYgAAAAAAAA", Signal.DENIED),
        ("DBABTA~1YYN", Signal.OPT_OUT),
        ("DBABTA~1YNN", Signal.UNKNOWN),
        ("DBABjw~CPXxRfAPXxRfAAfKABENB-CgAAAAAAAAAAYgAAAAAAAA~1YNN", Signal.UNREADABLE),
        ("DBAA", Signal.UNKNOWN),
    ],
)
def test_the_specifications_examples_are_read(text: str, signal: Signal) -> None:
    """The published examples: the EU's TCF string, US Privacy, and Canada's section, which we do not read."""
    assert read_gpp(text, RULES) is signal


def test_the_eu_section_can_grant() -> None:
    """A TC string says the same inside a GPP string as by itself, and an objection beside it is stricter."""
    granting = tc_string((1, 3, 4, 7))

    assert read_gpp(gpp_string({2: granting}), RULES) is Signal.GRANTED
    assert read_gpp(gpp_string({2: granting, 7: us_section(6, [2, 2, 2])}), RULES) is Signal.GRANTED
    assert read_gpp(gpp_string({2: granting, 7: us_section(6, [2, 1, 2])}), RULES) is Signal.OPT_OUT


@pytest.mark.parametrize(
    "text",
    [
        "",
        "D",
        "DBABTA",  # one section is announced and none is there
        "DBABTA~1YNN~1YNN",  # and here one more
        "CBABTA~1YNN",
        "DBABMA~" + "C",
        gpp_string({24: us_section(3, [2, 2])}),  # a section we do not read
        gpp_string({8: us_section(3, [2, 2], version=9)}),
        gpp_string({8: us_section(3, [2, 3])}),
        gpp_string({8: us_section(3, [2, 2]) + ".!"}),
        gpp_string({8: "BV"}),
        "DD__" + "A" * 40 + "~1YNN",
    ],
)
def test_what_cannot_be_read_whole_is_unreadable(text: str) -> None:
    """A section that is missing, unknown, cut or spoiled may hold an objection."""
    assert read_gpp(text, RULES) is Signal.UNREADABLE


def test_the_newer_national_section_is_read() -> None:
    """Its second version added fields behind the opt-outs."""
    assert read_gpp(gpp_string({7: us_section(6, [2, 2, 1], version=2)}), RULES) is Signal.OPT_OUT


@given(st.text(max_size=60) | st.text("ABCDEFabcdef0123-_.~", max_size=200).map(lambda text: "DB" + text))
def test_no_text_raises_or_grants(text: str) -> None:
    """Whatever a page sends is answered, and nothing made up is a grant."""
    assert read_gpp(text, RULES) not in {Signal.GRANTED, Signal.LIMITED}


@pytest.mark.parametrize(
    ("text", "signal"),
    [
        ("1YYN", Signal.OPT_OUT),
        ("1yyn", Signal.OPT_OUT),
        ("1NYY", Signal.OPT_OUT),
        ("1YNN", Signal.UNKNOWN),
        ("1---", Signal.UNKNOWN),
        ("1YYN ", Signal.UNREADABLE),
        ("2YYN", Signal.UNREADABLE),
        ("1YXN", Signal.UNREADABLE),
        ("", Signal.UNREADABLE),
    ],
)
def test_the_us_privacy_string_can_only_object(text: str, signal: Signal) -> None:
    """The third character says whether the visitor opted out of sale; that they did not is no grant."""
    assert read_us_privacy(text) is signal
