"""From accept to delivered: what an event costs the gateway, and how long an accept takes meanwhile."""

from __future__ import annotations

import tempfile
import time

from tests.bench.children import load, serving, sink, taken_by
from tests.bench.figure import Figure, held_to
from tests.bench.load import Plan
from tests.bench.machine import cpu_seconds
from tests.bench.serving import KEY, Dress

PATIENCE_SECONDS = 60.0


def delivered(rounds: int, seconds: float) -> list[Figure]:
    """Batches of 50 in, a null sink out, until the sink has them all."""
    rates, costs = [], []
    for number in range(rounds):
        with (
            tempfile.TemporaryDirectory() as folder,
            sink() as out,
            serving(Dress(mode="durable", folder=folder, sink=out.url)) as server,
        ):
            before, began = cpu_seconds(server.pid), time.perf_counter()
            plan = Plan(server.port, KEY, seconds, connections=8, batch=50, tag=f"t{number}", warmup_seconds=0.0)
            sent = int(load(plan)["per_second"] * seconds) * 50
            while taken_by(out) < sent and time.perf_counter() - began < seconds + PATIENCE_SECONDS:
                time.sleep(0.05)
            count = taken_by(out)
            rates.append(count / (time.perf_counter() - began))
            costs.append((cpu_seconds(server.pid) - before) / count * 1e6)
    return [
        held_to(Figure("accept to delivered, gateway CPU an event", costs, "us"), at_most=80.0),
        Figure("accept to delivered into a null sink", rates, "events/s", note="goal 15,000"),
    ]


def accept_latency(rounds: int, seconds: float, single_rate: float) -> list[Figure]:
    """Single events at half of the measured rate, delivery running."""
    p99s = []
    for number in range(rounds):
        with (
            tempfile.TemporaryDirectory() as folder,
            sink() as out,
            serving(Dress(mode="durable", folder=folder, sink=out.url)) as server,
        ):
            plan = Plan(server.port, KEY, seconds, rate=single_rate / 2, tag=f"l{number}")
            p99s.append(load(plan)["p99_ms"])
    what = f"accept p99 at {single_rate / 2:,.0f} requests/s, delivery running"
    return [held_to(Figure(what, p99s, "ms"), at_most=25.0)]
