from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
from tests.unit.queue.conftest import SETTINGS
from tests.unit.queue.entries import AT_ONCE, LANE, key_of, number_of, purchase

from fullcount.clock import DAY_SECONDS, ManualClock
from fullcount.queue.delivery import Buried, Lease, Retry, Selection
from fullcount.queue.entry import Errand, Verdict
from fullcount.queue.outcomes import Reason
from fullcount.queue.sqlite.engine import SqliteQueue
from fullcount.queue.sqlite.reader import Reader

Opener = Callable[..., SqliteQueue]


def _numbers(lease: Lease) -> list[int]:
    return sorted(number_of(delivery.event) for delivery in lease.deliveries)


async def test_a_clock_set_back_strands_nothing(queue: SqliteQueue, clock: ManualClock) -> None:
    """What was due stays due, what waits keeps its distance, and a lease ends when it would have."""
    clock.advance(30 * DAY_SECONDS)
    await queue.accept([purchase(1), purchase(2), purchase(3, hold_seconds=20), purchase(4)])
    lease = await queue.lease(LANE, msgspec.structs.replace(AT_ONCE, max_events=2, lease_seconds=120))
    first, second = (delivery.seq for delivery in lease.deliveries)
    await queue.settle(lease, {first: Retry(clock.now() + 60)})
    clock.advance(-30 * DAY_SECONDS)
    assert len((await queue.lease(LANE, AT_ONCE)).deliveries) == 1
    assert await queue.release_held() == 0
    clock.advance(20)
    assert await queue.release_held() == 1
    assert _numbers(await queue.lease(LANE, AT_ONCE)) == [3]
    clock.advance(40)
    assert [it.seq for it in (await queue.lease(LANE, AT_ONCE)).deliveries] == [first]
    clock.advance(60)
    assert second in [it.seq for it in (await queue.lease(LANE, AT_ONCE)).deliveries]


async def test_whoever_waits_hears_of_a_clock_set_back(queue: SqliteQueue, clock: ManualClock) -> None:
    """Delivery, asleep until a moment that is far away now, is woken."""
    clock.advance(DAY_SECONDS)
    await queue.accept([purchase(1)])
    await queue.changed()
    clock.advance(-DAY_SECONDS)
    await queue.changed()
    assert _numbers(await queue.lease(LANE, AT_ONCE)) == [1]


async def test_a_clock_set_back_while_the_store_was_closed_strands_nothing(opened: Opener, clock: ManualClock) -> None:
    """The next owner knows how late it was, and brings what waits to its own hour."""
    clock.advance(30 * DAY_SECONDS)
    first = opened()
    await first.accept([purchase(1)])
    await first.close()
    clock.advance(-30 * DAY_SECONDS)
    second = opened()
    assert _numbers(await second.lease(LANE, AT_ONCE)) == [1]


async def test_a_clock_set_back_is_heeded_once(opened: Opener, clock: ManualClock) -> None:
    """An owner that comes after a clock was set back and heeded leaves what waits as it is."""
    clock.advance(DAY_SECONDS)
    first = opened()
    await first.accept([purchase(1)])
    lease = await first.lease(LANE, AT_ONCE)
    await first.settle(lease, {lease.deliveries[0].seq: Retry(clock.now() + 60)})
    clock.advance(-DAY_SECONDS)
    await first.lanes()
    await first.close()
    second = opened()
    assert (await second.lanes())[0].next_due_at == clock.now() + 60


async def test_an_errand_keeps_its_distance_when_the_clock_is_set_back(opened: Opener, clock: ManualClock) -> None:
    """It is due as far ahead as it was, and a restart does not bring it nearer."""
    first = opened()
    await first.accept((), [Errand(key_of(1), "shop", b"order 1", clock.now() + 2 * DAY_SECONDS)])
    clock.advance(-DAY_SECONDS)
    await first.lanes()
    await first.close()
    second = opened()
    clock.advance(2 * DAY_SECONDS - 1)
    assert await second.due_errands() == []
    clock.advance(1)
    assert [errand.key for errand in await second.due_errands()] == [key_of(1)]


async def test_no_wait_is_longer_than_its_bound_after_a_start(opened: Opener, clock: ManualClock) -> None:
    """Even if nothing tells how late it was, what waits is due within an hour of the start."""
    first = opened()
    await first.accept([purchase(1)])
    lease = await first.lease(LANE, AT_ONCE)
    await first.settle(lease, {lease.deliveries[0].seq: Retry(clock.now() + 30 * DAY_SECONDS)})
    await first.close()
    second = opened()
    clock.advance(3_600)
    assert _numbers(await second.lease(LANE, AT_ONCE)) == [1]


async def test_a_clock_that_leaps_ahead_and_back_destroys_nothing(
    opened: Opener, path: Path, clock: ManualClock
) -> None:
    """Neither dead letters nor keys are dropped by an hour that nobody believes, nor after a restart in it."""
    queue = opened()
    await queue.accept([purchase(1), purchase(2)])
    lease = await queue.lease(LANE, AT_ONCE)
    await queue.settle(lease, {delivery.seq: Buried(Reason.TOO_OLD) for delivery in lease.deliveries})
    clock.advance(400 * DAY_SECONDS)
    for _ in range(3):
        await queue.accept(())
    await queue.close()
    queue = opened()
    for _ in range(3):
        await queue.accept(())
    clock.advance(-400 * DAY_SECONDS)
    assert await queue.accept([purchase(1), purchase(2)]) == [Verdict.DUPLICATE] * 2
    assert len(await queue.dead_letters(Selection())) == 2
    with Reader(path) as reader:
        assert reader.timeline_rows([purchase(1).key])


async def test_a_leap_that_lasts_is_believed(opened: Opener, clock: ManualClock) -> None:
    """After an hour of the new time, what is older than it is kept is dropped as ever."""
    queue = opened(msgspec.structs.replace(SETTINGS, retention_days=10))
    await queue.accept([purchase(1)])
    await queue.bury(Selection())
    clock.advance(40 * DAY_SECONDS)
    await queue.accept(())
    await queue.accept(())
    assert len(await queue.dead_letters(Selection())) == 1
    clock.advance(3_600)
    while await queue.dead_letters(Selection()):
        await queue.lanes()
