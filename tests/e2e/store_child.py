"""A process that owns a store and says on standard output what it knows, until it is killed.

Lines: "accepted N" after the verdict, "sent SEQ N" before each settle, "settled N" after it. Each accept is a request
with a key of its own, and brings an errand and a refund under the number of its first purchase.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from tests.unit.queue.entries import LANE, number_of, purchase

from fullcount.clock import SystemClock
from fullcount.queue import failpoints
from fullcount.queue.delivery import Attempt, Buried, Delivered, Delivery, LeaseLimits, Retry, Settlement
from fullcount.queue.entry import Errand, Note, Refund
from fullcount.queue.failpoints import Failpoint
from fullcount.queue.keys import errand_key, refund_key, request_key
from fullcount.queue.outcomes import Reason
from fullcount.queue.sqlite.engine import SqliteQueue
from fullcount.queue.sqlite.settings import StoreSettings

SETTINGS = StoreSettings(min_free_disk=0, flush_keys=100)
LIMITS = LeaseLimits(max_events=40, ripe_after_seconds=0)
CALLERS = 6
EVENTS_PER_CALL = 7


def say(*words: object) -> None:
    """Write one line at once, so that it is out before the process dies."""
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


async def accept(queue: SqliteQueue, first: int, calls: int) -> None:
    """Accept numbered purchases, a few in a call."""
    for call in range(calls):
        numbers = range(first + call * EVENTS_PER_CALL, first + (call + 1) * EVENTS_PER_CALL)
        await queue.accept([purchase(number) for number in numbers], notes_of(numbers[0]), once=request_of(numbers[0]))
        for number in numbers:
            say("accepted", number)


def request_of(first: int) -> bytes:
    """Return the key of the request whose first purchase this is."""
    return request_key("shop", str(first))


def notes_of(first: int) -> list[Note]:
    """Return what a request brings beside its purchases."""
    key = errand_key("shop", str(first))
    return [
        Errand(key, "shop", str(first).encode(), due_at=0.0),
        Refund(refund_key("shop", str(first)), "shop", f"order-{first}", str(first), 1.5, "EUR", 0.0),
    ]


async def deliver(queue: SqliteQueue) -> None:
    """Lease and settle: most as delivered, some to be tried again, one in fifty as a dead letter."""
    while True:
        lease = await queue.lease(LANE, LIMITS)
        if not lease.deliveries:
            await asyncio.sleep(0.001)
            continue
        for delivery in lease.deliveries:
            say("sent", delivery.seq, number_of(delivery.event))
        failpoints.reach(Failpoint.AFTER_SEND_BEFORE_SETTLE)
        results = {delivery.seq: result_of(delivery, lease.leased_at) for delivery in lease.deliveries}
        attempt = Attempt(f"{lease.id}:1", lease.leased_at, 0.01, tuple(results), 200, 0, "OK", "request")
        assert await queue.settle(lease, results, [attempt])
        for delivery in lease.deliveries:
            if not isinstance(results[delivery.seq], Retry):
                say("settled", number_of(delivery.event))


def result_of(delivery: Delivery, now: float) -> Settlement:
    """Return how a delivery ends: by its number, so that chunks split."""
    number = number_of(delivery.event)
    if number % 50 == 3:
        return Buried(Reason.TOO_OLD)
    if number % 10 == 4 and delivery.attempts == 0:
        return Retry(due_at=now)
    return Delivered()


async def main(path: Path, calls: int) -> None:
    """Accept from several callers while a worker delivers."""
    queue = SqliteQueue.open(path, SystemClock(), SETTINGS)
    say("open")
    worker = asyncio.ensure_future(deliver(queue))
    await asyncio.gather(*(accept(queue, caller * 1_000_000, calls) for caller in range(CALLERS)))
    worker.cancel()
    say("end")


if __name__ == "__main__":
    failpoints.arm(os.environ)
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
