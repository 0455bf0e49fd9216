"""The timeline of one key, put together from what the ledger stores by chunk, by attempt and by run of seqs."""

from __future__ import annotations

from array import array
from collections.abc import Mapping

import apsw
import msgspec

from fullcount.queue.lane import Lane
from fullcount.queue.outcomes import Outcome
from fullcount.queue.sqlite.connection import fetch
from fullcount.queue.sqlite.facts import ACCEPTED, HELD, LONGEST_SPAN
from fullcount.queue.sqlite.labels import Label
from fullcount.queue.sqlite.partitions import Partitions, day_of
from fullcount.queue.sqlite.rows import decode_row
from fullcount.queue.sqlite.seen import decode_claims


class TimelineRow(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened to an event. Without a `seq` it happened to a copy that made no delivery.

    `what` is "accepted", "held", "attempt" (one request), "retry" or "lost" (due again), "redriven", or an outcome.
    """

    at: float  # Unix seconds
    what: str
    seq: int | None = None
    lane: Lane | None = None
    pixel: str = ""
    event: str = ""
    source: str = ""
    event_id: str = ""
    reason: str = ""
    status: int | None = None  # of the attempt: the HTTP status
    code: int | None = None  # of the attempt, or of the dead letter
    message: str = ""
    request_id: str = ""
    seconds: float | None = None
    detail: str = ""


class Timeline:
    """Reads the ledger for one key at a time."""

    def __init__(self, connection: apsw.Connection, lanes: Mapping[int, Lane], labels: Mapping[int, Label]) -> None:
        self._connection = connection
        self._partitions = Partitions(connection)
        self._lanes = lanes
        self._labels = labels

    def rows(self, key: bytes) -> list[TimelineRow]:
        """Return all that is known of the events with this key, oldest first."""
        found: list[TimelineRow] = []
        letters = self._letters(key)
        for seq, accepted_at in self.seqs(key).items():
            found += self._accepted(seq, accepted_at)
            found += self._spans(seq, accepted_at, letters)
        found += self._facts(key)
        return sorted(found, key=lambda row: row.at)

    def seqs(self, key: bytes) -> dict[int, float]:
        """Return the deliveries with this key, and about when each was accepted (Unix seconds)."""
        found: dict[int, float] = {}
        for family in self._partitions.families("seen"):
            for table in self._partitions.existing(family):
                found |= dict(fetch(self._connection, f"SELECT seq, at FROM {table} WHERE key = ?", (key,)))
        for (keys,) in self._connection.execute("SELECT keys FROM keylog WHERE instr(keys, ?)", (key,)):
            found |= {claim.seq: claim.at for claim in decode_claims(keys) if claim.key == key and not claim.freed}
        for table in self._partitions.existing("dead"):
            for (stored,) in self._connection.execute(f"SELECT row FROM {table} WHERE key = ?", (key,)):
                row = decode_row(stored)
                found[row.seq] = row.accepted_at
        for table in self._partitions.existing("fact"):
            sql = f"SELECT seq, at FROM {table} WHERE key = ? AND seq IS NOT NULL"
            found |= dict(fetch(self._connection, sql, (key,)))
        return found

    def _facts(self, key: bytes) -> list[TimelineRow]:
        found = []
        for table in self._partitions.existing("fact"):
            for at, label_id, event_id, outcome, reason, detail in self._connection.execute(
                f"SELECT at, label, event_id, outcome, reason, detail FROM {table} WHERE key = ? AND seq IS NULL",
                (key,),
            ):
                label = self._labels[label_id]
                found.append(
                    TimelineRow(
                        at=at,
                        what=outcome,
                        pixel=label.pixel,
                        event=label.event,
                        source=label.source,
                        event_id=event_id,
                        reason=reason,
                        detail=detail,
                    )
                )
        return found

    def _accepted(self, seq: int, accepted_at: float) -> list[TimelineRow]:
        if not self._partitions.has("journal", day_of(accepted_at)):
            return []
        found = []
        for first_seq, count, lane, at, held, packed in self._connection.execute(
            f"SELECT first_seq, count, lane, accepted_at, held, labels FROM journal_{day_of(accepted_at)}"
            " WHERE first_seq <= ? ORDER BY first_seq DESC LIMIT 1",
            (seq,),
        ):
            if seq >= first_seq + count:
                continue
            labels = array("I", packed)
            label = self._labels[labels[seq - first_seq if len(labels) > 1 else 0]]
            found.append(
                TimelineRow(
                    at=at,
                    what=HELD if held else ACCEPTED,
                    seq=seq,
                    lane=self._lanes[lane],
                    pixel=label.pixel,
                    event=label.event,
                    source=label.source,
                )
            )
        return found

    def _spans(
        self, seq: int, accepted_at: float, letters: Mapping[tuple[int, float], TimelineRow]
    ) -> list[TimelineRow]:
        found = []
        for table in self._partitions.existing("span", day_of(accepted_at)):
            for at, attempt, outcome, reason in self._connection.execute(
                f"SELECT at, attempt, outcome, reason FROM {table}"
                " WHERE seq_from BETWEEN ? AND ? AND seq_to >= ? ORDER BY rowid",
                (seq - LONGEST_SPAN, seq, seq),
            ):
                if attempt is not None:
                    found += self._attempt(seq, attempt, accepted_at)
                ending = TimelineRow(at=at, what=outcome, seq=seq, reason=reason)
                found.append(letters.get((seq, at), ending) if outcome == Outcome.DEAD else ending)
        return found

    def _attempt(self, seq: int, name: str, accepted_at: float) -> list[TimelineRow]:
        return [
            TimelineRow(
                at=started_at,
                what="attempt",
                seq=seq,
                lane=self._lanes[lane],
                status=status,
                code=code,
                message=message,
                request_id=request_id,
                seconds=seconds,
            )
            for table in self._partitions.existing("attempt", day_of(accepted_at))
            for lane, started_at, seconds, status, code, message, request_id in self._connection.execute(
                f"SELECT lane, started_at, seconds, status, code, message, request_id FROM {table} WHERE name = ?",
                (name,),
            )
        ]

    def _letters(self, key: bytes) -> dict[tuple[int, float], TimelineRow]:
        """Return the deaths whose letters are still kept, with the destination's words, by seq and time."""
        return {
            (seq, at): TimelineRow(
                at=at,
                what=Outcome.DEAD.value,
                seq=seq,
                event_id=event_id,
                reason=reason,
                code=code,
                message=message,
            )
            for table in self._partitions.existing("dead")
            for seq, event_id, reason, code, message, at in self._connection.execute(
                f"SELECT seq, event_id, reason, code, message, died_at FROM {table} WHERE key = ?", (key,)
            )
        }
