"""Copies for pairing, and what an observing source would have sent: kept, bounded, forgotten, read."""

from __future__ import annotations

from pathlib import Path

import apsw
import msgspec
import pytest
from tests.unit.queue.entries import AT_ONCE, LANE, key_of, purchase

from fullcount.clock import DAY_SECONDS, ManualClock
from fullcount.config.settings import Mode
from fullcount.ledger.pair_reading import read_pairs
from fullcount.queue.copies import Channel, Copy
from fullcount.queue.delivery import Buried, Delivered
from fullcount.queue.entry import Fact
from fullcount.queue.forgetting import Subject
from fullcount.queue.outcomes import Outcome, Reason
from fullcount.queue.sqlite import copies as copy_book
from fullcount.queue.sqlite.engine import SqliteQueue
from fullcount.queue.sqlite.reader import Reader
from fullcount.queue.switch import Switch


def copy(number: int, at: float, channel: Channel = Channel.PIXEL, event: str = "CompletePayment") -> Copy:
    """Return a copy of a numbered event."""
    return Copy(channel, "pages", "store", event, key_of(number), f"order-{number}", at, 20.0, "EUR")


def observed(number: int, source: str = "shop", reason: Reason = Reason.OBSERVE_ONLY) -> Fact:
    """Return the fact that a numbered event was withheld."""
    return Fact(Outcome.WITHHELD, reason, source, "store", "CompletePayment", f"order-{number}", key_of(number))


async def test_copies_are_read_back_as_they_were_told(queue: SqliteQueue, path: Path, clock: ManualClock) -> None:
    """Those of a stretch of time, of one pixel or all, oldest first, purchases and others together."""
    now = clock.now()
    kept = [
        copy(1, now - 50),
        copy(2, now, Channel.SERVER),
        Copy(Channel.PIXEL, "pages", "outlet", "Pageview", b"", "", now - 20),
    ]
    await queue.accept((), kept)
    with Reader(path) as reader:
        found = reader.copies(now - 50, now + 1)
        assert found.rows == (kept[0], kept[2], kept[1])
        assert not found.is_cut
        assert reader.copies(now - 49, now).rows == (kept[2],)
        assert reader.copies(0, now + 1, "outlet").rows == (kept[2],)
        few = reader.copies(0, now + 1, most=2)
    assert (len(few.rows), few.is_cut) == (2, True)


async def test_a_day_keeps_so_many_and_page_events_push_no_purchase_out(
    queue: SqliteQueue, path: Path, clock: ManualClock
) -> None:
    """Beyond the bound rows are dropped, which the reader says; the next day begins anew."""
    most = copy_book.MOST_A_DAY[copy_book.OTHERS]
    flood = [copy(number, clock.now(), event="AddToCart") for number in range(most + 5)]
    await queue.accept((), flood)
    await queue.accept((), [copy(1, clock.now()), copy(2, clock.now(), event="AddToCart")])
    with Reader(path) as reader:
        found = reader.copies(0, clock.now() + 1)
    assert (len(found.rows), found.is_cut) == (most + 1, True)
    assert [row.event for row in found.rows].count("CompletePayment") == 1
    clock.advance(DAY_SECONDS)
    await queue.accept((), [copy(3, clock.now(), event="AddToCart")])
    with Reader(path) as reader:
        assert len(reader.copies(clock.now(), clock.now() + 1).rows) == 1


async def test_the_copy_of_a_delivery_that_is_not_made_is_not_kept(
    queue: SqliteQueue, path: Path, clock: ManualClock
) -> None:
    """A repetition leaves no second copy; what the pixel did is kept however often it did it."""
    for _ in range(2):
        await queue.accept([purchase(1)], [copy(1, clock.now(), Channel.SERVER), copy(1, clock.now())])
    with Reader(path) as reader:
        channels = [row.channel for row in reader.copies(0, clock.now() + 1).rows]
    assert channels == [Channel.SERVER, Channel.PIXEL, Channel.PIXEL]


