"""On which terms a delivery is held, and what a further copy of it does: every engine decides by this."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from fullcount.consent.limited import limited
from fullcount.events.hashed import HashedEvent
from fullcount.events.merge import merge_halves
from fullcount.queue.outcomes import Reason

if TYPE_CHECKING:
    from fullcount.queue.entry import Entry


class Alone(StrEnum):
    """What becomes of a held half whose other half never comes."""

    SEND = ""
    MARK = "mark"  # it is sent, and the ledger says that the server's half is missing
    WITHHOLD = "withhold"


class HoldTerms(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What holds for a held delivery. Fields are appended, never moved: the stored form is positional."""

    needs_answer: bool = False  # its consent is unknown: without an answer it is withheld when its time is over
    is_limited: bool = False  # its visitor allows limited data use alone
    alone: Alone = Alone.SEND
    is_whole: bool = False  # both halves are in it

    @property
    def fate(self) -> Reason:
        """Why it is withheld when its time is over; `Reason.NONE`: then it leaves.

        A browser half may not go alone where the shop's own record is the truth. That no server half came under its
        event_id is what `no_shared_event_id` says: the two sides do not both know this event by one id.
        """
        if self.needs_answer:
            return Reason.CONSENT_UNKNOWN
        is_barred = self.alone is Alone.WITHHOLD and not self.is_whole
        return Reason.NO_SHARED_EVENT_ID if is_barred else Reason.NONE

    @property
    def is_half_missing(self) -> bool:
        """Whether the ledger is to say, when it leaves, that the server's half never came."""
        return self.alone is Alone.MARK and not self.is_whole


class Joined(msgspec.Struct, frozen=True):
    """What is held after a copy has joined it."""

    event: HashedEvent
    terms: HoldTerms
    leaves: bool  # at once: there is nothing more to wait for


def terms_of(entry: Entry) -> HoldTerms:
    """Return on which terms an entry that came first is held."""
    return HoldTerms(entry.needs_answer, entry.is_limited, entry.alone)


def with_copy(event: HashedEvent | None, terms: HoldTerms, entry: Entry) -> Joined | None:
    """Return what is held once a copy has joined it; None: the copy is a duplicate and changes nothing.

    The other half joins. So does any copy whose consent allows sending, if what is held waits for just that; then it
    leaves, unless its other half is still to be waited for. A held event that can be read no more (None) is replaced.
    """
    is_other = event is None or not (terms.is_whole or event.half is entry.event.half)
    is_answer = terms.needs_answer and not entry.needs_answer
    if not (is_other or is_answer):
        return None
    both = entry.event if event is None else merge_halves(event, entry.event)
    is_limited = terms.is_limited or entry.is_limited
    needs_answer = terms.needs_answer and entry.needs_answer
    is_whole = terms.is_whole or is_other
    return Joined(
        limited(both) if is_limited else both,
        HoldTerms(needs_answer, is_limited, entry.alone, is_whole),
        leaves=not needs_answer and (is_whole or not entry.hold_seconds),
    )
