"""The front of delivery: one worker for each lane, woken when the queue changes, drained when the process must go."""

from __future__ import annotations

import asyncio
import random as random_numbers
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress

from fullcount.clock import Clock
from fullcount.config.settings import Delivery as Limits
from fullcount.delivery.admission import AdmissionPolicy
from fullcount.delivery.destination import Destination
from fullcount.delivery.drain import SETTLE_SECONDS, Drain
from fullcount.delivery.lane_worker import LaneWorker
from fullcount.delivery.means import Means
from fullcount.delivery.observer import NullObserver, Observer
from fullcount.delivery.rate import TokenRate
from fullcount.delivery.wake import wait_or_give_up
from fullcount.errors import StoreCorrupt, StoreUnavailable
from fullcount.queue.lane import Lane
from fullcount.queue.protocol import Queue

LOOK_SECONDS = 1.0  # between two looks for held deliveries and for pauses that a person set
TEST_LANES = 100  # of one pixel at a time: a sender may make a test code for each event
GAP_SECONDS = 0.02  # between two looks because something changed: many commits are one look


class Dispatcher:
    """Delivers what the queue holds. `run` once; `drain` ends it."""

    def __init__(  # noqa: PLR0913 - each is a seam or a setting that the wiring fills in
        self,
        queue: Queue,
        destination: Destination,
        clock: Clock,
        settings: Limits,
        *,
        policy: Callable[[Lane], AdmissionPolicy],
        observer: Observer | None = None,
        random: Callable[[], float] = random_numbers.random,
    ) -> None:
        watching = observer or NullObserver()
        self._means = Means(queue, destination, clock, settings, policy, watching, random, drain=Drain())
        self._rates: dict[str, TokenRate] = {}
        self._workers: dict[Lane, LaneWorker] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._lookouts: list[asyncio.Task[None]] = []
        self._ended = asyncio.Event()

    async def run(self) -> None:
        """Deliver until drained.

        Raises:
            StoreCorrupt: the store cannot be trusted any more.
        """
        if self._means.drain.is_stopping:
            return
        try:
            async with asyncio.TaskGroup() as group:
                self._lookouts = [
                    group.create_task(self._look_when_changed(group)),
                    group.create_task(self._look_now_and_then(group)),
                ]
        except BaseExceptionGroup as errors:
            corrupt = errors.subgroup(StoreCorrupt)
            if corrupt is not None:
                raise _first(corrupt) from errors
            raise
        finally:
            self._ended.set()

    async def drain(self, seconds: float) -> None:
        """Stop leasing, await the answers under way, hand the rest back; return within `seconds`."""
        self._means.drain.stop()
        for task in self._lookouts:
            task.cancel()
        for worker in self._workers.values():
            worker.ring()
        if not self._lookouts:
            return
        if await self._ends_within(max(seconds - SETTLE_SECONDS, 0.0)):
            return
        self._means.drain.cut()
        if not await self._ends_within(min(SETTLE_SECONDS, seconds)):
            for task in list(self._tasks):
                task.cancel()
            await self._ended.wait()

    def slowed_rates(self) -> dict[str, float]:
        """Return the requests a second of each token that was throttled and is not back at its full rate, by name."""
        now = self._means.clock.now()
        return {name: rate.per_second(now) for name, rate in self._rates.items() if not rate.is_full(now)}

    async def _ends_within(self, seconds: float) -> bool:
        return await wait_or_give_up(asyncio.create_task(self._ended.wait()), self._means.clock, seconds)

    async def _look_when_changed(self, group: asyncio.TaskGroup) -> None:
        while True:
            await self._means.queue.changed()
            await self._look(group)
            await self._means.clock.sleep(GAP_SECONDS)

    async def _look_now_and_then(self, group: asyncio.TaskGroup) -> None:
        while True:
            with suppress(StoreUnavailable):  # whoever writes next reports it; held deliveries wait for the next look
                await self._means.queue.release_held()
            await self._look(group)
            await self._means.clock.sleep(LOOK_SECONDS)

    async def _look(self, group: asyncio.TaskGroup) -> None:
        """Give each lane that holds something a worker, tell each worker how its lane stands, let idle ones go."""
        try:
            states = {state.lane: state for state in await self._means.queue.lanes()}
        except StoreUnavailable:
            return
        for lane in self._lanes_to_begin(states):
            self._workers[lane] = worker = LaneWorker(lane, self._means, self._rate_of(lane))
            task = group.create_task(worker.run())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        for lane, worker in list(self._workers.items()):
            worker.observe(states.get(lane))
            if lane not in states and worker.is_idle:
                worker.retire()
                del self._workers[lane]

    def _lanes_to_begin(self, states: Iterable[Lane]) -> Iterator[Lane]:
        """Yield the lanes that get a worker: all live ones, and of each pixel's test lanes as many as there is room."""
        tests = Counter(lane.pixel_code for lane in self._workers if lane.test_event_code is not None)
        for lane in states:
            if lane in self._workers:
                continue
            if lane.test_event_code is not None:
                if tests[lane.pixel_code] >= TEST_LANES:
                    continue
                tests[lane.pixel_code] += 1
            yield lane

    def _rate_of(self, lane: Lane) -> TokenRate:
        name = self._means.destination.token_name(lane)
        rate = self._rates.get(name)
        if rate is None:
            rate = self._rates[name] = TokenRate(self._means.limits.requests_per_second)
        return rate


def _first(errors: BaseExceptionGroup[StoreCorrupt]) -> StoreCorrupt:
    error: BaseException = errors
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error  # type: ignore[return-value]  # a subgroup of StoreCorrupt holds nothing else
