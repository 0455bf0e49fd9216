"""What becomes of a batch that was refused, lost, or must not leave any more."""

from __future__ import annotations

import pytest
from tests.unit.delivery.scene import NOW, events, hashed, in_turn, playing

from fullcount.config.settings import Browser
from fullcount.delivery.destination import Answer, Kind
from fullcount.events.hashed import HashedEvent
from fullcount.queue.delivery import Selection
from fullcount.queue.lane import Lane
from fullcount.queue.outcomes import Outcome, Reason
from fullcount.testing.destination import ScriptedDestination, take_all

HOUR = 3_600.0


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


async def test_an_event_that_cannot_be_put_on_the_wire_is_buried_alone() -> None:
    """An event that cannot be encoded ends as a dead letter; its neighbours are delivered."""

    class Picky(ScriptedDestination):
        def encode(self, event: HashedEvent) -> bytes:
            if event.event_id == "order-2":
                raise TypeError("no such type on the wire")
            return super().encode(event)

    async with playing(Picky()) as scene:
        await scene.accept(*events(3))
        await scene.until(lambda: scene.count(Outcome.DELIVERED) == 2)
        assert [(it, reason) for it, reason, _ in await scene.dead()] == [("order-2", Reason.REJECTED_BY_TIKTOK)]


async def test_what_was_decided_stays_decided_when_the_answer_is_lost_half_way() -> None:
    """After a batch of a lease was taken, a loss puts off only the batch that was lost; the rest goes as it was."""
    tiktok = ScriptedDestination(in_turn(Answer(Kind.TAKEN, code=0), Answer(Kind.LOST)), room=7)
    async with playing(tiktok) as scene:
        await scene.accept(*events(3))
        await scene.until(lambda: scene.count(Outcome.DELIVERED) == 3)
        assert sorted(ids[0] for _, ids in tiktok.sent) == ["order-1", "order-2", "order-2", "order-3"]
