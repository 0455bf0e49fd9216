from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.unit.queue.entries import AT_ONCE, LANE, OTHER_LANE, key_of, purchase

from fullcount.clock import ManualClock
from fullcount.errors import StoreUnavailable
from fullcount.events.model import EventSource, Half
from fullcount.queue.delivery import Attempt, Buried, Delivered, LeaseLimits, Retry, Selection
from fullcount.queue.entry import Fact
from fullcount.queue.lane import Lane
from fullcount.queue.outcomes import Outcome, Reason
from fullcount.queue.records import TimelineRow
from fullcount.queue.sqlite.engine import SqliteQueue
from fullcount.queue.sqlite.reader import Reader
from fullcount.queue.sqlite.settings import StoreSettings

Opener = Callable[..., SqliteQueue]
DAY_SECONDS = 86_400


def _rows(reader: Reader, number: int) -> list[TimelineRow]:
    return reader.timeline_rows([key_of(number)]).get(key_of(number), [])


def _story(path: Path, number: int) -> list[tuple[str, str]]:
    with Reader(path) as reader:
        return [(row.what, row.reason or row.request_id) for row in _rows(reader, number)]


async def test_the_timeline_of_an_event_that_was_tried_twice(
    queue: SqliteQueue, path: Path, clock: ManualClock
) -> None:
    """Acceptance with its source, each request with its answer, and the end, in order."""
    await queue.accept([purchase(1, source="backend"), purchase(2, source="webhook")])
    clock.advance(1)
    lease = await queue.lease(LANE, AT_ONCE)
    seqs = tuple(delivery.seq for delivery in lease.deliveries)
    first = Attempt(f"{lease.id}:1", clock.now(), 0.3, seqs, 500, 50000, "system error", "request-1")
    await queue.settle(lease, dict.fromkeys(seqs, Retry(clock.now())), [first])
    clock.advance(1)
    lease = await queue.lease(LANE, AT_ONCE)
    second = Attempt(f"{lease.id}:1", clock.now(), 0.2, seqs, 200, 0, "OK", "request-2")
    await queue.settle(lease, dict.fromkeys(seqs, Delivered()), [second])
    with Reader(path) as reader:
        rows = _rows(reader, 2)
        assert reader.seq_of(key_of(2)) == seqs[1]
        assert reader.seq_of(key_of(3)) is None
    told = [(row.what, row.source, row.status, row.request_id) for row in rows]
    assert told == [
        ("accepted", "webhook", None, ""),
        ("attempt", "", 500, "request-1"),
        ("retry", "", None, ""),
        ("attempt", "", 200, "request-2"),
        ("delivered", "", None, ""),
    ]


async def test_the_timeline_of_a_held_event_and_its_copies(queue: SqliteQueue, path: Path, clock: ManualClock) -> None:
    """Held, then merged with its other half, then a copy too many."""
    await queue.accept([purchase(1, half=Half.BROWSER, hold_seconds=20, value=None)])
    clock.advance(1)
    await queue.accept([purchase(1, half=Half.SERVER)])
    clock.advance(1)
    await queue.accept([purchase(1, half=Half.BROWSER)])
    assert _story(path, 1) == [("held", ""), ("merged", ""), ("duplicate", "")]


async def test_the_timeline_of_a_dead_letter_that_was_redriven(
    queue: SqliteQueue, path: Path, clock: ManualClock
) -> None:
    """The destination's words are there while the letter is; the death stays in the story after the redrive."""
    await queue.accept([purchase(1)])
    lease = await queue.lease(LANE, AT_ONCE)
    seq = lease.deliveries[0].seq
    buried = Buried(Reason.REJECTED_BY_TIKTOK, 40002, "value is not a number")
    attempt = Attempt(f"{lease.id}:1", clock.now(), 0.3, (seq,), 200, 40002, "value is not a number", "request-1")
    await queue.settle(lease, {seq: buried}, [attempt])
    with Reader(path) as reader:
        (death,) = [row for row in _rows(reader, 1) if row.what == "dead"]
    assert (death.code, death.message) == (40002, "value is not a number")
    clock.advance(1)
    assert await queue.redrive(Selection()) == 1
    assert _story(path, 1) == [
        ("accepted", ""),
        ("attempt", "request-1"),
        ("dead", "rejected_by_tiktok"),
        ("redriven", ""),
    ]


async def test_the_timeline_of_a_test_event(queue: SqliteQueue, path: Path, clock: ManualClock) -> None:
    """It claims no key, and is found by it all the same."""
    lane = Lane(LANE.pixel_code, EventSource.WEB, "TEST12345")
    await queue.accept([purchase(1, lane=lane)])
    clock.advance(1)
    lease = await queue.lease(lane, AT_ONCE)
    await queue.settle(lease, {lease.deliveries[0].seq: Delivered(Outcome.TEST)})
    assert _story(path, 1) == [("accepted", ""), ("test", "")]


