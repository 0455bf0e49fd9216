"""The seam: a memory of visitors, found by what ties their events together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from fullcount.clock import DAY_SECONDS
from fullcount.events.tie import Tie
from fullcount.visitors.memory import Memory


class VisitorSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How much is remembered, and how long."""

    ttl_seconds: float = 30.0 * DAY_SECONDS  # of a visitor who is not seen again; a click's, too
    max_visitors: int = 500_000  # beyond that those who were not seen for longest go first
    max_ties: int = 64  # of one visitor; likewise


class Visitors(Protocol):
    """A memory of visitors. What is remembered in any order is recalled the same.

    Each call raises StoreUnavailable if the store cannot be used now, and StoreCorrupt if it cannot be trusted.
    """

    @property
    def is_empty(self) -> bool:
        """Whether nobody is known for certain; then asking can be saved."""
        ...

    async def remember(self, ties: Sequence[Tie], memory: Memory) -> None:
        """Remember this of the visitor whom these ties name; it is on disk on return.

        Known visitors that the ties bring together become one. Without a tie nothing is remembered: nobody could ask.
        """
        ...

    async def recall(self, asked: Sequence[Sequence[Tie]]) -> list[Memory | None]:
        """Return for each event, by its ties, what is remembered of its visitor; None if that is nothing.

        Where the ties of one event name several visitors, the most specific tie (the order of `TieKind`) comes first
        and the others fill what is missing; the strictest consent of all counts. Costs nothing while nobody is known.
        """
        ...

    async def forget(self, ties: Sequence[Tie]) -> int:
        """Forget every visitor whom one of these ties names, with all their ties; return how many."""
        ...

    async def empty(self, ties: Sequence[Tie]) -> int:
        """Let nothing but its answers be kept of every visitor whom one of these ties names; return how many.

        Its ties stay, so that it is known again as one who refused.
        """
        ...

    async def close(self) -> None:
        """Let go of what is held open; before the queue does."""
        ...
