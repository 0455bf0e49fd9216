"""The last step: every delivery and fact of a request goes into the queue in one call, and only then is it answered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec

from fullcount.clock import Clock, elapsed_seconds
from fullcount.events.hashed import HashedEvent
from fullcount.events.problems import Problem
from fullcount.pipeline.notes import notes_of
from fullcount.pipeline.terms import SourceTerms
from fullcount.pipeline.travel import Arrival, refused, travel
from fullcount.queue.entry import Entry, Note, Verdict
from fullcount.queue.keys import request_key
from fullcount.queue.protocol import Queue
from fullcount.sources.each import BROKE
from fullcount.sources.receipt import EventResult, Receipt, Result
from fullcount.sources.source import Intake

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


class Pipeline:
    """Takes what a source read and stores it."""

    def __init__(self, queue: Queue, clock: Clock, observer: Observer | None = None, fits: Fits = _fits_always) -> None:
        """`fits` says whether an event's encoded form has room in one request; only large events are asked about."""
        self._queue = queue
        self._clock = clock
        self._observer = observer or NullObserver()
        self._fits = fits

    async def take(self, intake: Intake, terms: SourceTerms) -> Receipt:
        """Check, identify, route and store a request's events; return the result of each after the commit.

        Raises:
            StoreUnavailable: it is not certain that they are stored.
        """
        now = self._clock.now()
        for error in intake.broken:
            self._observer.event_broke(terms.name, error)
        arrivals = []
        for index in range(len(intake.readings)):
            if index and index % EVENTS_AT_A_STRETCH == 0:
                await asyncio.sleep(0)
            arrivals.append(self._arrival(index, intake, terms, now))
        if len(arrivals) == 1:
            entries, facts = arrivals[0].entries, arrivals[0].facts
        else:
            entries = tuple(entry for arrival in arrivals for entry in arrival.entries)
            facts = tuple(fact for arrival in arrivals for fact in arrival.facts)
        notes: tuple[Note, ...] = facts
        if intake.ignored or intake.refunds or intake.notices:
            notes = (*facts, *notes_of(intake, terms, now))
        once = request_key(terms.name, intake.request_id) if intake.request_id else None
        started = elapsed_seconds()
        verdicts = await self._queue.accept(entries, notes, once=once)
        self._observer.stored(terms.name, entries, verdicts, notes, elapsed_seconds() - started)
        return Receipt(_results(arrivals, verdicts))

    def _arrival(self, index: int, intake: Intake, terms: SourceTerms, now: float) -> Arrival:
        """Take one event to the queue's door; whatever it does on its way, the others go theirs."""
        reading = intake.readings[index]
        try:
            arrival = travel(reading, intake, terms, now)
            if index in intake.large and arrival.entries and not self._fits(arrival.entries[0].event):
                return refused(reading, (*arrival.result.problems, _TOO_LARGE), terms)
        except Exception as error:  # noqa: BLE001 - one event must not cost its neighbours; the log says where
            self._observer.event_broke(terms.name, error)
            return refused(reading, (BROKE,), terms)
        return arrival


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
