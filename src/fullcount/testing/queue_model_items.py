"""What the model of a queue is made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from fullcount.events.codec import encode_stored
from fullcount.events.hashed import HashedEvent
from fullcount.queue.delivery import Lease, Retry
from fullcount.queue.entry import Entry
from fullcount.queue.holding import Alone
from fullcount.queue.outcomes import Reason


@dataclass
class Item:
    """One delivery as it should be."""

    entry: Entry
    event: HashedEvent
    accepted_at: float
    due_at: float
    attempts: int = 0
    first_lost_at: float | None = None
    overridden: bool = False
    seq: int | None = None  # learnt when it is first leased
    reason: Reason | None = None  # of a dead letter
    died_at: float = 0.0
    number: int = 0  # grows with acceptance
    lease: ModelLease | None = None
    doom: Reason | None = None  # why it is to be dropped when it comes back, unless it is delivered
    needs_answer: bool = False  # while it is held, as the three below
    is_limited: bool = False
    alone: Alone = Alone.SEND
    is_whole: bool = False

    @property
    def stored_bytes(self) -> int:
        """The size that a lease counts."""
        return len(encode_stored(self.event))

    def retry(self, retry: Retry, leased_at: float) -> None:
        """Wait again."""
        self.lease = None
        self.due_at = retry.due_at
        if retry.attempted:
            self.attempts += 1
            if retry.lost and self.first_lost_at is None:
                self.first_lost_at = leased_at


@dataclass
class ModelLease:
    """A lease that an engine gave."""

    lease: Lease
    items: dict[int, Item] = field(default_factory=dict)  # by seq, those that are not settled


class Pausing(NamedTuple):
    """Why a lane is paused, since when, and whether a person did it."""

    why: str
    at: float
    by_person: bool
