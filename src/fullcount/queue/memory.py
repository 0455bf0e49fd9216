"""The public in-memory double of a queue: the same rules, nothing durable; for tests, and to measure the store by."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from fullcount.errors import StoreUnavailable
from fullcount.events.codec import encode_stored
from fullcount.queue.delivery import (
    Attempt,
    Buried,
    DeadLetter,
    Delivered,
    Delivery,
    LaneState,
    Lease,
    LeaseLimits,
    Retry,
    Selection,
    Settlement,
)
from fullcount.queue.entry import Entry, Errand, Fact, Note, Verdict
from fullcount.queue.forgetting import Forgotten, Match, Subject
from fullcount.queue.lane import Lane
from fullcount.queue.memory_holds import MemoryHolds
from fullcount.queue.news import news
from fullcount.queue.outcomes import FREES_KEY, Outcome, Reason
from fullcount.queue.waiting import Claim, Waiting, lane_state


class MemoryQueue(MemoryHolds):
    """A `Queue` in plain dicts.

    What a test may look at: `facts`, `copies`, `refunds` and `errands` (by key), `attempts` (by id), `outcomes` (by
    seq) and `counts` (by outcome, with "accepted", "redriven", "ignored" and "refunded" beside). Set `unavailable` to
    make every writing call raise it.
    """

    def crash(self) -> MemoryQueue:
        """Return what a new owner finds after this one was killed; this one can store nothing any more."""
        heir = MemoryQueue(self._clock)
        for name, value in vars(self).items():
            if name not in {"_change", "unavailable"}:
                setattr(heir, name, value)
        self.unavailable = StoreUnavailable("the queue was given up", fix="use the one that crash() returned")
        heir._take_back(list(heir._leases), due_at=self._clock.now())
        return heir

    async def accept(
        self, entries: Sequence[Entry], facts: Sequence[Note] = (), *, once: bytes | None = None
    ) -> list[Verdict]:
        """Store the entries and notes; return a verdict for each entry, in order."""
        self._check_available()
        now = self._clock.now()
        if once is not None and self._notes.is_repeated(once, now):
            for entry in entries:
                self._note(entry, Outcome.DUPLICATE)
            for note in facts:
                self._notes.count_repeated(note)
            return [Verdict.DUPLICATE] * len(entries)
        verdicts = [self._accept_one(entry, now) for entry in entries]
        for note in news(facts, entries, verdicts):
            self._notes.take(note)
        self._carry_out(note for note in facts if isinstance(note, Fact) and note.is_refusal)
        if entries or facts:
            self._change.set()
        return verdicts

    def _accept_one(self, entry: Entry, now: float) -> Verdict:
        if entry.claims_key:
            held = self._held.get(entry.key)
            if held is not None and self._joins(held, entry, now):
                return Verdict.MERGED
            claimed = self._claimed.get(entry.key)
            if held is not None or (claimed is not None and int(now) - claimed[0] < entry.window_seconds):
                self._note(entry, Outcome.DUPLICATE, self._more_than_first(entry) if entry.hold_seconds else "")
                return Verdict.DUPLICATE
        self._last_seq += 1
        seq = self._last_seq
        delivery = Delivery(seq=seq, key=entry.key, event=entry.event, accepted_at=now)
        waiting = Waiting(entry, delivery, now, len(encode_stored(entry.event)))
        if entry.claims_key:
            self._claimed[entry.key] = (int(now), seq)
        if entry.claims_key and (entry.hold_seconds or entry.needs_answer):
            self._hold(waiting, now)
        else:
            self._enqueue(waiting)
        self.counts["accepted"] += 1
        return Verdict.ACCEPTED

    async def lease(self, lane: Lane, limits: LeaseLimits) -> Lease:
        """Claim due deliveries of a lane, the longest due first."""
        self._check_available()
        now = self._clock.now()
        self._take_back([id_ for id_, claim in self._leases.items() if claim.lane == lane and claim.expires_at <= now])
        book = self._lanes.get(lane)
        if book is None or not book.gives(limits):
            return _empty_lease(lane, now, None)
        taken, is_full = book.take_due(self._waiting, limits, now)
        if not taken or not (is_full or taken[0].due_at + limits.ripe_after_seconds <= now):
            for waiting in taken:
                book.put(waiting)
            ripe_at = [book.due[0][0] + limits.ripe_after_seconds] if book.due else []
            ends = [claim.expires_at for claim in self._leases.values() if claim.lane == lane]
            return _empty_lease(lane, now, min(ripe_at + ends, default=None))
        self._last_lease += 1
        claim = Claim(lane, {waiting.delivery.seq for waiting in taken}, now, now + limits.lease_seconds)
        self._leases[self._last_lease] = claim
        for waiting in taken:
            waiting.lease_id = self._last_lease
        deliveries = tuple(waiting.delivery for waiting in taken)
        return Lease(self._last_lease, lane, deliveries, now, claim.expires_at)

    async def settle(self, lease: Lease, results: Mapping[int, Settlement], attempts: Sequence[Attempt] = ()) -> bool:
        """End some or all deliveries of a lease, by `seq`; False if the lease is stale."""
        self._check_available()
        claim = self._leases.get(lease.id)
        if claim is None:
            return False
        for attempt in attempts:
            self.attempts.setdefault(attempt.id, attempt)
        for seq, result in results.items():
            if seq in claim.seqs:
                claim.seqs.discard(seq)
                self._settle_one(self._waiting[seq], result, claim.leased_at)
        if not claim.seqs:
            del self._leases[lease.id]
        self._change.set()
        return True

    def _settle_one(self, waiting: Waiting, result: Settlement, leased_at: float) -> None:
        waiting.lease_id = None
        doom = self._doomed.pop(waiting.delivery.seq, None)
        if doom is not None and not isinstance(result, Delivered):
            if doom is Reason.PURGED:
                self._end(waiting, Outcome.DEAD)
            else:
                self._withhold(waiting, doom, may_be_at_tiktok=isinstance(result, Retry) and result.lost)
            return
        match result:
            case Delivered(outcome=outcome):
                self._end(waiting, outcome)
            case Buried():
                self._bury(waiting, result)
            case Retry():
                waiting.due_at = result.due_at
                if result.attempted:
                    waiting.delivery = _attempted(waiting.delivery, leased_at if result.lost else None)
                self._enqueue(waiting)

    def _take_back(self, lease_ids: Iterable[int], due_at: float | None = None) -> None:
        for lease_id in lease_ids:
            claim = self._leases.pop(lease_id)
            lost = Retry(due_at=claim.expires_at if due_at is None else due_at, lost=True)
            for seq in claim.seqs:
                self._settle_one(self._waiting[seq], lost, claim.leased_at)

    async def bury(self, selection: Selection, reason: Reason = Reason.PURGED) -> int:
        """Take waiting and held deliveries out and keep them as dead letters; return how many."""
        self._check_available()
        now = self._clock.now()
        self._take_back([id_ for id_, claim in self._leases.items() if claim.expires_at <= now])
        free = [waiting for waiting in self._waiting.values() if waiting.lease_id is None]
        chosen = [
            waiting
            for waiting in [*free, *self._held.values()]
            if selection.takes(waiting.delivery.seq, waiting.entry.lane, waiting.delivery.event.event_id)
        ]
        for waiting in chosen:
            if self._held.get(waiting.entry.key) is waiting:
                del self._held[waiting.entry.key]
            self._bury(waiting, Buried(reason))
        return len(chosen)

    def _bury(self, waiting: Waiting, buried: Buried) -> None:
        entry, delivery = waiting.entry, waiting.delivery
        self._end(waiting, Outcome.DEAD)
        if buried.reason in FREES_KEY:
            self._free_key(waiting)
        if waiting.terms.needs_answer:
            return  # nobody may put back what its visitor never allowed
        letter = DeadLetter(
            seq=delivery.seq,
            lane=entry.lane,
            event=delivery.event,
            source=entry.source,
            pixel=entry.pixel,
            reason=buried.reason,
            code=buried.code,
            message=buried.message,
            died_at=self._clock.now(),
            accepted_at=delivery.accepted_at,
        )
        self._dead[delivery.seq] = (waiting, letter)

    async def redrive(self, selection: Selection, *, overridden: bool = False) -> int:
        """Put dead letters back on their lane with their key; return how many."""
        self._check_available()
        count = 0
        newest_first = sorted(self._dead.items(), key=lambda it: (it[1][1].died_at, it[0]), reverse=True)
        for seq, (waiting, letter) in newest_first:
            chosen = selection.takes(seq, letter.lane, letter.event.event_id, letter.reason)
            if not chosen or not self._reclaim(waiting, letter.reason):
                continue
            del self._dead[seq], self.outcomes[seq]
            waiting.due_at = self._clock.now()
            if overridden:
                waiting.delivery = msgspec.structs.replace(waiting.delivery, overridden=True)
            self._enqueue(waiting)
            count += 1
        self.counts["redriven"] += count
        if count:
            self._change.set()
        return count

    def _reclaim(self, waiting: Waiting, reason: Reason) -> bool:
        """Claim a freed key again; False if a corrected resend has it."""
        entry, now = waiting.entry, int(self._clock.now())
        if not entry.claims_key or reason not in FREES_KEY:
            return True
        claimed = self._claimed.get(entry.key)
        if entry.key in self._held or (claimed is not None and now - claimed[0] < entry.window_seconds):
            return False
        self._claimed[entry.key] = (now, waiting.delivery.seq)
        return True

    async def pause(self, lane: Lane, why: str, *, by_person: bool = False) -> None:
        """Stop leasing from a lane."""
        self._check_available()
        book = self._book(lane)
        if by_person or not book.paused_by_person:
            since = self._clock.now() if book.paused_at is None else book.paused_at
            book.paused, book.paused_at, book.paused_by_person = why, since, by_person

    async def resume(self, lane: Lane, *, unless_by_person: bool = False) -> None:
        """Lease from it again; `unless_by_person` leaves a person's pause as it is."""
        self._check_available()
        book = self._book(lane)
        if book.paused_by_person and unless_by_person:
            return
        book.paused, book.paused_at, book.paused_by_person = None, None, False
        self._change.set()

    async def lanes(self) -> list[LaneState]:
        """Return every lane that holds something or is paused."""
        states = [
            lane_state(lane, book, self._waiting.values(), self._held.values()) for lane, book in self._lanes.items()
        ]
        return [state for state in states if state.queued or state.leased or state.held or state.paused_at is not None]

    async def dead_letters(self, selection: Selection, limit: int = 100) -> list[DeadLetter]:
        """Return the newest dead letters that match."""
        letters = sorted((letter for _, letter in self._dead.values()), key=lambda it: (it.died_at, it.seq))
        chosen = [it for it in letters if selection.takes(it.seq, it.lane, it.event.event_id, it.reason)]
        return chosen[::-1][:limit]

    async def forget(self, subject: Subject) -> Forgotten:
        """Drop or blank all that names a subject."""
        self._check_available()
        now = self._clock.now()
        self._take_back([id_ for id_, claim in self._leases.items() if claim.expires_at <= now])
        match = Match(subject)
        mine = [it for it in (*self._waiting.values(), *self._held.values()) if match.takes(it.entry.source, it.event)]
        for waiting in mine:
            if waiting.lease_id is None:
                if self._held.get(waiting.entry.key) is waiting:
                    del self._held[waiting.entry.key]
                self._end(waiting, Outcome.DEAD)
        leased = {waiting.delivery.seq for waiting in mine if waiting.lease_id is not None}
        leased = {seq for seq in leased if self._doomed.get(seq) is not Reason.PURGED}
        self._doomed |= dict.fromkeys(leased, Reason.PURGED)
        letters = [seq for seq, (waiting, _) in self._dead.items() if match.takes(waiting.entry.source, waiting.event)]
        for seq in letters:
            del self._dead[seq]
        facts, refunds, errands = self._notes.forget(match)
        return Forgotten(
            len(mine) - sum(it.lease_id is not None for it in mine), len(leased), len(letters), facts, refunds, errands
        )

    async def withdraw(self, subject: Subject) -> int:
        """Withhold what waits of a subject; return how many."""
        self._check_available()
        now = self._clock.now()
        self._take_back([id_ for id_, claim in self._leases.items() if claim.expires_at <= now])
        match = Match(subject)
        for seq in [seq for seq, (it, _) in self._dead.items() if match.takes(it.entry.source, it.event)]:
            del self._dead[seq]
        mine = [it for it in (*self._waiting.values(), *self._held.values()) if match.takes(it.entry.source, it.event)]
        return sum([self._refuse(waiting, Reason.CONSENT_DENIED) for waiting in mine])

    async def due_errands(self, limit: int = 100) -> list[Errand]:
        """Return errands whose time has come, the longest due first."""
        return self._notes.due_errands(self._clock.now(), limit)

    async def end_errand(self, key: bytes) -> None:
        """Cross an errand off."""
        self._check_available()
        self._notes.end_errand(key)

    async def postpone_errand(self, key: bytes, due_at: float) -> None:
        """Let an errand wait until `due_at` and count the attempt."""
        self._check_available()
        self._notes.postpone_errand(key, due_at)
        self._change.set()

    async def changed(self) -> None:
        """Wait until something was accepted, released, redriven, resumed or settled since the last call returned."""
        due_at = self._notes.next_due_at(after=self._heard_at)
        alarm = None if due_at is None else asyncio.ensure_future(self._ring_at(due_at))
        try:
            await self._change.wait()
        finally:
            if alarm is not None:
                alarm.cancel()
        self._change.clear()
        self._heard_at = self._clock.now()

    async def _ring_at(self, due_at: float) -> None:
        await self._clock.sleep(due_at - self._clock.now())
        self._change.set()

    async def close(self) -> None:
        """Take nothing any more."""
        self.unavailable = self.unavailable or StoreUnavailable("the queue is closed", fix="open it again")


def _attempted(delivery: Delivery, lost_at: float | None) -> Delivery:
    first_lost_at = lost_at if delivery.first_lost_at is None else delivery.first_lost_at
    return msgspec.structs.replace(delivery, attempts=delivery.attempts + 1, first_lost_at=first_lost_at)


def _empty_lease(lane: Lane, now: float, ask_again_at: float | None) -> Lease:
    return Lease(id=0, lane=lane, deliveries=(), leased_at=now, expires_at=now, ask_again_at=ask_again_at)
