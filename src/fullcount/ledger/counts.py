"""How many events ended how, by pixel, source and name, over a stretch of time."""

from __future__ import annotations

from collections import Counter
from typing import Protocol

import msgspec

from fullcount.consent.silence import is_mostly_unasked
from fullcount.queue.outcomes import Outcome, Reason
from fullcount.queue.records import Count


class CountsReader(Protocol):
    """What counts are read from."""

    def counts(self, since: float, until: float) -> list[Count]:
        """Return the counts of the minutes from `since` until before `until` (Unix seconds)."""
        ...


class Total(msgspec.Struct, frozen=True):
    """How many events of one pixel, source and name had one outcome. "accepted" and "redriven" stand beside them."""

    pixel: str
    source: str
    event: str
    outcome: str
    reason: str
    count: int


def totals(reader: CountsReader, since: float, until: float) -> list[Total]:
    """Return the totals between two moments (Unix seconds), whole minutes, in order of pixel, source, name, outcome.

    Raises:
        StoreUnavailable: the store cannot be read now.
    """
    sums: Counter[tuple[str, str, str, str, str]] = Counter()
    for count in reader.counts(since, until):
        sums[count.pixel, count.source, count.event, count.outcome, count.reason] += count.n
    return [Total(*where, count) for where, count in sorted(sums.items())]


def sources_without_consent(found: list[Total]) -> dict[str, float]:
    """Return the share of each source's events that was withheld as consent_unknown, where it is more than a fifth."""
    all_of: Counter[str] = Counter()
    unknown: Counter[str] = Counter()
    for total in found:
        if total.outcome in {"accepted", Outcome.WITHHELD}:
            all_of[total.source] += total.count
        if total.reason == Reason.CONSENT_UNKNOWN:
            unknown[total.source] += total.count
    return {
        source: unknown[source] / count for source, count in all_of.items() if is_mostly_unasked(unknown[source], count)
    }
