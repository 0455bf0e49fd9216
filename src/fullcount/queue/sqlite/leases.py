"""Leases: who has which chunks, until when, and what becomes of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import apsw
import msgspec

from fullcount.queue import failpoints
from fullcount.queue.delivery import Attempt, Buried, Delivered, LeaseLimits, Retry, Settlement
from fullcount.queue.failpoints import Failpoint
from fullcount.queue.lane import Lane
from fullcount.queue.outcomes import Outcome, Reason
from fullcount.queue.sqlite.chunks import Chunk, History
from fullcount.queue.sqlite.dead import Dead
from fullcount.queue.sqlite.ending import count_withheld, ending_without_letter
from fullcount.queue.sqlite.facts import LOST, RETRY, Ending
from fullcount.queue.sqlite.lanes import LaneBook
from fullcount.queue.sqlite.rows import Row, decode_rows
from fullcount.queue.sqlite.shelves import Shelves

EPOCH_SHIFT = 32  # a lease id is the owner's epoch and a number, so that no id ever comes twice


class Leased(msgspec.Struct, frozen=True):
    """What the writer remembers of a leased chunk, so that settling need not read its body again."""

    first_seq: int
    seqs: tuple[int, ...]
    labels: tuple[int, ...]
    history: History


class Live(msgspec.Struct):
    """A lease that is neither settled nor taken back."""

    id: int
    book: LaneBook
    leased_at: float
    expires_at: float
    chunks: dict[int, Leased]


class Grant(msgspec.Struct, frozen=True):
    """A lease as the store gives it: the bodies are decoded by whoever asked."""

    id: int
    lane: Lane
    bodies: Sequence[tuple[History, Sequence[Row]]]
    leased_at: float
    expires_at: float
    ask_again_at: float | None = None


class Leases:
    """Every live lease. They are read from the store when it is opened."""

    def __init__(self, connection: apsw.Connection, shelves: Shelves, dead: Dead) -> None:
        self._connection = connection
        self._lanes = shelves.lanes
        self._chunks = shelves.chunks
        self._facts = shelves.facts
        self._dead = dead
        self._on = shelves
        self._oblivion = shelves.oblivion
        self._live: dict[int, Live] = {}
        self._last_id = 0
        for lease_id, lane, leased_at, expires_at in connection.execute(
            "SELECT id, lane, leased_at, expires_at FROM lease"
        ):
            self._live[lease_id] = Live(lease_id, self._lanes.by_id(lane), leased_at, expires_at, {})
        for lease_id, rows, attempts, lost_at, overridden in connection.execute(
            "SELECT lease_id, rows, attempts, first_lost_at, overridden FROM chunk JOIN body USING (first_seq)"
            " WHERE lease_id IS NOT NULL"
        ):
            leased = _leased(decode_rows(rows), History(attempts, lost_at, bool(overridden)))
            self._live[lease_id].chunks[leased.first_seq] = leased

    def begin_epoch(self, epoch: int) -> None:
        """Give out ids of this epoch from now on."""
        self._last_id = epoch << EPOCH_SHIFT

    def read_expiry(self) -> None:
        """Hear that the ends of leases were changed in the store."""
        for lease_id, expires_at in self._connection.execute("SELECT id, expires_at FROM lease"):
            if lease_id in self._live:
                self._live[lease_id].expires_at = expires_at

    def ids(self) -> list[int]:
        """Return the ids of the live leases."""
        return list(self._live)

    def lease(self, lane: Lane, limits: LeaseLimits, now: float) -> Grant:
        """Claim due chunks of a lane, the longest due first."""
        book = self._lanes.known(lane)
        if book is None:
            return Grant(0, lane, (), now, now)
        self.take_back_expired(now, book)
        if not book.gives(limits):
            return Grant(0, lane, (), now, now)
        chunks = self._chunks.due(book, now, limits.max_events, limits.max_bytes)
        events, size = sum(chunk.count for chunk in chunks), sum(chunk.bytes for chunk in chunks)
        is_full = events >= limits.max_events or size >= limits.max_bytes
        if not chunks or not (is_full or chunks[0].due_at + limits.ripe_after_seconds <= now):
            return Grant(0, lane, (), now, now, self._ask_again_at(book, limits))
        return self._grant(book, self._fitting(book, chunks, limits), now, now + limits.lease_seconds)

    def _ask_again_at(self, book: LaneBook, limits: LeaseLimits) -> float | None:
        due_at = self._chunks.next_due_at(book)
        moments = [live.expires_at for live in self._live.values() if live.book is book]
        if due_at is not None:
            moments.append(due_at + limits.ripe_after_seconds)
        return min(moments, default=None)

    def _fitting(self, book: LaneBook, chunks: Sequence[Chunk], limits: LeaseLimits) -> list[Chunk]:
        """Return the first chunks that fit; a chunk is cut only if the lease would else be less than half full."""
        taken: list[Chunk] = []
        events, size = 0, 0
        for chunk in chunks:
            room, bytes_left = limits.max_events - events, limits.max_bytes - size
            if chunk.count > room or (chunk.bytes > bytes_left and (taken or chunk.count > 1)):
                is_half_empty = events < limits.max_events / 2 and size < limits.max_bytes / 2
                if not taken or (is_half_empty and chunk.count > 1):
                    first = self._chunks.split(book, chunk, (room, bytes_left), (limits.max_events, limits.max_bytes))
                    if not taken or first.bytes <= bytes_left:
                        taken.append(first)
                break
            taken.append(chunk)
            events += chunk.count
            size += chunk.bytes
        return taken

    def _grant(self, book: LaneBook, chunks: Sequence[Chunk], now: float, expires_at: float) -> Grant:
        self._last_id += 1
        first_seqs = [chunk.first_seq for chunk in chunks]
        self._connection.execute("INSERT INTO lease VALUES (?, ?, ?, ?)", (self._last_id, book.id, now, expires_at))
        self._chunks.mark_leased(book, first_seqs, sum(chunk.count for chunk in chunks), self._last_id)
        stored = self._chunks.bodies(first_seqs)
        live = Live(self._last_id, book, now, expires_at, {})
        bodies = []
        for chunk in chunks:
            rows = decode_rows(stored[chunk.first_seq])
            live.chunks[chunk.first_seq] = _leased(rows, chunk.history)
            bodies.append((chunk.history, rows))
            self._oblivion.doom(rows)
        self._live[live.id] = live
        return Grant(live.id, book.lane, bodies, now, expires_at)

    def settle(self, lease_id: int, results: Mapping[int, Settlement], attempts: Sequence[Attempt], now: float) -> bool:
        """End some or all deliveries of a lease; False if it is not live."""
        live = self._live.get(lease_id)
        if live is None:
            return False
        settling = _Settling(live, results, now)
        for leased in list(live.chunks.values()):
            for kept in self._without_forgotten(live, leased, settling):
                self._settle_chunk(live, kept, settling)
            failpoints.reach(Failpoint.MID_SETTLE)
        self._chunks.remove(live.book, settling.delivered, settling.delivered_count, leased=True)
        for (label, outcome), n in settling.tally.items():
            self._facts.count(label, outcome, "", n)
        self._facts.attempts(live.book, attempts, settling.endings, now)
        if not live.chunks:
            self._end(live)
        return True

    def _settle_chunk(self, live: Live, leased: Leased, settling: _Settling) -> None:
        mine = [settling.results.get(seq) for seq in leased.seqs]
        first = mine[0]
        if isinstance(first, Buried) or mine.count(first) != len(mine):
            self._settle_mixed(live, leased, mine, settling)
            return
        match first:
            case Delivered():
                del live.chunks[leased.first_seq]
                settling.deliver(leased, first.outcome)
            case Retry():
                del live.chunks[leased.first_seq]
                history = _after(leased.history, first, live.leased_at)
                self._chunks.put_back(live.book, leased.first_seq, len(mine), first.due_at, history)
                settling.end(leased.seqs, first)

    def _settle_mixed(self, live: Live, leased: Leased, mine: Sequence[Settlement | None], settling: _Settling) -> None:
        """Split a chunk whose deliveries end differently."""
        rows = self._chunks.rows(leased.first_seq)
        self._chunks.remove(live.book, [leased.first_seq], len(rows), leased=True)
        del live.chunks[leased.first_seq]
        by_result: dict[Settlement | None, list[Row]] = {}
        for row, result in zip(rows, mine, strict=True):
            by_result.setdefault(result, []).append(row)
        for result, part in by_result.items():
            if result is None:
                for first_seq in self._chunks.add(live.book, part, live.leased_at, leased.history, live.id):
                    live.chunks[first_seq] = _leased(self._chunks.rows(first_seq), leased.history)
                continue
            settling.end([row.seq for row in part], result)
            match result:
                case Delivered():
                    settling.count([row.label for row in part], result.outcome)
                case Retry():
                    history = _after(leased.history, result, live.leased_at)
                    self._chunks.add(live.book, part, result.due_at, history)
                case Buried():
                    self._dead.add(live.book, part, leased.history, result, settling.now)

    def _without_forgotten(self, live: Live, leased: Leased, settling: _Settling) -> list[Leased]:
        """Drop what is to be dropped and would wait again or become a letter; return what is left of the chunk."""
        doomed = self._oblivion.doomed(leased.seqs)
        ending = {seq: result for seq in doomed if (result := settling.results.get(seq)) is not None}
        if not ending:
            return [leased]
        self._oblivion.end(ending)
        gone = {seq: doomed[seq] for seq, result in ending.items() if not isinstance(result, Delivered)}
        if not gone:
            return [leased]
        rows = self._chunks.rows(leased.first_seq)
        self._chunks.remove(live.book, [leased.first_seq], len(rows), leased=True)
        del live.chunks[leased.first_seq]
        for row in rows:
            if row.seq in gone:
                settling.endings[row.seq] = ending_without_letter(gone[row.seq])
                self._count_dropped(row, gone[row.seq], _was_lost(leased.history, ending[row.seq]), settling.now)
        rest = [row for row in rows if row.seq not in gone]
        added = self._chunks.add(live.book, rest, live.leased_at, leased.history, live.id)
        kept = [_leased(self._chunks.rows(first_seq), leased.history) for first_seq in added]
        live.chunks |= {each.first_seq: each for each in kept}
        return kept

    def _count_dropped(self, row: Row, reason: Reason, is_lost: bool, now: float) -> None:  # noqa: FBT001 - see _was_lost
        if reason is Reason.PURGED:
            self._facts.count(row.label, *ending_without_letter(reason))
        else:
            count_withheld(self._on, [row], reason, now, may_be_at_tiktok=is_lost)

    def holds(self, seq: int) -> bool:
        """Return whether a delivery is leased."""
        return any(seq in leased.seqs for live in self._live.values() for leased in live.chunks.values())

    def rows(self) -> Iterator[list[Row]]:
        """Yield the deliveries of each live lease."""
        for live in list(self._live.values()):
            yield [row for first_seq in live.chunks for row in self._chunks.rows(first_seq)]

    def take_back_expired(self, now: float, book: LaneBook | None = None) -> None:
        """End the leases whose time is over, of one lane or of all: what they held is due again as a lost attempt."""
        for live in list(self._live.values()):
            if live.expires_at <= now and book in (None, live.book):
                self.take_back(live.id, Retry(due_at=live.expires_at, lost=True), now)

    def take_back(self, lease_id: int, retry: Retry, now: float) -> None:
        """End a lease from this side: all that it holds waits again."""
        live = self._live.get(lease_id)
        if live is None:
            return
        seqs = [seq for leased in live.chunks.values() for seq in leased.seqs]
        settling = _Settling(live, dict.fromkeys(seqs, retry), now)
        for each in list(live.chunks.values()):
            for leased in self._without_forgotten(live, each, settling):
                history = _after(leased.history, retry, live.leased_at)
                self._chunks.put_back(live.book, leased.first_seq, len(leased.seqs), retry.due_at, history)
                if retry.attempted:
                    self._facts.ended([(seq, (LOST, "")) for seq in leased.seqs], now)
        if settling.endings:
            self._facts.ended(settling.endings.items(), now)
        self._end(live)

    def _end(self, live: Live) -> None:
        del self._live[live.id]
        self._connection.execute("DELETE FROM lease WHERE id = ?", (live.id,))


class _Settling:
    """One settle call on its way: what it found to write at the end."""

    def __init__(self, live: Live, results: Mapping[int, Settlement], now: float) -> None:
        self.live = live
        self.results = results
        self.now = now
        self.delivered: list[int] = []
        self.delivered_count = 0
        self.endings: dict[int, Ending] = {}
        self.tally: Counter[tuple[int, str]] = Counter()

    def deliver(self, leased: Leased, outcome: Outcome) -> None:
        self.delivered.append(leased.first_seq)
        self.delivered_count += len(leased.seqs)
        self.end(leased.seqs, Delivered(outcome))
        self.count(leased.labels, outcome)

    def end(self, seqs: Sequence[int], result: Settlement) -> None:
        if not isinstance(result, Retry) or result.attempted:
            self.endings.update(dict.fromkeys(seqs, _ending(result)))

    def count(self, labels: Sequence[int], outcome: Outcome) -> None:
        for label, n in Counter(labels).items():
            self.tally[label, outcome.value] += n


def _leased(rows: Sequence[Row], history: History) -> Leased:
    return Leased(rows[0].seq, tuple([row.seq for row in rows]), tuple([row.label for row in rows]), history)


def _after(history: History, retry: Retry, leased_at: float) -> History:
    if not retry.attempted:
        return history
    lost_at = leased_at if retry.lost and history.first_lost_at is None else history.first_lost_at
    return History(history.attempts + 1, lost_at, history.overridden)


def _was_lost(history: History, result: Settlement) -> bool:
    return history.first_lost_at is not None or (isinstance(result, Retry) and result.lost)


def _ending(result: Settlement) -> Ending:
    match result:
        case Delivered():
            return result.outcome.value, ""
        case Buried():
            return Outcome.DEAD.value, result.reason.value
        case Retry():
            return RETRY, ""
