"""Events that a robot's browser sent: page events are withheld, purchases go on and say so."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.unit.pipeline.travelling import NOW, OTHER, OUTLET, SNIPPET, STORE, purchase, terms

from fullcount.consent.decision import ConsentRule
from fullcount.events.problems import Severity
from fullcount.events.reading import read_event
from fullcount.pipeline.terms import PixelTerms
from fullcount.pipeline.travel import Arrival, travel
from fullcount.queue.outcomes import Outcome, Reason
from fullcount.sources.receipt import Result
from fullcount.sources.source import Intake


def arrive(event: dict[str, Any], *pixels: PixelTerms, bot: str = "Googlebot", **changes: Any) -> Arrival:
    """Take a robot's event to the queue's door."""
    test = changes.pop("test", None)
    reading = msgspec.structs.replace(read_event(event), bot=bot)
    return travel(reading, Intake((reading,), test), terms(*pixels, **changes), NOW)


@pytest.mark.parametrize("name", ["Pageview", "ViewContent", "AddToCart", "InitiateCheckout", "Lead", "MyOwnEvent"])
def test_a_robots_page_events_are_withheld(name: str) -> None:
    """For every pixel, with the reason, and without an entry."""
    arrival = arrive(purchase(event=name), STORE, OUTLET)

    assert (arrival.result.result, arrival.result.reason) == (Result.WITHHELD, "bot")
    assert arrival.entries == ()
    assert [(fact.outcome, fact.reason, fact.pixel) for fact in arrival.facts] == [
        (Outcome.WITHHELD, Reason.BOT, "store"),
        (Outcome.WITHHELD, Reason.BOT, "outlet"),
    ]


@pytest.mark.parametrize("name", ["Purchase", "CompletePayment"])
def test_a_robots_purchase_goes_on_and_says_so(name: str) -> None:
    """Nobody's order is dropped for a strange user agent; the answer warns."""
    arrival = arrive(purchase(event=name), SNIPPET)

    assert arrival.result.result is Result.ACCEPTED
    assert [entry.hold_seconds for entry in arrival.entries] == [SNIPPET.hold_seconds]
    assert [(problem.code, problem.severity) for problem in arrival.result.problems] == [("bot", Severity.WARNING)]


def test_a_person_is_not_warned_of() -> None:
    """Without a robot's name nothing is said and nothing is withheld."""
    arrival = arrive(purchase(event="Pageview"), bot="")

    assert (arrival.result.result, arrival.result.problems) == (Result.ACCEPTED, ())


def test_consent_decides_before_the_robot_does() -> None:
    """What was refused is withheld as refused, whoever sent it; a robot's purchase is no exception."""
    refused = arrive(purchase(event="Pageview", consent="denied"))
    unasked = arrive(purchase(), consent=ConsentRule.REQUIRED)

    assert [fact.reason for fact in refused.facts] == [Reason.CONSENT_DENIED]
    assert [fact.reason for fact in unasked.facts] == [Reason.CONSENT_UNKNOWN]


def test_a_robots_purchase_is_guarded_as_any_other() -> None:
    """A pixel of others' takes it only under an id that both halves share."""
    assert [fact.reason for fact in arrive(purchase(event_id=None, properties={}), OTHER).facts] == [
        Reason.NO_SHARED_EVENT_ID
    ]


def test_a_robots_page_event_is_withheld_from_tests_too() -> None:
    """A test code shows what would be counted, and this would not be."""
    arrival = arrive(purchase(event="Pageview"), test="TEST12345")

    assert [fact.reason for fact in arrival.facts] == [Reason.BOT]


def test_the_fact_does_not_tell_who_it_was() -> None:
    """Neither the robot's name nor the address stands in what is kept."""
    shown = repr(arrive(purchase(event="Pageview")).facts)

    assert "Googlebot" not in shown
    assert "203.0.113" not in shown
