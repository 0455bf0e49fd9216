"""Event names: standard, old, reserved, custom, and slips of the key."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullcount.events.model import EventSource
from fullcount.events.names import ALIASES, APP, RESERVED, STANDARD, canonical_name, name_problem
from fullcount.events.problems import Severity


@pytest.mark.parametrize(
    ("sent", "counted"),
    [
        ("CompletePayment", "Purchase"),
        ("SubmitForm", "Lead"),
        ("PageView", "Pageview"),
        ("pageview", "Pageview"),
        ("Purchase", "Purchase"),
        ("purchase", "purchase"),
        ("Subscribed_Plus", "Subscribed_Plus"),
    ],
)
def test_old_names_count_under_the_new_ones(sent: str, counted: str) -> None:
    """Only the two renamed events and the page view have another canonical name."""
    assert canonical_name(sent) == counted


@given(st.text() | st.sampled_from([*STANDARD, *APP, *RESERVED]))
def test_the_canonical_name_is_its_own(name: str) -> None:
    """Making a name canonical twice is making it canonical once."""
    assert canonical_name(canonical_name(name)) == canonical_name(name)


@pytest.mark.parametrize("name", [n for n, life in STANDARD.items() if not life.until] + ["PageView", "PAGEVIEW"])
def test_standard_names_are_fine(name: str) -> None:
    """A standard name, an alias that TikTok converts, and the page view in any case raise nothing."""
    assert name_problem(name) is None


@pytest.mark.parametrize("name", sorted(APP))
def test_app_names_are_fine_in_an_app(name: str) -> None:
    """An app event may use every app name, also those that are reserved on the web."""
    assert name_problem(name, EventSource.APP) is None


@pytest.mark.parametrize(
    ("slip", "meant"),
    [
        ("StartTrail", "StartTrial"),
        ("starttrial", "StartTrial"),
        ("start_trial", "StartTrial"),
        ("Puchase", "Purchase"),
        ("purchase", "Purchase"),
        ("add_to_cart", "AddToCart"),
        ("ViewContents", "ViewContent"),
        ("CompletePayments", "CompletePayment"),
    ],
)
def test_a_near_miss_is_named(slip: str, meant: str) -> None:
    """A slip is a warning that names the standard event which was meant."""
    problem = name_problem(slip)
    assert problem is not None
    assert (problem.severity, problem.code) == (Severity.WARNING, "name_near_miss")
    assert f"did you mean {meant}?" in problem.fix


@pytest.mark.parametrize("name", ["NewsletterOpened", "step-2_done", "A"])
def test_a_custom_name_is_fine(name: str) -> None:
    """A custom name within TikTok's rule raises nothing on the web."""
    assert name_problem(name) is None


@pytest.mark.parametrize("name", ["", "2ndStep", "my event", "Größe", "a.b", "x" * 51, "Purchase ", "_x", "Purchase\n"])
def test_a_name_that_tiktok_would_drop_is_refused(name: str) -> None:
    """A name outside the rule for custom names (February 2026) is fatal, since TikTok would say 0 and drop it."""
    problem = name_problem(name)
    assert problem is not None
    assert (problem.severity, problem.code) == (Severity.FATAL, "name_invalid")


def test_a_bad_name_close_to_a_standard_one_says_which() -> None:
    """A refused name still says what was probably meant."""
    problem = name_problem("Complete Payment")
    assert problem is not None
    assert "did you mean CompletePayment?" in problem.fix


@pytest.mark.parametrize(("name", "standard"), RESERVED.items())
def test_reserved_names_say_what_tiktok_makes_of_them(name: str, standard: str) -> None:
    """A reserved name is a warning that names the standard event it becomes."""
    problem = name_problem(name)
    assert problem is not None
    assert problem.code == "name_reserved"
    assert standard in problem.reason
    assert standard in STANDARD


def test_names_that_end_in_2027_are_warned_of() -> None:
    """ClickButton and PlaceAnOrder still work and say until when."""
    for name in ("ClickButton", "PlaceAnOrder"):
        problem = name_problem(name)
        assert problem is not None
        assert (problem.code, problem.severity) == ("name_ending", Severity.WARNING)


def test_offline_events_take_standard_names_only() -> None:
    """A custom name on an offline event is a warning."""
    problem = name_problem("StoreVisit", EventSource.OFFLINE)
    assert problem is not None
    assert problem.code == "name_custom_offline"
    assert name_problem("Purchase", EventSource.OFFLINE) is None


def test_every_alias_leads_to_a_standard_name() -> None:
    """The table of old names points at names that exist."""
    assert ALIASES == {"CompletePayment": "Purchase", "SubmitForm": "Lead"}
    assert set(ALIASES.values()) <= set(STANDARD)
