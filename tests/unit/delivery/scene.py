"""A queue, a clock that stands still, and a dispatcher between them: what the tests of delivery play on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

from fullcount.clock import ManualClock
from fullcount.config.settings import Browser, Delivery, Pixel, Settings
from fullcount.delivery.admission import policies
from fullcount.delivery.destination import Answer, Destination, Kind
from fullcount.delivery.dispatcher import Dispatcher
from fullcount.delivery.observer import NullObserver
from fullcount.events.hashed import HashedEvent, HashedUser
from fullcount.events.key import event_key
from fullcount.events.model import Page, Properties
from fullcount.queue.delivery import Attempt, Selection, Settlement
from fullcount.queue.entry import Entry
from fullcount.queue.lane import Lane
from fullcount.queue.memory import MemoryQueue
from fullcount.queue.outcomes import Outcome, Reason
from fullcount.testing.destination import Rule, take_all

NOW = 1_795_000_000.0
STORE = Lane("CEXAMPLE0PIXEL000001")
OTHER = Lane("CEXAMPLE0PIXEL000002")
TURNS = 60  # of the loop, until nothing that does not wait for the clock or a socket is left to do


def hashed(event_id: str = "order-1", *, event_time: float = NOW, event: str = "CompletePayment") -> HashedEvent:
    """Return a purchase that is ready for the queue."""
    return HashedEvent(
        event=event,
        canonical="Purchase",
        event_time=int(event_time),
        event_id=event_id,
        user=HashedUser(email="a" * 64, ip="203.0.113.42", user_agent="UA"),
        properties=Properties(currency="USD", value=20.0),
        page=Page(url="https://shop.example.com/thanks"),
    )


def entry(event: HashedEvent, lane: Lane = STORE) -> Entry:
    """Return the event as it is offered to the queue."""
    key = event_key(lane.pixel_code, lane.event_source, lane.test_event_code, event.canonical, event.event_id)
    return Entry(lane, key, event, source="backend", pixel="store", claims_key=lane.test_event_code is None)


def events(count: int, first: int = 1) -> list[HashedEvent]:
    """Return so many purchases, order-1 and up."""
    return [hashed(f"order-{number}") for number in range(first, first + count)]


def always(kind: Kind, **said: object) -> Rule:
    """Return a rule that gives one answer to all."""

    async def rule(lane: Lane, event_ids: list[str]) -> Answer:
        del lane, event_ids
        return Answer(kind, **said)  # type: ignore[arg-type]  # the fields of an answer, by name

    return rule


def in_turn(*answers: Answer) -> Rule:
    """Return a rule that gives these answers in order, then takes everything."""
    left = list(answers)

    async def rule(lane: Lane, event_ids: list[str]) -> Answer:
        return left.pop(0) if left else await take_all(lane, event_ids)

    return rule


class Notes(NullObserver):
    """Keeps what delivery told."""

    def __init__(self) -> None:
        self.attempts: list[tuple[Attempt, Kind]] = []
        self.said: list[str] = []
        self.failed: list[BaseException] = []

    def attempt_ended(self, lane: Lane, attempt: Attempt, settled: Mapping[int, Settlement], kind: Kind) -> None:
        """Keep the attempt."""
        del lane, settled
        self.attempts.append((attempt, kind))

    def not_sent(self, lane: Lane, reason: Reason, count: int) -> None:
        """Keep the reason."""
        self.said.append(f"not_sent {lane.pixel_code} {reason} {count}")

    def lane_paused(self, lane: Lane, why: str) -> None:
        """Keep the pause."""
        self.said.append(f"lane_paused {lane.pixel_code} {why}")

    def lane_resumed(self, lane: Lane) -> None:
        """Keep the resumption."""
        self.said.append(f"lane_resumed {lane.pixel_code}")

    def circuit_opened(self, lane: Lane, until: float) -> None:
        """Keep the opening."""
        self.said.append(f"circuit_opened {lane.pixel_code} {until - NOW:.0f}")

    def circuit_closed(self, lane: Lane) -> None:
        """Keep the closing."""
        self.said.append(f"circuit_closed {lane.pixel_code}")

    def throttled(self, token_name: str, requests_per_second: float) -> None:
        """Keep the rate."""
        self.said.append(f"throttled {token_name} {requests_per_second:g}")

    def lease_went_stale(self, lane: Lane, lease_id: int) -> None:
        """Keep the lease."""
        self.said.append(f"lease_went_stale {lane.pixel_code} {lease_id}")

    def lane_failed(self, lane: Lane, error: BaseException) -> None:
        """Keep the error."""
        self.said.append(f"lane_failed {lane.pixel_code} {type(error).__name__}")
        self.failed.append(error)


class Scene:
    """Delivery under way; the clock moves only in `until` and `pass_time`."""

    def __init__(
        self,
        destination: Destination,
        *,
        clock: ManualClock | None = None,
        queue: MemoryQueue | None = None,
        limits: Delivery | None = None,
        browser: Browser = Browser.NONE,
        busy: Callable[[], bool] = lambda: False,
        draw: float = 0.5,
        lanes: tuple[Lane, ...] = (STORE, OTHER),
    ) -> None:
        self.clock = clock or ManualClock(NOW)
        self.queue = queue or MemoryQueue(self.clock)
        self.notes = Notes()
        pixels = tuple(
            Pixel(name=lane.pixel_code, code=lane.pixel_code, access_token="test-token", browser=browser)
            for lane in lanes
        )
        self.dispatcher = Dispatcher(
            self.queue,
            destination,
            self.clock,
            limits or Delivery(),
            policy=policies(Settings(pixels=pixels)),
            observer=self.notes,
            random=lambda: draw,
        )
        self._busy = busy
        self._is_known_broken = False
        self.run = asyncio.create_task(self.dispatcher.run())

    async def accept(self, *events: HashedEvent, lane: Lane = STORE) -> None:
        """Put events on a lane."""
        await self.queue.accept([entry(event, lane) for event in events])

    async def settle_down(self) -> None:
        """Let everything run that waits neither for the clock nor, where `busy` tells, for a socket."""
        turns = 0
        while turns < TURNS:
            await asyncio.sleep(0)
            turns = 0 if self._busy() else turns + 1
            self.raise_if_broken()

    def raise_if_broken(self) -> None:
        """Fail the test with the dispatcher's own error."""
        if self.run.done():
            self._is_known_broken = True
            self.run.result()
        if self.notes.failed:
            raise self.notes.failed[0]

    async def until(self, condition: Callable[[], bool], *, step: float = 0.25, at_most: float = 3_600.0) -> None:
        """Move the clock in steps until the condition holds."""
        end = self.clock.now() + at_most
        await self.settle_down()
        while not condition():
            assert self.clock.now() < end, f"not within {at_most} s: {self.queue.counts}, {self.notes.said[-3:]}"
            self.clock.advance(step)
            await self.settle_down()

    async def pass_time(self, seconds: float, *, step: float = 1.0) -> None:
        """Move the clock on by so many seconds, in steps."""
        end = self.clock.now() + seconds
        while self.clock.now() < end:
            self.clock.advance(min(step, end - self.clock.now()))
            await self.settle_down()

    def count(self, outcome: Outcome) -> int:
        """Return how many deliveries ended so."""
        return sum(it is outcome for it in self.queue.outcomes.values())

    async def dead(self) -> list[tuple[str, Reason, str]]:
        """Return the dead letters: event_id, reason, message."""
        letters = await self.queue.dead_letters(Selection(), limit=10_000)
        return [(it.event.event_id, it.reason, it.message) for it in reversed(letters)]

    async def pause_reason(self, lane: Lane = STORE) -> str:
        """Return why the lane is paused, or nothing."""
        return next((state.paused for state in await self.queue.lanes() if state.lane == lane), "")

    async def end(self) -> None:
        """Drain, moving the clock as far as that needs."""
        draining = asyncio.create_task(self.dispatcher.drain(20.0))
        while not draining.done():
            await asyncio.sleep(0)
            self.clock.advance(0.05)
        await draining
        if not self._is_known_broken:
            await self.run


@asynccontextmanager
async def playing(destination: Destination, **options: object) -> AsyncIterator[Scene]:
    """Run a scene and end it in order."""
    scene = Scene(destination, **options)  # type: ignore[arg-type]  # handed on as they came
    try:
        yield scene
    finally:
        await scene.end()
