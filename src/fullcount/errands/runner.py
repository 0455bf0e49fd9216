"""The runner: takes errands that are due, asks for what they name, stores what comes of it, and crosses them off.

What was fetched is stored before the errand is crossed off, under a key of the errand: a crash between the two fetches
again and counts once.
"""

from __future__ import annotations

import asyncio
import random as random_numbers
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TypeVar

import msgspec

from fullcount.clock import Clock
from fullcount.delivery.wake import wait_or_give_up
from fullcount.errands.asking import Asker
from fullcount.errands.judgement import GIVE_UP_SECONDS, Later, judge, wait_seconds
from fullcount.errands.observer import NullObserver, Observer
from fullcount.errands.owner import Owner
from fullcount.errors import InvalidEvent, StoreCorrupt, StoreUnavailable
from fullcount.gateway.aside import read_aside
from fullcount.pipeline.pipeline import Pipeline
from fullcount.queue.entry import Errand, Fact
from fullcount.queue.failpoints import Failpoint, reach
from fullcount.queue.outcomes import Happening, Ignored
from fullcount.queue.protocol import Queue
from fullcount.sources.each import with_large
from fullcount.sources.fetching import Response, kept_notice
from fullcount.sources.source import Ignored as IgnoredNotice
from fullcount.sources.source import Intake

LOOK_SECONDS = 1.0  # between two looks for errands
REST_SECONDS = 30.0  # at most for a source whose platform fails: a new notice finds out early that it is back
AT_A_LOOK = 100
AT_ONCE = 4  # errands of one source, so that a shop's API is not flooded
TOPIC = "notice"  # what a notice is called that was given up
T = TypeVar("T")


