"""What the store costs: figures for the bench's table, each from its own temporary file."""

from __future__ import annotations

import asyncio
import gc
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
from tests.bench.machine import most_resident_bytes

from fullcount.clock import SystemClock
from fullcount.events.codec import encode_stored
from fullcount.events.hashed import HashedEvent, HashedUser
from fullcount.events.model import Content, Page, Properties
from fullcount.queue.delivery import Attempt, Delivered, LeaseLimits
from fullcount.queue.entry import Entry
from fullcount.queue.lane import Lane
from fullcount.queue.sqlite.connection import open_for_writing
from fullcount.queue.sqlite.engine import SqliteQueue
from fullcount.queue.sqlite.intake import Offer
from fullcount.queue.sqlite.schema import migrate
from fullcount.queue.sqlite.seen import family_of, partition_seconds
from fullcount.queue.sqlite.settings import StoreSettings
from fullcount.queue.sqlite.store import Store

LANE = Lane("CEXAMPLE0PIXEL000001")
WINDOW_SECONDS = 604_800
SETTINGS = StoreSettings(min_free_disk=0)
DIGEST = "0123456789abcdef" * 4


class Cost(msgspec.Struct, frozen=True):
    """One measurement: how many events, in how much CPU time of this process and in how much time."""

    events: int
    cpu_seconds: float
    wall_seconds: float
    note: str = ""

    @property
    def events_per_cpu_second(self) -> float:
        """The figure that other work on the machine disturbs least."""
        return self.events / self.cpu_seconds


class Stopwatch:
    """Process CPU time and real time since it was made."""

    def __init__(self) -> None:
        self._cpu, self._wall = time.process_time(), time.perf_counter()

    def cost(self, events: int, note: str = "") -> Cost:
        """Return what has passed since, for so many events."""
        return Cost(events, time.process_time() - self._cpu, time.perf_counter() - self._wall, note)


def entries(count: int, seed: int = 1) -> list[Entry]:
    """Return purchases of about 500 stored bytes each, with random keys."""
    chance = random.Random(seed)
    return [
        Entry(
            lane=LANE,
            key=chance.randbytes(16),
            event=HashedEvent(
                event="CompletePayment",
                canonical="Purchase",
                event_time=1_795_000_000,
                event_id=f"order-{number}",
                user=HashedUser(
                    email=DIGEST,
                    phone=DIGEST,
                    external_id=DIGEST,
                    ip="203.0.113.42",
                    user_agent="Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36",
                    ttclid=f"E.C.P.{DIGEST}",
                ),
                properties=Properties(
                    currency="USD",
                    value=89.99,
                    contents=(Content(content_id="SKU-1234", quantity=1, price=89.99),),
                    order_id=str(number),
                ),
                page=Page(url="https://shop.example.com/checkout/thank-you"),
            ),
            source="backend",
            pixel="store",
            window_seconds=WINDOW_SECONDS,
        )
        for number in range(count)
    ]


def put_lease_settle(events: int = 50_000, per_accept: int = 50, callers: int = 8) -> Cost:
    """Accept in calls of `per_accept` from several callers, then lease and settle all, as delivered."""
    with _folder() as folder:
        return asyncio.run(_put_lease_settle(folder, entries(events), per_accept, callers))


async def _put_lease_settle(folder: Path, offered: Sequence[Entry], per_accept: int, callers: int) -> Cost:
    queue = SqliteQueue.open(folder / "bench.db", SystemClock(), SETTINGS)
    gc.freeze()  # what this bench itself holds is not the gateway's to walk
    watch = Stopwatch()
    await _accept_all(queue, offered, per_accept, callers)
    settled = 0
    limits = LeaseLimits(ripe_after_seconds=0)
    while deliveries := (lease := await queue.lease(LANE, limits)).deliveries:
        seqs = tuple([delivery.seq for delivery in deliveries])
        attempt = Attempt(f"{lease.id}:1", lease.leased_at, 0.1, seqs, 200, 0, "OK", "request")
        await queue.settle(lease, dict.fromkeys(seqs, Delivered()), [attempt])
        settled += len(seqs)
    cost = watch.cost(settled)
    await queue.close()
    return cost


