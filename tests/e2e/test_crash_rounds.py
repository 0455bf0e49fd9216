"""Killed at random moments under load, the gateway loses nothing, and TikTok counts everything once."""

from __future__ import annotations

import asyncio

import pytest
from tests.e2e.harness import MAX_EVENTS, MAX_IN_FLIGHT, House, clock

from fullcount.demo.waiting import eventually

EVENTS_A_ROUND = 120
HANGING_SECONDS = 0.15  # an answer that is late enough for a kill to fall between sending and settling


async def test_without_kills_nothing_goes_twice(house: House) -> None:
    """Each accepted event crosses the wire exactly once when nothing breaks."""
    await house.start()
    await house.load.send(400)
    await house.settled()

    await house.assert_each_counted_once()
    assert await house.wire_copies() == 0
    assert (await house.control.state())["copies_taken"] == 400


@pytest.mark.crash
@pytest.mark.timeout(1500)
async def test_kill_9_at_random_moments_loses_nothing(house: House, rounds: int) -> None:
    """Every accepted event is counted once; what went twice is bounded by the batches in flight at the kills."""
    await house.start()
    for kill in range(1, rounds + 1):
        await _one_round(house)
        await house.settled()
        assert await house.wire_copies() <= kill * MAX_IN_FLIGHT * MAX_EVENTS

    await house.assert_each_counted_once()
    assert len(house.load.accepted) == rounds * EVENTS_A_ROUND


async def _one_round(house: House) -> None:
    """Send a round's events; somewhere in between kill the gateway and start it again."""
    if house.rng.random() < 0.5:
        await house.control.add_faults([{"kind": "delay", "seconds": HANGING_SECONDS, "times": MAX_IN_FLIGHT}])
    enough = len(house.load.accepted) + house.rng.randrange(EVENTS_A_ROUND)
    sending = asyncio.create_task(house.load.send(EVENTS_A_ROUND))
    await eventually(lambda: len(house.load.accepted) >= enough, "the moment of the kill")
    # No waiting for anything: a random moment that no progress marks.
    await clock.sleep(house.rng.uniform(0, 0.1))
    house.gateway.kill()
    await house.start()
    await sending
    await house.control.clear_faults()
