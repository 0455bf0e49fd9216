"""How delivery ends: in order, and within its time."""

from __future__ import annotations

import asyncio

from tests.unit.delivery.scene import NOW, Scene, hashed

from fullcount.config.settings import Delivery
from fullcount.delivery.destination import Answer, Kind
from fullcount.delivery.drain import Drain
from fullcount.errors import StoreUnavailable
from fullcount.queue.lane import Lane
from fullcount.queue.outcomes import Outcome
from fullcount.testing.destination import ScriptedDestination, take_all


async def _hang(lane: Lane, event_ids: list[str]) -> Answer:
    del lane, event_ids
    await asyncio.Event().wait()
    return Answer(Kind.TAKEN)


async def test_an_answer_under_way_is_awaited_and_stored() -> None:
    """A drain waits for the request that is out, stores its result, and leases nothing more."""
    answer = asyncio.Event()
    tiktok = ScriptedDestination()

    async def rule(lane: Lane, event_ids: list[str]) -> Answer:
        await answer.wait()
        return await take_all(lane, event_ids)

    tiktok.rule = rule
    scene = Scene(tiktok, limits=Delivery(max_events=1, max_in_flight=1))
    await scene.accept(hashed("order-1"), hashed("order-2"))
    await scene.until(lambda: len(tiktok.sent) == 1)

    draining = asyncio.create_task(scene.dispatcher.drain(20.0))
    await scene.settle_down()
    assert not draining.done()
    answer.set()
    await draining
    await scene.run

    assert scene.count(Outcome.DELIVERED) == 1
    assert len(tiktok.sent) == 1
    assert scene.clock.now() < NOW + 2


async def test_batches_not_yet_sent_are_handed_back_as_they_were() -> None:
    """What a lease holds beyond the request under way is handed back without counting as an attempt."""
    answer = asyncio.Event()
    tiktok = ScriptedDestination(room=15)

    async def rule(lane: Lane, event_ids: list[str]) -> Answer:
        await answer.wait()
        return await take_all(lane, event_ids)

    tiktok.rule = rule
    scene = Scene(tiktok)
    await scene.accept(*[hashed(f"order-{number}") for number in range(1, 5)])
    await scene.until(lambda: len(tiktok.sent) == 1)
    draining = asyncio.create_task(scene.dispatcher.drain(20.0))
    await scene.settle_down()
    answer.set()
    await draining
    await scene.run

    assert [ids for _, ids in tiktok.sent] == [["order-1", "order-2"]]
    state = (await scene.queue.lanes())[0]
    assert (state.queued, state.leased) == (2, 0)
    assert [attempt.seqs for attempt in scene.queue.attempts.values()] == [(1, 2)]


async def test_a_drain_ends_in_its_time_and_what_is_out_counts_as_lost() -> None:
    """A request without an answer is cut off before the time is up; its events wait, as maybe taken."""
    tiktok = ScriptedDestination(_hang)
    scene = Scene(tiktok)
    await scene.accept(hashed())
    await scene.until(lambda: len(tiktok.sent) == 1)
    began = scene.clock.now()
    draining = asyncio.create_task(scene.dispatcher.drain(10.0))
    await scene.until(draining.done, at_most=10)
    await scene.run

    assert scene.clock.now() - began <= 10
    assert [kind for _, kind in scene.notes.attempts] == [Kind.LOST]
    state = (await scene.queue.lanes())[0]
    assert (state.queued, state.leased) == (1, 0)


async def test_a_drain_ends_in_its_time_though_the_store_takes_nothing() -> None:
    """If the results cannot be stored, the drain ends all the same; the leases end by themselves later."""
    tiktok = ScriptedDestination(_hang)
    scene = Scene(tiktok)
    await scene.accept(hashed())
    await scene.until(lambda: len(tiktok.sent) == 1)
    scene.queue.unavailable = StoreUnavailable("disk full")
    began = scene.clock.now()
    draining = asyncio.create_task(scene.dispatcher.drain(10.0))
    await scene.until(lambda: draining.done() and scene.run.done(), at_most=11)

    assert scene.clock.now() - began <= 10.5
    assert len([task for task in asyncio.all_tasks() if not task.done()]) == 1


async def test_a_dispatcher_that_was_drained_before_it_ran_does_nothing() -> None:
    """`drain` before `run` returns at once, and so does the `run` that follows."""
    tiktok = ScriptedDestination()
    scene = Scene(tiktok)
    await scene.accept(hashed())
    await scene.dispatcher.drain(5.0)
    await scene.run
    assert tiktok.sent == []


async def test_an_answer_that_is_there_wins_over_the_cut() -> None:
    """If the answer came, it counts, even if the time ran out in the same moment."""
    drain = Drain()
    drain.cut()

    async def answered() -> Answer:
        return Answer(Kind.TAKEN)

    assert (await drain.answer_unless_cut(answered())).kind is Kind.TAKEN
