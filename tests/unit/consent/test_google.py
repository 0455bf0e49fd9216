"""Google's consent mode: only what every reading of it calls granted is a grant."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullcount.consent.decision import Signal
from fullcount.consent.google import read_gcd, read_gcs, read_status


@pytest.mark.parametrize(
    ("text", "signal"),
    [
        ("G111", Signal.GRANTED),
        ("G110", Signal.GRANTED),
        ("G101", Signal.DENIED),
        ("G100", Signal.DENIED),
        ("G1--", Signal.UNKNOWN),
        ("G1-1", Signal.UNKNOWN),
        ("G1", Signal.UNREADABLE),
        ("G1111", Signal.UNREADABLE),
        ("g111", Signal.UNREADABLE),
        ("G121", Signal.UNREADABLE),
    ],
)
def test_gcs_speaks_of_storage_for_ads(text: str, signal: Signal) -> None:
    """The first digit decides; analytics alone is no grant."""
    assert read_gcs(text) is signal


@pytest.mark.parametrize(
    ("text", "signal"),
    [
        ("11t1t1t1t5", Signal.GRANTED),
        ("13v3v3v3v5l1", Signal.GRANTED),
        ("13r3r3r3r5", Signal.GRANTED),
        ("13n3p3n3n5", Signal.GRANTED),  # analytics does not count
        ("11p1p1p1p5", Signal.DENIED),
        ("13v3v3u3v5", Signal.DENIED),
        ("13q3v3v3v5", Signal.DENIED),
        ("13v3v3v3m5", Signal.LIMITED),
        ("13l3l3l3l1l1", Signal.UNKNOWN),
        ("13t3t3l3l5", Signal.GRANTED),
        ("13t3t3z3t5", Signal.UNREADABLE),
        ("13t3t3t", Signal.UNREADABLE),
        ("tttt", Signal.UNREADABLE),
        ("", Signal.UNREADABLE),
    ],
)
def test_gcd_has_a_letter_for_each_state(text: str, signal: Signal) -> None:
    """Storage and user data for ads must be granted; personalised ads refused limits; analytics does not count."""
    assert read_gcd(text) is signal


@given(st.tuples(*[st.sampled_from(string.ascii_lowercase)] * 4))
def test_a_gcd_grants_only_by_the_four_letters_of_a_grant(letters: tuple[str, str, str, str]) -> None:
    """Any letter but t, r, n, v and, for what is not set, l keeps a string from being a grant."""
    storage, analytics, user_data, personalised = letters
    said = read_gcd(f"11{storage}1{analytics}1{user_data}1{personalised}5")

    assert said is not Signal.GRANTED or {storage, user_data, personalised} <= set("trnvl")


@given(st.text(max_size=30))
def test_no_text_raises_or_grants(text: str) -> None:
    """What has another form than Google's is an answer that cannot be read."""
    made_up = f"?{text}"

    assert read_gcs(made_up) is Signal.UNREADABLE
    assert read_gcd(made_up) is Signal.UNREADABLE
    assert read_status(made_up) is Signal.UNREADABLE
