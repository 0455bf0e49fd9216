"""The last step: every delivery and fact of a request goes into the queue in one call, and only then is it answered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from itertools import islice
from typing import NamedTuple, Protocol

import msgspec

from fullcount.clock import Clock, elapsed_seconds
from fullcount.events.hashed import HashedEvent
from fullcount.events.problems import Problem
from fullcount.events.reading import Reading
from fullcount.pipeline.erase import erase
from fullcount.pipeline.modes import in_force
from fullcount.pipeline.notes import notes_of
from fullcount.pipeline.pairing import copies_of
from fullcount.pipeline.remember import memories_of
from fullcount.pipeline.terms import SourceTerms
from fullcount.pipeline.travel import Arrival, Identified, concluded, identified, refused
from fullcount.pipeline.withdraw import withdraw, withdrawals_of
from fullcount.queue.entry import Entry, Note, Verdict
from fullcount.queue.keys import request_key
from fullcount.queue.protocol import Queue
from fullcount.sources.each import BROKE
from fullcount.sources.receipt import EventResult, Receipt, Result
from fullcount.sources.source import Intake
from fullcount.visitors.memory import Memory
from fullcount.visitors.visitors import Visitors

EVENTS_AT_A_STRETCH = 100  # of one request, about 5 ms, before the event loop may answer somebody else
Fits = Callable[[HashedEvent], bool]

_TOO_LARGE = Problem(
    "", "the event is too large for one request to TikTok", "send fewer items or shorter values", code="too_large"
)


class Observer(Protocol):
    """Hears what was stored. It must return at once and never raise."""

    def stored(
        self, source: str, entries: Sequence[Entry], verdicts: Sequence[Verdict], notes: Sequence[Note], seconds: float
    ) -> None:
        """One request's entries and notes were committed, which took `seconds`."""
        ...

    def event_broke(self, source: str, error: Exception) -> None:
        """An event of this source raised something that nobody expected; it was refused, and its neighbours go on."""
        ...


class NullObserver:
    """Nobody listens."""

    def stored(
        self, source: str, entries: Sequence[Entry], verdicts: Sequence[Verdict], notes: Sequence[Note], seconds: float
    ) -> None:
        """Ignore it."""

    def event_broke(self, source: str, error: Exception) -> None:
        """Ignore it."""


def _fits_always(_event: HashedEvent) -> bool:
    return True


class _Call(NamedTuple):
    """What holds for every event of one request."""

    intake: Intake
    terms: SourceTerms
    now: float  # Unix seconds


