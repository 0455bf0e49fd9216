"""A delivery, the lease that claims some, and what can be said of each when an attempt is over."""

from __future__ import annotations

import msgspec

from fullcount.events.hashed import HashedEvent
from fullcount.queue.lane import Lane
from fullcount.queue.outcomes import Outcome, Reason


class Delivery(msgspec.Struct, frozen=True, gc=False):
    """One event bound for one pixel, as a lease hands it out. Its event never changes any more."""

    seq: int  # grows with acceptance; names the delivery for ever
    key: bytes
    event: HashedEvent
    accepted_at: float  # Unix seconds
    attempts: int = 0  # attempts that have ended
    first_lost_at: float | None = (
        None  # when the first lease began that lost an attempt, expired, or was left by a dead owner
    )
    overridden: bool = False  # a person said: send it whatever TikTok may have forgotten


class LeaseLimits(msgspec.Struct, frozen=True):
    """How much one lease may take, and when a small one is worth taking."""

    max_events: int = 1_000
    max_bytes: int = 900_000  # of the stored form; the sender cuts exactly
    ripe_after_seconds: float = 0.5  # lease at once if full, else only this long after its first delivery became due
    lease_seconds: float = 120.0  # after this the claim ends by itself and its deliveries count as lost attempts
    even_if_paused: bool = False  # a probe of a paused lane; what a person paused gives nothing even then


class Lease(msgspec.Struct, frozen=True):
    """A time-limited claim on deliveries of one lane. Empty deliveries: nothing to do before `ask_again_at`."""

    id: int
    lane: Lane
    deliveries: tuple[Delivery, ...]
    leased_at: float
    expires_at: float
    ask_again_at: float | None = (
        None  # with an empty lease: Unix seconds when something becomes ripe; None if nothing waits
    )


class Delivered(msgspec.Struct, frozen=True, tag=True):
    """TikTok's body said yes."""

    outcome: Outcome = Outcome.DELIVERED  # or TEST, for a test lane


class Retry(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Not decided: due again at `due_at` (Unix seconds)."""

    due_at: float
    lost: bool = False  # True if no readable answer came, so that TikTok may have it, as of when the lease began
    attempted: bool = True  # False if it never left: handed back as it was


class Buried(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Given up and kept: a dead letter."""

    reason: Reason
    code: int | None = None  # the destination's code, where there was one
    message: str = ""  # the destination's words


Settlement = Delivered | Retry | Buried


class Attempt(msgspec.Struct, frozen=True):
    """One request and its result, for the ledger. It never holds an identifier."""

    id: str  # deterministic: lease id and its number in the lease, so that a repeated settle writes it once
    started_at: float  # Unix seconds
    seconds: float  # how long the answer took
    seqs: tuple[int, ...]  # the deliveries it carried, in the request's order
    status: int | None = None  # HTTP status, None if no answer was read
    code: int | None = None  # the destination's code in the body
    message: str = ""
    request_id: str = ""


class LaneState(msgspec.Struct, frozen=True):
    """What waits on one lane."""

    lane: Lane
    queued: int  # waiting and due, or due later (retrying)
    leased: int
    held: int
    oldest_accepted_at: float | None  # Unix seconds of the oldest that waits; None if nothing does
    next_due_at: float | None
    paused: str = ""  # why, or empty
    paused_at: float | None = None  # since when, whatever the reason was at first
    paused_by_person: bool = False  # nothing but a person's resume lifts it


class DeadLetter(msgspec.Struct, frozen=True):
    """A delivery we gave up on and kept."""

    seq: int
    lane: Lane
    event: HashedEvent
    source: str
    pixel: str
    reason: Reason
    code: int | None
    message: str
    died_at: float
    accepted_at: float


class Selection(msgspec.Struct, frozen=True):
    """Which deliveries a person means; all given conditions must hold. An empty one means all."""

    event_id: str | None = None
    reason: Reason | None = None  # of a dead letter; what still waits has none, so this selects nothing there
    pixel_code: str | None = None
    seq: int | None = None

    def takes(self, seq: int, lane: Lane, event_id: str, reason: Reason | None = None) -> bool:
        """Return whether a delivery with these properties is meant."""
        return (
            self.seq in (None, seq)
            and self.pixel_code in (None, lane.pixel_code)
            and self.event_id in (None, event_id)
            and self.reason in (None, reason)
        )
