"""Erasing: a person or a shop that asks to be forgotten is, in the queue, the ledger and visitor memory."""

from __future__ import annotations

from fullcount.events.model import Event
from fullcount.events.reading import Reading
from fullcount.events.tie import Tie, TieKind
from fullcount.identity.identify import identify
from fullcount.pipeline.recall import several, ties_of
from fullcount.pipeline.terms import SourceTerms
from fullcount.queue.forgetting import Subject
from fullcount.queue.protocol import Queue
from fullcount.sources.source import Erasure
from fullcount.visitors.visitors import Visitors


async def erase(erasure: Erasure, terms: SourceTerms, queue: Queue, visitors: Visitors | None) -> None:
    """Forget whom or what an erasure names; it may be repeated.

    Visitor memory does not know by which source it heard of somebody: after a whole shop's erasure what it holds of
    that shop's visitors goes when its time is over.

    Raises:
        StoreUnavailable: it is not certain that all of it is gone.
    """
    subject, ties = subject_of(erasure, terms)
    await queue.forget(subject)
    if visitors is not None and ties:
        await visitors.forget(ties)


def subject_of(erasure: Erasure, terms: SourceTerms) -> tuple[Subject, tuple[Tie, ...]]:
    """Return what to look for in the queue and the ledger, and in visitor memory; identifiers hashed as events' are."""
    if erasure.is_everything:
        return Subject(source=terms.name), ()
    hashed, _ = identify(Event(event="Purchase", user=erasure.user), "", terms.identity_rules)
    user = hashed.user
    subject = Subject(
        event_ids=erasure.event_ids,
        emails=several(user.email),
        phones=several(user.phone),
        external_ids=several(user.external_id),
    )
    orders = tuple(Tie(TieKind.ORDER_ID, event_id) for event_id in erasure.event_ids)
    return subject, (*ties_of(Reading(None, (), "", ""), hashed), *orders)
