"""A memory of visitors in the queue's own file: written by its writer with its commits, read beside it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import apsw

from fullcount.clock import Clock
from fullcount.events.tie import Tie
from fullcount.queue.sqlite.engine import SqliteQueue
from fullcount.queue.sqlite.read_only import ReadOnly
from fullcount.queue.sqlite.store import Store
from fullcount.visitors.answering import answer
from fullcount.visitors.book import VisitorBook, find_visitors, holds_nobody
from fullcount.visitors.kept import Kept, keep
from fullcount.visitors.memory import Memory
from fullcount.visitors.tie import digests_of
from fullcount.visitors.visitors import VisitorSettings


class SqliteVisitors:
    """`Visitors` in an open `SqliteQueue`'s file, for one event loop. Close it before the queue."""

    def __init__(self, queue: SqliteQueue, clock: Clock, settings: VisitorSettings | None = None) -> None:
        self._queue = queue
        self._clock = clock
        self._settings = settings or VisitorSettings()
        self._has_begun = False  # whether anybody may be known; None but this object writes
        self._is_known_empty = False
        self._reader: ReadOnly | None = None
        queue.attach(self._make_book)
        self._reading = ThreadPoolExecutor(max_workers=1, thread_name_prefix="fullcount-visitors")

    @property
    def is_empty(self) -> bool:
        """Whether nobody is known for certain."""
        return self._is_known_empty and not self._has_begun

    async def remember(self, ties: Sequence[Tie], memory: Memory) -> None:
        """Remember this of the visitor whom these ties name; it is on disk on return."""
        now = self._clock.now()
        digests = digests_of(ties, self._settings.max_ties)
        if digests:
            self._has_begun = True
            kept = keep(memory, digests[0], now)
            await self._queue.do(lambda store: self._book(store).remember(digests, kept, now))

    async def recall(self, asked: Sequence[Sequence[Tie]]) -> list[Memory | None]:
        """Return for each event, by its ties, what is remembered of its visitor."""
        if self.is_empty:
            return [None] * len(asked)
        digests = [digests_of(ties, self._settings.max_ties) for ties in asked]
        if not any(digests):
            return [None] * len(asked)
        now = self._clock.now()
        found = await asyncio.get_running_loop().run_in_executor(self._reading, self._find, digests)
        return [answer(each, found, now, self._settings) for each in digests]

    async def forget(self, ties: Sequence[Tie]) -> int:
        """Forget every visitor whom one of these ties names; return how many."""
        digests = digests_of(ties, len(ties))
        count: int = await self._queue.do(lambda store: self._book(store).forget(digests)) if digests else 0
        return count

    async def empty(self, ties: Sequence[Tie]) -> int:
        """Let nothing but its answers be kept of every visitor whom one of these ties names; return how many."""
        digests = digests_of(ties, len(ties))
        count: int = await self._queue.do(lambda store: self._book(store).empty(digests)) if digests else 0
        return count

    async def close(self) -> None:
        """Let go of the file."""
        await asyncio.get_running_loop().run_in_executor(self._reading, self._close_reader)
        self._reading.shutdown()

    def _find(self, asked: Sequence[Sequence[bytes]]) -> dict[bytes, Kept]:
        """Return the visitors with these ties. Runs in the reading thread, which alone has the connection."""
        if self._reader is None:
            self._reader = ReadOnly(self._queue.path)
        with self._reader.reading():
            found = find_visitors(self._reader.connection, list({digest for each in asked for digest in each}))
            if not found and not self._has_begun:
                self._is_known_empty = holds_nobody(self._reader.connection)
        return found

    def _close_reader(self) -> None:
        if self._reader is not None:
            self._reader.close()

    def _book(self, store: Store) -> VisitorBook:
        return store.part(self._make_book)

    def _make_book(self, connection: apsw.Connection) -> VisitorBook:
        return VisitorBook(connection, self._settings)
