"""The last step: every delivery and fact of a request goes into the queue in one call, and only then is it answered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from fullcount.clock import Clock, elapsed_seconds
from fullcount.pipeline.receipt import EventResult, Receipt, Result
from fullcount.pipeline.terms import SourceTerms
from fullcount.pipeline.travel import Arrival, travel
from fullcount.queue.entry import Entry, Fact, Verdict
from fullcount.queue.protocol import Queue
from fullcount.sources.source import Intake


class Observer(Protocol):
    """Hears what was stored. It must return at once and never raise."""

    def stored(
        self, source: str, entries: Sequence[Entry], verdicts: Sequence[Verdict], facts: Sequence[Fact], seconds: float
    ) -> None:
        """One request's entries and facts were committed, which took `seconds`."""
        ...


class NullObserver:
    """Nobody listens."""

    def stored(
        self, source: str, entries: Sequence[Entry], verdicts: Sequence[Verdict], facts: Sequence[Fact], seconds: float
    ) -> None:
        """Ignore it."""


class Pipeline:
    """Takes what a source read and stores it."""

    def __init__(self, queue: Queue, clock: Clock, observer: Observer | None = None) -> None:
        self._queue = queue
        self._clock = clock
        self._observer = observer or NullObserver()

    async def take(self, intake: Intake, terms: SourceTerms) -> Receipt:
        """Check, identify, route and store a request's events; return the result of each after the commit.

        Raises:
            StoreUnavailable: it is not certain that they are stored.
        """
        now = self._clock.now()
        arrivals = [travel(reading, intake, terms, now) for reading in intake.readings]
        if len(arrivals) == 1:
            entries, facts = arrivals[0].entries, arrivals[0].facts
        else:
            entries = tuple(entry for arrival in arrivals for entry in arrival.entries)
            facts = tuple(fact for arrival in arrivals for fact in arrival.facts)
        started = elapsed_seconds()
        verdicts = await self._queue.accept(entries, facts)
        self._observer.stored(terms.name, entries, verdicts, facts, elapsed_seconds() - started)
        return Receipt(_results(arrivals, verdicts))


def _results(arrivals: Sequence[Arrival], verdicts: Sequence[Verdict]) -> tuple[EventResult, ...]:
    if all(verdict is Verdict.ACCEPTED for verdict in verdicts):
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
