"""What goes into a queue, and what it says of each."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from fullcount.events.hashed import HashedEvent
from fullcount.queue.lane import Lane
from fullcount.queue.outcomes import Outcome, Reason


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One event bound for one pixel, offered to the queue."""

    lane: Lane
    key: bytes  # 16 bytes: digest of (pixel code, event source, test code, canonical name, event_id)
    event: HashedEvent
    source: str  # the source's name in the settings
    pixel: str  # the pixel's name in the settings
    window_seconds: int = 604_800  # how long the key is remembered: 7 days, 90 for purchases
    hold_seconds: float | None = None  # None: deliver at once; else wait this long for the other half
    claims_key: bool = True  # False for test events: neither looked up nor remembered


class Verdict(StrEnum):
    """What became of an entry; each is answered only after its commit."""

    ACCEPTED = "accepted"  # stored, will be delivered (or is held for its other half)
    MERGED = "merged"  # joined the held other half
    DUPLICATE = "duplicate"  # the same key inside its window


class Fact(msgspec.Struct, frozen=True):
    """An event that made no delivery and ended by itself (invalid, withheld): for the ledger, without identifiers."""

    outcome: Outcome
    reason: Reason
    source: str
    pixel: str  # empty where none was reached
    event: str  # the name, as sent
    event_id: str
    key: bytes = b""  # 16 bytes as in `Entry.key`, or empty where it cannot be known
    detail: str = ""  # for a person: the first problem; never an identifier
