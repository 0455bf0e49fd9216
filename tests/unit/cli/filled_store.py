"""A store with something in it, owned by this process, for commands that look into stores."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from tests.unit.cli.shop import CODE

from fullcount.clock import Clock
from fullcount.config.settings import Mode
from fullcount.events.hashed import HashedEvent, HashedUser
from fullcount.events.key import event_key
from fullcount.events.model import Page, Properties
from fullcount.queue.delivery import Attempt, Buried, Delivered, LeaseLimits, Settlement
from fullcount.queue.entry import Entry
from fullcount.queue.lane import Lane
from fullcount.queue.outcomes import Reason
from fullcount.queue.sqlite.engine import SqliteQueue
from fullcount.queue.sqlite.settings import StoreSettings

LANE = Lane(CODE)


@asynccontextmanager
async def owned_store(path: Path, clock: Clock, modes: Mapping[str, Mode] | None = None) -> AsyncIterator[SqliteQueue]:
    """Own the store at `path` for the length of the block; `modes` is what the settings say of each source."""
    path.parent.mkdir(parents=True, exist_ok=True)
    queue = SqliteQueue.open(path, clock, StoreSettings(min_free_disk=0, poll_seconds=0.02, modes=modes or {}))
    try:
        yield queue
    finally:
        await queue.close()


def entry(event_id: str, now: float, lane: Lane = LANE) -> Entry:
    """Return a purchase bound for a lane; its user has an IP and a user agent, which no command may show."""
    event = HashedEvent(
        event="CompletePayment",
        canonical="Purchase",
        event_time=int(now),
        event_id=event_id,
        user=HashedUser(ip="203.0.113.42", user_agent="Mozilla/5.0 (test)"),
        properties=Properties(),
        page=Page(),
    )
    key = event_key(lane.pixel_code, lane.event_source, lane.test_event_code, "Purchase", event_id)
    return Entry(lane, key, event, "backend", "store", claims_key=lane.test_event_code is None)


async def settle_all(queue: SqliteQueue, clock: Clock, decide: Callable[[str], Settlement], code: int = 0) -> None:
    """Lease what waits on the lane and end each delivery as `decide` says of its event_id, in one attempt."""
    lease = await queue.lease(LANE, LeaseLimits(ripe_after_seconds=0.0))
    results = {delivery.seq: decide(delivery.event.event_id) for delivery in lease.deliveries}
    seqs = tuple(results)
    attempt = Attempt(f"{lease.id}-1", clock.now(), 0.12, seqs, status=200, code=code, message="words", request_id="R1")
    assert await queue.settle(lease, results, [attempt])


def delivered(event_id: str) -> Settlement:
    """Every event was taken."""
    del event_id
    return Delivered()


def buried(reasons: Sequence[Reason]) -> Callable[[str], Settlement]:
    """Return a decision that buries each event of the reason at the number in its id."""
    return lambda event_id: Buried(reasons[int(event_id.rpartition("-")[2])], 40002, "not a valid string")