class Pipeline:
    """Takes what a source read and stores it."""

    def __init__(
        self,
        queue: Queue,
        clock: Clock,
        observer: Observer | None = None,
        fits: Fits = _fits_always,
        *,
        visitors: Visitors | None = None,
    ) -> None:
        """`fits` says whether an event's encoded form has room in one request; only large events are asked about."""
        self._queue = queue
        self._visitors = visitors
        self._clock = clock
        self._observer = observer or NullObserver()
        self._fits = fits

    async def take(self, intake: Intake, terms: SourceTerms) -> Receipt:
        """Check, identify, route and store a request's events; return the result of each after the commit.

        Raises:
            StoreUnavailable: it is not certain that they are stored.
        """
        terms = in_force(terms, self._queue.modes())
        call = _Call(intake, terms, self._clock.now())
        for error in intake.broken:
            self._observer.event_broke(terms.name, error)
        withdrawals = await withdrawals_of(intake, terms, self._visitors, call.now) if intake.sightings else ()
        arrivals = await self._arrivals(call)
        if len(arrivals) == 1:
            entries, facts = arrivals[0].entries, arrivals[0].facts
        else:
            entries = tuple(entry for arrival in arrivals for entry in arrival.entries)
            facts = tuple(fact for arrival in arrivals for fact in arrival.facts)
        notes: tuple[Note, ...] = facts
        if intake.ignored or intake.refunds or intake.notices:
            notes = (*facts, *notes_of(intake, terms, call.now))
        # What was only withheld or refused may come again and be taken: it claims nothing.
        is_claimed = bool(intake.request_id) and (bool(entries) or notes is not facts)
        once = request_key(terms.name, intake.request_id) if is_claimed else None
        if copies := tuple(copies_of(intake, arrivals, terms, call.now)):
            notes = (*notes, *copies)
        started = elapsed_seconds()
        verdicts = await self._queue.accept(entries, notes, once=once)
        self._observer.stored(terms.name, entries, verdicts, notes, elapsed_seconds() - started)
        for erasure in intake.erasures:  # also of a request that was taken before: its erasing may not have been
            await erase(erasure, terms, self._queue, self._visitors)
        for withdrawal in withdrawals:
            await withdraw(withdrawal, self._queue)
        return Receipt(_results(arrivals, verdicts))

    async def _arrivals(self, call: _Call) -> list[Arrival]:
        """Take every event of a request to the queue's door."""
        halfway = []
        for index in range(len(call.intake.readings)):
            if index and index % EVENTS_AT_A_STRETCH == 0:
                await asyncio.sleep(0)
            halfway.append(self._identified(index, call))
        memories = await self._memories(halfway, call)
        arrivals = []
        for index, found in enumerate(halfway):
            if index and index % EVENTS_AT_A_STRETCH == 0:
                await asyncio.sleep(0)
            if isinstance(found, Arrival):
                arrivals.append(found)
            else:
                arrivals.append(self._concluded(index, found, memories.get(index), call))
        return arrivals

    async def _memories(self, halfway: Sequence[Identified | Arrival], call: _Call) -> dict[int, Memory]:
        """Remember what the request tells of visitors, and return what is known of each event's, by its index."""
        if self._visitors is None:
            return {}
        told = memories_of(*call)
        while some := list(islice(told, EVENTS_AT_A_STRETCH)):  # together they wait for one commit
            await asyncio.gather(*(self._visitors.remember(ties, memory) for ties, memory in some))
        if self._visitors.is_empty:
            return {}
        asked = {index: found.ties() for index, found in enumerate(halfway) if isinstance(found, Identified)}
        known = await self._visitors.recall(list(asked.values()))
        return {index: memory for index, memory in zip(asked, known, strict=True) if memory is not None}

    def _identified(self, index: int, call: _Call) -> Identified | Arrival:
        """Take one event half way; whatever it does, the others go theirs."""
        reading = call.intake.readings[index]
        try:
            return identified(reading, call.intake.pixel_code, call.terms, call.now)
        except Exception as error:  # noqa: BLE001 - one event must not cost its neighbours; the log says where
            return self._broken(reading, call.terms, error)

    def _concluded(self, index: int, found: Identified, memory: Memory | None, call: _Call) -> Arrival:
        """Take one event the rest of its way; whatever it does, the others go theirs."""
        try:
            arrival = concluded(found, *call, memory)
            if index in call.intake.large and arrival.entries and not self._fits(arrival.entries[0].event):
                return refused(found.reading, (*arrival.result.problems, _TOO_LARGE), call.terms)
        except Exception as error:  # noqa: BLE001 - one event must not cost its neighbours; the log says where
            return self._broken(found.reading, call.terms, error)
        return arrival

    def _broken(self, reading: Reading, terms: SourceTerms, error: Exception) -> Arrival:
        self._observer.event_broke(terms.name, error)
        return refused(reading, (BROKE,), terms)


def _results(arrivals: Sequence[Arrival], verdicts: Sequence[Verdict]) -> tuple[EventResult, ...]:
    if verdicts.count(Verdict.ACCEPTED) == len(verdicts):
        return tuple(arrival.result for arrival in arrivals)
    results = []
    at = 0
    for arrival in arrivals:
        mine = verdicts[at : at + len(arrival.entries)]
        at += len(arrival.entries)
        results.append(msgspec.structs.replace(arrival.result, result=_best(mine)) if mine else arrival.result)
    return tuple(results)


def _best(verdicts: Sequence[Verdict]) -> Result:
    """Return what one event's verdicts at its pixels come to: new anywhere is accepted, else merged, else duplicate."""
    if Verdict.ACCEPTED in verdicts:
        return Result.ACCEPTED
    return Result.MERGED if Verdict.MERGED in verdicts else Result.DUPLICATE
