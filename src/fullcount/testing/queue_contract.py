"""The contract of every queue engine: a Hypothesis state machine that walks an engine and a model side by side.

The law: each accepted delivery ends in one outcome or still waits, nothing is leased twice at once, and every answer
equals the model's. An engine's author subclasses `QueueContract` with `opened` and `reopened`; `TestCase` is the test.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine, Mapping
from typing import Any, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from fullcount.clock import ManualClock
from fullcount.events.hashed import HashedEvent, HashedUser
from fullcount.events.model import EventSource, Half, Page, Properties
from fullcount.queue.delivery import Attempt, Buried, Delivered, Lease, LeaseLimits, Retry, Selection, Settlement
from fullcount.queue.entry import Entry
from fullcount.queue.lane import Lane
from fullcount.queue.outcomes import Reason
from fullcount.queue.protocol import Queue
from fullcount.testing.queue_holds_contract import WAYS, HoldRules, Way, ways
from fullcount.testing.queue_model import Model
from fullcount.testing.queue_model_items import Item, Pausing
from fullcount.testing.queue_notes_contract import NoteRules

T = TypeVar("T")

LANES = (
    Lane("CEXAMPLE0PIXEL000001"),
    Lane("CEXAMPLE0PIXEL000002", EventSource.OFFLINE),
    Lane("CEXAMPLE0PIXEL000001", EventSource.WEB, "TEST12345"),
)
WINDOWS_SECONDS = (100, 400)

_fates = st.sampled_from(("stay", "delivered", "retry", "lost", "hand back", "rejected", "too old"))
_selections = st.sampled_from(
    (
        Selection(),
        Selection(event_id="order-1"),
        Selection(pixel_code=LANES[1].pixel_code),
        Selection(reason=Reason.REJECTED_BY_TIKTOK),
        Selection(event_id="order-2", reason=Reason.TOO_OLD),
    )
)
_limits = st.builds(
    LeaseLimits,
    max_events=st.integers(1, 6),
    max_bytes=st.sampled_from((250, 900_000)),
    ripe_after_seconds=st.sampled_from((0.0, 5.0)),
    lease_seconds=st.sampled_from((10.0, 1_000.0)),
    even_if_paused=st.booleans(),
)


class QueueContract(NoteRules, HoldRules, RuleBasedStateMachine):
    """Walks one engine. `opened` and `reopened` are the engine's part."""

    def opened(self, clock: ManualClock) -> Queue:
        """Return a new, empty queue."""
        raise NotImplementedError

    def reopened(self, queue: Queue, *, killed: bool) -> Queue:
        """Return what a new owner finds after `queue` was closed in order, or killed between two calls."""
        raise NotImplementedError

    def counted(self, queue: Queue) -> Mapping[str, int] | None:
        """Return the engine's counts by outcome, with "accepted" and "redriven"; None if it keeps none."""
        del queue
        return None

    def run(self, call: Coroutine[Any, Any, T]) -> T:
        """Run one call of the engine's to its end."""
        return self.loop.run_until_complete(call)

    @initialize()
    def open(self) -> None:
        """Begin with an empty queue."""
        self.loop = asyncio.new_event_loop()
        self.clock = ManualClock()
        self.model = Model()
        self.leases: list[Lease] = []
        self.copies = 0
        self.queue = self.opened(self.clock)

    @rule(copies=st.lists(ways, min_size=1, max_size=6))
    def accept(self, copies: list[Way]) -> None:
        """The verdicts are the model's, in order."""
        entries = [self._entry(*copy) for copy in copies]
        expected = [self.model.accept(entry, self.clock.now()) for entry in entries]
        assert self.run(self.queue.accept(entries)) == expected

    @rule(lane=st.sampled_from(LANES), limits=_limits)
    def lease(self, lane: Lane, limits: LeaseLimits) -> None:
        """A lease holds what is due, as the model has it, within its limits; and something if something is ripe."""
        now = self.clock.now()
        lease = self.run(self.queue.lease(lane, limits))
        self.model.take_back_expired(now, lane)
        due = self.model.due(lane, now)
        is_paused = lane in self.model.paused and not limits.even_if_paused
        is_paused = is_paused or self.model.is_paused_by_person(lane)
        if is_paused or not self.model.is_ripe(due, limits, now):
            assert lease.deliveries == ()
            assert lease.ask_again_at == (None if is_paused else self.model.ask_again_at(lane, limits))
            return
        self._check_lease(lease, due, limits)
        self.model.leased(lease)
        self.leases.append(lease)

    def _check_lease(self, lease: Lease, due: list[Item], limits: LeaseLimits) -> None:
        items = [self.model.item_of(delivery) for delivery in lease.deliveries]
        assert items
        assert all(item in due for item in items)
        assert len({item.event.properties.description for item in items}) == len(items) <= limits.max_events
        assert len(items) == 1 or sum(item.stored_bytes for item in items) <= limits.max_bytes
        assert min(item.due_at for item in items) == due[0].due_at
        assert lease.leased_at == self.clock.now()
        assert lease.expires_at == lease.leased_at + limits.lease_seconds
        for item, delivery in zip(items, lease.deliveries, strict=True):
            assert delivery.key == item.entry.key
            assert item.seq in (None, delivery.seq)
            assert (delivery.accepted_at, delivery.attempts) == (item.accepted_at, item.attempts)
            assert (delivery.first_lost_at, delivery.overridden) == (item.first_lost_at, item.overridden)

    @precondition(lambda self: self.leases)
    @rule(data=st.data())
    def settle(self, data: st.DataObject) -> None:
        """A live lease is settled in any mixture; a stale one changes nothing."""
        lease = data.draw(st.sampled_from(self.leases), label="lease")
        fates = data.draw(st.one_of(_fates.map(lambda fate: [fate] * 6), st.lists(_fates, min_size=6, max_size=6)))
        results = {
            delivery.seq: self._result(fate)
            for delivery, fate in zip(lease.deliveries, fates, strict=False)
            if fate != "stay"
        }
        attempt = Attempt(f"{lease.id}:{len(fates)}", self.clock.now(), 0.2, tuple(results), 200, 0, "OK", "request")
        settled = self.run(self.queue.settle(lease, results, [attempt] if results else []))
        assert settled == self.model.settle(lease, results, self.clock.now())

    def _result(self, fate: str) -> Settlement:
        now = self.clock.now()
        results: dict[str, Settlement] = {
            "delivered": Delivered(),
            "retry": Retry(now + 7),
            "lost": Retry(now + 3, lost=True),
            "hand back": Retry(now, attempted=False),
            "rejected": Buried(Reason.REJECTED_BY_TIKTOK, 40002, "not a number"),
            "too old": Buried(Reason.TOO_OLD),
        }
        return results[fate]

    @rule(seconds=st.sampled_from((0.25, 5.0, 11.0, 20.0, 60.0, 200.0, 90_000.0)))
    def wait(self, seconds: float) -> None:
        """Time passes."""
        self.clock.advance(seconds)

    @rule(lane=st.sampled_from(LANES), why=st.sampled_from(("token refused", "maintenance")), by_person=st.booleans())
    def pause(self, lane: Lane, why: str, by_person: bool) -> None:  # noqa: FBT001 - Hypothesis calls by name
        """A paused lane keeps what it has; a person's pause outlives any other, whatever its words."""
        self.run(self.queue.pause(lane, why, by_person=by_person))
        self.model.pause(lane, Pausing(why, self.clock.now(), by_person))

    @rule(lane=st.sampled_from(LANES), unless_by_person=st.booleans())
    def resume(self, lane: Lane, unless_by_person: bool) -> None:  # noqa: FBT001 - Hypothesis calls by name
        """A resumed lane is leased again, unless a person's pause was to be left."""
        self.run(self.queue.resume(lane, unless_by_person=unless_by_person))
        self.model.resume(lane, unless_by_person=unless_by_person)

    @rule(selection=_selections, reason=st.sampled_from((Reason.PURGED, Reason.SOURCE_REMOVED)))
    def bury(self, selection: Selection, reason: Reason) -> None:
        """What waits or is held, and nobody has leased, becomes a dead letter."""
        self.model.take_back_expired(self.clock.now())
        free = [*(item for item in self.model.waiting if item.lease is None), *self.model.held.values()]
        chosen = [item for item in free if selection.takes(item.seq or 0, item.entry.lane, item.event.event_id)]
        for item in chosen:
            self.model.bury(item, reason, self.clock.now())
        assert self.run(self.queue.bury(selection, reason)) == len(chosen)
        self._check_dead()

    @rule(selection=_selections, overridden=st.booleans())
    def redrive(self, selection: Selection, overridden: bool) -> None:  # noqa: FBT001 - Hypothesis calls by name
        """Dead letters go back with their key, unless a corrected resend has it."""
        expected = self.model.redrive(selection, self.clock.now(), overridden=overridden)
        assert self.run(self.queue.redrive(selection, overridden=overridden)) == expected
        self._check_dead()

    @rule(killed=st.booleans())
    def reopen(self, killed: bool) -> None:  # noqa: FBT001 - Hypothesis calls by name
        """A new owner finds everything; what was leased is due at once, as a lost attempt."""
        for live in list(self.model.leases):
            self.model.take_back(live, self.clock.now())
        self.queue = self.reopened(self.queue, killed=killed)
        self._check_dead()

    @invariant()
    def lanes_are_as_they_should_be(self) -> None:
        """Totals, oldest, next due time and pause agree on every lane."""
        assert {state.lane: state for state in self.run(self.queue.lanes())} == self.model.states()

    def _check_dead(self) -> None:
        letters = self.run(self.queue.dead_letters(Selection(), limit=10_000))
        found = Counter((it.event.properties.description, it.reason, it.accepted_at) for it in letters)
        expected = Counter((it.event.properties.description, it.reason, it.accepted_at) for it in self.model.dead)
        assert found == expected

    def teardown(self) -> None:
        """At the end everything that was accepted is delivered, dead, or comes out of the queue once."""
        if not hasattr(self, "queue"):
            return
        for lane in LANES:
            self.run(self.queue.resume(lane))
        self.model.paused.clear()
        self.clock.advance(2_000)
        self.model.take_back_expired(self.clock.now())  # of these, what was to be forgotten is dropped
        self.release()
        for lane in LANES:
            while deliveries := self.run(self.queue.lease(lane, LeaseLimits(ripe_after_seconds=0))).deliveries:
                for delivery in deliveries:
                    self.model.waiting.remove(self.model.item_of(delivery))
        assert self.model.waiting == []
        counted = self.counted(self.queue)
        if counted is not None:
            assert dict(counted) == {outcome: n for outcome, n in self.model.counts.items() if n}
        self.run(self.queue.close())
        self.loop.close()

    def _entry(self, number: int, half: Half, way: str) -> Entry:
        """Return a new copy of one of eight events; the last two are test events."""
        self.copies += 1
        hashed = f"{number % 3:064x}"
        lane = LANES[2] if number >= 6 else LANES[number % 2]
        event = HashedEvent(
            event="CompletePayment",
            canonical="Purchase",
            event_time=1_795_000_000,
            event_id=f"order-{number}",
            user=HashedUser(
                email=hashed if number % 2 else (hashed,),
                ttclid=f"E.C.P.test-{number % 3}" if half is Half.BROWSER else None,
                ttp=f"test-browser-{number % 3}" if half is Half.BROWSER else None,
            ),
            properties=Properties(description=f"copy {self.copies}"),
            page=Page(),
            half=half,
        )
        return Entry(
            lane=lane,
            key=number.to_bytes(16, "little"),
            event=event,
            source=f"source {number % 3}",
            pixel="store",
            window_seconds=WINDOWS_SECONDS[number % 2],
            claims_key=lane.test_event_code is None,
            **(WAYS["at once"] if lane.test_event_code else WAYS[way]),
        )