async def test_copies_go_with_the_ledgers_retention(queue: SqliteQueue, path: Path, clock: ManualClock) -> None:
    """They are kept as long as any other fact."""
    await queue.accept((), [copy(1, clock.now()), copy(1, clock.now(), event="AddToCart")])
    for _ in range(32):
        clock.advance(DAY_SECONDS)
        await queue.accept(())
    with Reader(path) as reader:
        assert reader.copies(0, clock.now()).rows == ()


@pytest.mark.parametrize("subject", [Subject(event_ids=("order-1",)), Subject(source="pages")])
async def test_a_copy_names_nobody_who_was_forgotten(
    queue: SqliteQueue, path: Path, clock: ManualClock, subject: Subject
) -> None:
    """Its event_id goes; its key, which is a digest, stays."""
    await queue.accept((), [copy(1, clock.now()), msgspec.structs.replace(copy(2, clock.now()), source="others")])
    assert (await queue.forget(subject)).facts == 1
    with Reader(path) as reader:
        rows = reader.copies(0, clock.now() + 1).rows
    assert [(row.key, row.event_id) for row in rows] == [(key_of(1), ""), (key_of(2), "order-2")]


async def test_what_ended_unsent_is_known_by_its_key(queue: SqliteQueue, path: Path, clock: ManualClock) -> None:
    """Dead letters and what was withheld; not what was delivered or waits."""
    await queue.accept(
        [purchase(number) for number in (1, 2, 3)], [observed(4, reason=Reason.CONSENT_UNKNOWN), observed(5)]
    )
    lease = await queue.lease(LANE, AT_ONCE)
    first, second, _ = (delivery.seq for delivery in lease.deliveries)
    await queue.settle(lease, {first: Buried(Reason.REJECTED_BY_TIKTOK, 40002, "no"), second: Delivered()})
    with Reader(path) as reader:
        ended = reader.ended_unsent([key_of(number) for number in range(6)])
    assert ended == {key_of(1): clock.now(), key_of(4): clock.now()}  # 5 was only observed


async def test_what_a_source_would_have_sent_is_read_newest_first(
    queue: SqliteQueue, path: Path, clock: ManualClock
) -> None:
    """Its own, withheld for observing alone, since a moment; and whether the search ended early."""
    await queue.accept((), [observed(1), observed(2, source="backend"), observed(3, reason=Reason.CONSENT_DENIED)])
    clock.advance(DAY_SECONDS)
    since = clock.now()
    await queue.accept((), [observed(4)])
    with Reader(path) as reader:
        rows, is_cut = reader.observed("shop", 0.0)
        assert [(row.event_id, row.event, row.pixel) for row in rows] == [
            ("order-4", "CompletePayment", "store"),
            ("order-1", "CompletePayment", "store"),
        ]
        assert not is_cut
        assert [row.event_id for row in reader.observed("shop", since)[0]] == ["order-4"]
        assert reader.observed("shop", 0.0, most=2)[1]
        assert reader.observed("nobody", 0.0) == ([], False)


async def test_who_was_switched_is_read_without_the_owner(queue: SqliteQueue, path: Path) -> None:
    """The command line sees what the owner stored; a store from before switches has none."""
    switch = Switch(Mode.LIVE, Mode.OBSERVE, 5.0)
    await queue.switch_mode("shop", switch)
    with Reader(path) as reader:
        assert reader.modes() == {"shop": switch}
    await queue.close()
    connection = apsw.Connection(str(path))
    connection.execute("DROP TABLE mode")
    connection.close()
    with Reader(path) as reader:
        assert reader.modes() == {}


async def test_what_is_withheld_after_its_hold_ended_unsent(queue: SqliteQueue, path: Path, clock: ManualClock) -> None:
    """Its copy was noted when it came; that it never left is found in the ledger, under that time."""
    came_at = clock.now()
    entry = msgspec.structs.replace(purchase(1, hold_seconds=20.0), needs_answer=True)
    await queue.accept([entry], [copy(1, came_at, Channel.SERVER)])
    with Reader(path) as reader:
        assert reader.ended_unsent([key_of(1)]) == {}
    clock.advance(21)
    await queue.release_held()
    with Reader(path) as reader:
        assert reader.ended_unsent([key_of(1)]) == {key_of(1): came_at}
        assert read_pairs(reader, came_at, clock.now()).unsent == {key_of(1)}
