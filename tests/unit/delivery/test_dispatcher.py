"""What the dispatcher does with a queue and a far side, one behaviour at a time."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest
from msgspec.structs import replace
from tests.unit.delivery.scene import NOW, OTHER, STORE, entry, events, hashed, in_turn, playing

from fullcount.clock import ManualClock
from fullcount.config.settings import Delivery
from fullcount.delivery.destination import Answer, Kind
from fullcount.errors import StoreCorrupt, StoreUnavailable
from fullcount.events.hashed import HashedEvent
from fullcount.queue.delivery import Lease, LeaseLimits
from fullcount.queue.lane import Lane
from fullcount.queue.memory import MemoryQueue
from fullcount.queue.outcomes import Outcome
from fullcount.testing.destination import ScriptedDestination, take_all

HOUR = 3_600.0


async def test_what_is_accepted_is_delivered_in_one_batch() -> None:
    """Events of one lane leave together half a second after the first of them, and end as delivered."""
    tiktok = ScriptedDestination()
    async with playing(tiktok) as scene:
        await scene.accept(*events(3))
        await scene.pass_time(0.4, step=0.1)
        assert tiktok.sent == []

        await scene.until(lambda: scene.count(Outcome.DELIVERED) == 3, at_most=1)

        assert tiktok.sent == [(STORE, ["order-1", "order-2", "order-3"])]
        assert [attempt.id for attempt, _ in scene.notes.attempts] == ["1.1"]


async def test_a_full_batch_does_not_wait() -> None:
    """As many events as a batch holds leave at once, without waiting to be ripe."""
    tiktok = ScriptedDestination()
    async with playing(tiktok, limits=Delivery(max_events=5)) as scene:
        await scene.accept(*events(5))
        await scene.pass_time(0.1, step=0.05)
        assert [len(ids) for _, ids in tiktok.sent] == [5]


async def test_a_lease_is_cut_by_bytes_on_the_wire() -> None:
    """A lease whose events do not fit into one request leaves in several, each settled by itself."""
    tiktok = ScriptedDestination(room=23)
    async with playing(tiktok) as scene:
        await scene.accept(*events(5))
        await scene.until(lambda: scene.count(Outcome.DELIVERED) == 5)
        assert [len(ids) for _, ids in tiktok.sent] == [3, 2]
        assert sorted(scene.queue.attempts) == ["1.1", "1.2"]


async def test_a_test_lane_ends_as_test() -> None:
    """Events under a test event code end as test, not as delivered."""
    async with playing(ScriptedDestination()) as scene:
        await scene.accept(*events(2), lane=Lane(STORE.pixel_code, test_event_code="TEST12345"))
        await scene.until(lambda: scene.count(Outcome.TEST) == 2)
        assert scene.count(Outcome.DELIVERED) == 0


async def test_a_stuck_pixel_does_not_delay_another() -> None:
    """While one lane's requests hang, the other lane's events are delivered as ever."""
    hang = asyncio.Event()

    async def rule(lane: Lane, event_ids: list[str]) -> Answer:
        if lane == STORE:
            await hang.wait()
        return await take_all(lane, event_ids)

    tiktok = ScriptedDestination(rule)
    async with playing(tiktok, limits=Delivery(max_events=1)) as scene:
        await scene.accept(*events(20))
        await scene.accept(*events(20), lane=OTHER)
        await scene.until(lambda: scene.count(Outcome.DELIVERED) == 20, at_most=5)

        assert sum(lane == STORE for lane, _ in tiktok.sent) == 4
        hang.set()
        await scene.until(lambda: scene.count(Outcome.DELIVERED) == 40, at_most=5)


async def test_nothing_is_sent_while_a_result_cannot_be_stored() -> None:
    """If a settle cannot be committed, the lane sends nothing until it can; then the same result is stored once."""
    tiktok = ScriptedDestination()
    async with playing(tiktok, limits=Delivery(max_events=1, max_in_flight=1)) as scene:

        async def rule(lane: Lane, event_ids: list[str]) -> Answer:
            if len(tiktok.sent) == 1:
                scene.queue.unavailable = StoreUnavailable("disk full", retry_after=5.0)
            return await take_all(lane, event_ids)

        tiktok.rule = rule
        await scene.accept(*events(3))
        await scene.pass_time(60, step=0.5)
        assert len(tiktok.sent) == 1

        scene.queue.unavailable = None
        await scene.until(lambda: scene.count(Outcome.DELIVERED) == 3)
        assert sorted(ids[0] for _, ids in tiktok.sent) == ["order-1", "order-2", "order-3"]


async def test_a_result_that_comes_after_its_lease_changes_nothing() -> None:
    """An answer that comes when the lease was taken back is dropped; the delivery went again as maybe taken."""
    hang = asyncio.Event()
    tiktok = ScriptedDestination()

    async def rule(lane: Lane, event_ids: list[str]) -> Answer:
        if len(tiktok.sent) == 1:
            await hang.wait()
        return await take_all(lane, event_ids)

    tiktok.rule = rule
    async with playing(tiktok) as scene:
        await scene.accept(*events(1))
        await scene.until(lambda: scene.count(Outcome.DELIVERED) == 1)
        assert len(tiktok.sent) == 2

        hang.set()
        await scene.settle_down()
        assert scene.notes.said == ["lease_went_stale CEXAMPLE0PIXEL000001 1"]
        assert scene.count(Outcome.DELIVERED) == 1


async def test_held_deliveries_are_released_when_their_time_has_come() -> None:
    """The dispatcher lets held deliveries go, without anything else happening."""
    tiktok = ScriptedDestination()
    async with playing(tiktok) as scene:
        await scene.queue.accept([replace(entry(hashed()), hold_seconds=20.0)])
        await scene.pass_time(19)
        assert tiktok.sent == []
        await scene.until(lambda: scene.count(Outcome.DELIVERED) == 1, at_most=4)


async def test_a_damaged_store_ends_the_dispatcher() -> None:
    """StoreCorrupt comes out of `run` as it is, so that the process can stop."""
    tiktok = ScriptedDestination()
    async with playing(tiktok) as scene:

        async def rule(lane: Lane, event_ids: list[str]) -> Answer:
            del lane, event_ids
            raise StoreCorrupt("a page is damaged")

        tiktok.rule = rule
        await scene.accept(*events(1))
        with pytest.raises(StoreCorrupt):
            await scene.until(lambda: False, at_most=5)


async def test_an_error_that_nobody_expected_stops_neither_the_lane_nor_others() -> None:
    """Its deliveries go again, and somebody is told."""
    tiktok = ScriptedDestination()

    async def rule(lane: Lane, event_ids: list[str]) -> Answer:
        if len(tiktok.sent) == 1:
            raise ZeroDivisionError
        return await take_all(lane, event_ids)

    tiktok.rule = rule
    async with playing(tiktok) as scene:
        await scene.accept(*events(2))
        while not scene.notes.failed:
            scene.clock.advance(0.25)
            await asyncio.sleep(0)
        assert isinstance(scene.notes.failed.pop(), ZeroDivisionError)
        await scene.until(lambda: scene.count(Outcome.DELIVERED) == 2)


async def test_no_request_begins_late_in_a_lease() -> None:
    """What a slow far side leaves of a lease is handed back in time, and goes under the next one."""
    tiktok = ScriptedDestination(room=7)

    async with playing(tiktok, limits=Delivery(lease_seconds=100.0)) as scene:

        async def rule(lane: Lane, event_ids: list[str]) -> Answer:
            await scene.clock.sleep(30.0)
            return await take_all(lane, event_ids)

        tiktok.rule = rule
        await scene.accept(*events(5))
        await scene.until(lambda: scene.count(Outcome.DELIVERED) == 5, step=1.0)

        assert [attempt.id for attempt, _ in scene.notes.attempts] == ["1.1", "1.2", "1.3", "2.1", "2.2"]
        assert scene.notes.said == []


async def test_a_lane_that_holds_nothing_costs_nothing() -> None:
    """The worker of an empty lane ends, so that test codes that were used once leave nothing behind."""
    tiktok = ScriptedDestination()
    async with playing(tiktok) as scene:
        await scene.settle_down()
        idle = len(asyncio.all_tasks())
        for code in ("TEST1", "TEST2", "TEST3"):
            await scene.accept(*events(1), lane=Lane(STORE.pixel_code, test_event_code=code))
        await scene.until(lambda: scene.count(Outcome.TEST) == 3)
        await scene.pass_time(3)
        assert len(asyncio.all_tasks()) == idle


async def test_lanes_that_nothing_happens_on_ask_the_queue_for_nothing() -> None:
    """While one lane is busy, lanes that wait for their next attempt or hold nothing due are not leased from."""
    waiting = [Lane(f"CEXAMPLE1PIXEL{number:06}") for number in range(30)]
    asked: Counter[Lane] = Counter()

    class Counting(MemoryQueue):
        async def lease(self, lane: Lane, limits: LeaseLimits) -> Lease:
            asked[lane] += 1
            return await super().lease(lane, limits)

    async def rule(lane: Lane, event_ids: list[str]) -> Answer:
        if lane == STORE:
            return await take_all(lane, event_ids)
        return Answer(Kind.UNAVAILABLE, status=503, retry_after_seconds=3_600.0)

    clock = ManualClock(NOW)
    scene_options = {"clock": clock, "queue": Counting(clock), "lanes": (STORE, *waiting)}
    async with playing(ScriptedDestination(rule), **scene_options) as scene:
        for lane in waiting:
            await scene.accept(*events(1), lane=lane)
        await scene.pass_time(5, step=0.25)
        asked.clear()
        for number in range(100):
            await scene.accept(hashed(f"order-{number}"))
            await scene.pass_time(0.1, step=0.1)

        assert scene.count(Outcome.DELIVERED) >= 90
        assert asked[STORE] >= 10
        assert sum(asked[lane] for lane in waiting) == 0


async def test_a_sleeping_lane_hears_of_what_is_due_before_it_would_wake() -> None:
    """New events on a lane whose older one waits an hour for its next attempt leave as soon as ever."""
    tiktok = ScriptedDestination(in_turn(Answer(Kind.UNAVAILABLE, status=503, retry_after_seconds=3_600.0)))
    async with playing(tiktok) as scene:
        await scene.accept(*events(1))
        await scene.pass_time(5, step=0.25)
        await scene.accept(*events(1, first=2))
        await scene.until(lambda: scene.count(Outcome.DELIVERED) == 1, at_most=1)


async def test_a_test_code_for_each_event_costs_a_bounded_number_of_workers() -> None:
    """Of hundreds of test lanes a hundred are worked on at a time, then the next; a live lane does not queue up."""
    hang = asyncio.Event()

    async def rule(lane: Lane, event_ids: list[str]) -> Answer:
        if lane.test_event_code is not None:
            await hang.wait()
        return await take_all(lane, event_ids)

    tiktok = ScriptedDestination(rule)
    async with playing(tiktok) as scene:
        for number in range(250):
            await scene.accept(*events(1), lane=Lane(STORE.pixel_code, test_event_code=f"TEST{number}"))
        await scene.accept(*events(1))
        await scene.pass_time(5, step=0.25)
        assert Counter(lane.test_event_code is None for lane, _ in tiktok.sent) == {True: 1, False: 100}

        hang.set()
        await scene.until(lambda: scene.count(Outcome.TEST) == 250, at_most=30)


async def test_a_large_lease_is_encoded_in_stretches() -> None:
    """While a thousand events are put on the wire, the event loop serves others in between."""
    turns = 0
    seen: set[int] = set()

    class Watching(ScriptedDestination):
        def encode(self, event: HashedEvent) -> bytes:
            seen.add(turns)
            return super().encode(event)

    async def count_turns() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count_turns())
    async with playing(Watching()) as scene:
        await scene.accept(*events(1_000))
        await scene.until(lambda: scene.count(Outcome.DELIVERED) == 1_000)
    counting.cancel()
    assert len(seen) >= 4
