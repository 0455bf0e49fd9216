"""How deliveries end that are not sent and leave no letter: their body is gone, and the ledger says why."""

from __future__ import annotations

from collections.abc import Sequence

from fullcount.queue.outcomes import Outcome, Reason
from fullcount.queue.sqlite.facts import Ending
from fullcount.queue.sqlite.rows import Row
from fullcount.queue.sqlite.shelves import Shelves


def ending_without_letter(reason: Reason) -> Ending:
    """Return how a delivery ends for this reason: a person's wish is a death, all else withholds it."""
    outcome = Outcome.DEAD if reason is Reason.PURGED else Outcome.WITHHELD
    return outcome.value, reason.value


def withhold(on: Shelves, rows: Sequence[Row], reason: Reason, now: float, *, may_be_at_tiktok: bool = False) -> None:
    """End rows as withheld; the caller takes them from where they were."""
    count_withheld(on, rows, reason, now, may_be_at_tiktok=may_be_at_tiktok)
    ending = ending_without_letter(reason)
    on.facts.ended([(row.seq, ending) for row in rows], now)


def count_withheld(
    on: Shelves, rows: Sequence[Row], reason: Reason, now: float, *, may_be_at_tiktok: bool = False
) -> None:
    """Do the same but for the spans, which the caller notes.

    Withheld claims no key, so that a later copy with another answer is a new event; but what may be at TikTok already
    keeps it, as such a copy might count again.
    """
    ending = ending_without_letter(reason)
    for row in rows:
        on.facts.count(row.label, *ending)
        if row.window and not may_be_at_tiktok:
            on.facts.keep_way(row, ending)
            on.seen.free(row.window, row.key, row.seq, int(now))
