"""What the queue itself notes of an event names nobody, whatever its sender put into its id."""

from __future__ import annotations

from pathlib import Path

import apsw
import msgspec
import pytest
from tests.unit.queue.entries import purchase

from fullcount.clock import ManualClock
from fullcount.events.model import Half
from fullcount.queue.entry import Entry
from fullcount.queue.lane import Lane
from fullcount.queue.memory import MemoryQueue
from fullcount.queue.sqlite.engine import SqliteQueue


def named(entry: Entry, event_id: str) -> Entry:
    """Return the entry under another id."""
    return msgspec.structs.replace(entry, event=msgspec.structs.replace(entry.event, event_id=event_id))


def noted(event_id: str) -> list[Entry]:
    """Return entries that leave a duplicate, a merged and a test event behind."""
    entries = [
        purchase(1),
        purchase(1),
        purchase(2, half=Half.BROWSER, hold_seconds=20),
        purchase(2),
        purchase(3, lane=Lane("CEXAMPLE0PIXEL000001", test_event_code="TEST1")),
    ]
    return [named(entry, event_id) for entry in entries]


@pytest.mark.parametrize(
    "event_id", ["order-jane.doe@example.com", "jane.doe+15550100199", "y" * 245 + " jane@example.com"]
)
async def test_facts_of_the_memory_queue_hold_no_identifier(event_id: str) -> None:
    """Duplicate and merged are noted under a masked, bounded id."""
    queue = MemoryQueue(ManualClock())
    await queue.accept(noted(event_id))

    assert [fact.outcome for fact in queue.facts][:2] == ["duplicate", "merged"]
    assert not any(word in repr(queue.facts) for word in ("jane@", "doe@", "5550100199"))
    assert all(len(fact.event_id) <= 256 for fact in queue.facts)


async def test_the_ledger_on_disk_holds_no_identifier(queue: SqliteQueue, path: Path) -> None:
    """Of an id with an e-mail address only the delivery itself has the whole, and no row of the ledger."""
    await queue.accept(noted("order-jane.doe@example.com"))
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    ((table,),) = connection.execute("SELECT name FROM sqlite_master WHERE name LIKE 'fact%' AND type = 'table'")
    kept = list(connection.execute(f"SELECT event_id, outcome FROM {table}"))  # noqa: S608 - the schema's own name
    connection.close()

    assert sorted(kept) == [("", "held"), ("[email]", "duplicate"), ("[email]", "merged"), ("[email]", "test")]
