"""`make bench`: the budgets, measured. Ratios within one run; medians with lowest and highest; noise shown.

`--quick` runs one short round of each, to see that the bench itself works.
"""

from __future__ import annotations

import os
import platform
import sys
import time

from rich.console import Console
from rich.table import Table
from tests.bench.figure import Figure
from tests.bench.machine import stolen_seconds
from tests.bench.rows import ingest, inside, pages, senders, through


def measure(*, quick: bool) -> list[Figure]:
    """Run every row and return its figures."""
    rounds, seconds, seen_keys = (1, 1.0, 100_000) if quick else (3, 4.0, 3_000_000)
    single = ingest.single_events(rounds, seconds)
    return [
        *single,
        *ingest.batches(rounds, seconds, seen_keys),
        *inside.to_wire(rounds),
        *senders.by_kind(rounds),
        *through.delivered(rounds, seconds),
        *through.accept_latency(rounds, seconds, single_rate=single[1].median),
        *inside.store_alone(rounds, seen_keys),
        *inside.memory_of_a_million(),
        *pages.snippet(rounds),
        *inside.importing(rounds),
    ]


def main() -> None:
    """Print the table; exit 0 whether or not a budget was met: it measures, it does not judge."""
    quick = "--quick" in sys.argv
    began, stolen = time.perf_counter(), stolen_seconds()
    figures = measure(quick=quick)
    took = time.perf_counter() - began
    table = Table("what", "measured: median (lowest to highest)", "budget", "", "note")
    for figure in figures:
        verdict = "" if figure.met is None else ("met" if figure.met else "MISSED")
        table.add_row(figure.what, figure.text(), figure.budget, verdict, figure.note)
    screen = Console(width=max(140, Console().width))
    screen.print(table)
    share = (stolen_seconds() - stolen) / took / (os.cpu_count() or 1)
    screen.print(
        f"Python {platform.python_version()}, {os.cpu_count()} cores ({platform.machine()}), server on one, "
        f"load and sink on the other; {took:.0f} s in all, {share:.1%} of the CPU stolen by the host."
    )


if __name__ == "__main__":
    main()
