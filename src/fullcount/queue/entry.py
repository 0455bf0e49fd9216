"""What goes into a queue, and what it says of each."""

from __future__ import annotations

import math
from enum import StrEnum

import msgspec

from fullcount.clock import DAY_SECONDS
from fullcount.errors import InvalidEvent
from fullcount.events.hashed import HashedEvent
from fullcount.events.problems import Problem
from fullcount.queue.copies import Copy
from fullcount.queue.holding import Alone
from fullcount.queue.lane import Lane
from fullcount.queue.outcomes import REFUSALS, Happening, Ignored, Outcome, Reason

MOST_ERRAND_BYTES = 64 * 1024
ONCE_SECONDS = 7 * DAY_SECONDS  # how long a request's own key is remembered
REFUND = "Refund"  # the event name that refunds are counted under


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
    needs_answer: bool = False  # consent is unknown: held, and withheld if no copy brings it; only with `claims_key`
    is_limited: bool = False  # the visitor allows limited data use alone, so that what it joins is limited, too
    alone: Alone = Alone.SEND  # what becomes of it if it is held and its other half never comes


class Verdict(StrEnum):
    """What became of an entry; each is answered only after its commit."""

    ACCEPTED = "accepted"  # stored, will be delivered (or is held for its other half)
    MERGED = "merged"  # joined the held other half
    DUPLICATE = "duplicate"  # the same key inside its window


class Fact(msgspec.Struct, frozen=True):
    """An event that made no delivery and ended by itself, or a request that made no event. Without identifiers."""

    outcome: Outcome | Happening
    reason: Reason | Ignored
    source: str
    pixel: str  # empty where none was reached
    event: str  # the name, as sent; of an ignored request its topic
    event_id: str
    key: bytes = b""  # 16 bytes as in `Entry.key`, or empty where it cannot be known
    detail: str = ""  # for a person: the first problem; never an identifier

    @property
    def is_refusal(self) -> bool:
        """Whether the visitor said no to this event, so that no other copy of it may be sent either."""
        return self.reason in REFUSALS and bool(self.key)


class Refund(msgspec.Struct, frozen=True):
    """Money of an order that went back. It is recorded once by its key; nothing is sent of it.

    Raises:
        InvalidEvent: the amount is negative or no number. Zero is one: goods went back and no money.
    """

    key: bytes  # 16 bytes: digest of (source, refund id), see `fullcount.queue.keys`
    source: str
    order_event_id: str  # the event_id of the order's own event
    refund_id: str  # the sender's
    amount: float  # of the currency's units, not cents
    currency: str | None
    at: float  # Unix seconds: when it was made, as the sender says

    def __post_init__(self) -> None:
        if not (math.isfinite(self.amount) and self.amount >= 0):
            _refuse("amount", "a refund's amount is negative or no number", "send what went back as a positive number")


class Errand(msgspec.Struct, frozen=True):
    """Something to do later: fetch an order, then make its event. Kept until it is ended; keyed.

    Raises:
        InvalidEvent: the body is larger than 64 KB.
    """

    key: bytes  # 16 bytes: adding it again while it waits changes nothing
    source: str
    body: bytes  # what the source needs for it; never plain personal data
    due_at: float  # Unix seconds
    event_id: str = ""  # of the event that it is about, where known, so that it can be forgotten with it
    attempts: int = 0  # how often it was postponed

    def __post_init__(self) -> None:
        if len(self.body) > MOST_ERRAND_BYTES:
            _refuse("body", f"a notice of {len(self.body)} bytes is too large to keep", "send at most 64 KB")


Note = Fact | Refund | Errand | Copy


def _refuse(path: str, reason: str, fix: str) -> None:
    raise InvalidEvent((Problem(path, reason, fix),))
