"""What happened to one event at one pixel, as a person reads it."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from fullcount.queue.outcomes import Happening, Outcome


class What(StrEnum):
    """What a step was: how it came, what was tried, how it ended."""

    ACCEPTED = "accepted"
    HELD = "held"  # accepted, and waits for its other half
    ATTEMPT = "attempt"  # one request to TikTok
    RETRY = "retry"  # due again
    LOST = "lost"  # due again; TikTok may have it, as no answer was read
    REDRIVEN = "redriven"  # put back by a person
    DELIVERED = "delivered"
    MERGED = "merged"
    DUPLICATE = "duplicate"
    WITHHELD = "withheld"
    INVALID = "invalid"
    DEAD = "dead"
    TEST = "test"
    IGNORED = "ignored"  # a request about it made no event
    REFUNDED = "refunded"  # money of its order went back
    SERVER_HALF_MISSING = "server_half_missing"  # it left without its other half


class Step(msgspec.Struct, frozen=True):
    """One thing that happened, without an identifier: neither IP nor user agent was ever in the ledger."""

    at: float  # Unix seconds
    what: What
    reason: str = ""
    status: int | None = None  # of an attempt: the HTTP status
    code: int | None = None  # TikTok's code
    message: str = ""
    request_id: str = ""
    seconds: float | None = None  # how long the answer took
    source: str = ""


class Journey(msgspec.Struct, frozen=True):
    """One event at one pixel: its steps, oldest first, and where it stands."""

    event_id: str
    event: str  # canonical
    pixel: str  # the pixel's name when it came; empty where it reached none, as an invalid event
    pixel_code: str  # empty in that case
    event_source: str  # empty in that case
    test_event_code: str | None
    state: str  # an outcome; or queued, held, retrying; ignored or refunded where nothing else is known
    steps: tuple[Step, ...]

    @property
    def is_over(self) -> bool:
        """Whether it ended in an outcome, or never was an event."""
        return self.state in _OVER


_OVER = frozenset({*Outcome, *Happening})
_WAITING = {
    What.ACCEPTED: "queued",
    What.HELD: "held",
    What.RETRY: "retrying",
    What.LOST: "retrying",
    What.REDRIVEN: "queued",
    What.SERVER_HALF_MISSING: "queued",
}
# Neither a copy that came later nor what became of the order says where the event itself stands.
_BESIDE = frozenset({What.DUPLICATE, What.MERGED, What.IGNORED, What.REFUNDED})


def state_after(steps: tuple[Step, ...]) -> str:
    """Return where an event stands after these steps.

    >>> state_after((Step(1.0, What.ACCEPTED), Step(2.0, What.ATTEMPT), Step(2.0, What.RETRY)))
    'retrying'
    >>> state_after((Step(1.0, What.ACCEPTED), Step(2.0, What.DELIVERED), Step(3.0, What.DUPLICATE)))
    'delivered'
    """
    telling = [step for step in steps if step.what is not What.ATTEMPT]
    own = [step for step in telling if step.what not in _BESIDE] or telling
    if not own:
        return "unknown"
    return _WAITING.get(own[-1].what, own[-1].what.value)
