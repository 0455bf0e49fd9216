"""What the routes answer of the events that they took."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullcount.clock import ManualClock
from fullcount.events.problems import Problem, Severity
from fullcount.gateway.dialect import Dialect
from fullcount.gateway.events_dialect import EventsDialect
from fullcount.gateway.tiktok_dialect import TikTokDialect
from fullcount.sources.receipt import EventResult, Receipt, Result
from fullcount.sources.source import Intake

FATAL = Problem("event_time", "too old", "send it sooner", code="too_old")
WARNING = Problem("user", "odd", "look at it", Severity.WARNING, "odd")
DIALECTS: list[Dialect] = [EventsDialect(), TikTokDialect(ManualClock())]


def answered(dialect: Dialect, *results: EventResult, intake: Intake | None = None) -> dict[str, Any]:
    """Return an answer's body, which TikTok's way has in `data`."""
    answer: dict[str, Any] = json.loads(dialect.taken(intake or Intake(()), Receipt(results)).body)
    data: dict[str, Any] = answer.get("data", answer)
    return data


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_one_accepted_event_is_answered_like_any_other(event_id: str) -> None:
    """The short way to the commonest answer says the same, field by field, as the long one, whatever the id holds."""
    result = EventResult(Result.ACCEPTED, event_id)
    alone, listed = answered(EventsDialect(), result), answered(EventsDialect(), result, result)

    assert alone == listed | {"accepted": 1, "event_ids": [event_id], "results": ["accepted"]}
    assert list(alone) == list(listed)


def test_a_warning_is_told_with_one_accepted_event() -> None:
    """Nothing that is to be said gets lost on the short way."""
    result = EventResult(Result.ACCEPTED, "order-1", (WARNING,))
    of_event = answered(EventsDialect(), result)
    of_envelope = answered(
        EventsDialect(), EventResult(Result.ACCEPTED, "order-1"), intake=Intake((), warnings=(WARNING,))
    )

    assert [each["index"] for each in of_event["warnings"]] == [0]
    assert [each["index"] for each in of_envelope["warnings"]] == [None]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_an_answer_holds_a_thousand_problems_and_counts_the_rest(dialect: Dialect) -> None:
    """A body full of mistakes is answered shortly; each rejected event still has its reason."""
    rejected = EventResult(Result.REJECTED, None, (*[WARNING] * 99, FATAL))
    warned = EventResult(Result.ACCEPTED, "order-1", (WARNING,))
    answer = answered(dialect, warned, *[rejected] * 500, warned)

    problems = [problem for each in answer["rejected"] for problem in each["problems"]]
    assert answer["problems_omitted"] == 500 * 100 + 2 - len(problems) - 1
    assert len(problems) + 1 <= 1_000 + 500
    assert len(answer["rejected"]) == 500
    assert all("too_old" in {problem["code"] for problem in each["problems"]} for each in answer["rejected"])


@pytest.mark.parametrize("dialect", DIALECTS)
def test_an_answer_that_has_room_for_all_counts_no_rest(dialect: Dialect) -> None:
    """Only what was left out is counted."""
    answer = answered(dialect, *[EventResult(Result.ACCEPTED, "order-1", (WARNING,))] * 1_000)

    assert len(answer["warnings"]) == 1_000
    assert "problems_omitted" not in answer


def test_what_could_not_be_stored_is_sent_again_without_a_false_promise() -> None:
    """Only an event that can be known again is counted once."""
    dialect = EventsDialect()
    for reply in (dialect.unavailable("the disk is full", 5.0), dialect.broken()):
        assert "that has an event_id or event_time" in json.loads(reply.body)["error"]["fix"]
