"""A load generator that costs little: prebuilt requests over kept-open connections, closed loop or paced.

Run as a process of its own so that the server's core is the server's alone:
`python -m tests.bench.load '{"port": 8080, "key": "...", ...}'` prints one JSON line of figures.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Iterator
from typing import cast

import msgspec
import uvloop
from tests.bench.machine import cpu_seconds, pin


class Plan(msgspec.Struct, frozen=True):
    """One run: how many connections ask for what, how long."""

    port: int
    key: str
    seconds: float
    path: str = "/v1/events"
    connections: int = 64
    batch: int = 1  # events in a request
    rate: float = 0.0  # requests a second, paced; 0: as fast as answers come
    tag: str = "a"  # makes event ids of this run unlike those of any other
    warmup_seconds: float = 0.5


def event_json(event_id: str, event_time: int) -> str:
    """Return the canonical purchase with plain identifiers, as a shop's backend would write it."""
    return (
        f'{{"event":"Purchase","event_id":"{event_id}","event_time":{event_time},"user":{{"email":"customer@example.com",'
        '"phone":"+15550100199","external_id":"customer-77","ip":"203.0.113.42",'
        '"user_agent":"Mozilla/5.0 (X11; Linux x86_64)"},'
        '"page":{"url":"https://shop.example.com/thanks?ttclid=E.C.P.x","referrer":"https://shop.example.com/checkout"},'
        '"properties":{"currency":"USD","value":89.99,"content_type":"product","order_id":"1001",'
        '"contents":[{"content_id":"SKU-1234",'
        '"content_name":"Wireless Headphones","quantity":1,"price":89.99}]}}'
    )


def requests(plan: Plan) -> Iterator[bytes]:
    """Yield request bytes without end, each with event ids never used before."""
    head = (
        f"POST {plan.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {plan.key}\r\n"
        "Content-Type: application/json\r\nContent-Length: "
    ).encode()
    now, count = int(time.time()), 0
    before, after = (part.encode() for part in event_json("\x00", now).split("\x00"))
    while True:
        events = []
        for _ in range(plan.batch):
            count += 1
            events.append(b"%b%b-%d%b" % (before, plan.tag.encode(), count, after))
        body = events[0] if plan.batch == 1 else b'{"events":[' + b",".join(events) + b"]}"
        yield b"%b%d\r\n\r\n%b" % (head, len(body), body)


class Connection(asyncio.Protocol):
    """One kept-open connection that has one request under way at a time."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.transport: asyncio.Transport | None = None
        self.sent_at = 0.0
        self.buffer = b""
        self.busy = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start asking at once, unless the run is paced."""
        self.transport = cast("asyncio.Transport", transport)
        if not self.run.plan.rate:
            self.ask(time.perf_counter())
        else:
            self.run.idle.append(self)

    def ask(self, due_at: float) -> None:
        """Send the next request; latency counts from when it was due, not from when we came to it."""
        assert self.transport is not None
        self.busy = True
        self.sent_at = due_at
        self.transport.write(next(self.run.requests))

    def data_received(self, data: bytes) -> None:
        """Count an answer once its body is complete, then ask again."""
        self.buffer += data
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self.buffer[:end].lower()
        at = head.find(b"content-length:")
        length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(self.buffer) < end + 4 + length:
            return
        status, self.buffer = self.buffer[9:12], self.buffer[end + 4 + length :]
        self.busy = False
        self.run.answered(status, self.sent_at)
        if not self.run.plan.rate:
            if not self.run.over:
                self.ask(time.perf_counter())
        else:
            self.run.idle.append(self)


class Run:
    """The figures of one run, as they come in."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.requests = requests(plan)
        self.latencies: list[float] = []
        self.statuses: dict[str, int] = {}
        self.idle: list[Connection] = []
        self.counting = False
        self.over = False
        self.missed = 0

    def answered(self, status: bytes, sent_at: float) -> None:
        """Note one answer."""
        if self.counting:
            self.latencies.append(time.perf_counter() - sent_at)
            name = status.decode()
            self.statuses[name] = self.statuses.get(name, 0) + 1

    async def pace(self) -> None:
        """Ask at an even rate, whatever the answers do; a request without a free connection waits and is late."""
        start, number = time.perf_counter(), 0
        while not self.over:
            due = start + number / self.plan.rate
            if (wait := due - time.perf_counter()) > 0:
                await asyncio.sleep(wait)
            if self.idle:
                self.idle.pop().ask(due)
                number += 1
            else:
                self.missed += 1
                await asyncio.sleep(0.001)


def share_ms(ordered: list[float], share: float) -> float:
    """Return the latency in ms below which this share of the answers came."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000 if ordered else 0.0


async def drive(plan: Plan) -> dict[str, object]:
    """Run the plan and return its figures: requests a second, latency in ms, statuses, own CPU."""
    run = Run(plan)
    loop = asyncio.get_running_loop()
    pairs = [
        await loop.create_connection(lambda: Connection(run), "127.0.0.1", plan.port) for _ in range(plan.connections)
    ]
    pacer = asyncio.create_task(run.pace()) if plan.rate else None
    await asyncio.sleep(plan.warmup_seconds)
    run.counting, began, cpu = True, time.perf_counter(), cpu_seconds(os.getpid())
    await asyncio.sleep(plan.seconds)
    run.counting = False
    took = time.perf_counter() - began
    own = cpu_seconds(os.getpid()) - cpu
    run.over = True
    if pacer:
        await pacer
    for transport, _ in pairs:
        transport.close()
    ordered = sorted(run.latencies)
    return {
        "per_second": len(ordered) / took,
        "p50_ms": share_ms(ordered, 0.5),
        "p99_ms": share_ms(ordered, 0.99),
        "statuses": run.statuses,
        "load_cpu_share": own / took,
        "late": run.missed,
    }


if __name__ == "__main__":
    pin(1)
    figures = uvloop.run(drive(msgspec.json.decode(sys.argv[1], type=Plan)))
    sys.stdout.write(json.dumps(figures) + "\n")
