from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.queue.entries import WEEK_SECONDS, key_of

from fullcount.clock import ManualClock
from fullcount.queue.sqlite.connection import open_for_writing
from fullcount.queue.sqlite.schema import migrate
from fullcount.queue.sqlite.seen import KeyClaim, Seen, partition_seconds, seen_lowest
from fullcount.queue.sqlite.store import Store

NOW = 1_795_000_000


@pytest.fixture
def store(path: Path, clock: ManualClock) -> Iterator[Store]:
    """An open store, without a writer."""
    connection = open_for_writing(path)
    migrate(connection, path)
    store = Store(connection, clock)
    yield store
    store.close()


def _claim(store: Store, numbers: range, at: int = NOW, window: int = WEEK_SECONDS) -> None:
    store.seen.claim([KeyClaim(key_of(number), at, number, window) for number in numbers])
    store.seen.write_log()


def _flush(store: Store) -> int:
    return sum(store.seen.flush())


def _reread(store: Store) -> Seen:
    return Seen(store.connection, store.partitions)


def test_a_key_is_known_before_and_after_it_is_moved(store: Store) -> None:
    """Lookups find it in memory, in the index, and in a memory that was read anew."""
    _claim(store, range(1_000))
    keys = [key_of(number) for number in range(2_000)]
    known = set(keys[:1_000])
    assert store.seen.within(WEEK_SECONDS, keys, NOW) == known
    assert _reread(store).within(WEEK_SECONDS, keys, NOW) == known
    assert _flush(store) == 1_000
    assert store.seen.pending == 0
    assert store.seen.within(WEEK_SECONDS, keys, NOW) == known
    assert _reread(store).pending == 0


def test_a_flush_that_stops_half_way_is_repeated_without_harm(store: Store) -> None:
    """Until the last slice the log keeps every key; memory read anew moves them again."""
    _claim(store, range(1_000))
    steps = store.seen.flush()
    for _ in range(20):
        next(steps)
    again = _reread(store)
    assert again.pending == 1_000
    keys = [key_of(number) for number in range(1_000)]
    assert again.within(WEEK_SECONDS, keys, NOW) == set(keys)
    assert sum(again.flush()) == 1_000
    assert _reread(store).within(WEEK_SECONDS, keys, NOW) == set(keys)
    assert _reread(store).pending == 0


def test_keys_claimed_during_a_flush_stay_in_the_log(store: Store) -> None:
    """A flush ends with the keys that came before it; those that came meanwhile survive a restart."""
    _claim(store, range(500))
    steps = store.seen.flush()
    next(steps)
    _claim(store, range(500, 600))
    for _ in steps:
        continue
    keys = [key_of(number) for number in range(600)]
    assert _reread(store).within(WEEK_SECONDS, keys, NOW) == set(keys)


def test_the_window_ends_to_the_second(store: Store) -> None:
    """A key is known for exactly as long as its window, in memory and in the index."""
    _claim(store, range(1))
    for _ in range(2):
        assert store.seen.within(WEEK_SECONDS, [key_of(0)], NOW + WEEK_SECONDS - 1) == {key_of(0)}
        assert store.seen.within(WEEK_SECONDS, [key_of(0)], NOW + WEEK_SECONDS) == set()
        _flush(store)


@pytest.mark.parametrize("flushed", [0, 1, 2])
def test_a_freed_key_stays_free_wherever_its_claim_was(store: Store, flushed: int) -> None:
    """Freed in the log or in the index, before or after a move, it does not come back with a restart."""
    _claim(store, range(3))
    if flushed == 1:
        _flush(store)
    store.seen.free(WEEK_SECONDS, key_of(1), 1, NOW)
    store.seen.write_log()
    if flushed == 2:
        _flush(store)
    for seen in (store.seen, _reread(store)):
        assert seen.within(WEEK_SECONDS, [key_of(n) for n in range(3)], NOW) == {key_of(0), key_of(2)}
        assert seen.current(WEEK_SECONDS, key_of(1)) is None


def test_only_the_claims_own_delivery_frees_it(store: Store) -> None:
    """An old delivery that dies does not free a key that a newer one has claimed."""
    _claim(store, range(1, 2))
    _flush(store)
    store.seen.claim([KeyClaim(key_of(1), NOW + WEEK_SECONDS, 9, WEEK_SECONDS)])
    store.seen.free(WEEK_SECONDS, key_of(1), 1, NOW + WEEK_SECONDS)
    assert store.seen.current(WEEK_SECONDS, key_of(1)) == (NOW + WEEK_SECONDS, 9)


@given(st.integers(1, 400) | st.just(WEEK_SECONDS), st.integers(0, 2_000_000_000), st.integers(1, 90))
def test_no_partition_is_dropped_that_may_hold_a_living_key(window: int, now: int, retention_days: int) -> None:
    """The oldest partition that is kept reaches back over the whole window and the ledger's days."""
    lowest = seen_lowest(window, now, retention_days)
    oldest_needed = max(0, now - max(window, retention_days * 86_400))
    assert lowest * partition_seconds(window) <= oldest_needed
