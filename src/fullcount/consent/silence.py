"""When so much of a source is withheld for want of an answer that nobody can have meant it so."""

from __future__ import annotations

LARGEST_SHARE = 0.2
FEWEST_EVENTS = 20  # of fewer a share says little
FEWEST_WITHOUT_ANY = 3  # unless not one of them had an answer: a source that never asks is found on its first day


def is_mostly_unasked(unknown: int, events: int) -> bool:
    """Say whether more than a fifth of a source's events is withheld as consent_unknown, or all of a few.

    `events` are those that were accepted as new or withheld for any reason: a duplicate or an invalid event says
    nothing of how the source asks.

    >>> is_mostly_unasked(5, 20), is_mostly_unasked(4, 20), is_mostly_unasked(18, 19)
    (True, False, False)
    >>> is_mostly_unasked(3, 3), is_mostly_unasked(2, 2)
    (True, False)
    """
    if unknown == events >= FEWEST_WITHOUT_ANY:
        return True
    return events >= FEWEST_EVENTS and unknown > events * LARGEST_SHARE
