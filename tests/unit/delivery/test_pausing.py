"""What holds a lane back, and how it comes back: a refused token, a person, throttling, failures in a row."""

from __future__ import annotations

from tests.unit.delivery.scene import STORE, always, events, in_turn, playing

from fullcount.config.settings import Browser, Delivery
from fullcount.delivery.destination import Answer, Kind
from fullcount.events.model import EventSource
from fullcount.queue.lane import Lane
from fullcount.queue.outcomes import Outcome
from fullcount.testing.destination import ScriptedDestination, take_all

HOUR = 3_600.0


async def test_a_refused_token_pauses_the_lane_until_a_probe_is_taken() -> None:
    """A refused credential pauses the lane with a reason for a person; one event is tried each minute, then all go."""
    refused = Answer(Kind.NOT_ALLOWED, status=200, code=40105, message="Access token is incorrect.", fix="make another")
    is_revoked = True

    async def rule(lane: Lane, event_ids: list[str]) -> Answer:
        return refused if is_revoked else await take_all(lane, event_ids)

    tiktok = ScriptedDestination(rule)
    async with playing(tiktok) as scene:
        await scene.accept(*events(5))
        await scene.pass_time(179, step=0.5)

        assert [len(ids) for _, ids in tiktok.sent] == [5, 1, 1]
        reason = await scene.pause_reason()
        assert reason.startswith("token of CEXAMPLE0PIXEL000001 was refused (code 40105): Access token is incorrect.")
        assert "Fix: make another." in reason

        is_revoked = False
        await scene.until(lambda: scene.count(Outcome.DELIVERED) == 5)

        assert [len(ids) for _, ids in tiktok.sent] == [5, 1, 1, 1, 4]
        assert await scene.pause_reason() == ""
        assert [it.split()[0] for it in scene.notes.said] == ["lane_paused", "lane_resumed"]


async def test_a_pause_by_a_person_is_never_probed() -> None:
    """Nothing leaves a lane that a person paused, however long, until the person resumes it."""
    tiktok = ScriptedDestination()
    async with playing(tiktok) as scene:
        await scene.queue.pause(STORE, "maintenance", by_person=True)
        await scene.accept(*events(2))
        await scene.pass_time(600, step=5)
        assert tiktok.sent == []

        await scene.queue.resume(STORE)
        await scene.until(lambda: scene.count(Outcome.DELIVERED) == 2)


async def test_a_probe_does_not_lift_a_pause_that_a_person_set_meanwhile() -> None:
    """A probe that is taken leaves a person's pause alone."""
    tiktok = ScriptedDestination()

    async with playing(tiktok) as scene:

        async def rule(lane: Lane, event_ids: list[str]) -> Answer:
            if len(tiktok.sent) == 1:
                return Answer(Kind.NOT_ALLOWED, code=40105)
            await scene.queue.pause(STORE, "sale of the shop", by_person=True)
            return await take_all(lane, event_ids)

        tiktok.rule = rule
        await scene.accept(*events(3))
        await scene.pass_time(300, step=5)
        assert await scene.pause_reason() == "sale of the shop"
        assert [len(ids) for _, ids in tiktok.sent] == [3, 1]


async def test_a_refused_token_changes_nothing_about_a_persons_pause() -> None:
    """What was under way when a person paused is refused: the person's reason stays, and nothing is probed."""
    tiktok = ScriptedDestination()
    async with playing(tiktok) as scene:

        async def rule(lane: Lane, event_ids: list[str]) -> Answer:
            del lane, event_ids
            await scene.queue.pause(STORE, "sale of the shop", by_person=True)
            return Answer(Kind.NOT_ALLOWED, code=40105)

        tiktok.rule = rule
        await scene.accept(*events(3))
        await scene.pass_time(300, step=5)
        assert await scene.pause_reason() == "sale of the shop"
        assert [len(ids) for _, ids in tiktok.sent] == [3]


