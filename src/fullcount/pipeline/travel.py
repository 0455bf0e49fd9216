"""The way of one event, as a visible list of steps: aim, name, check, identify, consent, route. Pure."""

from __future__ import annotations

import msgspec

from fullcount.consent.decision import Action
from fullcount.events.checks import check_event
from fullcount.events.hashed import HashedEvent
from fullcount.events.key import event_key
from fullcount.events.model import Event
from fullcount.events.problems import Problem, Severity
from fullcount.events.reading import Reading
from fullcount.identity.identify import identify
from fullcount.pipeline.receipt import EventResult, Result
from fullcount.pipeline.steps import aim, ask_consent, limit, name_it, route
from fullcount.pipeline.terms import PixelTerms, SourceTerms
from fullcount.queue.entry import Entry, Fact
from fullcount.queue.outcomes import Outcome, Reason
from fullcount.redact import mask, mask_emails
from fullcount.sources.source import Intake

LONGEST_IN_FACT = 256  # characters of a name or an id that a sender chose


class Arrival(msgspec.Struct, frozen=True, gc=False):
    """One event at the queue's door: its deliveries, its facts, and its result as far as the queue has no say in it."""

    result: EventResult
    entries: tuple[Entry, ...] = ()
    facts: tuple[Fact, ...] = ()


class _Identified(msgspec.Struct, frozen=True, gc=False):
    event: Event
    hashed: HashedEvent
    is_id_shared: bool
    pixels: tuple[PixelTerms, ...]
    problems: tuple[Problem, ...]


def travel(reading: Reading, intake: Intake, terms: SourceTerms, now: float) -> Arrival:
    """Take one reading through every step but the last, which is the queue's; `now` is in Unix seconds."""
    found = _identified(reading, intake.pixel_code, terms, now)
    if isinstance(found, tuple):
        return _invalid(reading, found, terms)
    decision = ask_consent(found.event, terms)
    withheld = Reason(decision.reason) if decision.action is Action.WITHHOLD else None
    hashed = limit(found.hashed) if decision.action is Action.LIMIT else found.hashed
    test_code = terms.test_code(intake.test_event_code, now)
    entries, facts = [], []
    for pixel in found.pixels:
        way = withheld or route(hashed, pixel, terms, test_code, is_id_shared=found.is_id_shared)
        if isinstance(way, Entry):
            entries.append(way)
        else:
            facts.append(_withheld(hashed, pixel, terms, test_code, way))
    result = EventResult(
        Result.ACCEPTED if entries else Result.WITHHELD,
        hashed.event_id,
        found.problems,
        Reason.NONE if entries else facts[0].reason,
    )
    return Arrival(result, tuple(entries), tuple(facts))


def _identified(
    reading: Reading, pixel_code: str | None, terms: SourceTerms, now: float
) -> _Identified | tuple[Problem, ...]:
    """Return the event checked and hashed, or the problems that forbid it."""
    read = reading.event
    if read is None:
        return reading.problems
    pixels = aim(read, pixel_code, terms)
    if isinstance(pixels, Problem):
        return (*reading.problems, pixels)
    event_id, is_id_shared, id_problem = name_it(read, terms, now)
    problems = reading.problems if id_problem is None else (*reading.problems, id_problem)
    event, found = check_event(read, terms.check_rules, now)
    problems = (*problems, *found)
    if event is None:
        return problems
    hashed, found = identify(event, event_id, terms.identity_rules)
    return _Identified(event, hashed, is_id_shared, pixels, (*problems, *found))


def _invalid(reading: Reading, problems: tuple[Problem, ...], terms: SourceTerms) -> Arrival:
    fatal = next((problem for problem in problems if problem.severity is Severity.FATAL), None)
    fact = Fact(
        Outcome.INVALID,
        Reason.NONE,
        terms.name,
        "",
        _chosen(reading.name),
        _chosen(reading.event_id),
        detail=mask(f"{fatal.path}: {fatal.reason}" if fatal else "it cannot be read"),
    )
    return Arrival(EventResult(Result.REJECTED, None, problems), facts=(fact,))


def _withheld(
    hashed: HashedEvent, pixel: PixelTerms, terms: SourceTerms, test_code: str | None, reason: Reason
) -> Fact:
    key = event_key(pixel.code, hashed.event_source, test_code, hashed.canonical, hashed.event_id)
    name, event_id = _chosen(hashed.event), _chosen(hashed.event_id)
    return Fact(Outcome.WITHHELD, reason, terms.name, pixel.name, name, event_id, key)


def _chosen(text: str) -> str:
    """Return a name or id that a sender chose as it may be kept: bounded, and without an e-mail address in it."""
    return mask_emails(text[:LONGEST_IN_FACT])
