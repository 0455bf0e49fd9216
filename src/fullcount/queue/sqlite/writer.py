"""The writer: one thread and one connection. What waits is applied together, committed once, then answered together."""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import apsw

from fullcount.clock import Clock, elapsed_seconds
from fullcount.errors import FullcountError, StoreCorrupt, StoreUnavailable
from fullcount.queue import failpoints
from fullcount.queue.failpoints import Failpoint
from fullcount.queue.sqlite.background import Background
from fullcount.queue.sqlite.commands import Answers, Command
from fullcount.queue.sqlite.connection import is_own_fault, open_for_writing, store_error
from fullcount.queue.sqlite.disk import Disk
from fullcount.queue.sqlite.owner import Owner
from fullcount.queue.sqlite.schema import migrate
from fullcount.queue.sqlite.settings import StoreSettings
from fullcount.queue.sqlite.store import Part, Store
from fullcount.queue.switch import Switches

MOST_ENTRIES = 8_192  # in one group, so that no commit takes long

_log = logging.getLogger(__name__)


class Writer:
    """Owns the store. Every method but those named `_…` may be called from any thread."""

    def __init__(self, path: Path, clock: Clock, settings: StoreSettings, on_change: Callable[[], None]) -> None:
        """Take the file over and start the thread.

        Raises:
            StoreOwned: another process has the file.
            StoreCorrupt: the file cannot be trusted.
            StoreUnavailable: it cannot be used now.
        """
        self._path = path
        self._clock = clock
        self._settings = settings
        self._on_change = on_change
        self._loop: asyncio.AbstractEventLoop | None = None
        self._inbox: queue.SimpleQueue[Command] = queue.SimpleQueue()
        self._is_closing = False
        self._handed_out: list[int] = []
        self._part_makers: list[Callable[[apsw.Connection], Part]] = []
        self._corrupt: StoreCorrupt | None = None
        self.failure = ""
        self.modes: Switches = {}  # as of the last commit
        self.commits, self.last_seconds, self.total_seconds, self.longest_seconds = 0, 0.0, 0.0, 0.0
        self.disk = Disk(path, settings)
        self._owner = Owner(path)
        try:
            self._store: Store | None = self._open(Store.take_over)
        except BaseException:
            self._owner.release()
            raise
        self._background = Background(clock, settings)
        self._thread = threading.Thread(target=self._run, name="fullcount-store", daemon=True)
        self._thread.start()

    def ask(self, command: Command) -> None:
        """Let the writer do this with its next group.

        Raises:
            StoreUnavailable: the queue is closed.
        """
        if self._is_closing:
            raise StoreUnavailable("the queue is closed", where=str(self._path), fix="open it again")
        if command.future is not None:
            self._loop = command.future.get_loop()
        self._inbox.put(command)

    def attach(self, make: Callable[[apsw.Connection], Part]) -> None:
        """Keep this part in the store, and in each that takes its place.

        Raises:
            StoreUnavailable: the queue is closed.
        """
        self._part_makers.append(make)
        self.ask(Command(None, work=lambda store: store.part(make)))

    def listen(self, loop: asyncio.AbstractEventLoop) -> None:
        """Let `on_change` be called in this loop."""
        self._loop = loop

    def give_back(self, lease_id: int) -> None:
        """End a lease that nobody took: its caller went away before the answer."""
        if not self._is_closing:
            self._inbox.put(Command(None, work=lambda store: store.give_back(lease_id)))

    def pending_keys(self) -> int:
        """Return how many accepted keys are not in the index yet."""
        store = self._store
        return 0 if store is None else store.seen.pending

    def background_failure(self) -> str:
        """Return the last fault of the work beside the callers'; empty once it works again."""
        return self._background.failure

    def close(self) -> None:
        """Commit what is under way, then let go of the file. Blocks until that is done."""
        if not self._is_closing:
            self._is_closing = True
            self._inbox.put(Command(None))
        self._thread.join()

    def _run(self) -> None:
        while True:
            group = self._next_group()
            is_last = any(command.work is None and command.offer is None for command in group)
            work = [command for command in group if command.work is not None or command.offer is not None]
            if work or self._has_background():
                self._serve(work)
            if is_last:
                break
        self._end()

    def _next_group(self) -> list[Command]:
        try:
            command = self._inbox.get(timeout=0 if self._background.is_busy else self._settings.poll_seconds)
        except queue.Empty:
            return []
        group = [command]
        entries = len(command.offer.entries) if command.offer else 1
        while entries < MOST_ENTRIES:
            try:
                command = self._inbox.get_nowait()
            except queue.Empty:
                break
            group.append(command)
            entries += len(command.offer.entries) if command.offer else 1
        return group

    def _has_background(self) -> bool:
        store = self._store
        if store is None:
            return False
        try:
            return self._background.has_work(store)
        except apsw.Error as error:
            self._fail([], store_error(error, self._path))
            return False

    def _serve(self, group: Sequence[Command]) -> None:
        """Apply and commit a group; whatever happens, every command of it is answered."""
        try:
            self._commit(group)
        except FullcountError as error:
            self._fail(group, error)
        except Exception as fault:  # noqa: BLE001 - one command's own fault must not sink the others
            if isinstance(fault, apsw.FullError):
                self.disk.hold_off()
            if isinstance(fault, apsw.Error) and not is_own_fault(fault):
                self._fail(group, store_error(fault, self._path))
            else:
                self._serve_without(fault, group)

    def _serve_without(self, fault: Exception, group: Sequence[Command]) -> None:
        """Let what is at fault fail alone: a step beside the callers' work, or one command, found by trying each."""
        result = store_error(fault, self._path) if isinstance(fault, apsw.Error) else fault
        step = self._background.blame(fault)
        if step is None and not group:
            self.failure = f"{type(fault).__name__} beside the callers' work"
            _log.error("the store had to be opened again: %s", self.failure)
        self._discard_store(group if step is None or step.command is None else [*group, step.command])
        if step is None and len(group) == 1:
            self._answer_all(group, result)
        elif step is None:
            for command in group:
                self._serve([command])
        else:
            if step.command is not None:
                self._answer_all([step.command], result)
            if rest := [command for command in group if command is not step.command]:
                self._serve(rest)

    def _commit(self, group: Sequence[Command]) -> None:
        started = elapsed_seconds()
        store = self._ready_store()
        answers = Answers(self.give_back)
        store.changed = False
        changes = store.connection.total_changes()
        store.connection.execute("BEGIN IMMEDIATE")
        self._apply(store, group, answers)
        is_durable_step = store.connection.total_changes() != changes
        if is_durable_step:
            failpoints.reach(Failpoint.BEFORE_COMMIT)
        store.connection.execute("COMMIT")
        self._handed_out = store.leases.ids()
        self.modes = store.modes.standing
        self._background.committed()
        self.failure = ""
        if is_durable_step:
            failpoints.reach(Failpoint.AFTER_COMMIT_BEFORE_ANSWER)
        if store.has_leased:
            store.has_leased = False
            failpoints.reach(Failpoint.AFTER_LEASE)
        if group:
            self._measure(elapsed_seconds() - started, len(group))
        answers.send(self._loop if store.changed else None, self._on_change)
        if store.has_forgotten and not self._background.is_busy:
            store.has_forgotten = False
            self.disk.cut_soon()
        self.disk.checkpoint(store.connection)

    def _apply(self, store: Store, group: Sequence[Command], answers: Answers) -> None:
        store.heed_clock()
        offering = [(command, command.offer) for command in group if command.offer is not None]
        if offering:
            refusal = self.disk.refusal()
            if refusal is not None:
                answers.add_all([command for command, _ in offering], refusal)
            else:
                verdicts = store.accept([offer for _, offer in offering])
                for (command, _), mine in zip(offering, verdicts, strict=True):
                    answers.add(command, mine)
        for command in group:
            if command.needs_room and (refusal := self.disk.refusal()) is not None:
                answers.add(command, refusal)
            elif command.work is not None:
                self._background.do(store, command, answers)
        self._background.advance(store, answers, claimed=store.end_group())

    def _ready_store(self) -> Store:
        if self._corrupt is not None:
            raise self._corrupt
        if self._store is None:
            self._store = self._open(lambda store: store.recover(self._handed_out))
        return self._store

    def _open(self, begin: Callable[[Store], None]) -> Store:
        connection = open_for_writing(self._path, self._settings.vfs)
        try:
            migrate(connection, self._path)
            store = Store(connection, self._clock)
            connection.execute("BEGIN IMMEDIATE")
            begin(store)
            connection.execute("COMMIT")
            for make in self._part_makers:
                store.part(make)
        except BaseException as error:
            connection.close(force=True)
            if isinstance(error, apsw.Error):
                raise store_error(error, self._path) from error
            raise
        self.disk.watch(store.connection)
        self.modes = store.modes.standing
        return store

    def _fail(self, group: Sequence[Command], error: FullcountError) -> None:
        """Tell all who waited that nothing is certain. Memory is built anew from the file before the next group."""
        if isinstance(error, StoreCorrupt):
            self._corrupt = error
        self.failure = error.what
        self._discard_store(group)
        self._answer_all(group, error)

    def _discard_store(self, but_for: Sequence[Command] = ()) -> None:
        if self._store is not None:
            self._store.close()
            self._store = None
        lost = StoreUnavailable("the store had to be opened again", where=str(self._path), fix="ask again")
        self._answer_all([command for command in self._background.abandon() if command not in but_for], lost)

    def _answer_all(self, group: Sequence[Command], result: Any) -> None:
        answers = Answers(self.give_back)
        answers.add_all(group, result)
        answers.send(None, self._on_change)

    def _measure(self, seconds: float, commands: int) -> None:
        self.commits += 1
        self.last_seconds = seconds
        self.total_seconds += seconds
        self.longest_seconds = max(self.longest_seconds, seconds)
        self._settings.on_commit(seconds, commands)

    def _end(self) -> None:
        closed = StoreUnavailable("the queue is closed", where=str(self._path), fix="open it again")
        self._answer_all(self._background.abandon(), closed)
        while not self._inbox.empty():
            self._answer_all([self._inbox.get_nowait()], closed)
        if self._store is not None:
            self.disk.checkpoint_all(self._store.connection)
            self._store.close()
            self._store = None
        self._owner.release()
