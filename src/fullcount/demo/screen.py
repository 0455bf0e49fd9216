"""What a person sees while the demo runs: a live table at a terminal, plain lines anywhere else."""

from __future__ import annotations

from types import TracebackType
from typing import Protocol, Self

import msgspec
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text


class Progress(msgspec.Struct):
    """Where the demo stands."""

    arrivals: int
    arrived: int = 0
    seconds: float = 0.0
    naive_believed: int = 0  # orders that the naive loop believes sent
    naive_requests: int = 0
    naive_counted: int = 0
    accepted: int = 0  # orders that Fullcount answered 2xx
    requests: int = 0
    counted: int = 0


class Screen(Protocol):
    """Where the demo tells what happens."""

    def say(self, line: str) -> None:
        """Tell one thing that happened."""
        ...

    def show(self, progress: Progress) -> None:
        """Bring the numbers up to date."""
        ...


class Silence:
    """Tells nothing: for `--json`, whose document says it all."""

    def say(self, line: str) -> None:
        """Drop it."""

    def show(self, progress: Progress) -> None:
        """Drop it."""


class Lines:
    """One line for each thing that happened, with the numbers of that moment."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._progress: Progress | None = None

    def say(self, line: str) -> None:
        """Print the line behind the seconds and the orders that have arrived."""
        at = self._progress
        head = f"{at.seconds:5.1f} s  {at.arrived:4d} arrived  " if at else " " * 23
        self._console.print(Text(head + line), soft_wrap=True)

    def show(self, progress: Progress) -> None:
        """Keep the numbers for the next line."""
        self._progress = progress


class LiveTable:
    """Both loops side by side, redrawn in place, above what happened last. Use as a context manager."""

    def __init__(self, console: Console) -> None:
        self._live = Live(console=console, auto_refresh=False)
        self._lines: list[str] = []
        self._progress: Progress | None = None

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def say(self, line: str) -> None:
        """Add a line below the table; it stays on the screen when the table goes."""
        at = f"{self._progress.seconds:5.1f} s  " if self._progress else ""
        self._live.console.print(Text(at + line))

    def show(self, progress: Progress) -> None:
        """Redraw the table."""
        self._progress = progress
        self._live.update(Group(Text(), draw(progress)), refresh=True)


def draw(progress: Progress) -> Table:
    """Return the table of this moment."""
    title = f"{progress.arrived} of {progress.arrivals} webhooks arrived, {progress.seconds:.0f} s"
    table = Table(title=title, title_justify="left")
    for name in ("", "the usual loop", "Fullcount"):
        table.add_column(name, justify="right" if name else "left")
    rows = (
        ("orders it says are safe", progress.naive_believed, progress.accepted),
        ("requests to TikTok", progress.naive_requests, progress.requests),
        ("purchases that TikTok counts", progress.naive_counted, progress.counted),
    )
    for name, naive, fullcount in rows:
        table.add_row(name, str(naive), str(fullcount))
    return table
