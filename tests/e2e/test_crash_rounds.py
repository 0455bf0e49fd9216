"""Killed at random moments under load, the gateway loses nothing, and TikTok counts everything once."""

from __future__ import annotations

import asyncio

import pytest
from tests.e2e.harness import MAX_EVENTS, MAX_IN_FLIGHT, House, clock

from fullcount.demo.waiting import eventually

EVENTS_A_ROUND = 200
LONGEST_HANGING_SECONDS = 0.2  # answers so late that a kill falls between sending and settling


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
    """Every accepted event is counted once; what went twice is bounded by the batches in flight at each kill."""
    await house.start()
    copies = 0
    for _ in range(rounds):
        kills = await _one_round(house)
        await house.settled()
        before, copies = copies, await house.wire_copies()
        assert copies - before <= kills * MAX_IN_FLIGHT * MAX_EVENTS

    await house.assert_each_counted_once()
    await house.assert_copies_are_equal()
    assert len(house.load.accepted) == rounds * EVENTS_A_ROUND
    assert await house.outcomes() == {"delivered": rounds * EVENTS_A_ROUND}


async def _one_round(house: House) -> int:
    """Send a round's events while answers come late; kill the gateway in between, at times again as it starts.

    Returns how many kills it took.
    """
    rng = house.rng
    delays = [rng.uniform(0.01, LONGEST_HANGING_SECONDS) for _ in range(2 * MAX_IN_FLIGHT)]
    await house.control.add_faults([{"kind": "delay", "seconds": seconds} for seconds in delays])
    enough = len(house.load.accepted) + rng.randrange(EVENTS_A_ROUND * 4 // 5)
    sending = asyncio.create_task(house.load.send(EVENTS_A_ROUND))
    await eventually(lambda: len(house.load.accepted) >= enough, "the moment of the kill")
    # Nothing is waited for here and below: some moments have no mark that one could wait for.
    await clock.sleep(rng.uniform(0, 0.05))
    house.gateway.kill()
    dies_again = rng.random() < 0.3
    if dies_again:
        house.gateway.launch()
        await clock.sleep(rng.uniform(0.3, 1.2))
        house.gateway.kill()
    await house.start()
    await sending
    await house.control.clear_faults()
    return 2 if dies_again else 1
