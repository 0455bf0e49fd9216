"""Where the shopper is, what the shop has chosen, and whether an answer may still come."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullcount.consent.decision import TABLE, Action, Circumstances, ConsentRule, Signal, decide, stricter
from fullcount.consent.regions import Region, region_of
from fullcount.consent.states import STATE_LAWS, may_honour_limited_data_use, state_code

BY_REGION = ConsentRule.BY_REGION
SAID = st.none() | st.sampled_from(["granted", "denied", "opt_out", "limited", "unreadable", ""])
COUNTRIES = st.none() | st.sampled_from(["US", "DE", "GB", "BR", "Atlantis"])
STATES = st.none() | st.sampled_from(["CA", "US-TX", "california", "WY", "Atlantis"])
CIRCUMSTANCES = st.builds(Circumstances, state=STATES, may_be_answered=st.booleans(), limits_opt_out=st.booleans())
MAY_COME = Circumstances(may_be_answered=True)


def test_the_table_answers_every_signal_in_every_region() -> None:
    """Nothing is left to chance: each signal has its decision where a grant is needed and where it is not."""
    assert {region: set(row) for region, row in TABLE.items()} == {region: set(Signal) for region in Region}


def test_the_table_of_the_documentation() -> None:
    """What docs/consent.md prints is what is decided, reason and all."""
    page = (Path(__file__).parents[3] / "docs/consent.md").read_text(encoding="utf-8")
    section = page.partition("## By region")[2].partition("\n## ")[0]
    rows = re.findall(
        r"^\| (?:`(\w+)`|nothing) \| ([^|`]+?)(?:, `(\w+)`)? \| ([^|`]+?)(?:, `(\w+)`)? \|$", section, re.MULTILINE
    )
    actions = {"sent": Action.SEND, "sent limited": Action.LIMIT, "withheld": Action.WITHHOLD}

    assert len(rows) == len(Signal)
    assert f"only in the {len(STATE_LAWS)} US states" in section
    for said, needed, needed_reason, elsewhere, elsewhere_reason in rows:
        for country, action, reason in (("DE", needed, needed_reason), ("US", elsewhere, elsewhere_reason)):
            decision = decide(said or None, country, BY_REGION, {})
            assert (decision.action, decision.reason) == (actions[action], reason)


@given(SAID, COUNTRIES, st.sampled_from(ConsentRule), CIRCUMSTANCES)
def test_no_circumstance_sends_what_was_refused(
    said: str | None, country: str | None, rule: ConsentRule, circumstances: Circumstances
) -> None:
    """Denied stays withheld, an objection is at most limited, and only silence is held."""
    plain = decide(said, country, rule, {})
    decision = decide(said, country, rule, {}, circumstances)

    if said == "denied":
        assert decision.reason == "consent_denied"
    if said == "opt_out":
        assert decision.action in {Action.WITHHOLD, Action.LIMIT}
    if decision.action is Action.HOLD:
        assert said in {None, ""}
        assert plain.action is Action.WITHHOLD
    if plain.action is Action.SEND:
        assert decision.action is Action.SEND


@given(COUNTRIES, st.sampled_from(ConsentRule), STATES)
def test_what_is_held_is_withheld_when_no_answer_comes(
    country: str | None, rule: ConsentRule, state: str | None
) -> None:
    """The reason of a held event is the one that it is withheld with in the end."""
    held = decide(None, country, rule, {}, Circumstances(state=state, may_be_answered=True))
    in_the_end = decide(None, country, rule, {}, Circumstances(state=state))

    assert (held.action is Action.HOLD) == (in_the_end.action is Action.WITHHOLD)
    assert held.reason == in_the_end.reason


@pytest.mark.parametrize("rule", [BY_REGION, ConsentRule.REQUIRED])
def test_an_unknown_that_may_be_answered_is_held(rule: ConsentRule) -> None:
    """A shop's webhook that beats the thank-you page waits for the visitor's answer, which then decides."""
    assert decide(None, "DE", rule, {}, MAY_COME).action is Action.HOLD
    assert decide(stricter(None, "granted"), "DE", rule, {}, MAY_COME).action is Action.SEND
    assert decide(stricter(None, "denied"), "DE", rule, {}, MAY_COME).reason == "consent_denied"


@pytest.mark.parametrize("said", ["denied", "opt_out", "limited", "unreadable"])
def test_an_answer_is_not_held_for_another(said: str) -> None:
    """No later grant could outweigh it, so nothing waits."""
    assert decide(said, "DE", BY_REGION, {}, MAY_COME).action is Action.WITHHOLD


def test_where_no_grant_is_needed_nothing_waits_for_one() -> None:
    """In the US, and where the sender vouches, silence is sent at once."""
    assert decide(None, "US", BY_REGION, {}, MAY_COME).action is Action.SEND
    assert decide(None, "DE", ConsentRule.SENDER_VOUCHES, {}, MAY_COME).action is Action.SEND


@pytest.mark.parametrize(
    ("country", "state", "rule", "action"),
    [
        ("US", "CA", BY_REGION, Action.LIMIT),
        ("us", "california", BY_REGION, Action.LIMIT),
        ("US", "TX", ConsentRule.SENDER_VOUCHES, Action.LIMIT),
        ("US", "WY", BY_REGION, Action.WITHHOLD),
        ("US", None, BY_REGION, Action.WITHHOLD),
        ("DE", "CA", BY_REGION, Action.WITHHOLD),
        (None, "CA", BY_REGION, Action.WITHHOLD),
        ("US", "CA", ConsentRule.REQUIRED, Action.WITHHOLD),
    ],
)
def test_an_objection_is_limited_only_where_that_is_honoured(
    country: str | None, state: str | None, rule: ConsentRule, action: Action
) -> None:
    """The shop's choice holds in states whose law asks TikTok for it; elsewhere it would be sent in full."""
    decision = decide("opt_out", country, rule, {}, Circumstances(state=state, limits_opt_out=True))

    assert decision.action is action
    assert decision.reason == ("opt_out_signal" if action is Action.WITHHOLD else "")


