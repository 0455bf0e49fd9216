"""What a source that only observes would have sent, as the ledger has it."""

from __future__ import annotations

from collections.abc import Mapping

import apsw

from fullcount.queue.outcomes import Outcome, Reason
from fullcount.queue.records import ObservedRow
from fullcount.queue.sqlite.connection import fetch
from fullcount.queue.sqlite.labels import Label
from fullcount.queue.sqlite.partitions import Partitions, day_of

_COLUMNS = "at, label, event_id, key, outcome, reason"


def observed_rows(
    connection: apsw.Connection, labels: Mapping[int, Label], source: str, since: float, most: int
) -> tuple[list[ObservedRow], bool]:
    """Return a source's observed events since a moment, the newest first, and whether some were left out.

    They have no index of their own: the newest `most` facts of all sources are looked through.
    """
    mine = ",".join(str(label_id) for label_id, label in labels.items() if label.source == source)
    found: list[ObservedRow] = []
    left = most
    for table in reversed(Partitions(connection).existing("fact", day_of(since))):
        newest = f"SELECT {_COLUMNS} FROM {table} ORDER BY rowid DESC LIMIT ?"
        sql = f"SELECT at, label, event_id, key FROM ({newest}) WHERE label IN ({mine}) AND outcome = ? AND reason = ?"
        found += [
            ObservedRow(at, labels[label].pixel, labels[label].event, event_id, key)
            for at, label, event_id, key in connection.execute(
                sql, (left, Outcome.WITHHELD.value, Reason.OBSERVE_ONLY.value)
            )
            if at >= since
        ]
        ((held,),) = fetch(connection, f"SELECT coalesce(max(rowid), 0) FROM {table}")
        if held > left:
            return found, True
        left -= held
    return found, False


def has_switches(connection: apsw.Connection) -> bool:
    """Return whether this store is new enough to hold switches."""
    return bool(fetch(connection, "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'mode'"))
