"""Killed between each two durable steps, the gateway comes back and goes on."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import pytest
from tests.e2e.harness import MAX_EVENTS, MAX_IN_FLIGHT, House, clock

from fullcount.queue.sqlite.settings import StoreSettings

# Where it dies, at which pass, and whether TikTok may have taken the batch by then.
FAILPOINTS = [
    ("before_commit", 12, False),
    ("after_commit_before_answer", 12, False),
    ("after_lease", 2, False),
    ("after_send_before_settle", 2, True),
    ("mid_settle", 2, True),
]

FLUSH_KEYS = StoreSettings().flush_keys

pytestmark = pytest.mark.crash


@pytest.mark.parametrize(("name", "passes", "was_sent"), FAILPOINTS, ids=[name for name, _, _ in FAILPOINTS])
async def test_a_death_between_two_steps_costs_nothing(house: House, name: str, passes: int, *, was_sent: bool) -> None:
    """After the restart every accepted event is counted once; only batches in flight went over the wire twice."""
    house.gateway.launch({"FULLCOUNT_FAILPOINT": f"{name}:{passes}"})
    sending = asyncio.create_task(house.load.send(200))
    assert await house.gateway.ended() == -signal.SIGKILL

    await house.start()
    await sending
    await house.settled()

    await house.assert_each_counted_once()
    assert len(house.load.accepted) == 200
    in_flight = MAX_IN_FLIGHT * MAX_EVENTS
    copies = await house.wire_copies()
    assert copies <= in_flight
    if was_sent:
        assert copies > 0


async def test_a_death_in_a_migration_leaves_a_file_that_opens(house: House) -> None:
    """The first start dies while it makes the tables; the second finds nothing half done and serves."""
    house.gateway.launch({"FULLCOUNT_FAILPOINT": "mid_migration"})
    assert await house.gateway.ended() == -signal.SIGKILL

    await house.start()
    await house.load.send(50)
    await house.settled()

    await house.assert_each_counted_once()


async def test_a_death_while_seen_keys_are_moved_forgets_none(tmp_path: Path) -> None:
    """The keys that wait in memory are moved into the index at so many; dying half-way forgets and doubles none."""
    async with House(tmp_path, {"delivery": {"max_events": 1_000}}) as house:
        await house.start(FULLCOUNT_FAILPOINT="mid_seen_flush")
        sending = asyncio.create_task(house.load.send(FLUSH_KEYS + 5_000, largest_piece=1_000))
        assert await house.gateway.ended(within_seconds=90) == -signal.SIGKILL

        await house.start()
        await sending
        await house.settled()
        assert await house.control.counted() == len(house.load.accepted) == FLUSH_KEYS + 5_000

        again = sorted(house.load.accepted)[::100]
        answer = await house.load.post(again, clock.now())
        assert answer["duplicates"] == len(again)
