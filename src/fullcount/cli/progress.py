"""A progress bar on standard error, at a terminal and for long work only."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator

LONG_BYTES = 200_000  # below this a bar would only flicker


@contextlib.contextmanager
def progress(what: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """Yield a function that is told how much more is done; `total` None means that the end is not known."""
    if not sys.stderr.isatty() or (total is not None and total < LONG_BYTES):
        yield _ignore
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda done: bar.advance(task, done)


def _ignore(done: int) -> None:
    del done
