"""Consent decides first: denied never leaves, and a missing answer is read by the source's rule."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullcount.consent.decision import Action, ConsentRule, Signal, consent_of, decide, read_signal, stricter
from fullcount.consent.regions import EEA, Region, country_code, region_of

WORDS = st.none() | st.sampled_from(["granted", "denied", "opt_out", "limited", ""]) | st.text(max_size=12)
COUNTRIES = st.none() | st.sampled_from(["US", "DE", "GB", "UK", "CH", "NO", "BR", "us"]) | st.text(max_size=4)
REGIONS = st.dictionaries(st.sampled_from(["BR", "DE", "US", "JP"]), st.sampled_from(["opt_in", "opt_out"]))


@given(country=COUNTRIES, rule=st.sampled_from(ConsentRule), regions=REGIONS)
def test_denied_is_never_sent(country: str | None, rule: ConsentRule, regions: dict[str, str]) -> None:
    """No rule, country or setting sends what the visitor refused."""
    decision = decide("denied", country, rule, regions)

    assert (decision.action, decision.reason) == (Action.WITHHOLD, "consent_denied")


@given(said=WORDS, country=COUNTRIES, rule=st.sampled_from(ConsentRule), regions=REGIONS)
def test_every_decision_has_its_reason(
    said: str | None, country: str | None, rule: ConsentRule, regions: dict[str, str]
) -> None:
    """What is withheld names a reason of the closed list, what goes names none, and each says what it rests on."""
    decision = decide(said, country, rule, regions)

    reasons = {"consent_denied", "consent_unknown", "opt_out_signal"} if decision.action is Action.WITHHOLD else {""}
    assert decision.reason in reasons
    assert decision.basis


@given(country=COUNTRIES, rule=st.sampled_from(ConsentRule), regions=REGIONS)
def test_granted_is_always_sent(country: str | None, rule: ConsentRule, regions: dict[str, str]) -> None:
    """A grant is enough everywhere."""
    assert decide("granted", country, rule, regions).action is Action.SEND


@given(country=COUNTRIES, rule=st.sampled_from(ConsentRule), regions=REGIONS)
def test_an_objection_is_never_sent(country: str | None, rule: ConsentRule, regions: dict[str, str]) -> None:
    """An opt-out signal withholds under every rule."""
    assert decide("opt_out", country, rule, regions).reason == "opt_out_signal"


@pytest.mark.parametrize(
    ("rule", "country", "action", "reason"),
    [
        (ConsentRule.SENDER_VOUCHES, None, Action.SEND, ""),
        (ConsentRule.SENDER_VOUCHES, "DE", Action.SEND, ""),
        (ConsentRule.REQUIRED, "US", Action.WITHHOLD, "consent_unknown"),
        (ConsentRule.OPT_OUT, "DE", Action.SEND, ""),
        (ConsentRule.BY_REGION, "US", Action.SEND, ""),
        (ConsentRule.BY_REGION, "usa", Action.SEND, ""),
        (ConsentRule.BY_REGION, "FR", Action.WITHHOLD, "consent_unknown"),
        (ConsentRule.BY_REGION, "UK", Action.WITHHOLD, "consent_unknown"),
        (ConsentRule.BY_REGION, "CH", Action.WITHHOLD, "consent_unknown"),
        (ConsentRule.BY_REGION, "NO", Action.WITHHOLD, "consent_unknown"),
        (ConsentRule.BY_REGION, None, Action.WITHHOLD, "consent_unknown"),
        (ConsentRule.BY_REGION, "Atlantis", Action.WITHHOLD, "consent_unknown"),
        (ConsentRule.BY_REGION, "JP", Action.WITHHOLD, "consent_unknown"),
        (ConsentRule.BY_REGION, "BR", Action.SEND, ""),
    ],
)
def test_silence_is_read_by_the_rule(rule: ConsentRule, country: str | None, action: Action, reason: str) -> None:
    """Without an answer the source's rule decides; by region, EEA, UK, CH and unknown need a grant."""
    decision = decide(None, country, rule, {"BR": "opt_out"})

    assert (decision.action, decision.reason) == (action, reason)


def test_limited_data_use_is_an_answer_only_where_no_grant_is_needed() -> None:
    """`limited` goes out limited where silence would be sent, and is no grant where one is needed."""
    assert decide("limited", "US", ConsentRule.BY_REGION, {}).action is Action.LIMIT
    assert decide("limited", None, ConsentRule.SENDER_VOUCHES, {}).action is Action.LIMIT
    assert decide("limited", "DE", ConsentRule.BY_REGION, {}).reason == "consent_unknown"
    assert decide("limited", "US", ConsentRule.REQUIRED, {}).reason == "consent_unknown"


@pytest.mark.parametrize("said", ["declined", "no", "false", "revoked", "0", "true", "yes", "1", "accepted"])
@pytest.mark.parametrize("rule", list(ConsentRule))
def test_a_word_that_we_do_not_know_is_withheld_as_unknown(said: str, rule: ConsentRule) -> None:
    """It is no grant under any rule, and no refusal that the visitor never gave."""
    decision = decide(said, "US", rule, {})

    assert (decision.action, decision.reason) == (Action.WITHHOLD, "consent_unknown")


@given(WORDS, WORDS, COUNTRIES, st.sampled_from(ConsentRule))
def test_of_two_consents_the_stricter_counts(
    one: str | None, other: str | None, country: str, rule: ConsentRule
) -> None:
    """Whichever order they come in, nothing goes that one of two answers withholds; silence yields to any answer."""
    together = decide(stricter(one, other), country, rule, {})
    alone = [decide(each, country, rule, {}).action for each in (one, other) if read_signal(each) is not Signal.UNKNOWN]

    assert together == decide(stricter(other, one), country, rule, {})
    assert together.action is Action.WITHHOLD or Action.WITHHOLD not in alone
    assert alone or together == decide(None, country, rule, {})


@pytest.mark.parametrize(
    ("value", "signal"),
    [
        (None, Signal.UNKNOWN),
        ("granted", Signal.GRANTED),
        (True, Signal.GRANTED),
        (False, Signal.DENIED),
        (1, Signal.UNREADABLE),
        ({"ad_storage": "granted"}, Signal.UNREADABLE),
        ([], Signal.UNREADABLE),
    ],
)
def test_a_consent_that_is_no_text_is_no_grant(value: object, signal: Signal) -> None:
    """A boolean says what it says; any other value is an answer that cannot be read."""
    assert read_signal(consent_of(value)) is signal


@given(country=st.sampled_from(sorted(EEA | {"GB", "CH"})))
def test_a_setting_cannot_loosen_the_table(country: str) -> None:
    """A country that needs a grant by law needs it whatever the settings say; the US may be made stricter."""
    assert region_of(country, {country: "opt_out"}) is Region.OPT_IN
    assert region_of("US", {"US": "opt_in"}) is Region.OPT_IN


@given(st.text())
def test_a_country_code_is_two_letters_or_nothing(said: str) -> None:
    """Whatever a sender writes becomes an alpha-2 code or nothing, and reading it twice changes nothing."""
    code = country_code(said)

    assert code is None or (len(code) == 2 and code.isupper() and code.isascii())
    assert country_code(code) == code
