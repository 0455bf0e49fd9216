"""All signals together say one word: the strictest, with its reason, whatever they hold."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.consent.consent_strings import gpp_string, tc_string, us_section, vendor_bits

from fullcount.consent.bits import LONGEST
from fullcount.consent.decision import Signal, read_signal, stricter, strictest
from fullcount.consent.signals import Said, Signals, read_signals, signals_of
from fullcount.consent.tcf import TcfRules

GRANTING = tc_string((1, 3, 4, 7))
OBJECTING = gpp_string({7: us_section(6, [1, 2, 2])})
# Field -> what it may hold, with each answer that it can give.
HELD: dict[str, list[Any]] = {
    "said": ["granted", "denied", "limited", "opt_out", "no", True, False],
    "tcf": [GRANTING, tc_string(()), tc_string((1, 7)), "?"],
    "gpp": [OBJECTING, gpp_string({2: GRANTING}), "DBAA", "?"],
    "usp": ["1YYN", "1YNN", "?"],
    "gcs": ["G111", "G100", "G1--", "?"],
    "gcd": ["13v3v3v3v5", "11p1p1p1p5", "13l3l3l3l1", "?"],
    "npa": ["1", "0", True, False, 1, 0, "?"],
    "ad_user_data": ["GRANTED", "DENIED", True, False, "?"],
    "ad_personalization": ["GRANTED", "DENIED", True, False, "?"],
    "ad_storage": ["granted", "denied", "", "?"],
    "shopify_marketing": [True, False, "yes", "no", "true", "?"],
    "shopify_sale_of_data": [True, False, "yes", "no", "?"],
    "gpc": ["1", True, "0", "", "?"],
}
SIGNALS = st.fixed_dictionaries({}, optional={field: st.sampled_from(held) for field, held in HELD.items()})
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def _said(given: dict[str, Any]) -> Said:
    return read_signals(Signals(**given))


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({}, None),
        ({"said": "granted"}, "granted"),
        ({"said": "pending"}, None),
        ({"said": "declined"}, "unreadable"),
        ({"tcf": GRANTING}, "granted"),
        ({"tcf": f" {GRANTING}\n"}, "granted"),
        ({"tcf": ""}, None),
        ({"gpp": OBJECTING}, "opt_out"),
        ({"usp": "1YYN"}, "opt_out"),
        ({"usp": "1YNN"}, None),
        ({"gcs": "G111"}, "granted"),
        ({"gcs": "G100"}, "denied"),
        ({"gcd": "13v3v3v3u5"}, "limited"),
        ({"gcs": "G111", "npa": "1"}, "limited"),
        ({"npa": "0"}, None),
        ({"ad_user_data": "GRANTED"}, "granted"),
        ({"ad_user_data": "GRANTED", "ad_personalization": "DENIED"}, "limited"),
        ({"ad_personalization": "GRANTED"}, None),
        ({"ad_storage": "denied", "ad_user_data": "GRANTED"}, "denied"),
        ({"shopify_marketing": True}, "granted"),
        ({"shopify_marketing": False}, "denied"),
        ({"shopify_marketing": True, "shopify_sale_of_data": False}, "opt_out"),
        ({"shopify_sale_of_data": True}, None),
        ({"gpc": "1"}, "opt_out"),
        ({"gpc": "0"}, None),
        ({"said": "granted", "gpc": "1"}, "opt_out"),
        ({"said": "denied", "gpc": "1"}, "denied"),
    ],
)
def test_signals_become_one_word(given: dict[str, Any], word: str | None) -> None:
    """Each signal is read by its own rules, and the strictest of them counts."""
    assert _said(given).word == word


@given(SIGNALS, SIGNALS)
def test_reading_together_is_reading_apart_and_taking_the_stricter(one: dict[str, Any], other: dict[str, Any]) -> None:
    """Signals of two places, such as a header and a page, may be read in one go or each by itself."""
    apart = {field: held for field, held in other.items() if field not in one}

    assert _said({**one, **apart}).word == stricter(_said(one).word, _said(apart).word)


@given(SIGNALS, SIGNALS)
def test_a_further_signal_never_allows_more(one: dict[str, Any], further: dict[str, Any]) -> None:
    """Where something was answered, whatever is added leaves the answer or makes it stricter."""
    before, after = _said(one).word, _said({**further, **one}).word

    assert before is None or stricter(before, after) == after


WORDS = st.none() | st.sampled_from(["granted", "denied", "limited", "opt_out", "unreadable", "", "no"]) | st.text()


@given(WORDS, WORDS, WORDS)
def test_taking_the_stricter_has_no_order(one: str | None, other: str | None, third: str | None) -> None:
    """It is commutative, associative and idempotent, so that it does not matter which half arrives first."""
    assert stricter(one, other) == stricter(other, one)
    assert stricter(stricter(one, other), third) == stricter(one, stricter(other, third))
    assert stricter(one, one) == one


@given(st.lists(st.sampled_from(Signal)))
def test_the_strictest_of_many_is_the_stricter_of_each_two(signals: list[Signal]) -> None:
    """Signals and the words that stand for them are combined alike."""
    word: str | None = None
    for signal in signals:
        word = stricter(word, signal.value)

    assert read_signal(word) is strictest(signals)


@given(st.dictionaries(st.sampled_from(sorted(HELD)), JSON))
def test_nothing_that_json_can_hold_raises(held: dict[str, Any]) -> None:
    """Whatever stands in a field is answered, with a word that is known and a reason."""
    said = _said(held)

    assert said.word in {None, "granted", "limited", "unreadable", "opt_out", "denied"}
    assert said.basis


GARBAGE = st.text(max_size=30).map(lambda text: f"?{text}") | st.lists(st.integers(), min_size=1) | st.floats(2, 9)


@given(st.sampled_from(sorted(HELD)), GARBAGE)
def test_garbage_is_never_a_grant_nor_silence(field: str, garbage: Any) -> None:
    """What cannot be read may be a refusal."""
    assert _said({field: garbage}).word == "unreadable"
    assert _said({"said": "granted", field: garbage}).word == "unreadable"


def test_what_is_too_long_is_not_read() -> None:
    """A string beyond all that a page can mean costs nothing."""
    assert _said({"tcf": GRANTING + "." + "A" * LONGEST}).word == "unreadable"


def test_the_basis_names_signals_and_no_values() -> None:
    """A person reads which signal decided and which were less strict; the strings themselves stay out."""
    said = _said({"said": "granted", "tcf": GRANTING, "gpc": "1", "usp": "1YYN"})

    assert said.basis == (
        "opt_out: the US Privacy string, the Sec-GPC header; "
        "less strict: the consent given with the event (granted), the IAB TCF string (granted)"
    )
    assert _said({}).basis == "no signal"


def test_signals_show_no_values_in_their_repr() -> None:
    """A stray log line tells which signals there were."""
    assert repr(Signals(tcf=GRANTING, gpc="1")) == "Signals(tcf=…, gpc=…)"


def test_the_place_is_passed_on_and_never_guessed() -> None:
    """A US section does not make a shopper an American: what needs no grant there could be sent unasked."""
    assert read_signals(Signals(country=" uk ", region="ENG")) == Said(None, "no signal", "GB", "ENG")
    assert read_signals(Signals(usp="1YNN", gpp=OBJECTING)).country is None


def test_the_rules_for_the_tcf_string_reach_it() -> None:
    """A vendor number that the shop has set is asked for, also inside a GPP string."""
    rules = TcfRules(vendor_id=21)
    named = tc_string((1, 3, 4, 7), vendors=vendor_bits((21,), 40))

    assert [read_signals(Signals(tcf=each), rules).word for each in (GRANTING, named)] == ["denied", "granted"]
    assert read_signals(Signals(gpp=gpp_string({2: GRANTING})), rules).word == "denied"


@pytest.mark.parametrize(
    ("given", "word"),
    [
        (None, None),
        ("granted", "granted"),
        (True, "granted"),
        ({}, None),
        ({"said": "granted", "gpc": True}, "opt_out"),
        ({"tcf": GRANTING, "country": "US"}, "granted"),
        ({"marketing": True}, "unreadable"),
        ([], "unreadable"),
        (1, "unreadable"),
    ],
)
def test_a_consent_of_json_becomes_signals(given: Any, word: str | None) -> None:
    """A word, a boolean or an object with the fields' names; what says nothing that we know cannot be read."""
    assert read_signals(signals_of(given)).word == word


def test_where_the_visitor_is_comes_from_the_caller() -> None:
    """A page cannot talk its visitor out of the region that needs a grant."""
    assert signals_of({"said": "", "country": "US"}, "DE", "BY") == Signals(said="", country="DE", region="BY")


def test_every_field_is_read() -> None:
    """No signal is taken and then left unread: each field but the place has an answer that changes the word."""
    fields = {field.name for field in msgspec.structs.fields(Signals)} - {"country", "region"}

    assert fields == {field for field, held in HELD.items() if any(_said({field: each}).word for each in held)}