def accept_with_seen(seen_keys: int = 3_000_000, events: int = 200_000, per_commit: int = 100) -> Cost:
    """Accept while `seen_keys` are already known: every key is looked up, logged, and moved into the index."""
    with _folder() as folder:
        path = folder / "bench.db"
        fill_seen(path, seen_keys)
        return asyncio.run(_accept_with_seen(path, entries(events), per_commit))


async def _accept_with_seen(path: Path, offered: Sequence[Entry], per_commit: int) -> Cost:
    queue = SqliteQueue.open(path, SystemClock(), SETTINGS)
    gc.freeze()
    watch = Stopwatch()
    await _accept_all(queue, offered, per_commit, callers=1)
    stats = queue.stats()
    note = (
        f"commit mean {stats.mean_commit_seconds * 1000:.1f} ms, longest {stats.longest_commit_seconds * 1000:.0f} ms"
    )
    cost = watch.cost(len(offered), note)
    await queue.close()
    return cost


async def _accept_all(queue: SqliteQueue, offered: Sequence[Entry], per_accept: int, callers: int) -> None:
    calls = iter([offered[start : start + per_accept] for start in range(0, len(offered), per_accept)])

    async def call() -> None:
        for part in calls:
            await queue.accept(part)

    await asyncio.gather(*(call() for _ in range(callers)))


def opened(path: Path) -> Store:
    """Return the parts of a store, without an owner and a writer, to be filled quickly."""
    connection = open_for_writing(path)
    migrate(connection, path)
    return Store(connection, SystemClock())


def fill_seen(path: Path, count: int) -> None:
    """Let a store know `count` random keys, as if they had been accepted within the last days."""
    chance = random.Random(2)
    store = opened(path)
    second = int(time.time())
    with store.connection:
        table = store.partitions.table(family_of(WINDOW_SECONDS), second // partition_seconds(WINDOW_SECONDS))
        store.connection.executemany(
            f"INSERT INTO {table} VALUES (?, ?, ?)",  # noqa: S608 - our own table
            ((key, second, seq) for seq, key in enumerate(sorted(chance.randbytes(16) for _ in range(count)))),
        )
    store.close()


def fill_queue(path: Path, count: int) -> None:
    """Queue `count` events, each in a chunk of its own: the worst that slow single callers leave behind."""
    store = opened(path)
    for start in range(0, count, 10_000):
        with store.connection:
            for entry in entries(min(10_000, count - start), seed=start):
                store.accept([Offer([entry], [encode_stored(entry.event)], [])])
            store.end_group()
            for _ in store.seen.flush():
                continue
    store.close()


def memory_of_queued(events: int = 1_000_000) -> int:
    """Return the resident bytes of a process that opened a store with so many queued single events, and used it."""
    with _folder() as folder:
        path = folder / "bench.db"
        fill_queue(path, events)
        done = subprocess.run(  # noqa: S603 - this very module
            [sys.executable, "-m", "tests.bench.rows.store", str(path)], check=True, capture_output=True, text=True
        )
        return int(done.stdout)


async def _use(path: Path) -> int:
    queue = SqliteQueue.open(path, SystemClock(), SETTINGS)
    await queue.lanes()
    for _ in range(20):
        lease = await queue.lease(LANE, LeaseLimits(ripe_after_seconds=0))
        await queue.settle(lease, {delivery.seq: Delivered() for delivery in lease.deliveries})
        await queue.accept(entries(500, seed=lease.id))
    await queue.close()
    return most_resident_bytes(os.getpid())


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


if __name__ == "__main__":
    sys.stdout.write(str(asyncio.run(_use(Path(sys.argv[1])))))
