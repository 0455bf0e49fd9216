"""Chunks: deliveries of one lane that share their due time and history, stored as one narrow row and one body."""

from __future__ import annotations

from collections.abc import Sequence

import apsw
import msgspec

from fullcount.queue.sqlite.connection import fetch, integers
from fullcount.queue.sqlite.lanes import LaneBook
from fullcount.queue.sqlite.rows import Row, decode_rows, encode_rows

MOST_ROWS = 500
MOST_BYTES = 450_000


class History(msgspec.Struct, frozen=True):
    """What the deliveries of a chunk have behind them."""

    attempts: int = 0
    first_lost_at: float | None = None
    overridden: bool = False


class Chunk(msgspec.Struct, frozen=True):
    """A chunk's narrow row."""

    first_seq: int
    due_at: float
    count: int
    bytes: int
    history: History


NEW = History()


class Chunks:
    """The chunks of every lane. The totals of the lane's book are kept here."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection

    def add(
        self, book: LaneBook, rows: Sequence[Row], due_at: float, history: History = NEW, lease_id: int | None = None
    ) -> list[int]:
        """Store rows (ordered by seq) as one chunk or, if they are many or large, several; return their first seqs."""
        added = []
        for part in _parts(rows, MOST_ROWS, MOST_BYTES):
            first_seq = part[0].seq
            size = sum([len(row.event) for row in part])
            oldest = min([row.accepted_at for row in part])
            self._connection.execute(
                "INSERT INTO chunk VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    book.id,
                    first_seq,
                    due_at,
                    len(part),
                    size,
                    history.attempts,
                    history.first_lost_at,
                    history.overridden,
                    oldest,
                    lease_id,
                ),
            )
            self._connection.execute("INSERT INTO body VALUES (?, ?)", (first_seq, encode_rows(part)))
            added.append(first_seq)
        if lease_id is None:
            book.queued += len(rows)
        else:
            book.leased += len(rows)
        return added

    def due(self, book: LaneBook, now: float, max_events: int, max_bytes: int) -> list[Chunk]:
        """Return the chunks that are due, the longest due first, until they hold as much as is asked for."""
        found: list[Chunk] = []
        count = size = 0
        rows = self._connection.execute(
            "SELECT first_seq, due_at, count, bytes, attempts, first_lost_at, overridden FROM chunk"
            " WHERE lane = ? AND lease_id IS NULL AND due_at <= ? ORDER BY due_at, first_seq",
            (book.id, now),
        )
        for first_seq, due_at, events, stored_bytes, attempts, lost_at, overridden in rows:
            history = History(attempts, lost_at, bool(overridden))
            found.append(Chunk(first_seq, due_at, events, stored_bytes, history))
            count += events
            size += stored_bytes
            if count >= max_events or size >= max_bytes:
                break
        return found

    def next_due_at(self, book: LaneBook) -> float | None:
        """Return when the first chunk of a lane is due, or was; None if none waits."""
        found = fetch(
            self._connection,
            "SELECT due_at FROM chunk WHERE lane = ? AND lease_id IS NULL ORDER BY due_at LIMIT 1",
            (book.id,),
        )
        return float(found[0][0]) if found else None

    def waiting_after(self, book: LaneBook, after_seq: int, before_seq: int, limit: int) -> list[Chunk]:
        """Return chunks that nobody has leased, by their first seq."""
        return [
            Chunk(first_seq, due_at, events, stored_bytes, History(attempts, lost_at, bool(overridden)))
            for first_seq, due_at, events, stored_bytes, attempts, lost_at, overridden in self._connection.execute(
                "SELECT first_seq, due_at, count, bytes, attempts, first_lost_at, overridden FROM chunk"
                " WHERE lane = ? AND lease_id IS NULL AND first_seq > ? AND first_seq < ? ORDER BY first_seq LIMIT ?",
                (book.id, after_seq, before_seq, limit),
            )
        ]

    def find(self, book: LaneBook, seq: int) -> tuple[Chunk, list[Row]] | None:
        """Return the chunk of a lane that holds this delivery, if nobody has leased it, and all its rows.

        It mostly begins at that seq or is the next one before it; one that was made of retries may begin far before.
        """
        for first_seq, due_at, events, stored_bytes, attempts, lost_at, overridden in self._connection.execute(
            "SELECT first_seq, due_at, count, bytes, attempts, first_lost_at, overridden FROM chunk"
            " WHERE lane = ?1 AND lease_id IS NULL AND first_seq <= ?2 AND (count > 1 OR first_seq = ?2)"
            " ORDER BY first_seq DESC",
            (book.id, seq),
        ):
            rows = self.rows(first_seq)
            if any(row.seq == seq for row in rows):
                history = History(attempts, lost_at, bool(overridden))
                return Chunk(first_seq, due_at, events, stored_bytes, history), rows
        return None

    def take_out(self, book: LaneBook, chunk: Chunk, rows: Sequence[Row], seq: int) -> None:
        """Leave one delivery out of a waiting chunk with these rows."""
        self.remove(book, [chunk.first_seq], len(rows), leased=False)
        self.add(book, [row for row in rows if row.seq != seq], chunk.due_at, chunk.history)

    def bodies(self, first_seqs: Sequence[int]) -> dict[int, bytes]:
        """Return the bodies of these chunks."""
        if not first_seqs:
            return {}
        return dict(
            fetch(
                self._connection,
                "SELECT first_seq, rows FROM body WHERE first_seq IN (SELECT value FROM carray(?))",
                (integers(first_seqs),),
            )
        )

    def rows(self, first_seq: int) -> list[Row]:
        """Return the rows of one chunk."""
        return decode_rows(self.bodies([first_seq])[first_seq])

    def mark_leased(self, book: LaneBook, first_seqs: Sequence[int], count: int, lease_id: int) -> None:
        """Let a lease have these chunks, which hold `count` deliveries."""
        self._connection.execute(
            "UPDATE chunk SET lease_id = ? WHERE lane = ? AND first_seq IN (SELECT value FROM carray(?))",
            (lease_id, book.id, integers(first_seqs)),
        )
        book.queued -= count
        book.leased += count

    def put_back(self, book: LaneBook, first_seq: int, count: int, due_at: float, history: History) -> None:
        """Let a leased chunk wait again until `due_at`."""
        self._connection.execute(
            "UPDATE chunk SET lease_id = NULL, due_at = ?, attempts = ?, first_lost_at = ?"
            " WHERE lane = ? AND first_seq = ?",
            (due_at, history.attempts, history.first_lost_at, book.id, first_seq),
        )
        book.leased -= count
        book.queued += count

    def remove(self, book: LaneBook, first_seqs: Sequence[int], count: int, *, leased: bool) -> None:
        """Delete these chunks, which hold `count` deliveries."""
        if not first_seqs:
            return
        self._connection.execute(
            "DELETE FROM chunk WHERE lane = ? AND first_seq IN (SELECT value FROM carray(?))",
            (book.id, integers(first_seqs)),
        )
        self._connection.execute(
            "DELETE FROM body WHERE first_seq IN (SELECT value FROM carray(?))", (integers(first_seqs),)
        )
        if leased:
            book.leased -= count
        else:
            book.queued -= count

    def split(self, book: LaneBook, chunk: Chunk, first: tuple[int, int], rest: tuple[int, int]) -> Chunk:
        """Cut a chunk that does not fit into a lease and return its first piece.

        `first` and `rest` are the bounds, (events, bytes), of that piece and of those that stay behind.
        """
        rows = self.rows(chunk.first_seq)
        self.remove(book, [chunk.first_seq], len(rows), leased=False)
        head = _parts(rows, *first)[0]
        pieces = [head, *_parts(rows[len(head) :], *rest)]
        for piece in pieces:
            self.add(book, piece, chunk.due_at, chunk.history)
        size = sum(len(row.event) for row in head)
        return Chunk(head[0].seq, chunk.due_at, len(head), size, chunk.history)


def _parts(rows: Sequence[Row], max_rows: int, max_bytes: int) -> list[Sequence[Row]]:
    """Cut rows so that each part keeps within both bounds, or is a single row."""
    if not rows:
        return []
    if len(rows) <= max_rows and sum([len(row.event) for row in rows]) <= max_bytes:
        return [rows]
    parts: list[Sequence[Row]] = []
    part: list[Row] = []
    size = 0
    for row in rows:
        if part and (len(part) >= max_rows or size + len(row.event) > max_bytes):
            parts.append(part)
            part, size = [], 0
        part.append(row)
        size += len(row.event)
    parts.append(part)
    return parts