async def test_the_timeline_of_an_event_that_made_no_delivery(queue: SqliteQueue, path: Path) -> None:
    """A withheld event is found by its key, with its reason."""
    fact = Fact(Outcome.WITHHELD, Reason.CONSENT_DENIED, "backend", "store", "Purchase", "order-1", key_of(1))
    await queue.accept([], [fact])
    assert _story(path, 1) == [("withheld", "consent_denied")]


async def test_many_keys_are_read_at_once_and_told_apart(opened: Opener, path: Path, clock: ManualClock) -> None:
    """Each key gets its own rows, from the log, the index, the dead letters and the facts; unknown ones get none."""
    queue = opened(StoreSettings(min_free_disk=0, flush_keys=3))
    await queue.accept([purchase(number) for number in range(4)])
    while queue.stats().pending_keys >= 3:
        await queue.lanes()
    await queue.bury(Selection(event_id="order-1"))
    clock.advance(1)
    fact = Fact(Outcome.WITHHELD, Reason.CONSENT_DENIED, "backend", "store", "Purchase", "order-8", key_of(8))
    await queue.accept([purchase(7), purchase(2)], [fact])
    with Reader(path) as reader:
        found = reader.timeline_rows([key_of(number) for number in range(6_000)])

    told = {number: [row.what for row in found[key_of(number)]] for number in range(9) if key_of(number) in found}
    assert told == {
        0: ["accepted"],
        1: ["accepted", "dead"],
        2: ["accepted", "duplicate"],
        3: ["accepted"],
        7: ["accepted"],
        8: ["withheld"],
    }
    assert len(found) == len(told)


async def test_facts_without_a_key_are_found_by_their_event_id(
    queue: SqliteQueue, path: Path, clock: ManualClock
) -> None:
    """An event that was refused before its key was known is found on every day that it came, with what was wrong."""

    def invalid(number: int, detail: str) -> Fact:
        return Fact(Outcome.INVALID, Reason.NONE, "backend", "", "Purchase", f"order-{number}", detail=detail)

    withheld = Fact(Outcome.WITHHELD, Reason.CONSENT_DENIED, "backend", "store", "Purchase", "order-1", key_of(1))
    await queue.accept([], [invalid(1, "too old"), invalid(2, "no name"), withheld])
    clock.advance(DAY_SECONDS)
    await queue.accept([], [invalid(1, "no currency"), *(invalid(3, "no name") for _ in range(50))])
    with Reader(path) as reader:
        found = reader.keyless_rows("order-1")
        assert reader.keyless_rows("order-9") == []

    assert [(row.what, row.event, row.source, row.detail) for row in found] == [
        ("invalid", "Purchase", "backend", "too old"),
        ("invalid", "Purchase", "backend", "no currency"),
    ]


async def test_only_the_newest_facts_without_a_key_are_looked_through(
    queue: SqliteQueue, path: Path, clock: ManualClock
) -> None:
    """The search has a bound across days, so that a flood of invalid events makes no reader wait."""
    for number in range(3):
        facts = [
            Fact(Outcome.INVALID, Reason.NONE, "backend", "", "Purchase", f"order-{2 * number + half}")
            for half in range(2)
        ]
        await queue.accept([], facts)
        clock.advance(DAY_SECONDS)
    with Reader(path) as reader:
        found = [bool(reader.keyless_rows(f"order-{number}", most=3)) for number in range(6)]

    assert found == [False, False, False, True, True, True]


async def test_a_crash_shows_in_the_timeline(opened: Opener, path: Path, clock: ManualClock) -> None:
    """A lease that the next owner took back is told as lost."""
    queue = opened()
    await queue.accept([purchase(1)])
    clock.advance(1)
    await queue.lease(LANE, AT_ONCE)
    await queue.close()
    opened()
    assert _story(path, 1) == [("accepted", ""), ("lost", "")]


async def test_timelines_survive_the_move_of_their_keys(opened: Opener, path: Path) -> None:
    """An event is found while its key is in the log, and when it is in the index."""
    queue = opened(StoreSettings(min_free_disk=0, flush_keys=10))
    for number in range(40):
        await queue.accept([purchase(number)])
    while queue.stats().pending_keys >= 10:
        await queue.lanes()
    assert all(_story(path, number) == [("accepted", "")] for number in range(40))


