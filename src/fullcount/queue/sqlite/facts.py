"""The ledger's tables: what was accepted by chunk, what was tried by attempt, what ended by run of seqs, and counts.

Nothing here costs a row for each delivered event. The reader puts an event's timeline together again.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import apsw

from fullcount.queue.delivery import Attempt
from fullcount.queue.entry import Fact
from fullcount.queue.outcomes import Outcome
from fullcount.queue.sqlite.connection import fetch
from fullcount.queue.sqlite.labels import Labels
from fullcount.queue.sqlite.lanes import LaneBook
from fullcount.queue.sqlite.partitions import Partitions, day_of
from fullcount.queue.sqlite.rows import Row

LONGEST_SPAN = 1_024  # seqs in one span, so that the spans around a seq are found in a short range

ACCEPTED = "accepted"
HELD = "held"
RETRY = "retry"
LOST = "lost"
REDRIVEN = "redriven"

FIELD_MARK = ", "

_OUTCOMES = frozenset(outcome.value for outcome in Outcome)

Ending = tuple[str, str]  # outcome (or one of the states above) and reason


class Facts:
    """Writes the ledger inside the group's transaction."""

    def __init__(self, connection: apsw.Connection, partitions: Partitions, labels: Labels) -> None:
        self._connection = connection
        self._partitions = partitions
        self._labels = labels
        self._tally: Counter[tuple[int, str, str]] = Counter()

    def count(self, label: int, outcome: str, reason: str = "", n: int = 1) -> None:
        """Add to this minute's counts; written with the group."""
        self._tally[label, outcome, reason] += n

    def accepted(self, book: LaneBook, rows: Sequence[Row], *, held: bool) -> None:
        """Note rows of one lane, their seqs in order without a gap, as accepted."""
        labels = [row.label for row in rows]
        for label, n in Counter(labels).items():
            self.count(label, ACCEPTED, "", n)
        is_uniform = labels.count(labels[0]) == len(labels)
        packed = array("I", labels[:1] if is_uniform else labels).tobytes()
        first = rows[0]
        table = self._partitions.table("journal", day_of(first.accepted_at))
        self._connection.execute(
            f"INSERT INTO {table} VALUES (?, ?, ?, ?, ?, ?)",
            (first.seq, len(rows), book.id, first.accepted_at, held, packed),
        )

    def note(self, fact: Fact, now: float, seq: int | None = None) -> None:
        """Store a fact about an event that made no delivery of its own (or of a test event, which claims no key)."""
        label = self._labels.id_of(fact.pixel, fact.event, fact.source)
        table = self._partitions.table("fact", day_of(now))
        self._connection.execute(
            f"INSERT INTO {table} VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (fact.key, now, label, fact.event_id, fact.outcome.value, fact.reason.value, fact.detail, seq),
        )
        if seq is None:
            self.count(label, fact.outcome.value, fact.reason.value)

    def keep_way(self, row: Row, ending: Ending, detail: str = "") -> None:
        """Let a delivery's timeline be found by its key, though the key may soon stand for another one."""
        outcome, reason = ending
        table = self._partitions.table("fact", day_of(row.accepted_at))
        self._connection.execute(
            f"INSERT INTO {table} VALUES (?, ?, ?, '', ?, ?, ?, ?)",
            (row.key, row.accepted_at, row.label, outcome, reason, detail, row.seq),
        )

    def left_hold(self, row: Row, fields: Iterable[str]) -> None:
        """Remember the names of the fields that a delivery had when it was held no longer."""
        self.keep_way(row, (HELD, ""), FIELD_MARK.join(sorted(fields)))

    def fields_left(self, key: bytes) -> frozenset[str] | None:
        """Return those names for the newest delivery with this key that was held; None if none was."""
        newest, names = -1, None
        for table in self._partitions.existing("fact"):
            for seq, detail in self._connection.execute(
                f"SELECT seq, detail FROM {table} WHERE key = ? AND seq IS NOT NULL AND outcome = ?", (key, HELD)
            ):
                newest, names = max((newest, names), (seq, detail), key=lambda it: it[0])
        return None if names is None else frozenset(names.split(FIELD_MARK))

    def has_ended(self, seq: int, accepted_at: float) -> bool:
        """Return whether the last that is known of a delivery is its outcome."""
        for table in reversed(self._partitions.existing("span", day_of(accepted_at))):
            last = fetch(
                self._connection,
                f"SELECT outcome FROM {table} WHERE seq_from BETWEEN ? AND ? AND seq_to >= ?"
                " ORDER BY rowid DESC LIMIT 1",
                (seq - LONGEST_SPAN, seq, seq),
            )
            if last:
                return last[0][0] in _OUTCOMES
        return False

    def attempts(self, book: LaneBook, attempts: Sequence[Attempt], endings: Mapping[int, Ending], now: float) -> None:
        """Note attempts and what they ended; a seq's ending belongs to the last attempt that carried it."""
        left = dict(endings)
        for attempt in reversed(attempts):
            is_new = self._attempt(book, attempt)
            ended = [(seq, left.pop(seq, (RETRY, ""))) for seq in attempt.seqs]
            if is_new:
                self._spans(ended, now, attempt.id)
        if left:
            self.ended(left.items(), now)

    def ended(self, endings: Iterable[tuple[int, Ending]], now: float) -> None:
        """Note what happened to these seqs without a request."""
        self._spans(endings, now, None)

    def write_counts(self, now: float) -> None:
        """Add this group's counts to the store."""
        if not self._tally:
            return
        table = self._partitions.table("tally", day_of(now))
        minute = int(now) // 60
        self._connection.executemany(
            f"INSERT INTO {table} VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n",
            [(minute, label, outcome, reason, n) for (label, outcome, reason), n in self._tally.items()],
        )
        self._tally.clear()

    def _attempt(self, book: LaneBook, attempt: Attempt) -> bool:
        table = self._partitions.table("attempt", day_of(attempt.started_at))
        self._connection.execute(
            f"INSERT OR IGNORE INTO {table} (name, lane, started_at, seconds, events, status, code, message,"
            " request_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                attempt.id,
                book.id,
                attempt.started_at,
                attempt.seconds,
                len(attempt.seqs),
                attempt.status,
                attempt.code,
                attempt.message,
                attempt.request_id,
            ),
        )
        return self._connection.changes() > 0

    def _spans(self, endings: Iterable[tuple[int, Ending]], now: float, attempt: str | None) -> None:
        table = self._partitions.table("span", day_of(now))
        self._connection.executemany(
            f"INSERT INTO {table} VALUES (?, ?, ?, ?, ?, ?)",
            [(first, last, now, attempt, ending[0], ending[1]) for first, last, ending in runs(sorted(endings))],
        )


def runs(endings: Sequence[tuple[int, Ending]]) -> list[tuple[int, int, Ending]]:
    """Join neighbours that ended alike: (first seq, last seq, ending).

    >>> runs([(1, ("delivered", "")), (2, ("delivered", "")), (4, ("delivered", ""))])
    [(1, 2, ('delivered', '')), (4, 4, ('delivered', ''))]
    """
    joined: list[tuple[int, int, Ending]] = []
    first = last = -1
    ending: Ending | None = None
    for seq, mine in endings:
        if seq == last + 1 and mine == ending and seq - first < LONGEST_SPAN:
            last = seq
            continue
        if ending is not None:
            joined.append((first, last, ending))
        first = last = seq
        ending = mine
    if ending is not None:
        joined.append((first, last, ending))
    return joined