def test_limited_data_use_is_american() -> None:
    """Mato Grosso is abbreviated as Montana is, and TikTok honours the flag in one of them only."""
    brazil = decide("opt_out", "BR", BY_REGION, {"BR": "opt_out"}, Circumstances(state="MT", limits_opt_out=True))

    assert brazil.reason == "opt_out_signal"
    assert not may_honour_limited_data_use("BR", "MT")


def test_without_the_shops_choice_an_objection_is_withheld() -> None:
    """Limited data use is an option, not the default."""
    assert decide("opt_out", "US", BY_REGION, {}, Circumstances(state="CA")).reason == "opt_out_signal"


def test_a_state_can_be_made_stricter_than_its_country() -> None:
    """A setting for a state counts before its country's; a state that is not known may be that one."""
    regions = {"US-WA": "opt_in", "BR": "opt_out"}

    assert [region_of("US", regions, state).value for state in ("WA", "us-wa", "TX")] == ["opt_in", "opt_in", "opt_out"]
    assert [region_of("US", regions, state).value for state in (None, "washington")] == ["opt_in", "opt_in"]
    assert region_of("BR", regions, "SP") is Region.OPT_OUT
    assert region_of("US", {"US": "opt_in", "US-TX": "opt_out"}, None) is Region.OPT_IN
    assert region_of("US", {"US-TX": "opt_out"}, None) is Region.OPT_OUT
    assert region_of("DE", {"DE-BY": "opt_out"}, "BY") is Region.OPT_IN
    assert "US-WA needs" in decide(None, "US", BY_REGION, regions, Circumstances(state="wa")).basis


@given(st.text())
def test_a_state_code_is_short_or_nothing(said: str) -> None:
    """Whatever a sender writes becomes a code or nothing, and reading it twice changes nothing."""
    code = state_code(said)

    assert code is None or (code.isascii() and code.isalnum() and len(code) <= 3)
    assert state_code(code) == code


@pytest.mark.parametrize("code", sorted(STATE_LAWS))
def test_each_state_is_found_by_code_and_name(code: str) -> None:
    """Shops write states in their own ways; each law has been in force since a day that has passed."""
    law = STATE_LAWS[code]

    assert {state_code(each) for each in (code, code.lower(), f"US-{code}", law.name, law.name.lower())} == {code}
    assert state_code(law.name.replace(" ", "")) == code
    assert date.fromisoformat(law.since) < date(2026, 11, 23)
    assert may_honour_limited_data_use("US", code)


def test_twelve_states_name_the_global_privacy_control() -> None:
    """As the overviews of 2026 count them."""
    named = {code for code, law in STATE_LAWS.items() if law.names_gpc}

    assert named == {"CA", "CO", "CT", "DE", "MD", "MN", "MT", "NE", "NH", "NJ", "OR", "TX"}
