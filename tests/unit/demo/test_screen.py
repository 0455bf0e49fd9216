"""The screens show the same numbers: as lines, or as a table."""

from __future__ import annotations

import io

from rich.console import Console

from fullcount.demo.screen import Lines, LiveTable, Progress

PROGRESS = Progress(
    arrivals=340,
    arrived=120,
    seconds=2.5,
    naive_believed=119,
    naive_requests=131,
    naive_counted=204,
    accepted=118,
    requests=17,
    counted=116,
)


def _console() -> Console:
    return Console(file=io.StringIO(), width=100, force_terminal=True, color_system=None, highlight=False)


def _text(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_line_carries_the_moment_it_tells_of() -> None:
    """Seconds and arrived orders stand before each line once there are some."""
    console = _console()
    screen = Lines(console)
    screen.say("starting")
    screen.show(PROGRESS)
    screen.say("TikTok is down")

    first, second = _text(console).splitlines()
    assert first.strip() == "starting"
    assert second.split() == ["2.5", "s", "120", "arrived", "TikTok", "is", "down"]


def test_the_table_shows_both_loops() -> None:
    """Each number of the naive loop stands beside Fullcount's, and what happened stays above the table."""
    console = _console()
    with LiveTable(console) as screen:
        screen.show(PROGRESS)
        screen.say("TikTok is down")

    text = _text(console)
    assert "TikTok is down" in text
    assert "120 of 340 webhooks arrived" in text
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in text.splitlines() if line.startswith("│")]
    assert ["orders it says are safe", "119", "118"] in rows
    assert ["requests to TikTok", "131", "17"] in rows
    assert ["purchases that TikTok counts", "204", "116"] in rows
