"""The short way for clean phone numbers agrees with phonenumbers, and every number has one final form."""

from __future__ import annotations

import random

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fullcount.identity.calling_codes import POSSIBLE
from fullcount.identity.phones import PhoneDoubt, clean_e164, normalize_phone, parse_phone

ALL_CODES = sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE)
COUNTRIES = ["US", "GB", "DE", "FR", "IT", "BR", "MX", "AR", "JP", "CN", "IN", "RU", "AU", "SA", "NG"]


def corpus(code: int) -> list[str]:
    """Return numbers after one calling code: every first digit, every length, the same on every run."""
    rng = random.Random(code)
    return [
        f"+{code}{first}{''.join(rng.choices('0123456789', k=length - 1))}"
        for first in range(10)
        for length in range(4, 15)
        for _ in range(2)
    ]


@pytest.mark.parametrize("code", ALL_CODES)
def test_the_short_way_agrees_with_phonenumbers(code: int) -> None:
    """What the short way takes, phonenumbers calls possible and writes the same."""
    taken = [number for number in corpus(code) if clean_e164(number) is not None]
    for number in taken:
        parsed = phonenumbers.parse(number)
        assert phonenumbers.is_possible_number(parsed), number
        assert phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164) == number
        assert parse_phone(number)[0] == number
    assert bool(taken) == (str(code) in POSSIBLE)


@pytest.mark.parametrize("region", sorted(phonenumbers.SUPPORTED_REGIONS))
def test_the_example_of_every_country_is_kept(region: str) -> None:
    """The metadata's own example of each country keeps its form on either way, and from its national spelling."""
    example = phonenumbers.example_number(region)
    assert example is not None
    e164 = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
    assert normalize_phone(e164) == (e164, PhoneDoubt.NONE)
    assert parse_phone(e164) == (e164, PhoneDoubt.NONE)
    spaced = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    assert normalize_phone(spaced)[0] == e164
    national = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.NATIONAL)
    assert normalize_phone(national, region)[0] == e164


def test_the_corpus_takes_the_short_way_where_most_shoppers_are() -> None:
    """Clean numbers of large countries need no metadata."""
    numbers = ["+12133734253", "+442079460018", "+4930901820", "+33123456789", "+819012345678", "+919876543210"]
    assert [clean_e164(number) for number in numbers] == numbers


@settings(max_examples=300)
@given(
    st.text(st.sampled_from("+0123456789 ()-.\u0663\uff13xe"))
    | st.from_regex(r"\+?[0-9]{6,16}", fullmatch=True)
    | st.text(),
    st.none() | st.sampled_from(COUNTRIES),
)
def test_normalising_twice_is_normalising_once(text: str, country: str | None) -> None:
    """A normal form is its own normal form, whatever the default country; and there is one for any text or none."""
    number, doubt = normalize_phone(text, country)
    assert (number is None) == (doubt not in {PhoneDoubt.NONE, PhoneDoubt.NOT_VALID})
    if number is not None:
        assert normalize_phone(number, country)[0] == number
        assert normalize_phone(number)[0] == number
        assert number[0] == "+"
        assert number[1:].isdigit()
        assert len(number) <= 16


def test_a_possible_number_that_no_plan_lists_is_kept_with_a_warning() -> None:
    """Number plans change faster than metadata, so a possible number goes out."""
    assert normalize_phone("+1 (555) 010-0199") == ("+15550100199", PhoneDoubt.NOT_VALID)
    assert normalize_phone("(555) 010-0199", "US") == ("+15550100199", PhoneDoubt.NOT_VALID)


@pytest.mark.parametrize("country", ["", None, "XX"])
def test_no_country_code_can_be_known(country: str | None) -> None:
    """A national number without a usable default country is refused and never guessed."""
    assert normalize_phone("213 373 4253", country)[0] is None


def test_the_default_country_may_be_in_lower_case() -> None:
    """A country is a country in either case."""
    assert normalize_phone("030 901820", "de")[0] == "+4930901820"
