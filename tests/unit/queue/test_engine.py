from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from tests.unit.queue.entries import AT_ONCE, LANE, OTHER_LANE, number_of, purchase

from fullcount.clock import ManualClock
from fullcount.errors import StoreUnavailable
from fullcount.queue.delivery import Attempt, Buried, Delivered, Delivery, LeaseLimits, Retry, Selection, Settlement
from fullcount.queue.entry import Verdict
from fullcount.queue.outcomes import Reason
from fullcount.queue.sqlite.engine import SqliteQueue
from fullcount.queue.sqlite.reader import Reader
from fullcount.queue.sqlite.settings import StoreSettings

Opener = Callable[..., SqliteQueue]


async def test_concurrent_calls_share_a_commit(opened: Opener) -> None:
    """Calls that wait together are committed together, and each gets its own verdicts."""
    groups: list[int] = []
    queue = opened(StoreSettings(min_free_disk=0, on_commit=lambda _, commands: groups.append(commands)))
    answers = await asyncio.gather(*(queue.accept([purchase(n), purchase(n)]) for n in range(200)))
    assert answers == [[Verdict.ACCEPTED, Verdict.DUPLICATE]] * 200
    assert sum(groups) == 200
    assert len(groups) < 200


async def test_a_copy_in_another_call_of_the_same_commit_is_a_duplicate(queue: SqliteQueue) -> None:
    """Of many calls with one event at once, one is accepted."""
    answers = await asyncio.gather(*(queue.accept([purchase(7)]) for _ in range(50)))
    assert sorted(verdict for (verdict,) in answers) == [Verdict.ACCEPTED] + [Verdict.DUPLICATE] * 49


async def test_a_client_that_went_away_never_cancels_the_group(queue: SqliteQueue) -> None:
    """A cancelled call is stored with the others; sent again it is a duplicate."""
    gone = asyncio.ensure_future(queue.accept([purchase(1)]))
    stays = asyncio.ensure_future(queue.accept([purchase(2)]))
    await asyncio.sleep(0)
    gone.cancel()
    assert await stays == [Verdict.ACCEPTED]
    assert await queue.accept([purchase(1)]) == [Verdict.DUPLICATE]


async def test_a_lease_that_nobody_took_is_given_back(queue: SqliteQueue) -> None:
    """If the caller went away before the answer, its deliveries wait again, not counted as tried."""
    await queue.accept([purchase(1)])
    gone = asyncio.ensure_future(queue.lease(LANE, AT_ONCE))
    await asyncio.sleep(0)
    gone.cancel()
    deliveries: tuple[Delivery, ...] = ()
    while not deliveries:
        deliveries = (await queue.lease(LANE, AT_ONCE)).deliveries
    assert [(it.attempts, it.first_lost_at) for it in deliveries] == [(0, None)]


async def test_one_call_with_a_fault_does_not_sink_the_others(queue: SqliteQueue) -> None:
    """A call that the writer cannot carry out fails alone; those in its group are stored."""
    broken = msgspec.structs.replace(purchase(1), key=b"")
    good, failed, also_good = await asyncio.gather(
        queue.accept([purchase(2)]), queue.accept([broken]), queue.accept([purchase(3)]), return_exceptions=True
    )
    assert (good, also_good) == ([Verdict.ACCEPTED], [Verdict.ACCEPTED])
    assert isinstance(failed, IndexError)
    assert (await queue.lanes())[0].queued == 2


async def test_a_closed_queue_says_so(queue: SqliteQueue) -> None:
    """After `close` every call raises StoreUnavailable."""
    await queue.accept([purchase(1)])
    await queue.close()
    with pytest.raises(StoreUnavailable, match="closed"):
        await queue.accept([purchase(2)])


async def test_what_was_accepted_is_there_after_a_restart(opened: Opener) -> None:
    """A store opened again holds the same deliveries, pauses and dead letters, and remembers the keys."""
    first = opened()
    await first.accept([purchase(1), purchase(2), purchase(3, lane=OTHER_LANE)])
    lease = await first.lease(LANE, LeaseLimits(max_events=1))
    await first.settle(lease, {lease.deliveries[0].seq: Buried(Reason.TOO_OLD)})
    await first.pause(OTHER_LANE, "token refused")
    await first.pause(LANE, "sale of the shop", by_person=True)
    before = await first.lanes()
    await first.close()
    second = opened()
    assert await second.lanes() == before
    assert [letter.reason for letter in await second.dead_letters(Selection())] == [Reason.TOO_OLD]
    assert await second.accept([purchase(1), purchase(2)]) == [Verdict.DUPLICATE] * 2