class Runner:
    """Runs the errands of all sources. `run` once; `drain` ends it."""

    def __init__(  # noqa: PLR0913 - each is a seam that the wiring fills in
        self,
        queue: Queue,
        pipeline: Pipeline,
        clock: Clock,
        asker: Asker,
        owners: Mapping[str, Owner],
        *,
        observer: Observer | None = None,
        random: Callable[[], float] = random_numbers.random,
    ) -> None:
        """`owners` maps the names of the sources whose sender fetches."""
        self._queue = queue
        self._pipeline = pipeline
        self._clock = clock
        self._asker = asker
        self._owners = owners
        self._observer = observer or NullObserver()
        self._random = random
        self._resting: dict[str, float] = {}  # source -> until when its platform is left alone (Unix seconds)
        self._stopping = asyncio.Event()
        self._ended = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Run errands until drained.

        Raises:
            StoreCorrupt: the store cannot be trusted any more.
        """
        self._task = asyncio.create_task(self._go_on())
        try:
            await self._task
        except asyncio.CancelledError:
            if not self._stopping.is_set():
                raise
        finally:
            self._task.cancel()
            self._ended.set()
            await self._asker.close()

    async def drain(self, seconds: float) -> None:
        """Begin no errand any more, and end within `seconds`; what is not done waits in the store."""
        self._stopping.set()
        if self._task is None:
            return
        if not await wait_or_give_up(asyncio.create_task(self._ended.wait()), self._clock, seconds):
            self._task.cancel()
            await self._ended.wait()

    async def _go_on(self) -> None:
        while not self._stopping.is_set():
            if not await self.look():
                await wait_or_give_up(asyncio.create_task(self._stopping.wait()), self._clock, LOOK_SECONDS)

    async def look(self) -> bool:
        """Run what is due; return whether there may be more to do at once."""
        try:
            due = await self._queue.due_errands(AT_A_LOOK)
            by_source: dict[str, list[Errand]] = defaultdict(list)
            for errand in due:
                by_source[errand.source].append(errand)
            await _all(self._run_source(source, errands) for source, errands in by_source.items())
        except StoreUnavailable:
            return False  # whoever writes next reports it; the errands are still there
        return len(due) == AT_A_LOOK

    async def _run_source(self, source: str, errands: Sequence[Errand]) -> None:
        """Run a source's errands, a few at once, until its platform fails; the rest then waits without being tried."""
        done = 0
        while done < len(errands) and self._clock.now() >= self._resting.get(source, 0.0):
            if self._stopping.is_set():
                return
            some = errands[done : done + AT_ONCE]
            waits = [wait for wait in await _all(self._run_errand(errand) for errand in some) if wait]
            done += len(some)
            if waits:
                self._resting[source] = self._clock.now() + min(waits)
        if rest := errands[done:]:
            until = self._resting[source]
            await _all(self._queue.postpone_errand(errand.key, until) for errand in rest)
            self._observer.postponed(source, len(rest), "as others of the source", until - self._clock.now())

    async def _run_errand(self, errand: Errand) -> float:
        """Run one errand; return how long the others of its source had better wait, in seconds."""
        try:
            later = await self._attempt(errand)
        except (StoreUnavailable, StoreCorrupt):
            raise
        except Exception as error:  # noqa: BLE001 - one errand must not cost the others; the log says where
            self._observer.broke(errand.source, error)
            later = Later(f"it broke here: {type(error).__name__}", is_everywhere=False)
        if later is None:
            self._observer.ended(errand.source, errand.attempts + 1)
            return 0.0
        wait = wait_seconds(errand.attempts, self._random())
        if later.wait_seconds is not None:
            wait = max(wait, later.wait_seconds)
        kept = kept_notice(errand.body)
        if kept is None or self._clock.now() + wait > kept.noticed_at + GIVE_UP_SECONDS:
            await self._give_up(errand, later.why)
        else:
            await self._queue.postpone_errand(errand.key, self._clock.now() + wait)
            self._observer.postponed(errand.source, 1, later.why, wait)
        if not later.is_everywhere:
            return 0.0
        return min(wait, REST_SECONDS) if later.wait_seconds is None else later.wait_seconds

    async def _attempt(self, errand: Errand) -> Later | None:
        """Fetch and store what an errand names; return why it is to be tried again, or None if it is done."""
        owner, kept = self._owners.get(errand.source), kept_notice(errand.body)
        if kept is None:
            return Later("the notice cannot be read any more", is_everywhere=False)
        if owner is None:
            return Later("there is no source of that name any more that could fetch it")
        questions = owner.sender.questions(kept.body, owner.rules)
        if not questions:
            return Later("the source's settings do not say how to fetch it")
        replies = await _all(self._asker.ask(question) for question in questions)
        found = [judge(reply, errand.attempts, self._clock.now()) for reply in replies]
        laters = [each for each in found if isinstance(each, Later)]
        if laters:
            return max(laters, key=lambda each: (each.is_everywhere, each.wait_seconds or 0.0))
        responses = [each for each in found if isinstance(each, Response)]
        try:
            size = sum(len(each.body) for each in responses)
            intake = await read_aside(size, partial(owner.sender.resolve, kept.body, responses, owner.rules))
        except InvalidEvent:
            return Later("the answer is not what the platform sends", is_everywhere=False)
        reach(Failpoint.AFTER_FETCH)
        intake = msgspec.structs.replace(with_large(intake, size), request_id=_known_as(errand))
        await self._pipeline.take(intake, owner.terms)
        reach(Failpoint.AFTER_FETCH_STORED)
        await self._queue.end_errand(errand.key)
        return None

    async def _give_up(self, errand: Errand, why: str) -> None:
        owner = self._owners.get(errand.source)
        if owner is None:
            reason = Ignored.UNREADABLE_NOTICE
            fact = Fact(Happening.IGNORED, reason, errand.source, "", TOPIC, errand.event_id, detail=why)
            await self._queue.accept((), (fact,))
        else:
            told = IgnoredNotice(Ignored.UNREADABLE_NOTICE.value, TOPIC, errand.event_id, why)
            await self._pipeline.take(Intake((), ignored=(told,), request_id=_known_as(errand)), owner.terms)
        await self._queue.end_errand(errand.key)
        self._observer.gave_up(errand.source, why)


def _known_as(errand: Errand) -> str:
    return f"errand {errand.key.hex()}"


async def _all(doing: Iterable[Awaitable[T]]) -> list[T]:
    """Return all results, in order, once none is under way any more; of those that failed the first is raised."""
    results = await asyncio.gather(*doing, return_exceptions=True)
    done: list[T] = []
    for result in results:
        if isinstance(result, BaseException):
            raise result
        done.append(result)
    return done
