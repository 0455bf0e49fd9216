"""A memory of visitors in plain dicts: for tests, and for a gateway that is to keep none on disk."""

from __future__ import annotations

from collections.abc import Sequence

from fullcount.clock import Clock
from fullcount.events.tie import Tie
from fullcount.visitors.answering import answer, is_alive, ties_to_drop
from fullcount.visitors.kept import Kept, answers_alone, keep, merge_kept
from fullcount.visitors.memory import Memory
from fullcount.visitors.tie import digests_of
from fullcount.visitors.visitors import VisitorSettings


class MemoryVisitors:
    """`Visitors` that a restart forgets."""

    def __init__(self, clock: Clock, settings: VisitorSettings | None = None) -> None:
        self._clock = clock
        self._settings = settings or VisitorSettings()
        self._kept: dict[int, Kept] = {}
        self._ties: dict[int, dict[bytes, float]] = {}  # of each visitor: when each was last used
        self._found: dict[bytes, int] = {}
        self._last_id = 0

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def is_empty(self) -> bool:
        """Whether nobody is known."""
        return not len(self)

    async def remember(self, ties: Sequence[Tie], memory: Memory) -> None:
        """Remember this of the visitor whom these ties name."""
        now = self._clock.now()
        digests = digests_of(ties, self._settings.max_ties)
        if not digests:
            return
        new = kept = keep(memory, digests[0], now)
        used: dict[bytes, float] = {}
        for visitor in {self._found[digest] for digest in digests if digest in self._found}:
            if is_alive(self._kept[visitor].seen_at, now, self._settings):
                kept = merge_kept(kept, self._kept[visitor])
                used |= self._ties[visitor]
            self._drop(visitor)
        for digest in digests:
            used[digest] = max(used.get(digest, new.seen_at), new.seen_at)
        for digest in ties_to_drop(used, self._settings.max_ties):
            del used[digest]
        self._last_id += 1
        self._kept[self._last_id], self._ties[self._last_id] = kept, used
        self._found.update(dict.fromkeys(used, self._last_id))
        while len(self._kept) > self._settings.max_visitors:
            self._drop(min(self._kept, key=lambda visitor: (self._kept[visitor].seen_at, visitor)))

    async def recall(self, asked: Sequence[Sequence[Tie]]) -> list[Memory | None]:
        """Return for each event, by its ties, what is remembered of its visitor."""
        now = self._clock.now()
        answers = []
        for ties in asked:
            digests = digests_of(ties, self._settings.max_ties)
            found = {digest: self._kept[self._found[digest]] for digest in digests if digest in self._found}
            answers.append(answer(digests, found, now, self._settings))
        return answers

    async def forget(self, ties: Sequence[Tie]) -> int:
        """Forget every visitor whom one of these ties names; return how many."""
        visitors = {self._found[digest] for digest in digests_of(ties, len(ties)) if digest in self._found}
        for visitor in visitors:
            self._drop(visitor)
        return len(visitors)

    async def empty(self, ties: Sequence[Tie]) -> int:
        """Let nothing but its answers be kept of every visitor whom one of these ties names; return how many."""
        visitors = {self._found[digest] for digest in digests_of(ties, len(ties)) if digest in self._found}
        for visitor in visitors:
            self._kept[visitor] = answers_alone(self._kept[visitor])
        return len(visitors)

    def sweep(self) -> None:
        """Drop those whose time is over; they are told to nobody in any case."""
        now = self._clock.now()
        for visitor in [each for each, kept in self._kept.items() if not is_alive(kept.seen_at, now, self._settings)]:
            self._drop(visitor)

    async def close(self) -> None:
        """Do nothing: there is nothing to let go of."""

    def _drop(self, visitor: int) -> None:
        del self._kept[visitor]
        for digest in self._ties.pop(visitor):
            del self._found[digest]
