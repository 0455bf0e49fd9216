"""Withdrawal: what still waits of a visitor who says no is not sent, and only the no is remembered of them."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from fullcount.consent.decision import read_signal
from fullcount.events.tie import Tie, TieKind
from fullcount.pipeline.remember import decision_on, memory_of
from fullcount.pipeline.terms import SourceTerms
from fullcount.queue.forgetting import Subject
from fullcount.queue.outcomes import REFUSALS
from fullcount.queue.protocol import Queue
from fullcount.sources.source import Intake
from fullcount.visitors.memory import Memory
from fullcount.visitors.visitors import Visitors

_REFUSED = frozenset({"denied", "opt_out"})
# An order's number can be guessed: nobody's events are dropped, and nobody is forgotten, because a page named one.
_GUESSED = frozenset({TieKind.ORDER_ID})


class Withdrawal(msgspec.Struct, frozen=True):
    """One visitor's no."""

    ties: tuple[Tie, ...]
    subject: Subject  # by what their events are found
    visitors: Visitors  # the memory that knows them


async def withdrawals_of(intake: Intake, terms: SourceTerms, visitors: Visitors | None, now: float) -> list[Withdrawal]:
    """Return the refusals of a request that are news: somebody is known by their ties, or who it is stands beside.

    It must be asked before the request's answers are remembered, as they may bring two visitors together.

    Raises:
        StoreUnavailable: visitor memory cannot be read now.
    """
    if visitors is None:
        return []
    told = [
        memory_of(sighting, terms, now)
        for sighting in intake.sightings
        if decision_on(sighting, terms).reason in REFUSALS
    ]
    if not told:
        return []
    asked = [tuple(tie for tie in ties if tie.kind not in _GUESSED) for ties, _ in told]
    found = []
    for ties, (_, said), known in zip(asked, told, await visitors.recall(asked), strict=True):
        is_repeated = known is not None and _has_refused(known) and _is_bare(known)
        subject = subject_of([said] if known is None else [said, known])
        if not is_repeated and (known is not None or subject != Subject()):
            found.append(Withdrawal(ties, subject, visitors))
    return found


async def withdraw(withdrawal: Withdrawal, queue: Queue) -> None:
    """Drop what waits of a visitor, then all that is remembered but their answers; it may be repeated.

    Raises:
        StoreUnavailable: it is not certain that all of it is gone.
    """
    if withdrawal.subject != Subject():
        await queue.withdraw(withdrawal.subject)
    await withdrawal.visitors.empty(withdrawal.ties)


def subject_of(memories: Sequence[Memory]) -> Subject:
    """Return by what a visitor's events are found in the queue."""
    return Subject(
        emails=tuple(value for memory in memories for value in memory.email),
        phones=tuple(value for memory in memories for value in memory.phone),
        external_ids=tuple(value for memory in memories for value in memory.external_id),
        click_ids=tuple(memory.ttclid for memory in memories if memory.ttclid),
        browser_ids=tuple(memory.ttp for memory in memories if memory.ttp),
    )


def _has_refused(memory: Memory) -> bool:
    return read_signal(memory.consent).value in _REFUSED


def _is_bare(memory: Memory) -> bool:
    answer = {"seen_at": 0.0, "consent": None, "consent_at": None, "consent_version": None}
    return msgspec.structs.replace(memory, **answer) == Memory()
