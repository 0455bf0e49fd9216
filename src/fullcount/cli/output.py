"""What commands print: words for people, one JSON document for programs, complaints on standard error."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import typer

from fullcount.errors import FullcountError

# Text from outside may hold what a terminal would obey.
_CONTROL = {code: "?" for code in (*range(32), 127, *range(128, 160)) if code not in (9, 10)}


def say(text: str = "") -> None:
    """Print a line on standard output, with control characters made harmless."""
    typer.echo(text.translate(_CONTROL))


def complain(text: str) -> None:
    """Print a line on standard error."""
    typer.echo(f"fullcount: {text.translate(_CONTROL)}", err=True)


def complain_of(error: FullcountError) -> None:
    """Print an error of the tree on standard error: where and what, and below it the fix."""
    where = f"{error.where}: " if error.where else ""
    complain(f"{where}{error.what}" + (f"\n  Fix: {error.fix}" if error.fix else ""))


def print_json(document: Any) -> None:
    """Print one JSON document on standard output; nothing else may go there."""
    typer.echo(msgspec.json.format(msgspec.json.encode(document), indent=2).decode())


def print_table(
    columns: Sequence[str], rows: Iterable[Sequence[str]], title: str = "", *, is_close: bool = False
) -> None:
    """Print a table that folds long cells to the terminal's width, those of the first column last.

    One with many columns of numbers is set close: a line below the heads and none between the columns.
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    rows = list(rows)
    console = Console(file=sys.stdout)
    longest = max((len(line) for row in [columns, *rows] for line in row[0].splitlines()), default=0)
    widest = min(longest, console.width // 3) if len(columns) > 1 else None
    table = Table(title=title or None, title_justify="left", header_style="bold", expand=False)
    if is_close:
        table.box, table.padding, table.show_edge = box.SIMPLE_HEAD, (0, 0), False
    for place, column in enumerate(columns):
        table.add_column(column, overflow="fold", width=widest if place == 0 else None)
    for row in rows:
        table.add_row(*(Text(cell.translate(_CONTROL)) for cell in row))
    console.print(table)


def count_of(number: int, noun: str) -> str:
    """Return a number with its noun, in the plural where it is due: `1 event`, `2 events`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
