"""The timeline of one key, put together from what the ledger stores by chunk, by attempt and by run of seqs."""

from __future__ import annotations

import itertools
from array import array
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import apsw

from fullcount.queue.lane import Lane
from fullcount.queue.outcomes import Outcome
from fullcount.queue.records import TimelineRow
from fullcount.queue.sqlite.connection import blobs, fetch
from fullcount.queue.sqlite.facts import ACCEPTED, HELD, LONGEST_SPAN
from fullcount.queue.sqlite.labels import Label
from fullcount.queue.sqlite.partitions import Partitions, day_of
from fullcount.queue.sqlite.rows import decode_row
from fullcount.queue.sqlite.seen import decode_claims

_Found = tuple[bytes, int, float]  # a key, the seq of a delivery with it, and about when that was accepted
_FACT = "at, label, event_id, outcome, reason, detail"


class Timeline:
    """Reads the ledger for many keys at once: one statement a table, as there are keys for each lane and name."""

    def __init__(self, connection: apsw.Connection, lanes: Mapping[int, Lane], labels: Mapping[int, Label]) -> None:
        self._connection = connection
        self._partitions = Partitions(connection)
        self._lanes = lanes
        self._labels = labels

    def rows(self, keys: Sequence[bytes]) -> dict[bytes, list[TimelineRow]]:
        """Return all that is known of the events with these keys, oldest first; unknown keys are left out."""
        found: dict[bytes, list[TimelineRow]] = {}
        letters = self._letters(keys)
        for key, seqs in self.seqs(keys).items():
            for seq, accepted_at in seqs.items():
                found.setdefault(key, []).extend(self._accepted(seq, accepted_at))
                found[key] += self._spans(seq, accepted_at, letters)
        for key, fact in self._facts(keys):
            found.setdefault(key, []).append(fact)
        return {key: sorted(rows, key=lambda row: row.at) for key, rows in found.items() if rows}

    def seqs(self, keys: Sequence[bytes]) -> dict[bytes, dict[int, float]]:
        """Return the deliveries with these keys, and about when each was accepted (Unix seconds)."""
        found: dict[bytes, dict[int, float]] = {}
        for key, seq, at in itertools.chain(
            self._indexed(keys), self._logged(set(keys)), self._dead(keys), self._tests(keys)
        ):
            found.setdefault(key, {})[seq] = at
        return found

    def _indexed(self, keys: Sequence[bytes]) -> Iterator[_Found]:
        for family in self._partitions.families("seen"):
            for table in self._partitions.existing(family):
                yield from self._with_keys(table, "key, seq, at", keys)

    def _logged(self, keys: set[bytes]) -> Iterator[_Found]:
        for (claims,) in self._connection.execute("SELECT keys FROM keylog"):
            for claim in decode_claims(claims):
                if claim.key in keys and not claim.freed:
                    yield claim.key, claim.seq, claim.at

    def _dead(self, keys: Sequence[bytes]) -> Iterator[_Found]:
        for table in self._partitions.existing("dead"):
            for key, stored in self._with_keys(table, "key, row", keys):
                row = decode_row(stored)
                yield key, row.seq, row.accepted_at

    def _tests(self, keys: Sequence[bytes]) -> Iterator[_Found]:
        for table in self._partitions.existing("fact"):
            yield from self._with_keys(table, "key, seq, at", keys, "seq IS NOT NULL")

    def _with_keys(self, table: str, columns: str, keys: Sequence[bytes], condition: str = "true") -> Iterator[Any]:
        return iter(
            self._connection.execute(
                f"SELECT {columns} FROM carray(?) AS asked CROSS JOIN {table} ON key = asked.value WHERE {condition}",
                (blobs(keys),),
            )
        )

    def _facts(self, keys: Sequence[bytes]) -> Iterator[tuple[bytes, TimelineRow]]:
        for table in self._partitions.existing("fact"):
            for key, *columns in self._with_keys(table, f"key, {_FACT}", keys, "seq IS NULL"):
                yield key, self._fact(columns)

    def without_key(self, event_id: str, most: int) -> list[TimelineRow]:
        """Return the facts about events of this id that were refused before their key was known, oldest first.

        They have no index of their own: the newest `most` of them are looked through.
        """
        found: list[TimelineRow] = []
        left = most
        for table in reversed(self._partitions.existing("fact")):
            newest = f"SELECT {_FACT} FROM {table} WHERE key = x'' ORDER BY rowid DESC LIMIT ?"
            sql = f"SELECT {_FACT} FROM ({newest}) WHERE event_id = ?"
            found += [self._fact(columns) for columns in self._connection.execute(sql, (left, event_id))]
            ((held,),) = fetch(self._connection, f"SELECT count(*) FROM {table} WHERE key = x''")
            left = max(0, left - held)
        return sorted(found, key=lambda row: row.at)

    def _fact(self, columns: Sequence[Any]) -> TimelineRow:
        at, label_id, event_id, outcome, reason, detail = columns
        label = self._labels[label_id]
        return TimelineRow(
            at=at,
            what=outcome,
            pixel=label.pixel,
            event=label.event,
            source=label.source,
            event_id=event_id,
            reason=reason,
            detail=detail,
        )

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

    def _letters(self, keys: Sequence[bytes]) -> dict[tuple[int, float], TimelineRow]:
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
            for seq, event_id, reason, code, message, at in self._with_keys(
                table, "seq, event_id, reason, code, message, died_at", keys
            )
        }
