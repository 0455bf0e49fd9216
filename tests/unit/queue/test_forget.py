"""Forgetting on disk: afterwards no row names the person or the order, whatever moved meanwhile."""

from __future__ import annotations

import asyncio
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import apsw
import msgspec
import pytest
from tests.unit.queue.conftest import SETTINGS
from tests.unit.queue.entries import AT_ONCE, LANE, OTHER_LANE, key_of, number_of, purchase

from fullcount.clock import ManualClock
from fullcount.events.hashed import HashedUser
from fullcount.events.model import Half
from fullcount.queue.delivery import Buried, Delivered, Lease, LeaseLimits, Retry, Selection, Settlement
from fullcount.queue.entry import Entry, Errand, Fact, Refund, Verdict
from fullcount.queue.forgetting import Forgotten, Match, Subject
from fullcount.queue.lane import Lane
from fullcount.queue.outcomes import Outcome, Reason
from fullcount.queue.sqlite.connection import fetch
from fullcount.queue.sqlite.control import Bury, ControlClient
from fullcount.queue.sqlite.engine import SqliteQueue
from fullcount.queue.sqlite.reader import Reader
from fullcount.queue.sqlite.rows import decode_rows, encode_rows
from fullcount.queue.sqlite.settings import StoreSettings

Opener = Callable[..., SqliteQueue]
JANE = "1a" * 32
SUBJECT = Subject(emails=(JANE,))


def of_jane(number: int, *, lane: Lane = LANE, half: Half = Half.SERVER, hold_seconds: float | None = None) -> Entry:
    """Return a numbered purchase of one person's."""
    entry = purchase(number, lane=lane, half=half, hold_seconds=hold_seconds)
    return msgspec.structs.replace(entry, event=msgspec.structs.replace(entry.event, user=HashedUser(email=JANE)))


def everything(path: Path) -> bytes:
    """Return all values of all rows in the file, one after the other."""
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    values = [value for table in tables for row in connection.execute(f"SELECT * FROM {table}") for value in row]  # noqa: S608 - the schema's own names
    connection.close()
    return b"\n".join(value if isinstance(value, bytes) else str(value).encode() for value in values)


def file_bytes(path: Path) -> bytes:
    """Return the file and its log as they lie on the disk."""
    return path.read_bytes() + path.with_name(f"{path.name}-wal").read_bytes()


def story(path: Path, number: int) -> list[tuple[str, str]]:
    """Return what the ledger tells of a numbered purchase."""
    with Reader(path) as reader:
        return [(row.what, row.reason) for row in reader.timeline_rows([key_of(number)]).get(key_of(number), [])]


async def leased(queue: SqliteQueue, limits: LeaseLimits = AT_ONCE) -> Lease:
    """Return a lease that holds something."""
    lease = await queue.lease(LANE, limits)
    assert lease.deliveries
    return lease


async def test_no_row_names_a_person_or_an_order_any_more(queue: SqliteQueue, path: Path, clock: ManualClock) -> None:
    """Waiting, held, dead, noted, refunded, to be fetched, purged by hand: and of another order everything stays."""
    await queue.accept([of_jane(101), purchase(102), of_jane(103)])
    await queue.bury(Selection(event_id="order-101"))
    test_lane = Lane(LANE.pixel_code, test_event_code="TEST1")
    await queue.accept(
        [
            of_jane(101),
            of_jane(104, half=Half.BROWSER, hold_seconds=20),
            of_jane(105, lane=test_lane),
            purchase(106, hold_seconds=20),
            purchase(102),
        ],
        [
            Fact(Outcome.WITHHELD, Reason.OBSERVE_ONLY, "shop", "store", "Purchase", "order-103", key_of(103)),
            Refund(key_of(200), "shop", "order-103", "refund-103", 5.0, "EUR", 5.0),
            Refund(key_of(201), "shop", "order-102", "refund-102", 5.0, "EUR", 5.0),
            Errand(key_of(300), "shop", b"fetch order-103", 0.0, "order-103"),
            Errand(key_of(301), "shop", b"fetch order-102", 0.0, "order-102"),
        ],
    )
    control = ControlClient(path, clock)
    command = control.ask(Bury(Selection(event_id="order-103", pixel_code="CEXAMPLE0PIXEL000009")))
    while control.result(command) is None:
        await queue.lanes()
    control.close()

    mine = tuple(f"order-{number}" for number in (101, 103, 104, 105))
    found = await queue.forget(Subject(event_ids=mine, emails=(JANE.upper(),)))
    assert found == Forgotten(deliveries=3, dead_letters=1, facts=3, refunds=1, errands=1)
    await queue.lanes()  # the log is cut after the answer
    for kept in (everything(path), file_bytes(path)):
        assert not any(word.encode() in kept for word in (*mine, JANE, "refund-103"))
    assert all(f"order-{number}".encode() in everything(path) for number in (102, 106))
    assert [errand.body for errand in await queue.due_errands()] == [b"fetch order-102"]
    assert [number_of(delivery.event) for delivery in (await leased(queue)).deliveries] == [102]


