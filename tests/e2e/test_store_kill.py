from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.e2e.store_child import EVENTS_PER_CALL, SETTINGS, request_of
from tests.unit.queue.entries import AT_ONCE, LANE, number_of, purchase

from fullcount.clock import SystemClock
from fullcount.queue.delivery import Delivered, Selection
from fullcount.queue.entry import Verdict
from fullcount.queue.failpoints import Failpoint
from fullcount.queue.sqlite.engine import SqliteQueue
from fullcount.queue.sqlite.reader import Reader

ROOT = Path(__file__).parents[2]


async def _run_child(path: Path, *, failpoint: str = "", kill_after_lines: int = 0, calls: int = 10_000) -> list[str]:
    """Run the owner until it dies at a failpoint, or by our hand after so many lines; return what it said."""
    environment = os.environ | {"FULLCOUNT_FAILPOINT": failpoint}
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.e2e.store_child",
        str(path),
        str(calls),
        cwd=ROOT,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
    )
    assert child.stdout is not None
    lines: list[str] = []
    async for line in child.stdout:
        if line.endswith(b"\n"):
            lines.append(line.decode().strip())
        if kill_after_lines and len(lines) >= kill_after_lines and child.returncode is None:
            child.send_signal(signal.SIGKILL)
            kill_after_lines = 0
    assert await child.wait() == -signal.SIGKILL
    return lines


def _numbers(lines: Sequence[str], word: str) -> list[int]:
    return [int(line.split()[-1]) for line in lines if line.startswith(f"{word} ")]


async def _check(path: Path, lines: Sequence[str]) -> None:
    """A new owner finds all that was accepted: settled, or waiting exactly once; and remembers every key."""
    accepted, settled = set(_numbers(lines, "accepted")), set(_numbers(lines, "settled"))
    sent = set(_numbers(lines, "sent"))
    queue = SqliteQueue.open(path, SystemClock(), SETTINGS)
    dead = {number_of(letter.event) for letter in await queue.dead_letters(Selection(), limit=1_000_000)}
    waiting: list[int] = []
    tried: set[int] = set()
    while deliveries := (lease := await queue.lease(LANE, AT_ONCE)).deliveries:
        waiting += [number_of(delivery.event) for delivery in deliveries]
        tried |= {number_of(delivery.event) for delivery in deliveries if delivery.attempts}
        await queue.settle(lease, {delivery.seq: Delivered() for delivery in deliveries})
    assert len(waiting) == len(set(waiting))
    assert not settled & set(waiting)
    assert not dead & set(waiting)
    missing = accepted - settled - set(waiting) - dead
    # Settled, but killed before it could say so: then it was sent.
    assert missing <= sent
    assert sent & set(waiting) <= tried
    await _check_notes(queue, path, accepted)
    copies = sorted(accepted)
    for start in range(0, len(copies), 1_000):
        again = [purchase(number) for number in copies[start : start + 1_000]]
        assert set(await queue.accept(again)) <= {Verdict.DUPLICATE}
    await queue.close()


async def _check_notes(queue: SqliteQueue, path: Path, accepted: set[int]) -> None:
    """Of each request its purchases, its key, its errand and its refund are all there, or none of them is."""
    firsts = {number for number in accepted if number % 1_000_000 % EVENTS_PER_CALL == 0}
    kept = {int(errand.body) for errand in await queue.due_errands(limit=1_000_000)}
    assert firsts <= kept
    with Reader(path) as reader:
        refunded = {first for first in kept if reader.refund_rows(f"order-{first}")}
    assert refunded == kept
    for first in sorted(kept):
        unseen = purchase(900_000_000 + first)
        assert await queue.accept([unseen], once=request_of(first)) == [Verdict.DUPLICATE]
        mine = [purchase(number) for number in range(first, first + EVENTS_PER_CALL)]
        assert set(await queue.accept(mine)) == {Verdict.DUPLICATE}


@pytest.mark.parametrize(
    ("failpoint", "passes"),
    [
        (Failpoint.BEFORE_COMMIT, 1),
        (Failpoint.BEFORE_COMMIT, 40),
        (Failpoint.AFTER_COMMIT_BEFORE_ANSWER, 1),
        (Failpoint.AFTER_COMMIT_BEFORE_ANSWER, 30),
        (Failpoint.AFTER_LEASE, 1),
        (Failpoint.AFTER_LEASE, 6),
        (Failpoint.AFTER_SEND_BEFORE_SETTLE, 1),
        (Failpoint.AFTER_SEND_BEFORE_SETTLE, 5),
        (Failpoint.MID_SETTLE, 1),
        (Failpoint.MID_SETTLE, 9),
        (Failpoint.MID_SEEN_FLUSH, 1),
        (Failpoint.MID_SEEN_FLUSH, 3),
        (Failpoint.MID_MIGRATION, 1),
        (Failpoint.MID_MIGRATION, 2),
        (Failpoint.MID_MIGRATION, 3),
    ],
)
async def test_a_kill_at_a_failpoint_loses_and_doubles_nothing(
    tmp_path: Path, failpoint: Failpoint, passes: int
) -> None:
    """Between any two durable steps the owner may die: what it had answered holds."""
    path = tmp_path / "fullcount.db"
    lines = await _run_child(path, failpoint=f"{failpoint}:{passes}")
    await _check(path, lines)


@pytest.mark.crash
async def test_a_kill_at_any_moment_loses_and_doubles_nothing(tmp_path: Path, rounds: int) -> None:
    """Killed at random moments, the store keeps its word each time."""
    chance = random.Random(7)
    for number in range(rounds):
        path = tmp_path / f"{number}.db"
        lines = await _run_child(path, kill_after_lines=chance.randrange(1, 4_000))
        await _check(path, lines)


async def test_two_deaths_on_one_file_are_no_worse_than_one(tmp_path: Path) -> None:
    """The second owner dies in the middle of settling what the first had left leased."""
    path = tmp_path / "fullcount.db"
    first = await _run_child(path, failpoint="after_send_before_settle:3")
    second = await _run_child(path, failpoint="mid_settle:2")
    await _check(path, [*first, *second])
