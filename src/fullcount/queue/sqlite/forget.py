"""Forgetting in steps, so that the writer never stalls for long. Afterwards no row names the subject.

Kept are the 16-byte keys (of the seen window, of facts and of refunds): they are digests that lead back to nobody, and
without them a late webhook of the same order would be counted a second time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterator, Sequence

import apsw

from fullcount.queue.forgetting import Forgotten, Match
from fullcount.queue.outcomes import Reason
from fullcount.queue.sqlite.connection import fetch, integers
from fullcount.queue.sqlite.ending import ending_without_letter, withhold
from fullcount.queue.sqlite.lanes import LaneBook
from fullcount.queue.sqlite.leases import Leases
from fullcount.queue.sqlite.partitions import Partitions
from fullcount.queue.sqlite.rows import Row, decode_row
from fullcount.queue.sqlite.shelves import Shelves

CHUNKS_PER_STEP = 50
ROWS_PER_STEP = 2_000  # deliveries looked at, so that one step holds the writer for a few milliseconds
LETTERS_PER_STEP = 500
FACTS_PER_STEP = 5_000


class Forgetter:
    """One search for a subject, through everything that the store keeps."""

    def __init__(
        self, connection: apsw.Connection, partitions: Partitions, shelves: Shelves, leases: Leases, match: Match
    ) -> None:
        self._connection = connection
        self._partitions = partitions
        self._on = shelves
        self._leases = leases
        self._match = match
        self._reason = Reason.PURGED  # why deliveries end
        self._found: Counter[str] = Counter()

    def steps(self, before_seq: int, now: float) -> Generator[int, None, Forgotten]:
        """Forget what was accepted before a seq; each step yields how much it found."""
        # What is dropped is also overwritten. A fault in between makes a new connection, with the setting as it was.
        self._connection.execute("PRAGMA secure_delete=ON")
        yield from self._deliveries(before_seq, now)
        if self._match.event_ids or self._match.source:
            yield from self._counted("facts", self._blank_facts())
            yield from self._counted("facts", self._on.copies.forget(self._match.event_ids, self._match.source))
            yield from self._counted("refunds", self._blank_refunds())
            yield from self._counted("errands", self._drop_errands())
            self._drop_commands()
        self._connection.execute("PRAGMA secure_delete=FAST")
        return Forgotten(**self._found)

    def withdraw(self, before_seq: int, now: float) -> Generator[int, None, int]:
        """Withhold the deliveries that were accepted before a seq; return how many, without the letters."""
        self._reason = Reason.CONSENT_DENIED
        yield from self._deliveries(before_seq, now)
        return self._found["deliveries"] + self._found["leased"]

    def _deliveries(self, before_seq: int, now: float) -> Iterator[int]:
        books = self._on.lanes.all()
        with self._on.oblivion.searching(self._match, self._reason):
            yield from self._counted("leased", self._doom_leased())
            # Held before waiting, and those before letters: whatever moves meanwhile moves to where is still looked.
            for book in books:
                yield from self._counted("deliveries", self._drop_held(book, now))
            for book in books:
                yield from self._counted("deliveries", self._drop_waiting(book, before_seq, now))
            yield from self._counted("dead_letters", self._drop_dead())

    def _counted(self, what: str, steps: Iterator[int]) -> Iterator[int]:
        for n in steps:
            self._found[what] += n
            yield n

    def _takes(self, row: Row) -> bool:
        return self._on.oblivion.takes(self._match, row)

    def _doom_leased(self) -> Iterator[int]:
        for rows in self._leases.rows():
            yield self._on.oblivion.add([row.seq for row in rows if self._takes(row)], self._reason)

    def _drop_waiting(self, book: LaneBook, before_seq: int, now: float) -> Iterator[int]:
        position = -1
        while chunks := self._on.chunks.waiting_after(book, position, before_seq, CHUNKS_PER_STEP):
            dropped = looked_at = 0
            for chunk in chunks:
                position = chunk.first_seq
                rows = self._on.chunks.rows(chunk.first_seq)
                gone = [row for row in rows if self._takes(row)]
                if gone:
                    seqs = {row.seq for row in gone}
                    rest = [row for row in rows if row.seq not in seqs]
                    self._on.chunks.remove(book, [chunk.first_seq], len(rows), leased=False)
                    self._on.chunks.add(book, rest, chunk.due_at, chunk.history)
                    self._end(gone, now, may_be_at_tiktok=chunk.history.first_lost_at is not None)
                dropped += len(gone)
                looked_at += len(rows)
                if looked_at >= ROWS_PER_STEP:
                    break
            yield dropped

    def _drop_held(self, book: LaneBook, now: float) -> Iterator[int]:
        position = -1
        while book.held and (rows := self._on.held.after(book, position)):
            position = rows[-1].seq
            gone = [row for row in rows if self._takes(row)]
            if gone:
                self._on.held.remove(book, gone)
                self._end(gone, now)
            yield len(gone)

    def _end(self, rows: Sequence[Row], now: float, *, may_be_at_tiktok: bool = False) -> None:
        """Each ends withheld, or as any delivery that a person takes out, but without a letter."""
        if self._reason is not Reason.PURGED:
            withhold(self._on, rows, self._reason, now, may_be_at_tiktok=may_be_at_tiktok)
            return
        ending = ending_without_letter(self._reason)
        for row in rows:
            self._on.facts.count(row.label, *ending)
        self._on.facts.ended([(row.seq, ending) for row in rows], now)

    def _drop_dead(self) -> Iterator[int]:
        for table in self._partitions.existing("dead"):
            position = -1
            while letters := fetch(
                self._connection,
                f"SELECT id, row FROM {table} WHERE id > ? ORDER BY id LIMIT ?",
                (position, LETTERS_PER_STEP),
            ):
                position = letters[-1][0]
                gone = [letter for letter, stored in letters if self._takes(decode_row(stored))]
                if gone:
                    self._connection.execute(
                        f"DELETE FROM {table} WHERE id IN (SELECT value FROM carray(?))", (integers(gone),)
                    )
                yield len(gone)

    def _blank_facts(self) -> Iterator[int]:
        mine, bindings = self._mine()
        for table in self._partitions.existing("fact"):
            ((last,),) = fetch(self._connection, f"SELECT coalesce(max(rowid), 0) FROM {table}")
            for first in range(1, last + 1, FACTS_PER_STEP):
                self._connection.execute(
                    f"UPDATE {table} SET event_id = '' WHERE rowid BETWEEN ? AND ? AND event_id <> '' AND {mine}",
                    (first, first + FACTS_PER_STEP - 1, *bindings),
                )
                yield self._connection.changes()

    def _blank_refunds(self) -> Iterator[int]:
        mine, bindings = self._mine()
        for table in self._partitions.existing("refund"):
            self._connection.execute(
                f"UPDATE {table} SET event_id = '', refund_id = '' WHERE event_id <> '' AND {mine}", bindings
            )
            yield self._connection.changes()

    def _mine(self) -> tuple[str, tuple[object, ...]]:
        """Return the condition under which a row of the ledger is meant, and its values."""
        labels = self._on.labels.of_source(self._match.source) if self._match.source else []
        ids = ",".join("?" * len(self._match.event_ids))
        return f"(event_id IN ({ids}) OR label IN ({','.join(map(str, labels))}))", self._match.event_ids

    def _drop_errands(self) -> Iterator[int]:
        yield self._on.errands.forget(self._match.event_ids, self._match.source)

    def _drop_commands(self) -> None:
        """A purge by event_id that was carried out names it for a day."""
        for event_id in self._match.event_ids:
            self._connection.execute(
                "DELETE FROM control WHERE answered_at IS NOT NULL AND instr(command, ?)", (event_id.encode(),)
            )
