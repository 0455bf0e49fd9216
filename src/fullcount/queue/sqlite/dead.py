"""Dead letters: deliveries we gave up on and kept, one row each, and their way back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import apsw
import msgspec

from fullcount.queue.delivery import Buried, Selection
from fullcount.queue.lane import Lane
from fullcount.queue.outcomes import FREES_KEY, Outcome, Reason
from fullcount.queue.sqlite.chunks import Chunk, History
from fullcount.queue.sqlite.connection import blobs, fetch, integers
from fullcount.queue.sqlite.facts import REDRIVEN
from fullcount.queue.sqlite.lanes import LaneBook
from fullcount.queue.sqlite.partitions import Partitions, day_of
from fullcount.queue.sqlite.rows import Row, decode_row, encode_row, plain_form
from fullcount.queue.sqlite.seen import KeyClaim
from fullcount.queue.sqlite.shelves import Shelves
from fullcount.queue.sqlite.unreadable import readable_id

ROWS_PER_STEP = 200
CHUNKS_PER_STEP = 50
READ_PER_STEP = 2_000  # rows, so that one step holds the writer for a few milliseconds


class Dead:
    """The dead letters, by the day they died."""

    def __init__(self, connection: apsw.Connection, partitions: Partitions, shelves: Shelves) -> None:
        self._connection = connection
        self._partitions = partitions
        self._lanes = shelves.lanes
        self._chunks = shelves.chunks
        self._held = shelves.held
        self._seen = shelves.seen
        self._facts = shelves.facts
        self._oblivion = shelves.oblivion

    def add(self, book: LaneBook, rows: Sequence[Row], history: History, buried: Buried, now: float) -> None:
        """Keep rows that ended so. The caller takes them from where they were and notes their spans."""
        table = self._partitions.table("dead", day_of(now))
        for row in rows:
            self._connection.execute(
                f"INSERT INTO {table} (seq, key, lane, event_id, reason, code, message, died_at, attempts,"
                " first_lost_at, overridden, row) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    row.seq,
                    row.key,
                    book.id,
                    readable_id(row.event),
                    buried.reason.value,
                    buried.code,
                    buried.message,
                    now,
                    history.attempts,
                    history.first_lost_at,
                    history.overridden,
                    encode_row(row),
                ),
            )
            self._facts.count(row.label, Outcome.DEAD.value, buried.reason.value)
            if row.window and buried.reason in FREES_KEY:
                self._seen.free(row.window, row.key, row.seq, int(now))

    def drop(self, keys: Sequence[bytes]) -> None:
        """Let go of the letters with these keys, for good."""
        for table in self._partitions.existing("dead"):
            self._connection.execute(f"DELETE FROM {table} WHERE key IN (SELECT value FROM carray(?))", (blobs(keys),))

    def bury(self, selection: Selection, reason: Reason, before_seq: int, now: float) -> Iterator[int]:
        """Take waiting and held deliveries below a seq out; each step yields how many."""
        if selection.reason is not None:
            return  # only a dead letter has a reason
        for book in self._lanes.all():
            if selection.pixel_code in (None, book.lane.pixel_code):
                yield from self._bury_waiting(book, selection, reason, before_seq, now)
                yield from self._bury_held(book, selection, reason, now)

    def _bury_waiting(
        self, book: LaneBook, selection: Selection, reason: Reason, before_seq: int, now: float
    ) -> Iterator[int]:
        position = -1
        while chunks := self._chunks.waiting_after(book, position, before_seq, CHUNKS_PER_STEP):
            buried = read = 0
            for chunk in chunks:
                position = chunk.first_seq
                buried += self._bury_from(book, chunk, selection, reason, now)
                read += chunk.count
                if buried >= ROWS_PER_STEP or read >= READ_PER_STEP:
                    break
            yield buried

    def _bury_from(self, book: LaneBook, chunk: Chunk, selection: Selection, reason: Reason, now: float) -> int:
        rows = self._chunks.rows(chunk.first_seq)
        chosen = [row for row in rows if _is_chosen(row, book, selection)]
        if not chosen:
            return 0
        self._chunks.remove(book, [chunk.first_seq], len(rows), leased=False)
        gone = {row.seq for row in chosen}
        if rest := [row for row in rows if row.seq not in gone]:
            self._chunks.add(book, rest, chunk.due_at, chunk.history)
        self._end(book, chosen, chunk.history, reason, now)
        return len(chosen)

    def _bury_held(self, book: LaneBook, selection: Selection, reason: Reason, now: float) -> Iterator[int]:
        position = -1
        while book.held and (rows := self._held.after(book, position)):
            position = rows[-1].seq
            chosen = [row for row in rows if _is_chosen(row, book, selection)]
            if chosen:
                self._held.remove(book, chosen)
                self._end(
                    book, [plain_form(row) for row in chosen if not row.terms.needs_answer], History(), reason, now
                )
                self._end_unanswered([row for row in chosen if row.terms.needs_answer], reason, now)
            yield len(chosen)

    def _end_unanswered(self, rows: Sequence[Row], reason: Reason, now: float) -> None:
        """End rows without a letter: nobody may put back what its visitor never allowed."""
        ending = (Outcome.DEAD.value, reason.value)
        for row in rows:
            self._facts.count(row.label, *ending)
            if reason in FREES_KEY:
                self._facts.keep_way(row, ending)
                self._seen.free(row.window, row.key, row.seq, int(now))
        self._facts.ended([(row.seq, ending) for row in rows], now)

    def _end(self, book: LaneBook, rows: Sequence[Row], history: History, reason: Reason, now: float) -> None:
        self.add(book, rows, history, Buried(reason), now)
        self._facts.ended([(row.seq, (Outcome.DEAD.value, reason.value)) for row in rows], now)

    def redrive(self, selection: Selection, now: float, *, overridden: bool) -> Iterator[int]:
        """Put dead letters back on their lane, the newest first; each step yields how many."""
        where, bindings = selection_sql(selection, {book.id: book.lane for book in self._lanes.all()})
        for table in reversed(self._partitions.existing("dead")):
            position = 1 << 62
            while True:
                found = fetch(
                    self._connection,
                    f"SELECT id, lane, reason, died_at, attempts, first_lost_at, overridden, row FROM {table}"
                    f" WHERE id < ? {where} ORDER BY id DESC LIMIT ?",
                    (position, *bindings, ROWS_PER_STEP),
                )
                if not found:
                    break
                position = found[-1][0]
                yield self._redrive(table, found, now, overridden=overridden)

    def _redrive(self, table: str, found: Sequence[Any], now: float, *, overridden: bool) -> int:
        by_history: dict[tuple[int, History], list[Row]] = {}
        gone: list[int] = []
        letters = [(dead, decode_row(dead.row)) for dead in msgspec.convert(found, list[_Letter])]
        letters.sort(key=lambda it: (it[0].died_at, it[1].seq), reverse=True)
        for dead, row in letters:
            if self._oblivion.is_sought(row) or not self._reclaim(row, dead.reason, int(now)):
                continue
            history = History(dead.attempts, dead.first_lost_at, overridden or bool(dead.overridden))
            by_history.setdefault((dead.lane, history), []).append(row)
            gone.append(dead.id)
            self._facts.count(row.label, REDRIVEN)
        if not gone:
            return 0
        self._connection.execute(f"DELETE FROM {table} WHERE id IN (SELECT value FROM carray(?))", (integers(gone),))
        for (lane, history), rows in by_history.items():
            rows.sort(key=lambda row: row.seq)
            self._chunks.add(self._lanes.by_id(lane), rows, now, history)
            self._facts.ended([(row.seq, (REDRIVEN, "")) for row in rows], now)
        return len(gone)

    def _reclaim(self, row: Row, reason: Reason, second: int) -> bool:
        """Claim a freed key again; False if a corrected resend has it."""
        if not row.window or reason not in FREES_KEY:
            return True
        current = self._seen.current(row.window, row.key)
        if self._held.is_held(row.key) or (current is not None and second - current[0] < row.window):
            return False
        self._seen.claim([KeyClaim(row.key, second, row.seq, row.window)])
        return True


class _Letter(msgspec.Struct, frozen=True, array_like=True):
    """One row of a dead table, as `redrive` reads it."""

    id: int
    lane: int
    reason: Reason
    died_at: float
    attempts: int
    first_lost_at: float | None
    overridden: int
    row: bytes


def selection_sql(selection: Selection, lanes: Mapping[int, Lane]) -> tuple[str, list[int | str]]:
    """Return the conditions of a selection over a dead table, each led by AND, and their values."""
    where, bindings = "", list[int | str]()
    if selection.event_id is not None:
        where += " AND event_id = ?"
        bindings.append(selection.event_id)
    if selection.seq is not None:
        where += " AND seq = ?"
        bindings.append(selection.seq)
    if selection.reason is not None:
        where += " AND reason = ?"
        bindings.append(selection.reason.value)
    if selection.pixel_code is not None:
        mine = [lane_id for lane_id, lane in lanes.items() if lane.pixel_code == selection.pixel_code]
        where += f" AND lane IN ({','.join(map(str, mine))})"
    return where, bindings


def _is_chosen(row: Row, book: LaneBook, selection: Selection) -> bool:
    if selection.event_id is not None and selection.event_id.encode() not in row.event:
        return False  # quicker than decoding each
    event_id = "" if selection.event_id is None else readable_id(row.event)
    return selection.takes(row.seq, book.lane, event_id)