async def test_a_pause_says_why_the_last_probe_was_refused() -> None:
    """A token that is refused for another reason than before changes the reason, not since when the lane is paused."""
    first = Answer(Kind.NOT_ALLOWED, status=200, code=40105, message="Access token is incorrect.")
    second = Answer(Kind.NOT_ALLOWED, status=200, code=40001, message="No permission.")
    async with playing(ScriptedDestination(in_turn(first, second, second, second))) as scene:
        await scene.accept(*events(3))
        await scene.until(lambda: len(scene.notes.said) == 1)
        (before,) = await scene.queue.lanes()
        await scene.pass_time(130)

        (state,) = await scene.queue.lanes()
        assert "code 40001" in state.paused
        assert state.paused_at == before.paused_at
        assert [it.split()[0] for it in scene.notes.said] == ["lane_paused", "lane_paused"]


async def test_a_long_tail_that_is_too_late_is_buried_at_the_next_probe() -> None:
    """A paused lane's deliveries that must not leave any more are buried by whole leases, not one each minute."""
    async with playing(ScriptedDestination(always(Kind.NOT_ALLOWED, code=40105)), browser=Browser.OTHER) as scene:
        await scene.accept(*events(500))
        await scene.until(lambda: len(scene.notes.said) == 1)
        scene.clock.advance(48 * HOUR)
        await scene.until(lambda: scene.count(Outcome.DEAD) == 500, at_most=120)


async def test_throttling_halves_the_rate_of_the_token() -> None:
    """A throttled token rests as long as it was told and then goes on at half its rate; nothing is lost."""
    throttled = Answer(Kind.THROTTLED, code=40100, retry_after_seconds=7.0)
    tiktok = ScriptedDestination(in_turn(throttled))
    async with playing(tiktok, limits=Delivery(requests_per_second=100)) as scene:
        await scene.accept(*events(2))
        await scene.until(lambda: len(tiktok.sent) == 1)
        first = scene.clock.now()
        await scene.until(lambda: scene.count(Outcome.DELIVERED) == 2)

        assert scene.notes.said == ["throttled token of CEXAMPLE0PIXEL000001 50"]
        assert scene.clock.now() - first >= 7.0
        assert scene.dispatcher.slowed_rates() == {"token of CEXAMPLE0PIXEL000001": 50}
        await scene.pass_time(20)
        assert 50 < scene.dispatcher.slowed_rates()["token of CEXAMPLE0PIXEL000001"] < 100
        await scene.pass_time(60)
        assert scene.dispatcher.slowed_rates() == {}


async def test_the_circuit_opens_after_failures_in_a_row_and_tries_one_event() -> None:
    """After five failures nothing leaves for half a minute; then one event tries, and if it is taken all follow."""
    tiktok = ScriptedDestination(in_turn(*[Answer(Kind.UNAVAILABLE, status=503)] * 5))
    async with playing(tiktok, draw=0.0) as scene:
        await scene.accept(*events(10))
        await scene.until(lambda: len(tiktok.sent) == 5)
        opened = scene.clock.now()
        await scene.until(lambda: scene.count(Outcome.DELIVERED) == 10)

        assert [len(ids) for _, ids in tiktok.sent] == [10, 10, 10, 10, 10, 1, 9]
        assert scene.clock.now() - opened >= 30
        assert [it.split()[0] for it in scene.notes.said] == ["circuit_opened", "circuit_closed"]


async def test_lanes_of_one_token_share_its_rate() -> None:
    """Two lanes of one pixel together send no more requests than the token may."""
    tiktok = ScriptedDestination()
    limits = Delivery(max_events=1, requests_per_second=10)
    async with playing(tiktok, limits=limits) as scene:
        await scene.accept(*events(30))
        await scene.accept(*events(30), lane=Lane(STORE.pixel_code, EventSource.OFFLINE))
        began = scene.clock.now()
        await scene.until(lambda: scene.count(Outcome.DELIVERED) == 60, step=0.05)
        assert scene.clock.now() - began >= 5.5
