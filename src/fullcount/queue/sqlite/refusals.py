"""A visitor's no that comes with one copy of an event ends what waits of it, in the same commit."""

from __future__ import annotations

from collections.abc import Sequence

from fullcount.queue.entry import Fact
from fullcount.queue.outcomes import Reason
from fullcount.queue.sqlite.dead import Dead
from fullcount.queue.sqlite.ending import withhold
from fullcount.queue.sqlite.intake import Offer
from fullcount.queue.sqlite.leases import Leases
from fullcount.queue.sqlite.seen import KeyClaim
from fullcount.queue.sqlite.shelves import Shelves


def stretches(offers: Sequence[Offer]) -> list[Sequence[Offer]]:
    """Cut a group so that what is offered after a refusal is looked up after it was carried out."""
    if not any(offer.notes for offer in offers):
        return [offers]
    cut: list[Sequence[Offer]] = []
    begun: list[Offer] = []
    has_refusal = False
    for offer in offers:
        if has_refusal and offer.entries:
            cut.append(begun)
            begun, has_refusal = [], False
        begun.append(offer)
        has_refusal = has_refusal or any(isinstance(note, Fact) and note.is_refusal for note in offer.notes)
    return [*cut, begun]


class Refusals:
    """Finds the delivery that holds a refused key, wherever it is by now."""

    def __init__(self, shelves: Shelves, leases: Leases, dead: Dead) -> None:
        self._on = shelves
        self._leases = leases
        self._dead = dead

    def carry_out(self, refusals: Sequence[Fact], now: float) -> None:
        """End what is held or queued under the keys of these facts; what is leased ends when it comes back."""
        reasons: dict[bytes, Reason] = {}
        for fact in refusals:
            reasons.setdefault(fact.key, Reason(fact.reason))
        self._dead.drop(sorted(reasons))  # else a person could put it back
        for key, held in self._on.held.find(list(reasons)).items():
            self._on.held.remove(held.book, [held.row])
            withhold(self._on, [held.row], reasons.pop(key), now)
        if reasons and any(book.queued or book.leased for book in self._on.lanes.all()):
            for key, claim in self._on.seen.holders(sorted(reasons)).items():
                self._end(claim, reasons[key], now)

    def _end(self, claim: KeyClaim, reason: Reason, now: float) -> None:
        if self._leases.holds(claim.seq):
            self._on.oblivion.add([claim.seq], reason)
            return
        if self._on.facts.has_ended(claim.seq, claim.at):
            return
        for book in self._on.lanes.all():
            found = self._on.chunks.find(book, claim.seq) if book.queued else None
            if found is not None:
                chunk, rows = found
                self._on.chunks.take_out(book, chunk, rows, claim.seq)
                refused = [row for row in rows if row.seq == claim.seq]
                may_be_at_tiktok = chunk.history.first_lost_at is not None
                withhold(self._on, refused, reason, now, may_be_at_tiktok=may_be_at_tiktok)
                return
