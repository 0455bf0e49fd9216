"""What a queue should hold and say, in dicts and lists: the model that `QueueContract` checks an engine against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from fullcount.queue.copies import Channel, Copy
from fullcount.queue.delivery import (
    Buried,
    Delivered,
    Delivery,
    LaneState,
    Lease,
    LeaseLimits,
    Retry,
    Selection,
    Settlement,
)
from fullcount.queue.entry import ONCE_SECONDS, Entry, Errand, Fact, Note, Refund, Verdict
from fullcount.queue.forgetting import Forgotten, Match, Subject
from fullcount.queue.lane import Lane
from fullcount.queue.outcomes import FREES_KEY, Happening, Outcome, Reason
from fullcount.queue.switch import Switch
from fullcount.testing.queue_model_holds import HoldModel
from fullcount.testing.queue_model_items import Item, ModelLease, Pausing


@dataclass
class Model(HoldModel):
    """The whole queue."""

    leases: list[ModelLease] = field(default_factory=list)  # the live ones
    paused: dict[Lane, Pausing] = field(default_factory=dict)
    requests: dict[bytes, int] = field(default_factory=dict)  # when each was taken, in whole seconds
    refunds: dict[bytes, str] = field(default_factory=dict)  # the event_id of each one's order
    errands: dict[bytes, Errand] = field(default_factory=dict)
    copies: list[Copy] = field(default_factory=list)
    modes: dict[str, Switch] = field(default_factory=dict)  # the sources that a person switched

    def accept_request(
        self, entries: Sequence[Entry], notes: Sequence[Note], once: bytes | None, now: float
    ) -> list[Verdict]:
        """Return what the queue should say of a request's entries, and take its notes."""
        if once is not None:
            taken_at = self.requests.get(once)
            if taken_at is not None and int(now) - taken_at < ONCE_SECONDS:
                self.counts[Outcome.DUPLICATE] += len(entries) + sum(
                    not isinstance(note, Errand | Copy) for note in notes
                )
                return [Verdict.DUPLICATE] * len(entries)
            self.requests[once] = int(now)
        verdicts = [self.accept(entry, now) for entry in entries]
        made = {entry.key for entry, verdict in zip(entries, verdicts, strict=True) if verdict is not Verdict.DUPLICATE}
        repeated = {entry.key for entry in entries} - made
        for note in notes:
            if not isinstance(note, Copy):
                self._take(note)
            elif note.key not in repeated or note.channel in (Channel.PIXEL, Channel.OBSERVED):
                self.copies.append(note)
        for note in notes:
            if isinstance(note, Fact) and note.is_refusal:
                self.refuse(note.key, Reason(note.reason))
        return verdicts

    def _take(self, note: Note) -> None:
        match note:
            case Fact():
                self.counts[note.outcome] += 1
            case Refund():
                self.counts[Outcome.DUPLICATE if note.key in self.refunds else Happening.REFUNDED] += 1
                self.refunds.setdefault(note.key, note.order_event_id)
            case Errand():
                self.errands.setdefault(note.key, note)

    def forget(self, subject: Subject) -> Forgotten:
        """Return how much there is of a subject, but for the facts, and drop it."""
        match = Match(subject)
        mine = [it for it in (*self.waiting, *self.held.values()) if match.takes(it.entry.source, it.event)]
        leased = [item for item in mine if item.lease is not None and item.doom is not Reason.PURGED]
        for item in leased:
            item.doom = Reason.PURGED
        free = [item for item in mine if item.lease is None]
        for item in free:
            self.drop(item, Reason.PURGED)
        letters = [item for item in self.dead if match.takes(item.entry.source, item.event)]
        for item in letters:
            self.dead.remove(item)
        self.copies = [
            msgspec.structs.replace(copy, event_id="") if copy.event_id in subject.event_ids else copy
            for copy in self.copies
        ]
        refunds = [key for key, event_id in self.refunds.items() if event_id in subject.event_ids]
        self.refunds |= dict.fromkeys(refunds, "")
        errands = [key for key, errand in self.errands.items() if errand.event_id in subject.event_ids]
        for key in errands:
            del self.errands[key]
        return Forgotten(len(free), len(leased), len(letters), 0, len(refunds), len(errands))

    def due_errands(self, now: float, limit: int) -> list[Errand]:
        """Return the errands whose time has come, in order."""
        due = [errand for errand in self.errands.values() if errand.due_at <= now]
        return sorted(due, key=lambda errand: (errand.due_at, errand.key))[:limit]

    def postpone_errand(self, key: bytes, due_at: float) -> None:
        """Let an errand wait."""
        if key in self.errands:
            errand = self.errands[key]
            self.errands[key] = msgspec.structs.replace(errand, due_at=due_at, attempts=errand.attempts + 1)

    def due(self, lane: Lane, now: float) -> list[Item]:
        """Return what a lease may take, the longest due first."""
        free = [it for it in self.waiting if it.entry.lane == lane and it.lease is None and it.due_at <= now]
        return sorted(free, key=lambda it: it.due_at)

    def is_ripe(self, due: Sequence[Item], limits: LeaseLimits, now: float) -> bool:
        """Return whether what is due should be leased now."""
        is_full = len(due) >= limits.max_events or sum(it.stored_bytes for it in due) >= limits.max_bytes
        return bool(due) and (is_full or due[0].due_at + limits.ripe_after_seconds <= now)

    def ask_again_at(self, lane: Lane, limits: LeaseLimits) -> float | None:
        """Return what an empty lease of a lane that is not paused should say."""
        ripe = [
            it.due_at + limits.ripe_after_seconds for it in self.waiting if it.lease is None and it.entry.lane == lane
        ]
        ends = [live.lease.expires_at for live in self.leases if live.lease.lane == lane]
        return min([*ripe, *ends], default=None)

    def leased(self, lease: Lease) -> None:
        """Take note of what an engine leased; its deliveries were checked."""
        live = ModelLease(lease)
        for delivery in lease.deliveries:
            item = self.item_of(delivery)
            item.seq = delivery.seq
            item.lease = live
            live.items[delivery.seq] = item
        self.leases.append(live)

    def item_of(self, delivery: Delivery) -> Item:
        """Return the waiting item that a delivery stands for: the contract's events are all different."""
        (item,) = (it for it in self.waiting if it.event == delivery.event)
        return item

    def take_back_expired(self, now: float, lane: Lane | None = None) -> None:
        """End leases whose time is over."""
        for live in [live for live in self.leases if live.lease.expires_at <= now]:
            if lane in (None, live.lease.lane):
                self.take_back(live, live.lease.expires_at)

    def take_back(self, live: ModelLease, due_at: float) -> None:
        """End one lease from the queue's side."""
        for item in live.items.values():
            if item.doom is not None:
                self.drop(item, item.doom, is_lost=True)
            else:
                item.retry(Retry(due_at, lost=True), live.lease.leased_at)
        self.leases.remove(live)

    def pause(self, lane: Lane, pausing: Pausing) -> None:
        """Pause a lane; what a person paused only a person changes."""
        if pausing.by_person or not self.is_paused_by_person(lane):
            before = self.paused.get(lane, pausing)
            self.paused[lane] = pausing._replace(at=before.at)

    def resume(self, lane: Lane, *, unless_by_person: bool) -> None:
        """Resume a lane."""
        if not (unless_by_person and self.is_paused_by_person(lane)):
            self.paused.pop(lane, None)

    def is_paused_by_person(self, lane: Lane) -> bool:
        """Return whether a person paused the lane."""
        return lane in self.paused and self.paused[lane].by_person

    def settle(self, lease: Lease, results: Mapping[int, Settlement], now: float) -> bool:
        """Return whether the lease is live; if so, end these."""
        for live in self.leases:
            if live.lease.id == lease.id:
                break
        else:
            return False
        for seq, result in results.items():
            item = live.items.pop(seq, None)
            if item is None:
                continue
            if item.doom is not None and not isinstance(result, Delivered):
                self.drop(item, item.doom, is_lost=isinstance(result, Retry) and result.lost)
                continue
            match result:
                case Delivered():
                    self.waiting.remove(item)
                    self.counts[result.outcome] += 1
                case Retry():
                    item.retry(result, lease.leased_at)
                case Buried():
                    self.bury(item, result.reason, now)
        if not live.items:
            self.leases.remove(live)
        return True

    def bury(self, item: Item, reason: Reason, now: float) -> None:
        """Make a waiting or held delivery a dead letter."""
        item.lease = None
        self.take_out(item)
        self.counts[Outcome.DEAD] += 1
        if reason in FREES_KEY:
            self.free_key(item)
        if not item.needs_answer:  # else nobody may put it back
            item.reason, item.died_at = reason, now
            self.dead.append(item)

    def redrive(self, selection: Selection, now: float, *, overridden: bool) -> int:
        """Put dead letters back, the newest first; return how many."""
        count = 0
        for item in sorted(self.dead, key=lambda it: (it.died_at, it.number), reverse=True):
            if not selection.takes(item.seq or 0, item.entry.lane, item.event.event_id, item.reason):
                continue
            if item.entry.claims_key and item.reason in FREES_KEY:
                if item.entry.key in self.held or self.is_claimed(item.entry, now):
                    continue
                self.claims[item.entry.key] = (now, item)
            self.dead.remove(item)
            item.reason, item.due_at = None, now
            item.overridden = item.overridden or overridden
            self.waiting.append(item)
            count += 1
        self.counts["redriven"] += count
        return count

    def states(self) -> dict[Lane, LaneState]:
        """Return what `lanes` should say, by lane."""
        everything = [*self.waiting, *self.held.values()]
        lanes = {it.entry.lane for it in everything} | set(self.paused)
        return {lane: self._state(lane, everything) for lane in lanes}

    def _state(self, lane: Lane, everything: Sequence[Item]) -> LaneState:
        mine = [it for it in everything if it.entry.lane == lane]
        held = [it for it in mine if it in self.held.values()]
        leased = [it for it in mine if it.lease is not None]
        queued = [it for it in mine if it.lease is None and it not in held]
        why, paused_at, by_person = self.paused.get(lane, ("", None, False))
        return LaneState(
            lane=lane,
            queued=len(queued),
            leased=len(leased),
            held=len(held),
            oldest_accepted_at=min((it.accepted_at for it in mine), default=None),
            next_due_at=min((it.due_at for it in queued), default=None),
            paused=why,
            paused_at=paused_at,
            paused_by_person=by_person,
        )
