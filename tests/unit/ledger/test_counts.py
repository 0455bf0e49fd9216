"""Totals by pixel, source, name and outcome, and what they say of consent."""

from __future__ import annotations

import pytest

from fullcount.ledger.counts import Total, sources_without_consent, totals
from fullcount.queue.records import Count


class Minutes:
    """A reader of some minutes."""

    def __init__(self, *counts: Count) -> None:
        self._counts = counts

    def counts(self, since: float, until: float) -> list[Count]:
        """Return those between."""
        return [count for count in self._counts if since <= count.minute * 60 < until]


def count(minute: int, outcome: str, n: int, **more: str) -> Count:
    """Return the count of one minute."""
    where = {"pixel": "store", "event": "Purchase", "source": "shop", "reason": "", **more}
    return Count(minute=minute, outcome=outcome, n=n, **where)


def test_minutes_are_summed_by_where_and_how_they_ended() -> None:
    """Minutes inside the stretch are added up; each place and outcome is one total, in order."""
    reader = Minutes(
        count(1, "accepted", 3),
        count(2, "accepted", 4),
        count(2, "delivered", 5),
        count(2, "accepted", 1, source="backend"),
        count(9, "accepted", 100),
    )

    assert totals(reader, 60.0, 180.0) == [
        Total("store", "backend", "Purchase", "accepted", "", 1),
        Total("store", "shop", "Purchase", "accepted", "", 7),
        Total("store", "shop", "Purchase", "delivered", "", 5),
    ]


@pytest.mark.parametrize(
    ("accepted", "unknown", "denied", "share"),
    [
        (70, 30, 0, 0.3),
        (80, 20, 0, None),
        (0, 20, 0, 1.0),
        (5, 10, 0, None),
        (40, 30, 30, 0.3),
        (50, 0, 50, None),
        (0, 3, 0, 1.0),
        (0, 2, 0, None),
    ],
)
def test_a_source_without_consent_is_named(accepted: int, unknown: int, denied: int, share: float | None) -> None:
    """More than a fifth withheld as unknown is named, or all of a few; refusals and a handful are not."""
    found = [
        Total("store", "shop", "Purchase", "accepted", "", accepted),
        Total("store", "shop", "Purchase", "withheld", "consent_unknown", unknown),
        Total("store", "shop", "Purchase", "withheld", "consent_denied", denied),
        Total("store", "shop", "Purchase", "delivered", "", accepted),
    ]

    assert sources_without_consent(found) == ({} if share is None else {"shop": share})