async def test_what_is_forgotten_is_overwritten(queue: SqliteQueue, path: Path) -> None:
    """The pages of a large chunk are not left as they were in a part of the file that nothing uses."""
    await queue.accept([of_jane(number) for number in range(300)])
    assert (await queue.forget(SUBJECT)).deliveries == 300
    await queue.lanes()
    assert JANE.encode() not in file_bytes(path)


async def test_what_was_forgotten_ended_as_purged_and_is_not_counted_twice(queue: SqliteQueue, path: Path) -> None:
    """Its timeline is found by its key, which stays: a late webhook of the order is a duplicate."""
    await queue.accept([of_jane(1), purchase(2)])
    assert (await queue.forget(SUBJECT)).deliveries == 1
    assert await queue.accept([of_jane(1)]) == [Verdict.DUPLICATE]
    assert story(path, 1) == [("accepted", ""), ("dead", "purged"), ("duplicate", "")]
    assert await queue.dead_letters(Selection()) == []
    assert [state.queued for state in await queue.lanes()] == [1]


@pytest.mark.parametrize(
    ("result", "told"),
    [
        (Delivered(), ("delivered", "")),
        (Retry(0.0), ("dead", "purged")),
        (Retry(0.0, lost=True), ("dead", "purged")),
        (Retry(0.0, attempted=False), ("dead", "purged")),
        (Buried(Reason.TOO_OLD), ("dead", "purged")),
    ],
)
async def test_a_delivery_under_way_is_dropped_when_it_comes_back(
    queue: SqliteQueue, path: Path, result: Settlement, told: tuple[str, str]
) -> None:
    """Delivered it is delivered; else it neither waits again nor becomes a letter, and its neighbours do."""
    await queue.accept([purchase(1), of_jane(2), purchase(3)])
    lease = await leased(queue)
    assert await queue.forget(SUBJECT) == Forgotten(leased=1)
    assert await queue.settle(lease, {delivery.seq: result for delivery in lease.deliveries})
    assert story(path, 2)[-1] == told
    left = [number_of(delivery.event) for delivery in (await queue.lease(LANE, AT_ONCE)).deliveries]
    dead = [number_of(letter.event) for letter in await queue.dead_letters(Selection())]
    assert sorted(left + dead) == ([] if isinstance(result, Delivered) else [1, 3])
    assert JANE.encode() not in everything(path)


async def test_a_lease_that_expires_gives_back_all_but_the_forgotten(
    queue: SqliteQueue, path: Path, clock: ManualClock
) -> None:
    """The rest waits as lost attempts."""
    await queue.accept([purchase(1), of_jane(2), purchase(3)])
    await leased(queue)
    await queue.forget(SUBJECT)
    clock.advance(AT_ONCE.lease_seconds)
    again = await leased(queue)
    assert [(number_of(it.event), it.attempts) for it in again.deliveries] == [(1, 1), (3, 1)]
    assert story(path, 2) == [("accepted", ""), ("dead", "purged")]
    assert JANE.encode() not in everything(path)


async def test_a_crash_does_not_bring_a_forgotten_delivery_back(
    queue: SqliteQueue, path: Path, tmp_path: Path, clock: ManualClock
) -> None:
    """The next owner finds it leased, and drops it in place of letting it wait again."""
    await queue.accept([purchase(1), of_jane(2)])
    await leased(queue)
    await queue.forget(SUBJECT)
    copy = tmp_path / "copy.db"
    shutil.copy(path, copy)
    shutil.copy(f"{path}-wal", f"{copy}-wal")
    heir = SqliteQueue.open(copy, clock, SETTINGS)
    again = await leased(heir)
    assert [number_of(delivery.event) for delivery in again.deliveries] == [1]
    assert JANE.encode() not in everything(copy)
    await heir.close()


