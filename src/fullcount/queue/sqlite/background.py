"""What the writer does beside its callers: slow work in steps, the seen flush, retention, other processes' commands."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

from fullcount.clock import Clock, elapsed_seconds
from fullcount.queue.sqlite.commands import Answers, Command, Task
from fullcount.queue.sqlite.control import Bury, ControlAnswer, ControlCommand, Pause, Redrive, Resume, SwitchMode
from fullcount.queue.sqlite.partitions import day_of
from fullcount.queue.sqlite.settings import StoreSettings
from fullcount.queue.sqlite.store import Store

HOLD_OFF_SECONDS = 60.0  # after a fault, the same step is not tried again for so long

_log = logging.getLogger(__name__)


class Background:
    """The slow work of one writer. Each group's transaction takes it a step further."""

    def __init__(self, clock: Clock, settings: StoreSettings) -> None:
        self._clock = clock
        self._settings = settings
        self._tasks: list[Task] = []
        self._flush: Task | None = None
        self._ended: list[Task] = []
        self._doing: Task | None = None
        self._refused: dict[int, str] = {}
        self._unanswerable: set[int] = set()
        self._held_off_until: dict[str, float] = {}
        self.failure = ""  # the last fault of a step; empty again once a step of that kind has ended well
        self._failed = ""
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
        is_due = self._is_sweep_due(store) or self._is_flush_due(store)
        return self.is_busy or self._has_news or is_due or store.must_heed_clock()

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
        if self._has_news and self._may_begin("control"):
            self._has_news = False
            self._doing = Task(iter(()), name="control")
            for control_id, command in store.inbox.take():
                if control_id not in self._unanswerable:
                    self._doing = Task(iter(()), control_id=control_id, name="control")
                    self._obey(store, control_id, command)
        self._doing = None
        if self._is_sweep_due(store):
            self._swept_day = day_of(self._clock.now())
            self._tasks.append(Task(store.retention(self._settings.retention_days), name="retention"))
        if self._is_flush_due(store):
            self._flush = Task(store.seen.flush(), name="flush")
            self._tasks.append(self._flush)
        for task in list(self._tasks):
            self._doing = task
            self._step(store, task, answers, claimed if task is self._flush else 0)
            store.end_group()
        self._doing = None

    def committed(self) -> None:
        """Hear that all that was done so far is stored."""
        if any(task.name == self._failed for task in self._ended):
            self.failure = self._failed = ""
        self._ended = []

    def blame(self, fault: Exception) -> Task | None:
        """Return the step in which a fault happened, and see that it is not taken again; None if it was in none."""
        task, self._doing = self._doing, None
        if task is None:
            return None
        said = f"{type(fault).__name__} in {_place(fault)}"
        self.failure, self._failed = f"{task.name}: {said}", task.name
        _log.error("a step beside the callers' work failed and was given up: %s", self.failure)
        if task.control_id is None:
            if task.command is None:
                self._held_off_until[task.name] = elapsed_seconds() + HOLD_OFF_SECONDS
        elif task.control_id in self._refused:
            self._unanswerable.add(task.control_id)
        else:
            self._refused[task.control_id] = f"it could not be carried out ({said}); nothing more is tried"
        return task

    def abandon(self) -> list[Command]:
        """Forget all work that is not stored; return the commands that wait for it. A new store begins anew."""
        waiting = [task.command for task in (*self._tasks, *self._ended) if task.command is not None]
        self._tasks = []
        self._ended = []
        self._doing = None
        self._flush = None
        self._swept_day = -1
        self._has_news = True
        return waiting

    def _step(self, store: Store, task: Task, answers: Answers, at_least: int) -> None:
        done = 0
        while True:
            try:
                n = next(task.steps)
            except StopIteration as end:
                self._tasks.remove(task)
                self._ended.append(task)
                if task is self._flush:
                    self._flush = None
                store.changed = store.changed or task.total > 0
                answers.add(task.command, task.total if end.value is None else end.value)
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
        if control_id in self._refused:
            store.inbox.answer(control_id, ControlAnswer(error=self._refused[control_id]), now)
            return
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
            case SwitchMode():
                store.inbox.answer(control_id, self._switched(store, command), now)
            case None:
                answer = ControlAnswer(error="this Fullcount does not know the command")
                store.inbox.answer(control_id, answer, now)

    def _switched(self, store: Store, command: SwitchMode) -> ControlAnswer:
        said = self._settings.modes.get(command.source)
        if said is None:
            return ControlAnswer(error=f"this gateway was started without a source named {command.source}")
        store.modes.switch(command.source, command.mode, said, self._clock.now())
        _log.warning("a person switched source %s: %s from now on", command.source, command.mode.value)
        return ControlAnswer()

    def _is_flush_due(self, store: Store) -> bool:
        is_enough = self._flush is None and store.seen.pending >= self._settings.flush_keys
        return is_enough and self._may_begin("flush")

    def _is_sweep_due(self, store: Store) -> bool:
        now = self._clock.now()
        return store.hours.believes(now) and day_of(now) != self._swept_day and self._may_begin("retention")

    def _may_begin(self, name: str) -> bool:
        return elapsed_seconds() >= self._held_off_until.get(name, 0.0)


def _place(fault: Exception) -> str:
    """Return where a fault was raised. Its words are left out: they may quote what is stored."""
    at = fault.__traceback__
    while at is not None and at.tb_next is not None:
        at = at.tb_next
    return "?" if at is None else f"{Path(at.tb_frame.f_code.co_filename).name}:{at.tb_lineno}"
