"""Copies for pairing, one cheap row each: purchases in a table of their own, so that page events push none out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import apsw

from fullcount.events.names import canonical_name
from fullcount.queue.copies import Channel, Copy
from fullcount.queue.sqlite.connection import blobs, fetch
from fullcount.queue.sqlite.partitions import Partitions, day_of

PURCHASES, OTHERS = "pair_purchase", "pair_other"
MOST_A_DAY = {PURCHASES: 100_000, OTHERS: 20_000}  # rows; pages may send without end, and nobody looks at more

_WITHHELD = "outcome = 'withheld' AND reason <> 'observe_only'"  # what was only observed was no delivery
_COLUMNS = "channel, source, pixel, event, key, event_id, at, value, currency"


class CopyBook:
    """Writes copies inside the group's transaction."""

    def __init__(self, connection: apsw.Connection, partitions: Partitions) -> None:
        self._connection = connection
        self._partitions = partitions
        self._rows: dict[str, int] = {}

    def note(self, copy: Copy, now: float) -> None:
        """Keep a copy; beyond the day's bound it is dropped."""
        family = PURCHASES if canonical_name(copy.event) == "Purchase" else OTHERS
        table = self._partitions.table(family, day_of(now))
        if table not in self._rows:
            self._rows = {name: rows for name, rows in self._rows.items() if not name.startswith(family)}
            self._rows[table] = fetch(self._connection, f"SELECT coalesce(max(rowid), 0) FROM {table}")[0][0]
        if self._rows[table] >= MOST_A_DAY[family]:
            return
        self._rows[table] += 1
        self._connection.execute(
            f"INSERT INTO {table} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                copy.channel.value,
                copy.source,
                copy.pixel,
                copy.event,
                copy.key,
                copy.event_id,
                copy.at,
                copy.value,
                copy.currency,
            ),
        )

    def forget(self, event_ids: Sequence[str], source: str) -> Iterator[int]:
        """Let no copy name one of these events, or an event of this source (empty: none); each step yields how many."""
        marks = ",".join("?" * len(event_ids))
        for family in (PURCHASES, OTHERS):
            for table in self._partitions.existing(family):
                self._connection.execute(
                    f"UPDATE {table} SET event_id = '' WHERE event_id <> '' AND"
                    f" (event_id IN ({marks}) OR (source = ? AND source <> ''))",
                    (*event_ids, source),
                )
                yield self._connection.changes()


def copy_tables(partitions: Partitions, since: float) -> list[str]:
    """Return the tables that hold copies noted since a moment, the newest first, purchases before others."""
    tables = [(family, table) for family in (PURCHASES, OTHERS) for table in partitions.existing(family, day_of(since))]
    return [table for _, table in sorted(tables, key=lambda it: it[1].rpartition("_")[2], reverse=True)]


def read_copies(
    connection: apsw.Connection, table: str, stretch: tuple[float, float], pixel: str, most: int
) -> tuple[list[Copy], bool]:
    """Return a table's copies of a stretch of time, at one pixel (empty: all), and whether there were more."""
    since, until = stretch
    rows = [
        Copy(Channel(channel), *columns)
        for channel, *columns in connection.execute(
            f"SELECT {_COLUMNS} FROM {table} WHERE at >= ? AND at < ? AND (pixel = ? OR ? = '') LIMIT ?",
            (since, until, pixel, pixel, most + 1),
        )
    ]
    ((stored,),) = fetch(connection, f"SELECT coalesce(max(rowid), 0) FROM {table}")
    is_full = stored >= MOST_A_DAY[table.rpartition("_")[0]]
    return rows[:most], is_full or len(rows) > most


def ended_keys(connection: apsw.Connection, keys: Sequence[bytes]) -> Iterator[tuple[bytes, float]]:
    """Yield the keys whose delivery ended unsent, and when: it is a dead letter, or was withheld."""
    partitions = Partitions(connection)
    for family, at, condition in (("dead", "died_at", "true"), ("fact", "at", _WITHHELD)):
        for table in partitions.existing(family):
            yield from connection.execute(
                f"SELECT key, {at} FROM carray(?) AS asked CROSS JOIN {table} ON key = asked.value WHERE {condition}",
                (blobs(keys),),
            )
