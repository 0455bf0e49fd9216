"""What becomes of held deliveries whose time has come."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fullcount.queue.fields import fields_of
from fullcount.queue.outcomes import Happening, Reason
from fullcount.queue.sqlite.ending import withhold
from fullcount.queue.sqlite.held import ROWS_PER_STEP, HeldRow
from fullcount.queue.sqlite.lanes import LaneBook
from fullcount.queue.sqlite.rows import HeldForm, plain_form
from fullcount.queue.sqlite.shelves import Shelves
from fullcount.queue.sqlite.unreadable import readable

MISSING = (Happening.SERVER_HALF_MISSING.value, "")


def release(on: Shelves, now: float) -> Iterator[int]:
    """Let go of those whose time has come, or end them; each step yields how many, until none is left."""
    while True:
        ripe = on.held.ripe(now)
        by_lane: dict[int, list[HeldRow]] = {}
        for held in ripe:
            by_lane.setdefault(held.book.id, []).append(held)
        for mine in by_lane.values():
            _release(on, mine[0].book, sorted([held.row for held in mine], key=lambda row: row.seq), now)
        yield len(ripe)
        if len(ripe) < ROWS_PER_STEP:
            return


def _release(on: Shelves, book: LaneBook, rows: Sequence[HeldForm], now: float) -> None:
    on.held.remove(book, rows)
    by_fate: dict[Reason, list[HeldForm]] = {}
    for row in rows:
        by_fate.setdefault(row.terms.fate, []).append(row)
    free = by_fate.pop(Reason.NONE, [])
    on.chunks.add(book, [plain_form(row) for row in free], now)
    for row in free:
        event = readable(row.event)
        on.facts.left_hold(row, () if event is None else fields_of(event))
    alone = [row for row in free if row.terms.is_half_missing]
    for row in alone:
        on.facts.count(row.label, MISSING[0])
    if alone:
        on.facts.ended([(row.seq, MISSING) for row in alone], now)
    for reason, barred in by_fate.items():
        withhold(on, barred, reason, now)
