from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.unit.queue.entries import WEEK_SECONDS, key_of, purchase

from fullcount.clock import DAY_SECONDS, ManualClock
from fullcount.events.codec import encode_stored
from fullcount.queue.delivery import Selection
from fullcount.queue.forgetting import Subject
from fullcount.queue.outcomes import Reason
from fullcount.queue.sqlite.connection import open_for_writing
from fullcount.queue.sqlite.dead import READ_PER_STEP
from fullcount.queue.sqlite.forget import FACTS_PER_STEP, LETTERS_PER_STEP, ROWS_PER_STEP
from fullcount.queue.sqlite.intake import Offer
from fullcount.queue.sqlite.partitions import ROWS_PER_SLICE
from fullcount.queue.sqlite.schema import migrate
from fullcount.queue.sqlite.seen import KeyClaim
from fullcount.queue.sqlite.store import Store


@pytest.fixture
def store(path: Path, clock: ManualClock) -> Iterator[Store]:
    """An open store, without a writer."""
    connection = open_for_writing(path)
    migrate(connection, path)
    store = Store(connection, clock)
    yield store
    store.close()


def test_a_purge_that_finds_nothing_still_goes_in_short_steps(store: Store) -> None:
    """A step reads a bounded number of rows, however few of them are meant."""
    entries = [purchase(number) for number in range(3 * READ_PER_STEP)]
    store.accept([Offer(entries, [encode_stored(entry.event) for entry in entries], ())])
    assert list(store.bury(Selection(event_id="order-none"), Reason.PURGED)) == [0, 0, 0]
    assert sum(store.bury(Selection(), Reason.PURGED)) == len(entries)


def test_forgetting_goes_in_short_steps(store: Store) -> None:
    """Deliveries, letters and facts are looked through a bounded number at a time, however few are meant."""
    with store.connection:
        entries = [purchase(number) for number in range(3 * ROWS_PER_STEP)]
        stored = [encode_stored(entry.event) for entry in entries]
        store.accept([Offer(entries, stored, ())])
        assert list(store.forget(Subject(emails=("ab" * 32,)))) == [0, 0, 0]
        assert sum(store.bury(Selection(), Reason.PURGED)) == len(entries)
        assert list(store.forget(Subject(emails=("ab" * 32,)))) == [0] * (len(entries) // LETTERS_PER_STEP)
        store.accept([Offer(entries, stored, ())])
        of_order = Subject(event_ids=("order-7",))
        letters = [1, *[0] * (len(entries) // LETTERS_PER_STEP - 1)]
        facts = [1, *[0] * ((len(entries) - 1) // FACTS_PER_STEP)]
        errands = [0]
        assert list(store.forget(of_order)) == [*letters, *facts, *errands]


def test_a_letter_that_is_redriven_behind_the_search_is_found(store: Store) -> None:
    """It is left where it is, and dropped when the letters are looked through."""
    with store.connection:
        entries = [purchase(number) for number in range(2 * ROWS_PER_STEP)]
        store.accept([Offer(entries, [encode_stored(entry.event) for entry in entries], ())])
        assert sum(store.bury(Selection(event_id="order-3"), Reason.PURGED)) == 1
        search = store.forget(Subject(event_ids=("order-3",)))
        assert next(search) == 0
        assert sum(store.redrive(Selection(), overridden=False)) == 0
        assert sum(search) == 1
        assert sum(store.redrive(Selection(), overridden=False)) == 0
        assert [state.queued for state in store.lane_states()] == [len(entries) - 1]


def test_retention_empties_a_table_of_keys_slice_by_slice(store: Store, clock: ManualClock) -> None:
    """No step deletes more than a slice, and at the end the table is gone."""
    at = int(clock.now())
    store.seen.claim([KeyClaim(key_of(number), at, number, WEEK_SECONDS) for number in range(2 * ROWS_PER_SLICE + 1)])
    store.seen.write_log()
    assert sum(store.seen.flush()) == 2 * ROWS_PER_SLICE + 1
    clock.advance(60 * DAY_SECONDS)
    assert list(store.retention(retention_days=30)) == [ROWS_PER_SLICE, ROWS_PER_SLICE, 1, 1]
    assert store.partitions.existing(f"seen_{WEEK_SECONDS}") == []
