"""What happens inside one process: an event's way to its wire form, memory of a long queue, importing the library."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable

from tests.bench.children import serving
from tests.bench.figure import Figure, held_to
from tests.bench.load import event_json
from tests.bench.machine import resident_bytes
from tests.bench.rows.store import accept_with_seen, memory_of_queued, put_lease_settle
from tests.bench.serving import Dress

from fullcount.clock import SystemClock
from fullcount.events.checks import CheckRules, check_event
from fullcount.events.event_id import resolve_event_id
from fullcount.events.reading import read_event
from fullcount.identity.identify import IdentityRules, identify
from fullcount.tiktok.mapping import encode_event

EVENTS = 20_000


def _to_wire(default_country: str | None) -> Callable[[bytes, float], bytes]:
    checks, rules = CheckRules(), IdentityRules(default_country=default_country)

    def one(raw: bytes, now: float) -> bytes:
        event = read_event(raw).event
        checked = check_event(event, checks, now)[0] if event else None
        if checked is None:
            raise RuntimeError("the bench's own event is not valid")
        return encode_event(identify(checked, resolve_event_id(checked, None, now)[0], rules)[0])

    return one


def to_wire(rounds: int) -> list[Figure]:
    """One event, as sent -> checked, hashed, mapped, encoded; with E.164 and with national phones."""
    now = SystemClock().now()
    figures = []
    for words, phone, country in (("E.164 phone", "+15550100199", None), ("national phone", "(213) 373-4253", "US")):
        raws = [event_json(f"w-{n}", int(now)).replace("+15550100199", phone).encode() for n in range(EVENTS)]
        one = _to_wire(country)
        one(raws[0], now)
        costs = []
        for _ in range(rounds):
            began = time.process_time()
            for raw in raws:
                one(raw, now)
            costs.append((time.process_time() - began) / EVENTS * 1e6)
        figures.append(Figure(f"event to wire JSON, {words}", costs, "us"))
    return [held_to(figures[0], at_most=30.0), figures[1]]


def memory_of_a_million() -> list[Figure]:
    """Resident memory with a million events queued: in the gateway that took them, and in one that finds them."""
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(Dress(mode="durable", folder=folder, queued=1_000_000)) as server,
    ):
        taken = resident_bytes(server.pid) / 1e6
    found = memory_of_queued() / 1e6
    return [
        held_to(Figure("memory, 1,000,000 events just queued", [taken], "MB"), at_most=200.0),
        held_to(Figure("memory, 1,000,000 found, each stored alone", [found], "MB"), at_most=200.0),
    ]


def store_alone(rounds: int, seen_keys: int) -> list[Figure]:
    """What the store can do without HTTP, checks and hashing; CPU time of the whole process."""
    through = [put_lease_settle().events_per_cpu_second for _ in range(rounds)]
    seen = accept_with_seen(seen_keys).events_per_cpu_second
    return [
        Figure("store alone: accept by 50, lease, settle", through, "events/CPU s"),
        Figure(f"store alone: accept by 100, {seen_keys:,} keys seen", [seen], "events/CPU s"),
    ]


def importing(rounds: int) -> list[Figure]:
    """`import fullcount` in a fresh interpreter, less the interpreter itself."""
    costs = []
    for _ in range(rounds * 2):
        times = []
        for code in ("pass", "import fullcount"):
            began = time.perf_counter()
            subprocess.run([sys.executable, "-I", "-c", code], check=True)  # noqa: S603 - our own interpreter
            times.append(time.perf_counter() - began)
        costs.append((times[1] - times[0]) * 1000)
    return [Figure("importing the library", costs, "ms")]