async def test_a_large_chunk_is_cut_for_a_small_lease(queue: SqliteQueue) -> None:
    """An accept of a thousand events is leased in batches of fifty, each event once."""
    await queue.accept([purchase(n) for n in range(1_000)])
    seen: list[int] = []
    limits = LeaseLimits(max_events=50, ripe_after_seconds=0)
    while deliveries := (await queue.lease(LANE, limits)).deliveries:
        assert len(deliveries) <= 50
        seen += [number_of(delivery.event) for delivery in deliveries]
    assert sorted(seen) == list(range(1_000))
    assert len(seen) == 1_000


async def test_a_lease_keeps_within_its_bytes(queue: SqliteQueue) -> None:
    """No lease is larger than asked for, unless a single event is."""
    await queue.accept([purchase(n) for n in range(100)])
    sizes = []
    limits = LeaseLimits(max_bytes=500, ripe_after_seconds=0)
    while deliveries := (await queue.lease(LANE, limits)).deliveries:
        sizes.append(len(deliveries))
    assert sum(sizes) == 100
    assert set(sizes) <= {1, 2, 3, 4, 5}


async def test_a_chunk_splits_when_its_events_end_differently(queue: SqliteQueue) -> None:
    """Each event of one chunk keeps its own result, and what was not named stays leased."""
    await queue.accept([purchase(n) for n in range(5)])
    lease = await queue.lease(LANE, AT_ONCE)
    first, second, third, fourth, fifth = (delivery.seq for delivery in lease.deliveries)
    results: dict[int, Settlement] = {
        first: Delivered(),
        second: Buried(Reason.REJECTED_BY_TIKTOK, 40002, "Batch.1.event_time is wrong"),
        third: Retry(due_at=lease.leased_at, lost=True),
        fourth: Retry(due_at=lease.leased_at + 60),
    }
    assert await queue.settle(lease, results)
    (state,) = await queue.lanes()
    assert (state.queued, state.leased) == (2, 1)
    again = await queue.lease(LANE, AT_ONCE)
    assert [(it.seq, it.attempts, it.first_lost_at) for it in again.deliveries] == [(third, 1, lease.leased_at)]
    assert await queue.settle(lease, {fifth: Delivered()})
    assert not await queue.settle(lease, {fifth: Delivered()})


async def test_a_repeated_settle_writes_its_attempt_once(queue: SqliteQueue, path: Path) -> None:
    """A caller that did not hear the answer may settle again."""
    await queue.accept([purchase(1), purchase(2)])
    lease = await queue.lease(LANE, AT_ONCE)
    one, two = (delivery.seq for delivery in lease.deliveries)
    attempt = Attempt(f"{lease.id}:1", lease.leased_at, 0.1, (one, two), 200, 40002, "bad", "request-1")
    for _ in range(2):
        assert await queue.settle(lease, {one: Delivered()}, [attempt])
    await queue.settle(lease, {two: Delivered()})
    with Reader(path) as reader:
        (rows,) = reader.timeline_rows([purchase(1).key]).values()
    assert [row.what for row in rows] == ["accepted", "attempt", "delivered"]


async def test_changed_wakes_whoever_waits(queue: SqliteQueue, clock: ManualClock) -> None:
    """Accept, settle, release, resume and redrive each end a wait; a lease does not."""
    await queue.accept([purchase(1), purchase(2, hold_seconds=5)])
    await queue.changed()
    lease = await queue.lease(LANE, AT_ONCE)
    waiting = asyncio.ensure_future(queue.changed())
    await queue.lanes()
    assert not waiting.done()
    await queue.settle(lease, {lease.deliveries[0].seq: Buried(Reason.TOO_OLD)})
    await waiting
    clock.advance(10)
    for call in (queue.release_held(), queue.resume(LANE), queue.redrive(Selection())):
        waiting = asyncio.ensure_future(queue.changed())
        await call
        await waiting


async def test_stats_tell_how_the_store_is(queue: SqliteQueue) -> None:
    """Commits are counted and timed, and the size of the log is known."""
    await queue.accept([purchase(1)])
    stats = queue.stats()
    assert stats.commits == 1
    assert 0 < stats.last_commit_seconds <= stats.longest_commit_seconds
    assert stats.wal_bytes > 0
    assert stats.pending_keys == 1
    assert stats.failure == ""


async def test_thousands_are_buried_and_redriven_in_steps(queue: SqliteQueue) -> None:
    """A purge of a whole lane and its redrive touch each delivery once, while accepts go on between the steps."""
    await queue.accept([purchase(n) for n in range(3_000)])
    purge = asyncio.ensure_future(queue.bury(Selection(pixel_code=LANE.pixel_code)))
    for number in range(5):
        await queue.accept([purchase(10_000 + number, lane=OTHER_LANE)])
    assert await purge == 3_000
    assert await queue.redrive(Selection(), overridden=True) == 3_000
    states = {state.lane: state.queued for state in await queue.lanes()}
    assert states == {LANE: 3_000, OTHER_LANE: 5}
    lease = await queue.lease(LANE, AT_ONCE)
    assert all(delivery.overridden for delivery in lease.deliveries)