async def test_thousands_are_forgotten_in_steps_while_others_go_on(queue: SqliteQueue) -> None:
    """Accepts are answered between the steps, and no other delivery is touched."""
    for start in range(0, 6_000, 500):
        await queue.accept([(of_jane if n % 3 == 0 else purchase)(n) for n in range(start, start + 500)])
    forgetting = asyncio.ensure_future(queue.forget(SUBJECT))
    for number in range(5):
        await queue.accept([purchase(10_000 + number, lane=OTHER_LANE)])
    assert (await forgetting).deliveries == 2_000
    assert {state.lane: state.queued for state in await queue.lanes()} == {LANE: 4_000, OTHER_LANE: 5}


async def test_nothing_slips_by_that_moves_meanwhile(opened: Opener, path: Path, clock: ManualClock) -> None:
    """Leased and handed back, buried and redriven between two steps: in the end nothing of the person is left."""
    queue = opened(StoreSettings(min_free_disk=0, poll_seconds=0.01, flush_keys=200))
    for start in range(0, 8_000, 400):
        await queue.accept([(of_jane if n % 2 else purchase)(n) for n in range(start, start + 400)])
    await queue.bury(Selection(event_id="order-7"))
    await queue.accept([of_jane(9_000 + n, hold_seconds=5) for n in range(700)])
    clock.advance(10)
    moving = [
        asyncio.ensure_future(call)
        for call in (queue.forget(SUBJECT), queue.release_held(), queue.redrive(Selection()), queue.bury(Selection()))
    ]
    while not moving[0].done():
        lease = await queue.lease(LANE, LeaseLimits(max_events=300, ripe_after_seconds=0))
        back = {it.seq: Retry(clock.now()) if it.seq % 3 else Buried(Reason.TOO_OLD) for it in lease.deliveries}
        await queue.settle(lease, back)
    await asyncio.gather(*moving)

    assert JANE.encode() not in everything(path)
    ends = Counter(number_of(letter.event) % 2 for letter in await queue.dead_letters(Selection(), limit=10_000))
    waits = sum(state.queued for state in await queue.lanes())
    assert (ends[1], ends[0] + waits) == (0, 4_000)


async def test_a_row_that_cannot_be_read_goes_if_it_holds_the_words(queue: SqliteQueue, path: Path) -> None:
    """Whom a damaged event names cannot be known; one that holds the person's hash is dropped, the other stays."""
    await queue.accept([of_jane(1), of_jane(2), purchase(3)])
    ((body,),) = await queue.do(lambda store: fetch(store.connection, "SELECT rows FROM body"))
    first, second, third = decode_rows(body)
    # The tail of an event: of the first the hash is left, of the third nothing of hers.
    spoilt = [msgspec.structs.replace(row, event=b"\xc1" + row.event[1:]) for row in (first, third)]
    damaged = encode_rows([spoilt[0], second, spoilt[1]])
    await queue.do(lambda store: store.connection.execute("UPDATE body SET rows = ?", (damaged,)))
    assert (await queue.forget(SUBJECT)).deliveries == 2
    assert JANE.encode() not in everything(path)
    assert [state.queued for state in await queue.lanes()] == [1]


async def test_everything_of_a_source_is_forgotten(queue: SqliteQueue) -> None:
    """A shop that leaves is named whole, and the others stay."""
    refund = Refund(key_of(200), "shop", "order-1", "refund-1", 5.0, "EUR", 5.0)
    errand = Errand(key_of(300), "shop", b"fetch order-9", 0.0)
    await queue.accept([purchase(1, source="shop"), purchase(1, source="shop"), purchase(2)], [refund, errand])
    found = await queue.forget(Subject(source="shop"))
    assert found == Forgotten(deliveries=1, facts=1, refunds=1, errands=1)
    assert [state.queued for state in await queue.lanes()] == [1]


def test_an_events_own_order_id_counts() -> None:
    """A checkout under another event_id names the order, too; a part of an id is another order."""
    event = purchase(1).event
    started = msgspec.structs.replace(
        event, event_id="token-1", properties=msgspec.structs.replace(event.properties, order_id="12345")
    )
    assert Match(Subject(event_ids=("12345",))).is_named_in(started)
    assert not Match(Subject(event_ids=("1234",))).is_named_in(started)
    assert not Match(Subject()).is_named_in(started)


def test_a_subject_names_nobody_in_its_repr() -> None:
    """It may stand in an error or a log."""
    assert repr(Subject(event_ids=("order-1",), emails=(JANE,))) == "Subject(event_ids=…, emails=…)"
