"""What is to be dropped and cannot be at once: deliveries under way, and what moves while it is sought."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager

import apsw

from fullcount.queue.forgetting import Match
from fullcount.queue.outcomes import Reason
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
        rows = fetch(connection, "SELECT seq, reason FROM forgetting")
        self._reasons = {seq: Reason(reason) for seq, reason in rows}
        self._matches: list[tuple[Match, Reason]] = []

    def takes(self, match: Match, row: Row) -> bool:
        """Return whether a stored delivery names this subject; one that cannot be read but holds its words does."""
        if match.source and self._labels[row.label].source == match.source:
            return True
        if not match.may_be_in(row.event):
            return False
        event = readable(row.event)
        return event is None or match.is_named_in(event)

    @contextmanager
    def searching(self, match: Match, reason: Reason) -> Iterator[None]:
        """Let nothing slip by that moves between two steps of this search; what it finds is dropped for a reason."""
        search = (match, reason)
        self._matches.append(search)
        try:
            yield
        finally:
            self._matches.remove(search)

    def is_sought(self, row: Row) -> bool:
        """Return whether a delivery that is about to be moved is to be dropped instead."""
        return bool(self._matches) and any(self.takes(match, row) for match, _ in self._matches)

    def doom(self, rows: Iterable[Row]) -> None:
        """Let those of these leased deliveries that are sought be dropped when they come back."""
        if self._matches:
            wanted = list(rows)
            for match, reason in self._matches:
                self.add([row.seq for row in wanted if self.takes(match, row)], reason)

    def add(self, seqs: Collection[int], reason: Reason) -> int:
        """Let these leased deliveries be dropped when they come back; return how many were not to be before.

        Whoever is to be forgotten is, though they had refused before; else the first reason stands.
        """
        known = self._reasons
        is_first = reason is Reason.PURGED
        new = {seq for seq in seqs if seq not in known or (is_first and known[seq] is not Reason.PURGED)}
        self._connection.executemany(
            "INSERT OR REPLACE INTO forgetting VALUES (?, ?)", [(seq, reason.value) for seq in new]
        )
        known |= dict.fromkeys(new, reason)
        return len(new)

    def doomed(self, seqs: Sequence[int]) -> dict[int, Reason]:
        """Return which of these are to be dropped when they come back, and why."""
        known = self._reasons
        return {seq: known[seq] for seq in seqs if seq in known} if known else {}

    def end(self, seqs: Collection[int]) -> None:
        """Forget that these were to be dropped: they are gone."""
        for seq in seqs:
            self._reasons.pop(seq, None)
        self._connection.execute(
            "DELETE FROM forgetting WHERE seq IN (SELECT value FROM carray(?))", (integers(list(seqs)),)
        )
