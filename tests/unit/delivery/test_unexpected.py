"""Errors that nobody expected: nothing waits for its lease to end, and the lane goes on."""

from __future__ import annotations

import pytest
from tests.unit.delivery.scene import Scene, events, in_turn, playing

from fullcount.delivery.destination import Answer, Kind
from fullcount.errors import DestinationError
from fullcount.queue.lane import Lane
from fullcount.queue.outcomes import Outcome
from fullcount.testing.destination import ScriptedDestination, take_all


async def fails(scene: Scene, *, within_seconds: float) -> None:
    """Play until something fails."""
    with pytest.raises((ValueError, DestinationError)):
        await scene.pass_time(within_seconds)
    scene.notes.failed.clear()


async def test_a_destination_that_raises_while_it_sends_has_lost_the_batch() -> None:
    """The batch is settled as lost at once, is told of, and is sent again after its jitter, not after the lease."""
    tiktok = ScriptedDestination()

    async def rule(lane: Lane, event_ids: list[str]) -> Answer:
        if len(tiktok.sent) == 1:
            raise ValueError("two lines in a header")
        return await take_all(lane, event_ids)

    tiktok.rule = rule
    async with playing(tiktok) as scene:
        await scene.accept(*events(3))
        await fails(scene, within_seconds=2)
        await scene.until(lambda: scene.count(Outcome.DELIVERED) == 3, at_most=10)

        assert [kind for _, kind in scene.notes.attempts] == [Kind.LOST, Kind.TAKEN]
        assert scene.notes.attempts[0][0].message == "sending failed: ValueError"
        assert scene.notes.said == ["lane_failed CEXAMPLE0PIXEL000001 ValueError"]


async def test_an_error_before_anything_was_sent_hands_everything_back_as_it_was() -> None:
    """What was leased comes back within seconds and counts no attempt."""

    class Roomless(ScriptedDestination):
        failures = 1

        def room(self, lane: Lane) -> int:
            if self.failures:
                self.failures -= 1
                raise DestinationError("no room")
            return super().room(lane)

    async with playing(Roomless()) as scene:
        await scene.accept(*events(3))
        await fails(scene, within_seconds=2)
        await scene.until(lambda: scene.count(Outcome.DELIVERED) == 3, at_most=10)
        assert len(scene.notes.attempts) == 1


async def test_an_error_of_a_probe_does_not_end_delivery() -> None:
    """A paused lane whose probe raises stays paused and is probed again."""
    tiktok = ScriptedDestination(in_turn(Answer(Kind.NOT_ALLOWED, code=40105)))
    refuse_once = tiktok.rule

    async def rule(lane: Lane, event_ids: list[str]) -> Answer:
        if len(tiktok.sent) == 2:
            raise ValueError("two lines in a header")
        return await refuse_once(lane, event_ids)

    tiktok.rule = rule
    async with playing(tiktok) as scene:
        await scene.accept(*events(1))
        await scene.until(lambda: len(tiktok.sent) == 1)
        await fails(scene, within_seconds=62)
        await scene.until(lambda: scene.count(Outcome.DELIVERED) == 1, at_most=130)
