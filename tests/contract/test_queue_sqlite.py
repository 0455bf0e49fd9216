from __future__ import annotations

import copy
import shutil
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import apsw
import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import rule
from tests.unit.queue.faulty_vfs import FaultyVFS

from fullcount.clock import ManualClock
from fullcount.errors import StoreUnavailable
from fullcount.queue.copies import Copy
from fullcount.queue.protocol import Queue
from fullcount.queue.sqlite.engine import SqliteQueue
from fullcount.queue.sqlite.reader import Reader
from fullcount.queue.sqlite.settings import StoreSettings
from fullcount.testing import QueueContract
from fullcount.testing.queue_holds_contract import Way
from fullcount.testing.queue_notes_contract import copies_strategy, notes_strategy

# Few keys begin a flush, so that every walk crosses several of them.
SETTINGS = StoreSettings(min_free_disk=0, flush_keys=5, retention_days=400)


class SqliteContract(QueueContract):
    """The embedded engine. A kill leaves the file and its log as they are at that moment: a copy is opened."""

    def opened(self, clock: ManualClock) -> Queue:
        """Begin empty."""
        self.folder = Path(tempfile.mkdtemp())
        self.abandoned: list[Queue] = []
        self.path = self.folder / "0.db"
        self.disk = FaultyVFS(f"contract-{self.folder.name}")
        self.settings = msgspec.structs.replace(SETTINGS, vfs=self.disk.name)
        return SqliteQueue.open(self.path, clock, self.settings)

    def reopened(self, queue: Queue, *, killed: bool) -> Queue:
        """Let a new owner have what the old one stored."""
        if killed:
            copy = self.folder / f"{len(self.abandoned) + 1}.db"
            shutil.copy(self.path, copy)
            shutil.copy(f"{self.path}-wal", f"{copy}-wal")
            self.abandoned.append(queue)
            self.path = copy
        else:
            self.run(queue.close())
        return SqliteQueue.open(self.path, self.clock, self.settings)

    @rule(
        copies=copies_strategy.filter(bool),  # at least one, so that the counts tell whether it was stored
        notes=notes_strategy,
        request=st.one_of(st.none(), st.integers(100, 103)),
        fails_on=st.sampled_from(("write", "sync")),
    )
    def accept_on_a_broken_disk(self, copies: list[Way], notes: list[Any], request: int | None, fails_on: str) -> None:
        """A commit that fails is stored whole or not at all, its request's key too; what was there is untouched."""
        entries, made, once = self.request_of(copies, notes, request)
        stored = copy.deepcopy(self.model)
        stored.accept_request(entries, made, once, self.clock.now())
        self.disk.fails_on, self.disk.fault = {fails_on}, apsw.IOError
        with pytest.raises(StoreUnavailable):
            self.run(self.queue.accept(entries, made, once=once))
        self.disk.fault = None
        self.run(self.queue.lanes())
        if self.counted(self.queue) == {outcome: n for outcome, n in stored.counts.items() if n}:
            self.model = stored

    def counted(self, queue: Queue) -> Mapping[str, int]:
        """Add up what was counted."""
        del queue
        counts: Counter[str] = Counter()
        with Reader(self.path) as reader:
            for count in reader.counts(0, self.clock.now() + 60):
                counts[count.outcome] += count.n
        return counts

    def copied(self, queue: Queue) -> Sequence[Copy]:
        """Read what it keeps."""
        del queue
        with Reader(self.path) as reader:
            return reader.copies(0, self.clock.now() + 60).rows

    def teardown(self) -> None:
        """Close what was abandoned, too."""
        for queue in self.abandoned if hasattr(self, "abandoned") else ():
            self.run(queue.close())
        super().teardown()
        if hasattr(self, "folder"):
            self.disk.unregister()
            shutil.rmtree(self.folder)


TestSqliteQueue = SqliteContract.TestCase
TestSqliteQueue.settings = settings(
    max_examples=50, stateful_step_count=50, deadline=None, suppress_health_check=list(HealthCheck)
)
