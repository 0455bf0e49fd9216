"""What is to be forgotten and cannot be dropped at once: deliveries under way, and what moves while it is sought."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager

import apsw

from fullcount.queue.forgetting import Match
from fullcount.queue.sqlite.connection import fetch, integers
from fullcount.queue.sqlite.labels import Labels
from fullcount.queue.sqlite.rows import Row
from fullcount.queue.sqlite.unreadable import readable


class Oblivion:
    """The leased deliveries that are dropped when they come back, and the searches under way.

    The first are in the store, so that a crash changes nothing for them. The searches are not: whoever asked was not
    answered, and asks again.
    """

    def __init__(self, connection: apsw.Connection, labels: Labels) -> None:
        self._connection = connection
        self._labels = labels
        self._seqs = {seq for (seq,) in fetch(connection, "SELECT seq FROM forgetting")}
        self._matches: list[Match] = []

    def takes(self, match: Match, row: Row) -> bool:
        """Return whether a stored delivery names this subject; one that cannot be read but holds its words does."""
        if match.source and self._labels[row.label].source == match.source:
            return True
        if not match.may_be_in(row.event):
            return False
        event = readable(row.event)
        return event is None or match.is_named_in(event)

    @contextmanager
    def searching(self, match: Match) -> Iterator[None]:
        """Let nothing slip by that moves between two steps of this search."""
        self._matches.append(match)
        try:
            yield
        finally:
            self._matches.remove(match)

    def is_sought(self, row: Row) -> bool:
        """Return whether a delivery that is about to be moved is to be dropped instead."""
        return bool(self._matches) and any(self.takes(match, row) for match in self._matches)

    def doom(self, rows: Iterable[Row]) -> None:
        """Let those of these leased deliveries that are sought be dropped when they come back."""
        if self._matches:
            self.add([row.seq for row in rows if self.is_sought(row)])

    def add(self, seqs: Collection[int]) -> int:
        """Let these leased deliveries be dropped when they come back; return how many were not to be before."""
        new = set(seqs) - self._seqs
        self._connection.executemany("INSERT INTO forgetting VALUES (?)", [(seq,) for seq in new])
        self._seqs |= new
        return len(new)

    def doomed(self, seqs: Sequence[int]) -> set[int]:
        """Return which of these are to be dropped when they come back."""
        return self._seqs.intersection(seqs) if self._seqs else set()

    def end(self, seqs: Collection[int]) -> None:
        """Forget that these were to be dropped: they are gone."""
        self._seqs.difference_update(seqs)
        self._connection.execute(
            "DELETE FROM forgetting WHERE seq IN (SELECT value FROM carray(?))", (integers(list(seqs)),)
        )
