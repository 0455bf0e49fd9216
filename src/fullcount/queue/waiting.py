"""What the in-memory queue remembers of a delivery, a lease and a lane."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping

import msgspec

from fullcount.events.hashed import HashedEvent
from fullcount.queue.delivery import Delivery, LaneState, LeaseLimits
from fullcount.queue.entry import Entry
from fullcount.queue.holding import HoldTerms
from fullcount.queue.lane import Lane


class Waiting(msgspec.Struct):
    """A delivery and all that the queue knows of it."""

    entry: Entry
    delivery: Delivery
    due_at: float
    stored_bytes: int
    lease_id: int | None = None
    terms: HoldTerms = HoldTerms()  # while it is held

    @property
    def event(self) -> HashedEvent:
        """The event as it would be sent."""
        return self.delivery.event


class Claim(msgspec.Struct):
    """What a lease holds."""

    lane: Lane
    seqs: set[int]
    leased_at: float
    expires_at: float


class LaneBook(msgspec.Struct):
    """One lane: a heap of (due_at, seq), some of them stale, and whether it is paused."""

    due: list[tuple[float, int]]
    paused: str | None = None
    paused_at: float | None = None
    paused_by_person: bool = False

    def gives(self, limits: LeaseLimits) -> bool:
        """Return whether no pause keeps this lease from taking something."""
        return self.paused is None or (limits.even_if_paused and not self.paused_by_person)

    def put(self, waiting: Waiting) -> None:
        """Let a delivery wait for its time."""
        heapq.heappush(self.due, (waiting.due_at, waiting.delivery.seq))

    def take_due(
        self, everything: Mapping[int, Waiting], limits: LeaseLimits, now: float
    ) -> tuple[list[Waiting], bool]:
        """Take out what one lease may have; the flag says whether it is as much as it may have."""
        taken: list[Waiting] = []
        size = 0
        while self.due:
            due_at, seq = self.due[0]
            waiting = everything.get(seq)
            is_stale = waiting is None or waiting.lease_id is not None or waiting.due_at != due_at
            if waiting is None or is_stale or (taken and taken[-1] is waiting):
                heapq.heappop(self.due)
                continue
            if due_at > now:
                return taken, False
            size += waiting.stored_bytes
            if taken and size > limits.max_bytes:
                return taken, True
            heapq.heappop(self.due)
            taken.append(waiting)
            if len(taken) >= limits.max_events:
                return taken, True
        return taken, size >= limits.max_bytes


def lane_state(lane: Lane, book: LaneBook, waiting: Iterable[Waiting], held: Iterable[Waiting]) -> LaneState:
    """Return how a lane stands, given all that waits or is leased, and all that is held."""
    mine = [it for it in waiting if it.entry.lane == lane]
    holding = [it for it in held if it.entry.lane == lane]
    queued = [it for it in mine if it.lease_id is None]
    return LaneState(
        lane=lane,
        queued=len(queued),
        leased=len(mine) - len(queued),
        held=len(holding),
        oldest_accepted_at=min((it.delivery.accepted_at for it in [*mine, *holding]), default=None),
        next_due_at=min((it.due_at for it in queued), default=None),
        paused=book.paused or "",
        paused_at=book.paused_at,
        paused_by_person=book.paused_by_person,
    )
