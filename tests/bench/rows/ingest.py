"""How fast events are accepted, as a share of what the same server does without the work."""

from __future__ import annotations

import tempfile

from tests.bench.children import load, serving
from tests.bench.figure import Figure, held_to
from tests.bench.load import Plan
from tests.bench.machine import cpu_seconds
from tests.bench.serving import KEY, Dress


def single_events(rounds: int, seconds: float) -> list[Figure]:
    """Durable single events against the same server answering an echo, in turn."""
    echoes, durables, cpus = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(rounds):
            with serving(Dress(mode="echo", folder=folder)) as server:
                echoes.append(load(Plan(server.port, KEY, seconds, tag=f"e{number}"))["per_second"])
            with serving(Dress(mode="durable", folder=folder)) as server:
                before = cpu_seconds(server.pid)
                figures = load(Plan(server.port, KEY, seconds, tag=f"s{number}"))
                durables.append(figures["per_second"])
                cpus.append((cpu_seconds(server.pid) - before) / (figures["per_second"] * seconds) * 1e6)
    ratios = [durable / echo for durable, echo in zip(durables, echoes, strict=True)]
    return [
        Figure("echo of the same server", echoes, "requests/s"),
        Figure("durable single events", durables, "events/s"),
        held_to(Figure("durable single-event ingest, of its echo", ratios, "x", note="goal 0.45"), at_least=0.30),
        Figure("gateway CPU of one accepted single event", cpus, "us"),
    ]


def batches(rounds: int, seconds: float, seen_keys: int) -> list[Figure]:
    """Durable batches of 50 with many keys seen, against the same server with its store in memory, in turn."""
    memories, durables = [], []
    with tempfile.TemporaryDirectory() as folder:
        with serving(Dress(mode="durable", folder=folder, seen_keys=seen_keys)):
            pass  # fill the seen-window once; the rounds below reopen the same store
        for number in range(rounds):
            plan = {"connections": 8, "batch": 50}
            with serving(Dress(mode="memory", folder=folder)) as server:
                memories.append(
                    load(Plan(server.port, KEY, seconds, tag=f"m{number}", **plan))["per_second"] * 50  # type: ignore[arg-type] # a plan's numbers
                )
            with serving(Dress(mode="durable", folder=folder)) as server:
                durables.append(
                    load(Plan(server.port, KEY, seconds, tag=f"d{number}", **plan))["per_second"] * 50  # type: ignore[arg-type] # a plan's numbers
                )
    ratios = [durable / memory for durable, memory in zip(durables, memories, strict=True)]
    what = f"durable batches of 50, {seen_keys:,} keys seen"
    return [
        Figure("batches of 50, store replaced by memory", memories, "events/s"),
        Figure(what, durables, "events/s", note="goal 40,000"),
        held_to(Figure(f"{what}, of memory", ratios, "x"), at_least=0.5),
    ]
