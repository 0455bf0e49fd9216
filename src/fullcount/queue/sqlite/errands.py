"""The to-do list: what is to be fetched or made later, kept until it is crossed off."""

from __future__ import annotations

from collections.abc import Sequence

import apsw

from fullcount.queue.entry import Errand
from fullcount.queue.sqlite.connection import fetch


class Errands:
    """Reads and writes the list. When the next one is due is kept in memory, so that asking costs nothing."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._next_due_at: float | None = None
        self.look_ahead(float("-inf"))

    def add(self, errand: Errand) -> None:
        """Put an errand on the list; one whose key is on it already changes nothing."""
        self._connection.execute(
            "INSERT OR IGNORE INTO errand VALUES (?, ?, ?, ?, ?, ?)",
            (errand.key, errand.source, errand.body, errand.due_at, errand.event_id, errand.attempts),
        )
        self._expect(errand.due_at)

    def due(self, now: float, limit: int) -> list[Errand]:
        """Return errands whose time has come, the longest due first."""
        return [
            Errand(*row)
            for row in self._connection.execute(
                "SELECT key, source, body, due_at, event_id, attempts FROM errand"
                " WHERE due_at <= ? ORDER BY due_at, key LIMIT ?",
                (now, limit),
            )
        ]

    def end(self, key: bytes) -> None:
        """Cross an errand off."""
        self._connection.execute("DELETE FROM errand WHERE key = ?", (key,))

    def postpone(self, key: bytes, due_at: float) -> None:
        """Let an errand wait, and count the attempt."""
        self._connection.execute("UPDATE errand SET due_at = ?, attempts = attempts + 1 WHERE key = ?", (due_at, key))
        self._expect(due_at)

    def forget(self, event_ids: Sequence[str], source: str) -> int:
        """Drop the errands about these events, or of this source (empty: none); return how many."""
        marks = ",".join("?" * len(event_ids))
        self._connection.execute(
            f"DELETE FROM errand WHERE event_id IN ({marks}) OR (source = ? AND source <> '')", (*event_ids, source)
        )
        return self._connection.changes()

    def has_fallen_due(self, now: float) -> bool:
        """Return whether the time of one has come since `look_ahead`."""
        return self._next_due_at is not None and self._next_due_at <= now

    def look_ahead(self, now: float) -> None:
        """Find out when the next one is due after now."""
        ((self._next_due_at,),) = fetch(self._connection, "SELECT min(due_at) FROM errand WHERE due_at > ?", (now,))

    def bring_near(self, now: float, lag: float) -> None:
        """Keep the distance of what lies ahead when the clock was set back by `lag` seconds.

        It has no bound, unlike a delivery's: an errand may be meant for tomorrow.
        """
        if lag:
            self._connection.execute("UPDATE errand SET due_at = max(?1, due_at - ?2) WHERE due_at > ?1", (now, lag))
            self.look_ahead(float("-inf"))

    def _expect(self, due_at: float) -> None:
        self._next_due_at = due_at if self._next_due_at is None else min(self._next_due_at, due_at)
