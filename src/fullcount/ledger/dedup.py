"""What TikTok would make of several copies of one event: its windows, as its help pages have them (May 2025).

Copies under one pixel, event name and event_id count once within 48 hours of the first. A copy on the other way
within 5 minutes is merged into the first, a later one is discarded with all that it knows. Where exactly the windows
end is not documented; here a copy at the very end is still inside.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

FORGETS_AFTER_SECONDS = 48 * 3_600.0
MERGES_WITHIN_SECONDS = 300.0


def count_copies(times: Iterable[float]) -> int:
    """Return how often copies under one name and id are counted, by when each arrives (Unix seconds).

    >>> count_copies([0.0, 60.0, 3_600.0]), count_copies([0.0, 49 * 3_600.0]), count_copies([])
    (1, 2, 0)
    """
    count, first = 0, float("-inf")
    for at in sorted(times):
        if at - first > FORGETS_AFTER_SECONDS:
            count, first = count + 1, at
    return count


def is_discarded(browser: Sequence[float], server: float) -> bool:
    """Return whether the second way's copy comes too late to be merged, and too early to count again.

    >>> is_discarded([0.0], 60.0), is_discarded([0.0], 3_600.0), is_discarded([0.0], 60 * 3_600.0)
    (False, True, False)
    """
    apart = abs(server - min(browser))
    return MERGES_WITHIN_SECONDS < apart <= FORGETS_AFTER_SECONDS


def pair_off(one: Sequence[float], other: Sequence[float], within: float) -> list[tuple[int, int]]:
    """Return which of two sorted lists of times belong together, by index: each to one, as many as lie near enough.

    >>> pair_off([0.0, 100.0], [90.0, 500.0], within=60.0)
    [(1, 0)]
    """
    pairs = []
    i = j = 0
    while i < len(one) and j < len(other):
        if abs(one[i] - other[j]) <= within:
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif one[i] < other[j]:
            i += 1
        else:
            j += 1
    return pairs
