"""What a store tells those who only look: how many events ended how, and what happened to one of them."""

from __future__ import annotations

import msgspec

from fullcount.queue.lane import Lane


class Count(msgspec.Struct, frozen=True):
    """How many events had an outcome in one minute. Beside the outcomes: "accepted" and "redriven"."""

    minute: int  # Unix time in minutes
    pixel: str
    event: str
    source: str
    outcome: str
    reason: str
    n: int


class ObservedRow(msgspec.Struct, frozen=True):
    """An event that would have been sent if its source were live."""

    at: float  # Unix seconds
    pixel: str
    event: str  # the name, as it would be sent
    event_id: str
    key: bytes


class TimelineRow(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened to an event. Without a `seq` it happened to a copy that made no delivery.

    `what` is "accepted", "held", "attempt" (one request), "retry" or "lost" (due again), "redriven", or an outcome.
    """

    at: float  # Unix seconds
    what: str
    seq: int | None = None
    lane: Lane | None = None
    pixel: str = ""
    event: str = ""
    source: str = ""
    event_id: str = ""
    reason: str = ""
    status: int | None = None  # of the attempt: the HTTP status
    code: int | None = None  # of the attempt, or of the dead letter
    message: str = ""
    request_id: str = ""
    seconds: float | None = None
    detail: str = ""
