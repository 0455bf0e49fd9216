"""The open store: one connection, and the parts that work on it inside the writer's transactions.

Whatever the parts remember is read from the file when this is made. After a failed commit the whole store is thrown
away and made anew, so that memory never runs ahead of the disk.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Protocol, TypeVar

import apsw

from fullcount.clock import Clock
from fullcount.queue.delivery import Attempt, LaneState, LeaseLimits, Retry, Selection, Settlement
from fullcount.queue.entry import Errand, Verdict
from fullcount.queue.forgetting import Match, Subject
from fullcount.queue.lane import Lane
from fullcount.queue.outcomes import Reason
from fullcount.queue.sqlite.chunks import Chunks
from fullcount.queue.sqlite.connection import fetch
from fullcount.queue.sqlite.control import Inbox
from fullcount.queue.sqlite.copies import OTHERS, PURCHASES, CopyBook
from fullcount.queue.sqlite.dead import Dead
from fullcount.queue.sqlite.errands import Errands
from fullcount.queue.sqlite.facts import Facts
from fullcount.queue.sqlite.forget import Forgetter
from fullcount.queue.sqlite.held import Held
from fullcount.queue.sqlite.hours import LONGEST_WAIT_SECONDS, Hours
from fullcount.queue.sqlite.intake import Intake, Offer
from fullcount.queue.sqlite.labels import Labels
from fullcount.queue.sqlite.lanes import Lanes
from fullcount.queue.sqlite.leases import Grant, Leases
from fullcount.queue.sqlite.modes import Modes
from fullcount.queue.sqlite.oblivion import Oblivion
from fullcount.queue.sqlite.partitions import Partitions, day_of
from fullcount.queue.sqlite.refunds import Refunds
from fullcount.queue.sqlite.refusals import Refusals, stretches
from fullcount.queue.sqlite.release import release
from fullcount.queue.sqlite.seen import Seen, seen_lowest
from fullcount.queue.sqlite.shelves import Shelves


class Part(Protocol):
    """What another package keeps in the same file, so that one commit covers everything."""

    def sweep(self, now: float) -> Iterator[int]:
        """Drop what is too old, some at each step."""
        ...


P = TypeVar("P", bound=Part)


class Store:
    """Everything that the writer thread works on."""

    def __init__(self, connection: apsw.Connection, clock: Clock) -> None:
        """Read what must be in memory from an open file of the newest version."""
        self._clock = clock
        self.connection = connection
        self.partitions = Partitions(connection)
        self.labels = Labels(connection)
        self.lanes = Lanes(connection)
        self.chunks = Chunks(connection)
        self.seen = Seen(connection, self.partitions)
        self.held = Held(connection, self.lanes)
        self.facts = Facts(connection, self.partitions, self.labels)
        self.errands = Errands(connection)
        self._shelves = Shelves(
            self.lanes,
            self.labels,
            self.chunks,
            self.seen,
            self.held,
            self.facts,
            Refunds(connection, self.partitions, self.labels, self.facts),
            self.errands,
            Oblivion(connection, self.labels),
            CopyBook(connection, self.partitions),
        )
        self.dead = Dead(connection, self.partitions, self._shelves)
        self.leases = Leases(connection, self._shelves, self.dead)
        self._refusals = Refusals(self._shelves, self.leases, self.dead)
        self.inbox = Inbox(connection)
        self.modes = Modes(connection)
        self.hours = Hours(connection, clock.now())
        self._parts: dict[Callable[[apsw.Connection], Part], Part] = {}
        self._next_seq = self._meta("next_seq")
        self.changed = False  # whether this group did something that `Queue.changed` waits for
        self.has_leased = False
        self.has_forgotten = False  # since the log was last cut: it still holds what was dropped

    def take_over(self) -> None:
        """Begin as a new owner: what older leases held may have been sent, and is due again at once."""
        now = self._clock.now()
        for lease_id in self.leases.ids():
            self.leases.take_back(lease_id, Retry(due_at=now, lost=True), now)
        self._begin_epoch()

    def recover(self, handed_out: Collection[int]) -> None:
        """Begin again as the same owner: leases that were stored but never handed out are given back."""
        now = self._clock.now()
        for lease_id in self.leases.ids():
            if lease_id not in handed_out:
                self.leases.take_back(lease_id, Retry(due_at=now, attempted=False), now)
        self._begin_epoch()

    def _begin_epoch(self) -> None:
        self.connection.execute("UPDATE meta SET value = value + 1 WHERE name = 'epoch'")
        self.leases.begin_epoch(self._meta("epoch"))
        now = self._clock.now()
        self._bring_near(now, self.hours.set_back_by(now))
        self.hours.note(now)
        self.end_group()

    def must_heed_clock(self) -> bool:
        """Return whether the clock was set back or an errand fell due, so that `heed_clock` has something to do."""
        now = self._clock.now()
        return self.hours.set_back_by(now) > 0 or self.errands.has_fallen_due(now)

    def heed_clock(self) -> None:
        """Let nothing that waits be stranded in the future by a clock that was set back; tell of errands now due."""
        now = self._clock.now()
        if self.errands.has_fallen_due(now):
            self.errands.look_ahead(now)
            self.changed = True
        if lag := self.hours.set_back_by(now):
            self._bring_near(now, lag)
            self.hours.note(now)
            self.changed = True

    def _bring_near(self, now: float, lag: float) -> None:
        """What was due stays due; what lies ahead keeps its distance, up to a bound."""
        latest = now + LONGEST_WAIT_SECONDS
        if lag:
            self.hours.begin_at(now)
        since = now if lag else latest
        for table, column in (("chunk", "due_at"), ("held", "release_at"), ("lease", "expires_at")):
            self.connection.execute(
                f"UPDATE {table} SET {column} = max(?1, min({column} - ?2, ?3)) WHERE {column} > ?4",
                (now, lag, latest, since),
            )
        self.leases.read_expiry()
        self.errands.bring_near(now, lag)

    def accept(self, offers: Sequence[Offer]) -> list[list[Verdict]]:
        """Decide and store what these callers offer."""
        now = self._clock.now()
        verdicts: list[list[Verdict]] = []
        next_seq = self._next_seq
        for stretch in stretches(offers):
            intake = Intake(self._shelves, now)
            mine, next_seq = intake.accept(stretch, next_seq)
            verdicts += mine
            if intake.refusals:
                self._refusals.carry_out(intake.refusals, now)
        if next_seq != self._next_seq:
            self.connection.execute("UPDATE meta SET value = ? WHERE name = 'next_seq'", (next_seq,))
            self._next_seq = next_seq
        self.hours.note(now)
        self.changed = True
        return verdicts

    def lease(self, lane: Lane, limits: LeaseLimits) -> Grant:
        """Claim due deliveries of a lane."""
        grant = self.leases.lease(lane, limits, self._clock.now())
        self.has_leased = self.has_leased or grant.id != 0
        return grant

    def settle(self, lease_id: int, results: Mapping[int, Settlement], attempts: Sequence[Attempt]) -> bool:
        """End deliveries of a lease; False if it is stale."""
        is_live = self.leases.settle(lease_id, results, attempts, self._clock.now())
        self.changed = self.changed or is_live
        return is_live

    def give_back(self, lease_id: int) -> None:
        """End a lease that nobody took."""
        now = self._clock.now()
        self.leases.take_back(lease_id, Retry(due_at=now, attempted=False), now)
        self.changed = True

    def release_held(self) -> Iterator[int]:
        """Let go of held deliveries whose time has come, some at each step."""
        return release(self._shelves, self._clock.now())

    def redrive(self, selection: Selection, *, overridden: bool) -> Iterator[int]:
        """Put dead letters back on their lane, some at each step."""
        return self.dead.redrive(selection, self._clock.now(), overridden=overridden)

    def pause(self, lane: Lane, why: str, *, by_person: bool = False) -> None:
        """Stop leasing from a lane."""
        self.lanes.pause(lane, why, self._clock.now(), by_person=by_person)

    def resume(self, lane: Lane, *, unless_by_person: bool = False) -> None:
        """Lease from it again; `unless_by_person` leaves a person's pause as it is."""
        self.lanes.resume(lane, unless_by_person=unless_by_person)
        self.changed = True

    def bury(self, selection: Selection, reason: Reason) -> Iterator[int]:
        """Take waiting and held deliveries out, some at each step."""
        now = self._clock.now()
        self.leases.take_back_expired(now)
        return self.dead.bury(selection, reason, self._next_seq, now)

    def forget(self, subject: Subject) -> Iterator[int]:
        """Drop or blank all that names a subject, some at each step; the iterator returns a `Forgotten`."""
        now = self._clock.now()
        self.leases.take_back_expired(now)
        self.has_forgotten = True
        forgetter = Forgetter(self.connection, self.partitions, self._shelves, self.leases, Match(subject))
        return forgetter.steps(self._next_seq, now)

    def withdraw(self, subject: Subject) -> Iterator[int]:
        """Withhold all that waits of a subject, some at each step; the iterator returns how many."""
        now = self._clock.now()
        self.leases.take_back_expired(now)
        forgetter = Forgetter(self.connection, self.partitions, self._shelves, self.leases, Match(subject))
        return forgetter.withdraw(self._next_seq, now)

    def due_errands(self, limit: int) -> list[Errand]:
        """Return errands whose time has come."""
        return self.errands.due(self._clock.now(), limit)

    def postpone_errand(self, key: bytes, due_at: float) -> None:
        """Let an errand wait until `due_at`."""
        self.errands.postpone(key, due_at)
        self.changed = True

    def lane_states(self) -> list[LaneState]:
        """Return every lane that holds something or is paused."""
        return self.lanes.states()

    def end_group(self) -> int:
        """Write what the group gathered; return how many keys it claimed."""
        self.facts.write_counts(self._clock.now())
        return self.seen.write_log()

    def retention(self, retention_days: int) -> Iterator[int]:
        """Drop the partitions that are older than they are kept, one at each step; tables of keys slice by slice."""
        now = self._clock.now()
        for kind in ("journal", "attempt", "span", "fact", "refund", "tally", "dead", PURCHASES, OTHERS):
            for number in self.partitions.expired(kind, day_of(now) - retention_days):
                self.partitions.drop(kind, number)
                yield 1
        for family in self.partitions.families("seen"):
            window = int(family.partition("_")[2])
            for number in self.partitions.expired(family, seen_lowest(window, now, retention_days)):
                yield from self.partitions.empty(family, number)
                self.partitions.drop(family, number)
                yield 1

        for part in self._parts.values():
            yield from part.sweep(now)

    def part(self, make: Callable[[apsw.Connection], P]) -> P:
        """Return what `make` makes of this store's connection; it is made once, and anew with a new store."""
        found = self._parts.get(make)
        if found is None:
            found = self._parts[make] = make(self.connection)
        return found  # type: ignore[return-value]  # what `make` made stands under `make`

    def close(self) -> None:
        """Let go of the file. Nothing raises: what was committed is committed."""
        try:
            self.connection.close(force=True)
        except apsw.Error:
            return

    def _meta(self, name: str) -> int:
        return int(fetch(self.connection, "SELECT value FROM meta WHERE name = ?", (name,))[0][0])
