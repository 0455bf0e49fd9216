"""What the writer does beside its callers: slow work in steps, the seen flush, retention, other processes' commands."""

from __future__ import annotations

from collections.abc import Iterator

from fullcount.clock import Clock, elapsed_seconds
from fullcount.queue.sqlite.commands import Answers, Command, Task
from fullcount.queue.sqlite.control import Bury, ControlAnswer, ControlCommand, Pause, Redrive, Resume
from fullcount.queue.sqlite.partitions import day_of
from fullcount.queue.sqlite.settings import StoreSettings
from fullcount.queue.sqlite.store import Store


class Background:
    """The slow work of one writer. Each group's transaction takes it a step further."""

    def __init__(self, clock: Clock, settings: StoreSettings) -> None:
        self._clock = clock
        self._settings = settings
        self._tasks: list[Task] = []
        self._flush: Task | None = None
        self._polled_at = float("-inf")
        self._has_news = False
        self._swept_day = -1

    @property
    def is_busy(self) -> bool:
        """Whether there is a next step to take."""
        return bool(self._tasks)

    def has_work(self, store: Store) -> bool:
        """Return whether a group without commands is worth a transaction."""
        self._poll(store)
        is_new_day = day_of(self._clock.now()) != self._swept_day
        return self.is_busy or self._has_news or is_new_day or self._is_flush_due(store)

    def do(self, store: Store, command: Command, answers: Answers) -> None:
        """Do a command's work; slow work is taken up and answered when it ends."""
        result = None if command.work is None else command.work(store)
        if isinstance(result, Iterator):
            self._tasks.append(Task(result, command))
        else:
            answers.add(command, result)

    def advance(self, store: Store, answers: Answers, claimed: int) -> None:
        """Take each task a step further; the flush keeps up with the `claimed` keys of this group."""
        self._poll(store)
        if self._has_news:
            self._has_news = False
            for control_id, command in store.inbox.take():
                self._obey(store, control_id, command)
        today = day_of(self._clock.now())
        if today != self._swept_day:
            self._swept_day = today
            self._tasks.append(Task(store.retention(self._settings.retention_days)))
        if self._is_flush_due(store):
            self._flush = Task(store.seen.flush())
            self._tasks.append(self._flush)
        for task in list(self._tasks):
            self._step(store, task, answers, claimed if task is self._flush else 0)

    def abandon(self) -> list[Command]:
        """Forget all work under way; return the commands that wait for it. A new store begins anew."""
        waiting = [task.command for task in self._tasks if task.command is not None]
        self._tasks = []
        self._flush = None
        self._swept_day = -1
        self._has_news = True
        return waiting

    def _step(self, store: Store, task: Task, answers: Answers, at_least: int) -> None:
        done = 0
        while True:
            try:
                n = next(task.steps)
            except StopIteration:
                self._tasks.remove(task)
                if task is self._flush:
                    self._flush = None
                store.changed = store.changed or task.total > 0
                answers.add(task.command, task.total)
                if task.control_id is not None:
                    store.inbox.answer(task.control_id, ControlAnswer(count=task.total), self._clock.now())
                return
            task.total += n
            done += n
            if done >= at_least:
                return

    def _poll(self, store: Store) -> None:
        now = elapsed_seconds()
        if now - self._polled_at >= self._settings.poll_seconds:
            self._polled_at = now
            self._has_news = store.inbox.has_news() or self._has_news

    def _obey(self, store: Store, control_id: int, command: ControlCommand | None) -> None:
        now = self._clock.now()
        match command:
            case Pause():
                store.pause(command.lane, command.why, by_person=command.by_person)
                store.inbox.answer(control_id, ControlAnswer(), now)
            case Resume():
                store.resume(command.lane)
                store.inbox.answer(control_id, ControlAnswer(), now)
            case Redrive():
                steps = store.redrive(command.selection, overridden=command.overridden)
                self._tasks.append(Task(steps, control_id=control_id))
            case Bury():
                self._tasks.append(Task(store.bury(command.selection, command.reason), control_id=control_id))
            case None:
                answer = ControlAnswer(error="this Fullcount does not know the command")
                store.inbox.answer(control_id, answer, now)

    def _is_flush_due(self, store: Store) -> bool:
        return self._flush is None and store.seen.pending >= self._settings.flush_keys
