"""The way of one event, as a visible list of steps: aim, name, check, identify, recall, consent, route.

No I/O: what visitor memory knows is handed in. Of the same reading it makes the same, but for the id of an event that
has nothing to be named by.
"""

from __future__ import annotations

import msgspec

from fullcount.consent.decision import Action, stricter
from fullcount.consent.limited import limited
from fullcount.events.checks import check_event
from fullcount.events.hashed import HashedEvent
from fullcount.events.key import event_key
from fullcount.events.model import Event
from fullcount.events.names import name_problem
from fullcount.events.problems import Problem, Severity
from fullcount.events.reading import Reading
from fullcount.events.tie import Tie
from fullcount.identity.identify import identify
from fullcount.pipeline.recall import filled, knows_somebody, ties_of
from fullcount.pipeline.steps import PURCHASE, Occasion, aim, ask_consent, may_be_answered, name_it, route, spelled
from fullcount.pipeline.terms import PixelTerms, SourceTerms
from fullcount.queue.entry import Entry, Fact
from fullcount.queue.outcomes import Outcome, Reason
from fullcount.redact import mask_chosen, mask_then_cut
from fullcount.sources.receipt import EventResult, Result
from fullcount.sources.source import Intake
from fullcount.visitors.memory import Memory

NO_PIXEL = frozenset({"blocked", "refused"})  # states of a page's pixel in which TikTok gets no copy from it
LONGEST_DETAIL = 500  # characters of what a fact says for a person
NO_NAME = "(invalid)"  # in place of a name that no event may have, and that may hold anything


_FROM_ROBOT = Problem(
    "user.user_agent",
    "a robot's browser sent it",
    "nothing if that is so: page events of robots are withheld, purchases go on",
    Severity.WARNING,
    "bot",
)


class Arrival(msgspec.Struct, frozen=True, gc=False):
    """One event at the queue's door: its deliveries, its facts, and its result as far as the queue has no say in it."""

    result: EventResult
    entries: tuple[Entry, ...] = ()
    facts: tuple[Fact, ...] = ()


class Identified(msgspec.Struct, frozen=True, gc=False):
    """One event half way: checked and hashed, its pixels known; what visitor memory and consent say is still open."""

    reading: Reading
    event: Event
    hashed: HashedEvent
    is_id_shared: bool
    pixels: tuple[PixelTerms, ...]
    problems: tuple[Problem, ...]

    def ties(self) -> tuple[Tie, ...]:
        """Return by what visitor memory may know this visitor."""
        return ties_of(self.reading, self.hashed)


def travel(reading: Reading, intake: Intake, terms: SourceTerms, now: float, memory: Memory | None = None) -> Arrival:
    """Take one reading through every step but the last, which is the queue's; `now` is in Unix seconds."""
    found = identified(reading, intake.pixel_code, terms, now)
    return found if isinstance(found, Arrival) else concluded(found, intake, terms, now, memory)


def identified(reading: Reading, pixel_code: str | None, terms: SourceTerms, now: float) -> Identified | Arrival:
    """Return the event checked and hashed, or the arrival of one that may not go on."""
    read = reading.event
    if read is None:
        return refused(reading, reading.problems, terms)
    pixels = aim(read, pixel_code, terms)
    if isinstance(pixels, Problem):
        return refused(reading, (*reading.problems, pixels), terms)
    event_id, is_id_shared, id_problem = name_it(read, terms, now)
    problems = reading.problems if id_problem is None else (*reading.problems, id_problem)
    event, found = check_event(read, terms.check_rules, now)
    problems = (*problems, *found)
    if event is None:
        return refused(reading, problems, terms)
    hashed, found = identify(event, event_id, terms.identity_rules, reading.half)
    is_id_shared = is_id_shared and not reading.is_id_private
    return Identified(reading, event, hashed, is_id_shared, pixels, (*problems, *found))


def concluded(
    found: Identified, intake: Intake, terms: SourceTerms, now: float, memory: Memory | None = None
) -> Arrival:
    """Return the deliveries and facts of an event, with what visitor memory knows of its visitor."""
    event = found.hashed
    beside = intake.consent
    if memory is not None:
        event = filled(event, found.event.page, memory)
        beside = stricter(beside, memory.consent)
    decision, of_consent = ask_consent(found.event, beside, terms)
    barred = _barred(found.reading, event, memory)
    event = limited(event) if decision.action is Action.LIMIT else event
    test_code = terms.test_code(intake.test_event_code, now)
    occasion = Occasion(test_code, found.is_id_shared, decision.action, intake.pixel_state in NO_PIXEL)
    entries, facts = [], []
    for pixel in found.pixels:
        hashed = spelled(event, pixel) if intake.are_names_mapped else event
        action = decision.action
        if decision.reason == Reason.CONSENT_UNKNOWN and may_be_answered(hashed, pixel, test_code):
            action = ask_consent(found.event, beside, terms, may_be_answered=True)[0].action
            occasion = msgspec.structs.replace(occasion, action=action)
        way = Reason(decision.reason) if action is Action.WITHHOLD else barred or route(hashed, pixel, terms, occasion)
        if isinstance(way, Entry):
            entries.append(way)
        else:
            basis = decision.basis if action is Action.WITHHOLD else ""
            facts.append(_withheld(hashed, pixel, terms, test_code, (way, basis)))
    result = EventResult(
        Result.ACCEPTED if entries else Result.WITHHELD,
        event.event_id,
        (*found.problems, *of_consent, *((_FROM_ROBOT,) if found.reading.bot else ())),
        "" if entries else facts[0].reason,
    )
    return Arrival(result, tuple(entries), tuple(facts))


def _barred(reading: Reading, event: HashedEvent, memory: Memory | None) -> Reason | None:
    """Return why an event may go to no pixel, whatever its visitor allows."""
    if reading.is_lost_alone and not (memory is not None and knows_somebody(memory)):
        return Reason.NO_SHARED_EVENT_ID
    return Reason.BOT if reading.bot and event.canonical != PURCHASE else None


def refused(reading: Reading, problems: tuple[Problem, ...], terms: SourceTerms) -> Arrival:
    """Return the arrival of an event that cannot be taken, for these problems."""
    fatal = next((problem for problem in problems if problem.severity is Severity.FATAL), None)
    said = name_problem(reading.name)
    fact = Fact(
        Outcome.INVALID,
        Reason.NONE,
        terms.name,
        "",
        NO_NAME if said is not None and said.severity is Severity.FATAL else reading.name,
        mask_chosen(reading.event_id),
        detail=mask_then_cut(f"{fatal.path}: {fatal.reason}" if fatal else "it cannot be read", LONGEST_DETAIL),
    )
    return Arrival(EventResult(Result.REJECTED, None, problems), facts=(fact,))


def _withheld(
    hashed: HashedEvent, pixel: PixelTerms, terms: SourceTerms, test_code: str | None, why: tuple[Reason, str]
) -> Fact:
    reason, detail = why
    key = event_key(pixel.code, hashed.event_source, test_code, hashed.canonical, hashed.event_id)
    return Fact(
        Outcome.WITHHELD, reason, terms.name, pixel.name, hashed.event, mask_chosen(hashed.event_id), key, detail
    )
