"""What the writer is asked to do, and how its answers reach the event loop: one wake-up for each group."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from fullcount.queue.sqlite.intake import Offer
from fullcount.queue.sqlite.leases import Grant
from fullcount.queue.sqlite.store import Store

Work = Callable[
    [Store], Any
]  # an iterator as its result is slow work: its steps go on in later groups; it returns the result, or else
# what the steps yielded is added up


class Command:
    """One call that waits for its commit. It has an offer (accept) or other work, which may need room on the disk."""

    __slots__ = ("future", "needs_room", "offer", "work")

    def __init__(
        self,
        future: asyncio.Future[Any] | None,
        work: Work | None = None,
        offer: Offer | None = None,
        *,
        needs_room: bool = False,
    ) -> None:
        self.future = future
        self.work = work
        self.offer = offer
        self.needs_room = needs_room


class Task:
    """Slow work under way: each step is part of some group's transaction."""

    def __init__(
        self, steps: Iterator[int], command: Command | None = None, control_id: int | None = None, name: str = "asked"
    ) -> None:
        self.name = name
        self.steps = steps
        self.command = command
        self.control_id = control_id
        self.total = 0


class Answers:
    """The results of one group, brought to the loops that wait for them."""

    def __init__(self, give_back: Callable[[int], None]) -> None:
        self._give_back = give_back
        self._by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Any], Any]]] = {}

    def add(self, command: Command | None, result: Any) -> None:
        """Let a command's caller have this result, or this exception."""
        if command is not None and command.future is not None:
            loop = command.future.get_loop()
            self._by_loop.setdefault(loop, []).append((command.future, result))

    def add_all(self, commands: Iterable[Command | None], result: Any) -> None:
        """Let all these callers have the same result."""
        for command in commands:
            self.add(command, result)

    def send(self, also: asyncio.AbstractEventLoop | None, then: Callable[[], None]) -> None:
        """Wake each loop once; `then` is called in the loop `also` (where there is one)."""
        if also is not None:
            self._by_loop.setdefault(also, [])
        for loop, results in self._by_loop.items():
            try:
                loop.call_soon_threadsafe(self._resolve, results, then if loop is also else None)
            except RuntimeError:
                continue  # the loop is closed: nobody waits there any more

    def _resolve(self, results: list[tuple[asyncio.Future[Any], Any]], then: Callable[[], None] | None) -> None:
        for future, result in results:
            if future.done():
                if isinstance(result, Grant) and result.id:
                    self._give_back(result.id)
            elif isinstance(result, BaseException):
                future.set_exception(result)
            else:
                future.set_result(result)
        if then is not None:
            then()
