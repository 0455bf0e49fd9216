"""When so much of a source is withheld for want of an answer that nobody can have meant it so."""

from __future__ import annotations

LARGEST_SHARE = 0.2
FEWEST_EVENTS = 20  # of fewer a share says little


def is_mostly_unasked(unknown: int, events: int) -> bool:
    """Say whether more than a fifth of a source's events is withheld as consent_unknown.

    `events` are those that were accepted as new or withheld for any reason: a duplicate or an invalid event says
    nothing of how the source asks.

    >>> is_mostly_unasked(5, 20), is_mostly_unasked(4, 20), is_mostly_unasked(19, 19)
    (True, False, False)
    """
    return events >= FEWEST_EVENTS and unknown > events * LARGEST_SHARE
