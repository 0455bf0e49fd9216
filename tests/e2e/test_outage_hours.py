"""TikTok is gone for hours: everything waits, and leaves when it is back."""

from __future__ import annotations

from tests.e2e.harness import House

HOUR = 3600.0


async def test_hours_without_tiktok_cost_nothing(house: House) -> None:
    """What was accepted while every connection broke is counted once when the outage ends, and nothing died."""
    await house.control.add_faults([{"kind": "down", "seconds": 6 * HOUR}])
    await house.start(**house.moved_clock())
    await house.load.send(60)
    for _ in range(5):
        await house.another_request()
        await house.control.move_clock(HOUR)
        assert await house.control.counted() == 0
    await house.another_request()
    await house.control.move_clock(HOUR + 1)

    await house.settled()

    await house.assert_each_counted_once()
    assert await house.operator.dead_letters() == []
    assert await house.wire_copies() == 0


async def test_a_kill_during_the_outage_costs_nothing(house: House) -> None:
    """What waited in the file waits on after a kill -9."""
    await house.control.add_faults([{"kind": "down", "seconds": 6 * HOUR}])
    await house.start(**house.moved_clock())
    await house.load.send(60)
    await house.another_request()
    house.gateway.kill()
    await house.control.move_clock(7 * HOUR)
    await house.start(**house.moved_clock())

    await house.settled()

    await house.assert_each_counted_once()
