"""The memory of visitors on disk says what the one in memory says, through any walk with kills in between."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from tests.unit.visitors.test_kept import memories

from fullcount.clock import DAY_SECONDS, ManualClock
from fullcount.events.tie import Tie, TieKind
from fullcount.queue.sqlite.engine import SqliteQueue
from fullcount.queue.sqlite.settings import StoreSettings
from fullcount.visitors.memory import Memory
from fullcount.visitors.memory_visitors import MemoryVisitors
from fullcount.visitors.sqlite import SqliteVisitors
from fullcount.visitors.visitors import VisitorSettings

T = TypeVar("T")

STORE = StoreSettings(min_free_disk=0, poll_seconds=0.01)
LIMITS = VisitorSettings(ttl_seconds=2 * DAY_SECONDS, max_visitors=4, max_ties=3)
EVERY_TIE = [
    Tie(kind, f"test-{number}") for kind in (TieKind.VISITOR, TieKind.ORDER_ID, TieKind.EMAIL) for number in range(4)
]
ties = st.lists(st.sampled_from(EVERY_TIE), max_size=4)


class VisitorsWalk(RuleBasedStateMachine):
    """Walks both side by side. Each call comes at a moment of its own, as the oldest visitor is to be one."""

    def run(self, call: Coroutine[Any, Any, T]) -> T:
        """Run one call to its end."""
        return self.loop.run_until_complete(call)

    @initialize()
    def open(self) -> None:
        """Begin with nobody."""
        self.loop = asyncio.new_event_loop()
        self.clock = ManualClock()
        self.folder = Path(tempfile.mkdtemp())
        self.path = self.folder / "0.db"
        self.abandoned: list[tuple[SqliteVisitors, SqliteQueue]] = []
        self.model = MemoryVisitors(self.clock, LIMITS)
        self._open()

    def _open(self) -> None:
        self.queue = SqliteQueue.open(self.path, self.clock, STORE)
        self.visitors = SqliteVisitors(self.queue, self.clock, LIMITS)

    @rule(ties=ties, memory=memories)
    def remember(self, ties: list[Tie], memory: Memory) -> None:
        """Both remember it."""
        self.clock.advance(1)
        self.run(self.model.remember(ties, memory))
        self.run(self.visitors.remember(ties, memory))

    @rule(asked=st.lists(ties, max_size=3))
    def recall(self, asked: list[list[Tie]]) -> None:
        """Both tell the same."""
        assert self.run(self.visitors.recall(asked)) == self.run(self.model.recall(asked))

    @rule(ties=ties)
    def forget(self, ties: list[Tie]) -> None:
        """Both forget the same visitors."""
        self._sweep()
        assert self.run(self.visitors.forget(ties)) == self.run(self.model.forget(ties))

    @rule(ties=ties)
    def empty(self, ties: list[Tie]) -> None:
        """Both empty the same visitors."""
        self._sweep()
        assert self.run(self.visitors.empty(ties)) == self.run(self.model.empty(ties))

    @rule(seconds=st.sampled_from((60.0, DAY_SECONDS / 2, 2 * DAY_SECONDS)))
    def wait(self, seconds: float) -> None:
        """Time passes."""
        self.clock.advance(seconds)
        self._sweep()

    def _sweep(self) -> None:
        """Let both drop whose time is over, so that they agree on who is there to be counted."""
        self.model.sweep()
        self.run(self.queue.do(lambda store: store.retention(retention_days=400)))

    @rule(is_killed=st.booleans())
    def reopen(self, is_killed: bool) -> None:  # noqa: FBT001 - Hypothesis calls by name
        """A new owner finds all that was remembered."""
        if is_killed:
            copy = self.folder / f"{len(self.abandoned) + 1}.db"
            shutil.copy(self.path, copy)
            shutil.copy(f"{self.path}-wal", f"{copy}-wal")
            self.abandoned.append((self.visitors, self.queue))
            self.path = copy
        else:
            self.run(self.visitors.close())
            self.run(self.queue.close())
        self._open()

    def teardown(self) -> None:
        """At the end both know the same by every tie."""
        if not hasattr(self, "queue"):
            return
        self.recall([[tie] for tie in EVERY_TIE])
        for visitors, queue in (*self.abandoned, (self.visitors, self.queue)):
            self.run(visitors.close())
            self.run(queue.close())
        self.loop.close()
        shutil.rmtree(self.folder)


TestVisitorsWalk = VisitorsWalk.TestCase
TestVisitorsWalk.settings = settings(
    max_examples=40, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
