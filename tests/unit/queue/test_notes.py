"""What accept takes beside events: refunds, ignored requests, errands, and a request's own key."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from pathlib import Path

import pytest
from tests.unit.queue.entries import key_of, purchase

from fullcount.clock import DAY_SECONDS, ManualClock
from fullcount.errors import InvalidEvent
from fullcount.queue.entry import MOST_ERRAND_BYTES, Errand, Fact, Refund, Verdict
from fullcount.queue.memory import MemoryQueue
from fullcount.queue.outcomes import Happening, Ignored
from fullcount.queue.protocol import Queue
from fullcount.queue.sqlite.engine import SqliteQueue
from fullcount.queue.sqlite.reader import Reader


def refund(number: int, *, order: int = 1, amount: float = 20.5, at: float = 5.0) -> Refund:
    """Return a numbered refund of a numbered order."""
    return Refund(key_of(number), "shop", f"order-{order}", str(number), amount, "EUR", at)


def counted(path: Path, clock: ManualClock) -> Counter[tuple[str, str, str]]:
    """Return what was counted: by event name, outcome and reason."""
    counts: Counter[tuple[str, str, str]] = Counter()
    with Reader(path) as reader:
        for count in reader.counts(0, clock.now() + 60):
            counts[count.event, count.outcome, count.reason] += count.n
    return counts


async def test_a_refund_is_recorded_once_whoever_repeats_it(queue: SqliteQueue, path: Path, clock: ManualClock) -> None:
    """Days later it is still known; the repetition is counted as a duplicate."""
    await queue.accept((), [refund(1), refund(2)])
    clock.advance(2 * DAY_SECONDS)
    await queue.accept((), [refund(1, amount=99.0), refund(3, order=2)])
    with Reader(path) as reader:
        told = [(row.what, row.detail, row.source) for row in reader.refund_rows("order-1")]

    assert told == [("refunded", "20.5 EUR", "shop")] * 2
    assert counted(path, clock) == {("Refund", "refunded", ""): 3, ("Refund", "duplicate", ""): 1}


async def test_a_refund_goes_with_the_ledgers_retention(queue: SqliteQueue, path: Path, clock: ManualClock) -> None:
    """It is kept as long as any other fact."""
    await queue.accept((), [refund(1)])
    for _ in range(32):
        clock.advance(DAY_SECONDS)
        await queue.accept(())
    with Reader(path) as reader:
        assert reader.refund_rows("order-1") == []


@pytest.mark.parametrize("amount", [-0.01, math.nan, math.inf])
def test_a_refund_of_less_than_nothing_cannot_be_made(amount: float) -> None:
    """The sender is told; a zero, where goods came back without money, is taken."""
    with pytest.raises(InvalidEvent, match="negative or no number"):
        refund(1, amount=amount)
    assert refund(1, amount=0.0).amount == 0.0


async def test_the_ids_of_a_refund_name_nobody(queue: SqliteQueue, path: Path) -> None:
    """An order whose id is an e-mail address is recorded under a masked one."""
    await queue.accept((), [Refund(key_of(1), "shop", "order-jane@example.com", "jane@example.com", 1.0, None, 5.0)])
    with Reader(path) as reader:
        assert reader.refund_rows("order-jane@example.com") == []
        assert [row.detail for row in reader.refund_rows("[email]")] == ["1"]


async def test_an_ignored_request_is_counted_with_its_reason(
    queue: SqliteQueue, path: Path, clock: ManualClock
) -> None:
    """It is found by the id of the event that it would have been."""
    fact = Fact(Happening.IGNORED, Ignored.TEST_ORDER, "shop", "", "orders/paid", "order-1")
    await queue.accept((), [fact])
    with Reader(path) as reader:
        (row,) = reader.keyless_rows("order-1")

    assert (row.what, row.reason, row.event, row.source) == ("ignored", "test_order", "orders/paid", "shop")
    assert counted(path, clock) == {("orders/paid", "ignored", "test_order"): 1}


def test_an_errand_has_a_bound() -> None:
    """A thin notice is small; what is not is refused."""
    with pytest.raises(InvalidEvent, match="too large to keep"):
        Errand(key_of(1), "shop", b"x" * (MOST_ERRAND_BYTES + 1), 0.0)


@pytest.mark.parametrize("engine", ["memory", "sqlite"])
async def test_changed_wakes_for_an_errand(engine: str, queue: SqliteQueue, clock: ManualClock) -> None:
    """Once when it is added, once when its time has come, and not again while it stays."""
    store: Queue = MemoryQueue(clock) if engine == "memory" else queue
    await store.accept((), [Errand(key_of(1), "shop", b"order 1", clock.now() + 60)])
    await store.changed()
    waiting = asyncio.ensure_future(store.changed())
    await store.lanes()
    assert not waiting.done()
    clock.advance(60)
    await waiting
    assert [errand.body for errand in await store.due_errands()] == [b"order 1"]
    again = asyncio.ensure_future(store.changed())
    for _ in range(5):
        await store.lanes()
    assert not again.done()
    await store.postpone_errand(key_of(1), clock.now() + 5)
    await again
    later = asyncio.ensure_future(store.changed())
    await store.lanes()
    clock.advance(5)
    await later
    (errand,) = await store.due_errands()
    assert errand.attempts == 1


async def test_two_copies_of_a_request_in_one_commit_are_one(queue: SqliteQueue) -> None:
    """Both are on their way at once; the second learns that the first was taken."""
    first, second = await asyncio.gather(
        queue.accept([purchase(1)], [refund(1)], once=key_of(100)),
        queue.accept([purchase(2)], [refund(2)], once=key_of(100)),
    )
    assert (first, second) == ([Verdict.ACCEPTED], [Verdict.DUPLICATE])
    assert await queue.accept([purchase(2)]) == [Verdict.ACCEPTED]
