"""A destination that answers by rule, and keeps what was sent: for tests of delivery without any wire."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from fullcount.delivery.destination import Answer, Kind
from fullcount.events.hashed import HashedEvent
from fullcount.queue.lane import Lane

Rule = Callable[[Lane, list[str]], Awaitable[Answer]]


async def take_all(lane: Lane, event_ids: list[str]) -> Answer:  # noqa: ARG001 - a rule's shape
    """Take whatever comes."""
    return Answer(Kind.TAKEN, status=200, code=0, message="OK")


class ScriptedDestination:
    """Asks `rule` about each batch; an event's bytes are its event_id. Lanes of one pixel share a token."""

    def __init__(self, rule: Rule = take_all, *, room: int = 1_000_000) -> None:
        self.rule = rule
        self.sent: list[tuple[Lane, list[str]]] = []
        self._room = room

    def encode(self, event: HashedEvent) -> bytes:
        """Return the event's id."""
        return event.event_id.encode()

    def room(self, lane: Lane) -> int:  # noqa: ARG002 - every lane has the same room
        """Return the room that was given."""
        return self._room

    async def send(self, lane: Lane, events: Sequence[bytes]) -> Answer:
        """Keep the batch and ask the rule."""
        event_ids = [event.decode() for event in events]
        self.sent.append((lane, event_ids))
        return await self.rule(lane, event_ids)

    def token_name(self, lane: Lane) -> str:
        """Return a name made from the pixel code."""
        return f"token of {lane.pixel_code}"

    async def close(self) -> None:
        """Nothing to close."""
