"""The part of the model about what is accepted, held and joined, and what its visitors refuse."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from fullcount.consent.limited import limited
from fullcount.events.merge import merge_halves
from fullcount.queue.entry import Entry, Verdict
from fullcount.queue.forgetting import Match, Subject
from fullcount.queue.holding import Alone
from fullcount.queue.outcomes import Happening, Outcome, Reason
from fullcount.testing.queue_model_items import Item


@dataclass
class HoldModel:
    """Everything that is a delivery."""

    waiting: list[Item] = field(default_factory=list)
    held: dict[bytes, Item] = field(default_factory=dict)
    dead: list[Item] = field(default_factory=list)
    claims: dict[bytes, tuple[float, Item]] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)

    def accept(self, entry: Entry, now: float) -> Verdict:
        """Return what the queue should say of this entry."""
        if entry.claims_key:
            held = self.held.get(entry.key)
            if held is not None and self._joins(held, entry, now):
                self.counts[Outcome.MERGED] += 1
                return Verdict.MERGED
            if held is not None or self.is_claimed(entry, now):
                self.counts[Outcome.DUPLICATE] += 1
                return Verdict.DUPLICATE
        self.counts["accepted"] += 1
        item = Item(entry, entry.event, accepted_at=now, due_at=now, number=self.counts["accepted"])
        if entry.claims_key:
            self.claims[entry.key] = (now, item)
        if entry.claims_key and (entry.hold_seconds or entry.needs_answer):
            item.due_at = now + (entry.hold_seconds or 0)
            item.needs_answer, item.is_limited, item.alone = entry.needs_answer, entry.is_limited, entry.alone
            self.held[entry.key] = item
        else:
            self.waiting.append(item)
        return Verdict.ACCEPTED

    def is_claimed(self, entry: Entry, now: float) -> bool:
        """Return whether the entry's key was claimed inside its window (whole seconds)."""
        claimed = self.claims.get(entry.key)
        return claimed is not None and int(now) - int(claimed[0]) < entry.window_seconds

    def _joins(self, held: Item, entry: Entry, now: float) -> bool:
        is_other_half = not held.is_whole and held.event.half is not entry.event.half
        brings_answer = held.needs_answer and not entry.needs_answer
        if not (is_other_half or brings_answer):
            return False
        held.event = merge_halves(held.event, entry.event)
        held.is_limited = held.is_limited or entry.is_limited
        if held.is_limited:
            held.event = limited(held.event)
        held.is_whole = held.is_whole or is_other_half
        held.needs_answer = held.needs_answer and entry.needs_answer
        held.alone = entry.alone
        if not held.needs_answer and (held.is_whole or not entry.hold_seconds):
            self._let_go(held, now)
        return True

    def _let_go(self, held: Item, now: float) -> None:
        del self.held[held.entry.key]
        held.due_at = now
        self.waiting.append(held)

    def release(self, now: float) -> int:
        """Return how many held ones have had their time; each leaves or ends."""
        ripe = [item for item in self.held.values() if item.due_at <= now]
        for item in ripe:
            is_alone = not item.is_whole
            if item.needs_answer or (is_alone and item.alone is Alone.WITHHOLD):
                self.drop(item, Reason.CONSENT_UNKNOWN if item.needs_answer else Reason.NO_SHARED_EVENT_ID)
                continue
            self.counts[Happening.SERVER_HALF_MISSING] += is_alone and item.alone is Alone.MARK
            self._let_go(item, now)
        return len(ripe)

    def drop(self, item: Item, reason: Reason, *, is_lost: bool = False) -> None:
        """End a delivery without a letter: purged it keeps its key; withheld only if it may have left before."""
        self.take_out(item)
        self.counts[Outcome.DEAD if reason is Reason.PURGED else Outcome.WITHHELD] += 1
        if reason is not Reason.PURGED and not is_lost and item.first_lost_at is None:
            self.free_key(item)

    def refuse(self, key: bytes, reason: Reason) -> None:
        """End what holds a key, and forget its letters."""
        self.dead = [item for item in self.dead if item.entry.key != key]
        claimed = self.claims.get(key)
        holder = self.held.get(key) or (claimed[1] if claimed is not None else None)
        if holder is not None and any(holder is item for item in (*self.waiting, *self.held.values())):
            self._refuse(holder, reason)

    def withdraw(self, subject: Subject) -> int:
        """Return how many deliveries of a subject are now to end as withheld, and end those that nobody has leased."""
        match = Match(subject)
        self.dead = [item for item in self.dead if not match.takes(item.entry.source, item.event)]
        mine = [it for it in (*self.waiting, *self.held.values()) if match.takes(it.entry.source, it.event)]
        return sum([self._refuse(item, Reason.CONSENT_DENIED) for item in mine])

    def _refuse(self, item: Item, reason: Reason) -> bool:
        if item.lease is None:
            self.drop(item, reason)
            return True
        is_new = item.doom is None
        item.doom = item.doom or reason
        return is_new

    def take_out(self, item: Item) -> None:
        """Remove a delivery from where it waits or is held."""
        if any(item is each for each in self.waiting):
            self.waiting = [each for each in self.waiting if each is not item]
        else:
            del self.held[item.entry.key]

    def free_key(self, item: Item) -> None:
        """Take back a delivery's claim, unless another one has the key by now."""
        claimed = self.claims.get(item.entry.key)
        if claimed is not None and claimed[1] is item:
            del self.claims[item.entry.key]