async def test_lane_states_agree_with_the_owners(queue: SqliteQueue, path: Path) -> None:
    """A reader sees what the owner says, without asking it."""
    await queue.accept([purchase(1), purchase(2), purchase(3, lane=OTHER_LANE, hold_seconds=20)])
    await queue.lease(LANE, LeaseLimits(max_events=1, ripe_after_seconds=0))
    await queue.pause(OTHER_LANE, "token refused", by_person=True)
    with Reader(path) as reader:
        assert reader.lane_states() == await queue.lanes()
        assert reader.known_lanes() == [LANE, OTHER_LANE]
        assert reader.event_names() == ["Purchase"]


async def test_counts_are_by_minute_and_add_up(queue: SqliteQueue, path: Path, clock: ManualClock) -> None:
    """Each minute has its own row for each pixel, event, source and outcome."""
    started = clock.now()
    await queue.accept([purchase(1), purchase(2), purchase(1)])
    clock.advance(120)
    await queue.accept([purchase(3)])
    with Reader(path) as reader:
        counts = reader.counts(started, clock.now() + 60)
        later = reader.counts(started + 60, clock.now() + 60)
    assert [(it.minute - int(started) // 60, it.outcome, it.n) for it in counts] == [
        (0, "accepted", 2),
        (0, "duplicate", 1),
        (2, "accepted", 1),
    ]
    assert [(it.pixel, it.event, it.source, it.n) for it in later] == [("store", "Purchase", "backend", 1)]


async def test_dead_letters_are_found_by_selection(queue: SqliteQueue, path: Path, clock: ManualClock) -> None:
    """By event_id, reason, pixel or seq; the newest first; at most as many as asked for."""
    await queue.accept([purchase(1), purchase(2), purchase(3, lane=OTHER_LANE)])
    await queue.bury(Selection(event_id="order-1"))
    clock.advance(DAY_SECONDS)
    await queue.bury(Selection(), Reason.SOURCE_REMOVED)

    def found(selection: Selection, limit: int = 10) -> list[str]:
        with Reader(path) as reader:
            return [letter.event.event_id for letter in reader.dead_letters(selection, limit)]

    assert found(Selection()) == ["order-3", "order-2", "order-1"]
    assert found(Selection(), limit=1) == ["order-3"]
    assert found(Selection(reason=Reason.PURGED)) == ["order-1"]
    assert found(Selection(pixel_code=OTHER_LANE.pixel_code)) == ["order-3"]
    assert found(Selection(event_id="order-2", reason=Reason.SOURCE_REMOVED)) == ["order-2"]
    assert found(Selection(pixel_code="CUNKNOWN")) == []


async def test_a_read_that_takes_too_long_is_stopped(queue: SqliteQueue, path: Path) -> None:
    """It raises instead of keeping its caller waiting, and the reader works on."""
    await queue.accept([purchase(number) for number in range(2_000)])
    await queue.bury(Selection())
    with Reader(path, read_seconds=0) as reader:
        with pytest.raises(StoreUnavailable, match="took more than"):
            reader.dead_letters(Selection(reason=Reason.TOO_OLD))
        assert reader.known_lanes() == [LANE]


async def test_retention_drops_what_is_older_than_it_is_kept(opened: Opener, path: Path, clock: ManualClock) -> None:
    """After `retention_days` the timeline, the counts and the dead letters of a day are gone; younger ones stay."""
    queue = opened(StoreSettings(min_free_disk=0, retention_days=10, poll_seconds=0.01))
    await queue.accept([purchase(1)])
    await queue.bury(Selection())
    clock.advance(8 * DAY_SECONDS)
    await queue.accept([purchase(2)])
    clock.advance(6 * DAY_SECONDS)
    while await queue.dead_letters(Selection()):
        await queue.lanes()
    with Reader(path) as reader:
        while len(reader.days()) > 2:
            await queue.lanes()
        assert reader.counts(0, clock.now())[0].n == 1
    assert _story(path, 2) == [("accepted", "")]


def test_without_a_store_there_is_nothing_to_read(path: Path) -> None:
    """A reader makes no file."""
    with pytest.raises(StoreUnavailable):
        Reader(path)
    assert not path.exists()


async def test_names_without_end_are_counted_together(queue: SqliteQueue, path: Path) -> None:
    """Senders choose event names; beyond ten thousand they share one label, and every event is still accepted."""
    facts = [
        Fact(Outcome.INVALID, Reason.NONE, "backend", "", f"Custom{number}", f"order-{number}")
        for number in range(10_050)
    ]
    await queue.accept([], facts)
    with Reader(path) as reader:
        names = reader.event_names()
        assert sum(count.n for count in reader.counts(0, 4_000_000_000)) == 10_050
    assert len(names) == 10_001
    assert names[0] == "(other)"
