"""What the dispatcher does with a queue and a far side, one behaviour at a time."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace
from tests.unit.delivery.scene import NOW, OTHER, STORE, entry, hashed, playing

from fullcount.config.settings import Browser, Delivery
from fullcount.delivery.destination import Answer, Kind
from fullcount.errors import StoreCorrupt, StoreUnavailable
from fullcount.events.hashed import HashedEvent
from fullcount.queue.delivery import Selection
from fullcount.queue.lane import Lane
from fullcount.queue.outcomes import Outcome, Reason
from fullcount.testing.destination import Rule, ScriptedDestination, take_all

HOUR = 3_600.0


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


async def test_a_bad_event_is_buried_and_the_rest_is_sent_again_without_it() -> None:
    """With a readable index the bad event is buried under the far side's words, and the others leave as one batch."""
    tiktok = ScriptedDestination(in_turn(Answer(Kind.INVALID, code=40002, bad={1: "data.1.event_id: bad"})))
    async with playing(tiktok) as scene:
        await scene.accept(*events(4))
        await scene.until(lambda: scene.count(Outcome.DELIVERED) == 3)

        assert [ids for _, ids in tiktok.sent][1:] == [["order-1", "order-3", "order-4"]]
        assert await scene.dead() == [("order-2", Reason.REJECTED_BY_TIKTOK, "data.1.event_id: bad")]


@pytest.mark.parametrize("kind", [Kind.INVALID, Kind.UNKNOWN_REFUSAL])
async def test_a_bad_event_without_an_index_is_found_by_halving(kind: Kind) -> None:
    """Without an index the batch is halved until the bad one is alone; no batch goes unchanged."""

    async def rule(lane: Lane, event_ids: list[str]) -> Answer:
        if "order-6" in event_ids:
            return Answer(kind, status=200, code=40999, message="something is wrong")
        return await take_all(lane, event_ids)

    tiktok = ScriptedDestination(rule)
    async with playing(tiktok) as scene:
        await scene.accept(*events(8))
        await scene.until(lambda: scene.count(Outcome.DELIVERED) == 7)

        assert await scene.dead() == [("order-6", Reason.REJECTED_BY_TIKTOK, "something is wrong")]
        sent = [tuple(ids) for _, ids in tiktok.sent]
        assert len(sent) == len(set(sent)) == 7
        assert len(scene.queue.attempts) == 7


async def test_a_batch_that_is_too_large_is_halved() -> None:
    """HTTP 413 halves the batch; one event that is too large by itself is buried with that reason."""

    async def rule(lane: Lane, event_ids: list[str]) -> Answer:
        if len(event_ids) > 2 or "order-5" in event_ids:
            return Answer(Kind.TOO_LARGE, status=413, message="too large")
        return await take_all(lane, event_ids)

    async with playing(ScriptedDestination(rule)) as scene:
        await scene.accept(*events(5))
        await scene.until(lambda: scene.count(Outcome.DELIVERED) == 4)
        assert await scene.dead() == [
            ("order-5", Reason.REJECTED_BY_TIKTOK, "this event alone is too large: too large")
        ]


async def test_a_lost_answer_is_sent_again_with_the_same_events() -> None:
    """A batch whose answer was lost is due again after its jitter, and is noted as maybe taken."""
    tiktok = ScriptedDestination(in_turn(Answer(Kind.LOST, message="reset")))
    async with playing(tiktok) as scene:
        await scene.accept(*events(3))
        await scene.until(lambda: scene.count(Outcome.DELIVERED) == 3)

        assert [ids for _, ids in tiktok.sent] == [["order-1", "order-2", "order-3"]] * 2
        assert [kind for _, kind in scene.notes.attempts] == [Kind.LOST, Kind.TAKEN]


async def test_a_delivery_that_may_have_been_taken_is_not_sent_after_the_far_side_forgot() -> None:
    """A lost attempt of more than 47 h ago makes the delivery a dead letter; a readable refusal does not."""
    async with playing(ScriptedDestination(in_turn(Answer(Kind.LOST)))) as scene:
        await scene.accept(*events(1))
        await scene.until(lambda: bool(scene.notes.attempts))
        scene.clock.advance(47 * HOUR + 1)
        await scene.until(lambda: scene.count(Outcome.DEAD) == 1)
        assert [(it, reason) for it, reason, _ in await scene.dead()] == [("order-1", Reason.UNKNOWN_AT_TIKTOK)]

    async with playing(ScriptedDestination(in_turn(Answer(Kind.UNAVAILABLE)))) as scene:
        await scene.accept(*events(1))
        await scene.until(lambda: bool(scene.notes.attempts))
        scene.clock.advance(47 * HOUR + 1)
        await scene.until(lambda: scene.count(Outcome.DELIVERED) == 1)


async def test_a_person_may_override_the_window() -> None:
    """A dead letter that a person redrives with the override is sent, whatever may have been forgotten."""
    tiktok = ScriptedDestination()
    async with playing(tiktok, browser=Browser.OTHER) as scene:
        await scene.accept(hashed(event_time=NOW - 48 * HOUR))
        await scene.until(lambda: scene.count(Outcome.DEAD) == 1)
        assert (tiktok.sent, (await scene.dead())[0][1]) == ([], Reason.DEDUP_WINDOW_PASSED)

        await scene.queue.redrive(Selection(), overridden=True)
        await scene.until(lambda: scene.count(Outcome.DELIVERED) == 1)


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
        await scene.queue.pause(STORE, "by a person: sale of the shop")
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
            await scene.queue.pause(STORE, "by a person")
            return await take_all(lane, event_ids)

        tiktok.rule = rule
        await scene.accept(*events(3))
        await scene.pass_time(300, step=5)
        assert await scene.pause_reason() == "by a person"
        assert [len(ids) for _, ids in tiktok.sent] == [3, 1]


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
