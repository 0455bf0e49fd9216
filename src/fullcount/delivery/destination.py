"""The seam to the far side: who takes a batch, and what its answer means to us."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Protocol

import msgspec

from fullcount.events.hashed import HashedEvent
from fullcount.queue.lane import Lane


class Kind(StrEnum):
    """What an answer means for the batch."""

    TAKEN = "taken"  # every event was taken
    INVALID = "invalid"  # some event is bad; `bad` says which, if that can be read
    UNKNOWN_REFUSAL = "unknown_refusal"  # refused for a reason we do not know: bisect, then bury with its words
    NOT_ALLOWED = "not_allowed"  # the token or its rights: pause the lane, keep everything
    THROTTLED = "throttled"  # slow down
    TOO_LARGE = "too_large"  # halve the batch
    UNAVAILABLE = "unavailable"  # a readable "not now": nothing was taken
    LOST = "lost"  # no readable answer: it may have been taken


class Answer(msgspec.Struct, frozen=True):
    """The result of sending one batch once."""

    kind: Kind
    status: int | None = None  # HTTP status, None if none was read
    code: int | None = None
    message: str = ""
    request_id: str = ""
    retry_after_seconds: float | None = None
    bad: Mapping[int, str] = {}  # with INVALID: position in the batch -> message
    fix: str = ""  # with NOT_ALLOWED: what a person should do


class Destination(Protocol):
    """Something that takes batches of events. It never raises for what the far side does; it answers."""

    def encode(self, event: HashedEvent) -> bytes:
        """Return the event's own bytes on the wire; the same event gives the same bytes."""
        ...

    def room(self, lane: Lane) -> int:
        """Return how many bytes of events fit into one request of this lane."""
        ...

    async def send(self, lane: Lane, events: Sequence[bytes]) -> Answer:
        """Send one batch of encoded events once, and say what the answer means."""
        ...

    def token_name(self, lane: Lane) -> str:
        """Return a name for the credential that the lane uses: equal for lanes that share its rate; never the token."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...
