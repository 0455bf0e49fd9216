"""Refunds in the ledger: recorded once by key, found by the event_id of their order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import apsw

from fullcount.queue.entry import REFUND, Refund
from fullcount.queue.outcomes import Happening, Outcome
from fullcount.queue.records import TimelineRow
from fullcount.queue.sqlite.connection import fetch
from fullcount.queue.sqlite.facts import Facts
from fullcount.queue.sqlite.labels import Label, Labels
from fullcount.queue.sqlite.partitions import Partitions, day_of
from fullcount.redact import mask_chosen


class Refunds:
    """Writes refunds inside the group's transaction."""

    def __init__(self, connection: apsw.Connection, partitions: Partitions, labels: Labels, facts: Facts) -> None:
        self._connection = connection
        self._partitions = partitions
        self._labels = labels
        self._facts = facts

    def note(self, refund: Refund, now: float) -> None:
        """Record a refund; one that is recorded already is counted as a duplicate."""
        label = self._labels.id_of("", REFUND, refund.source)
        if self._is_recorded(refund.key):
            self._facts.count(label, Outcome.DUPLICATE.value)
            return
        table = self._partitions.table("refund", day_of(now))
        self._connection.execute(
            f"INSERT INTO {table} VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                refund.key,
                now,
                label,
                mask_chosen(refund.order_event_id),
                mask_chosen(refund.refund_id),
                refund.amount,
                refund.currency,
                refund.at,
            ),
        )
        self._facts.count(label, Happening.REFUNDED.value)

    def _is_recorded(self, key: bytes) -> bool:
        """A sender repeats for days, so every day that is kept is looked into: refunds are few."""
        return any(
            fetch(self._connection, f"SELECT 1 FROM {table} WHERE key = ?", (key,))
            for table in self._partitions.existing("refund")
        )


def refund_rows(connection: apsw.Connection, labels: Mapping[int, Label], event_id: str) -> Iterator[TimelineRow]:
    """Return the refunds of an order by its event's id, day by day."""
    for table in Partitions(connection).existing("refund"):
        for at, label_id, amount, currency in connection.execute(
            f"SELECT at, label, amount, currency FROM {table} WHERE event_id = ? ORDER BY at, key", (event_id,)
        ):
            label = labels[label_id]
            yield TimelineRow(
                at=at,
                what=Happening.REFUNDED.value,
                event=label.event,
                source=label.source,
                event_id=event_id,
                detail=f"{amount:.10g} {currency or ''}".rstrip(),
            )
