"""The tables of visitors and their ties: written inside the writer's transactions, read by anyone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import apsw

from fullcount.queue.sqlite.connection import blobs, fetch, integers
from fullcount.visitors.answering import is_alive, ties_to_drop
from fullcount.visitors.kept import Kept, answers_alone, encode_kept, merge_kept, readable_kept
from fullcount.visitors.visitors import VisitorSettings

ROWS_PER_STEP = 200


class VisitorBook:
    """The writer's side."""

    def __init__(self, connection: apsw.Connection, settings: VisitorSettings) -> None:
        self._connection = connection
        self._settings = settings
        ((self._count,),) = fetch(connection, "SELECT count(*) FROM visitor")

    def remember(self, digests: Sequence[bytes], kept: Kept, now: float) -> None:
        """Let all visitors with one of these ties become one, who knows this as well."""
        seen_at = kept.seen_at
        known: list[int] = []
        for visitor, stored in fetch(
            self._connection,
            "SELECT id, kept FROM visitor WHERE id IN"
            " (SELECT visitor FROM carray(?) AS asked CROSS JOIN tie ON digest = asked.value)",
            (blobs(digests),),
        ):
            each = readable_kept(stored)
            if each is not None and is_alive(each.seen_at, now, self._settings):
                kept = merge_kept(kept, each)
                known.append(visitor)
            else:
                self._drop([visitor])
        visitor = self._written(known, kept)
        self._tie(visitor, digests, seen_at)
        if self._count > self._settings.max_visitors:
            self._drop_oldest(self._count - self._settings.max_visitors)

    def _written(self, known: Sequence[int], kept: Kept) -> int:
        """Store what is kept under one number and return it; the ties of the other numbers become its own."""
        row = (kept.seen_at, encode_kept(kept))
        if not known:
            self._connection.execute("INSERT INTO visitor (seen_at, kept) VALUES (?, ?)", row)
            self._count += 1
            return self._connection.last_insert_rowid()
        visitor, *others = known
        self._connection.execute("UPDATE visitor SET seen_at = ?, kept = ? WHERE id = ?", (*row, visitor))
        if others:
            self._connection.execute(
                "UPDATE tie SET visitor = ? WHERE visitor IN (SELECT value FROM carray(?))",
                (visitor, integers(others)),
            )
            self._drop(others)
        return visitor

    def _tie(self, visitor: int, digests: Sequence[bytes], seen_at: float) -> None:
        self._connection.executemany(
            "INSERT INTO tie VALUES (?, ?, ?) ON CONFLICT DO UPDATE"
            " SET visitor = excluded.visitor, seen_at = max(seen_at, excluded.seen_at)",
            [(digest, visitor, seen_at) for digest in digests],
        )
        ties = dict(fetch(self._connection, "SELECT digest, seen_at FROM tie WHERE visitor = ?", (visitor,)))
        if gone := ties_to_drop(ties, self._settings.max_ties):
            self._connection.execute("DELETE FROM tie WHERE digest IN (SELECT value FROM carray(?))", (blobs(gone),))

    def forget(self, digests: Sequence[bytes]) -> int:
        """Drop every visitor with one of these ties; return how many."""
        rows = fetch(
            self._connection,
            "SELECT DISTINCT visitor FROM carray(?) AS asked CROSS JOIN tie ON digest = asked.value",
            (blobs(digests),),
        )
        self._drop([visitor for (visitor,) in rows])
        return len(rows)

    def empty(self, digests: Sequence[bytes]) -> int:
        """Let nothing but the answers be kept of every visitor with one of these ties; return how many."""
        rows = fetch(
            self._connection,
            "SELECT DISTINCT id, kept FROM carray(?) AS asked CROSS JOIN tie ON digest = asked.value"
            " CROSS JOIN visitor ON id = tie.visitor",
            (blobs(digests),),
        )
        for visitor, stored in rows:
            kept = readable_kept(stored)
            if kept is None:
                self._drop([visitor])
            else:
                row = (encode_kept(answers_alone(kept)), visitor)
                self._connection.execute("UPDATE visitor SET kept = ? WHERE id = ?", row)
        return len(rows)

    def sweep(self, now: float) -> Iterator[int]:
        """Drop those whose time is over, some at each step."""
        while True:
            rows = fetch(
                self._connection,
                "SELECT id FROM visitor WHERE seen_at <= ? ORDER BY seen_at LIMIT ?",
                (now - self._settings.ttl_seconds, ROWS_PER_STEP),
            )
            if not rows:
                return
            self._drop([visitor for (visitor,) in rows])
            yield len(rows)

    def _drop_oldest(self, count: int) -> None:
        rows = fetch(
            self._connection,
            "SELECT id FROM visitor ORDER BY seen_at, id LIMIT ?",
            (min(count, ROWS_PER_STEP),),
        )
        self._drop([visitor for (visitor,) in rows])

    def _drop(self, visitors: Sequence[int]) -> None:
        if not visitors:
            return
        asked = (integers(visitors),)
        self._connection.execute("DELETE FROM tie WHERE visitor IN (SELECT value FROM carray(?))", asked)
        self._connection.execute("DELETE FROM visitor WHERE id IN (SELECT value FROM carray(?))", asked)
        self._count -= self._connection.changes()


def find_visitors(connection: apsw.Connection, digests: Sequence[bytes]) -> dict[bytes, Kept]:
    """Return the visitors with these ties, by tie; unknown ties are left out."""
    rows = fetch(
        connection,
        "SELECT digest, kept FROM carray(?) AS asked CROSS JOIN tie ON digest = asked.value"
        " CROSS JOIN visitor ON id = tie.visitor",
        (blobs(digests),),
    )
    decoded = {stored: readable_kept(stored) for stored in {stored for _, stored in rows}}
    return {digest: kept for digest, stored in rows if (kept := decoded[stored]) is not None}


def holds_nobody(connection: apsw.Connection) -> bool:
    """Return whether no visitor is known."""
    return not fetch(connection, "SELECT 1 FROM visitor LIMIT 1")
