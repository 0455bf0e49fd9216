"""All checks of an event, in their order."""

from __future__ import annotations

from fullcount.events.checks.completeness import check_match_keys, check_required_parts
from fullcount.events.checks.items import check_items, check_sum
from fullcount.events.checks.money import check_money
from fullcount.events.checks.rules import Check, CheckRules
from fullcount.events.checks.timing import check_time
from fullcount.events.model import Event
from fullcount.events.names import name_problem
from fullcount.events.problem_list import ProblemList
from fullcount.events.problems import Problem


def check_name(event: Event, _rules: CheckRules, _now: float, problems: ProblemList) -> Event:
    """Check the event's name against TikTok's lists; see `fullcount.events.names`."""
    problem = name_problem(event.event, event.event_source)
    if problem is not None:
        problems.listed.append(problem)
    return event


CHECKS: tuple[Check, ...] = (
    check_name,
    check_time,
    check_money,
    check_items,
    check_sum,
    check_required_parts,
    check_match_keys,
)


def check_event(event: Event, rules: CheckRules, now: float) -> tuple[Event | None, tuple[Problem, ...]]:
    """Return the event, mended where a check says so, and all problems; no event if one of them is fatal.

    `now` is in Unix seconds. Identifiers (e-mail, phone, IP, click ID) are judged by `identify`, which normalises them.
    """
    problems = ProblemList()
    for check in CHECKS:
        event = check(event, rules, now, problems)
    if not problems.listed:
        return event, ()
    return None if problems.fatal else event, tuple(problems.listed)
