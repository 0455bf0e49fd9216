"""The part of the in-memory queue about what is held, and what its visitors refuse."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from fullcount.events.codec import encode_stored
from fullcount.queue.entry import Entry, Fact
from fullcount.queue.fields import fields_of, more_than
from fullcount.queue.holding import Joined, terms_of, with_copy
from fullcount.queue.memory_store import MemoryStore
from fullcount.queue.outcomes import Happening, Outcome, Reason
from fullcount.queue.waiting import Waiting


class MemoryHolds(MemoryStore):
    """Holds, joins, releases and withholds."""

    async def release_held(self) -> int:
        """Let go of held deliveries whose time has come, or withhold those that may not go; return how many."""
        self._check_available()
        now = self._clock.now()
        ripe = [waiting for waiting in self._held.values() if waiting.due_at <= now]
        for waiting in ripe:
            reason = waiting.terms.fate
            if reason is not Reason.NONE:
                self._withhold(waiting, reason)
                continue
            if waiting.terms.is_half_missing:
                self.counts[Happening.SERVER_HALF_MISSING] += 1
            self._let_go(waiting, now)
        if ripe:
            self._change.set()
        return len(ripe)

    def _hold(self, waiting: Waiting, now: float) -> None:
        entry = waiting.entry
        waiting.due_at = now + (entry.hold_seconds or 0)
        waiting.terms = terms_of(entry)
        self._held[entry.key] = waiting
        self._book(entry.lane)

    def _let_go(self, waiting: Waiting, now: float) -> None:
        del self._held[waiting.entry.key]
        self._fields_left[waiting.entry.key] = fields_of(waiting.event)
        waiting.due_at = now
        self._enqueue(waiting)

    def _joins(self, held: Waiting, entry: Entry, now: float) -> bool:
        """Let an entry join what is held under its key, if it may."""
        joined: Joined | None = with_copy(held.event, held.terms, entry)
        if joined is None:
            return False
        held.delivery = msgspec.structs.replace(held.delivery, event=joined.event)
        held.stored_bytes = len(encode_stored(joined.event))
        held.terms = joined.terms
        if joined.leaves:
            self._let_go(held, now)
        self._note(entry, Outcome.MERGED)
        return True

    def _more_than_first(self, entry: Entry) -> str:
        """Return the names of the fields that a late copy had and the delivery has not: it is frozen by now."""
        held = self._held.get(entry.key)
        known = self._fields_left.get(entry.key) if held is None else fields_of(held.event)
        return "" if known is None else more_than(known, entry.event)

    def _withhold(self, waiting: Waiting, reason: Reason, *, may_be_at_tiktok: bool = False) -> None:
        """End a delivery that nobody has leased; its key is free, but where it may have left before."""
        if self._held.get(waiting.entry.key) is waiting:
            del self._held[waiting.entry.key]
        self._end(waiting, Outcome.WITHHELD)
        self.facts.append(self._fact(waiting.entry, Outcome.WITHHELD, reason))
        if not (may_be_at_tiktok or waiting.delivery.first_lost_at is not None):
            self._free_key(waiting)

    def _carry_out(self, refusals: Iterable[Fact]) -> None:
        """End what waits under the keys of these facts."""
        for fact in refusals:
            for seq in [seq for seq, (waiting, _) in self._dead.items() if waiting.entry.key == fact.key]:
                del self._dead[seq]
            claimed = self._claimed.get(fact.key)
            waiting = self._held.get(fact.key) or (None if claimed is None else self._waiting.get(claimed[1]))
            if waiting is not None:
                self._refuse(waiting, Reason(fact.reason))

    def _refuse(self, waiting: Waiting, reason: Reason) -> bool:
        """Withhold a delivery now or when it comes back; return whether it was not to end so before."""
        if waiting.lease_id is None:
            self._withhold(waiting, reason)
            return True
        is_new = waiting.delivery.seq not in self._doomed
        self._doomed.setdefault(waiting.delivery.seq, reason)
        return is_new
