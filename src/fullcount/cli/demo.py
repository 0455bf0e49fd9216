"""`fullcount demo`: real-shaped orders, faults, and proof that each was counted once."""

from __future__ import annotations

import asyncio
import shutil
import signal
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fullcount.cli.options import AsJson
from fullcount.cli.output import complain, print_json, say

if TYPE_CHECKING:
    from fullcount.demo.run import Ended, Options

EXAMPLE = "fullcount demo --seed 7"
FEWEST_ORDERS = 50  # with fewer, a fault may meet no order
MOST_ORDERS = 5_000  # what the emulator's request log surely holds


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo", epilog=f"Example: {EXAMPLE}")(demo)


def demo(
    seed: Annotated[int, typer.Option(min=0, help="Other orders; the same seed gives the same ones.")] = 1,
    orders: Annotated[int, typer.Option(min=FEWEST_ORDERS, max=MOST_ORDERS, help="How many orders to send.")] = 320,
    keep: Annotated[
        bool,
        typer.Option("--keep", help="Leave the gateway and its TikTok running, and keep the evidence in a folder."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Send orders through a gateway while its local TikTok throttles, breaks and rejects, and count what arrived.

    Everything runs on this machine, on free ports, with a temporary store. Exit status 1 if an order was lost or
    counted twice.
    """
    from fullcount.demo.report import last_lines
    from fullcount.demo.run import Options

    folder = Path(tempfile.mkdtemp(prefix="fullcount-demo-"))
    try:
        ended = asyncio.run(_run(Options(folder=folder, seed=seed, orders=orders, keep=keep), as_json=as_json))
    except (KeyboardInterrupt, asyncio.CancelledError):
        complain("stopped; nothing is left running")
        raise typer.Exit(130) from None
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)
    if as_json:
        print_json(ended.report)
    else:
        for line in last_lines(ended.report):
            say(line)
    if keep:
        _tell_how_to_go_on(ended, folder)
    if not ended.report.promise_kept:
        raise typer.Exit(1)


async def _run(options: Options, *, as_json: bool) -> Ended:
    from rich.console import Console

    from fullcount.demo.run import run_demo
    from fullcount.demo.screen import Lines, LiveTable, Silence

    task = asyncio.current_task()
    if task is not None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    if as_json:
        return await run_demo(options, Silence())
    console = Console(highlight=False)
    if not console.is_terminal:
        return await run_demo(options, Lines(console))
    with LiveTable(console) as screen:
        return await run_demo(options, screen)


def _tell_how_to_go_on(ended: Ended, folder: Path) -> None:
    """Say on standard error what still runs, where the evidence is, and how to stop it."""
    complain(f"still running: the gateway at {ended.gateway_url}, its TikTok at {ended.emulator_url} (open it)")
    complain(f"the evidence: {folder}/events.json and requests.json; the settings: {folder}/fullcount.toml")
    complain(f"to stop: kill {' '.join(map(str, ended.pids))}")
