"""`fullcount demo`: real-shaped orders, faults, and proof that each was counted once; or a shop to buy in."""

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
    from fullcount.demo.shop_run import Opened

EXAMPLE = "fullcount demo --seed 7"
FEWEST_ORDERS = 50  # with fewer, a fault may meet no order
MOST_ORDERS = 5_000  # what the emulator's request log surely holds


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo", epilog=f"Example: {EXAMPLE}")(demo)


def demo(  # noqa: PLR0913, PLR0917 - each option is one parameter
    context: typer.Context,
    shop: Annotated[
        bool, typer.Option("--shop", help="Open a small shop to buy in with your browser, until Ctrl-C.")
    ] = False,
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
    counted twice. With --shop you are the shopper.
    """
    if shop:
        _refuse_beside_shop(context)
        _open_shop(as_json=as_json)
        return
    _prove(seed, orders, keep=keep, as_json=as_json)


def _prove(seed: int, orders: int, *, keep: bool, as_json: bool) -> None:
    """Run the demo without a person."""
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


def _refuse_beside_shop(context: typer.Context) -> None:
    """Refuse the options that mean nothing with --shop."""
    for name in ("seed", "orders", "keep"):
        source = context.get_parameter_source(name)
        if source is not None and source.name != "DEFAULT":
            raise typer.BadParameter(f"--{name} does not go with --shop", param_hint=f"--{name}")


def _open_shop(*, as_json: bool) -> None:
    """Keep the shop open until a signal ends it, which is its ordinary end."""
    folder = Path(tempfile.mkdtemp(prefix="fullcount-shop-"))
    try:
        asyncio.run(_keep_open(folder, as_json=as_json))
    except asyncio.CancelledError:
        complain("closed; nothing is left running")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _keep_open(folder: Path, *, as_json: bool) -> None:
    from fullcount.demo.shop_run import how_to, run_shop

    def tell(places: Opened) -> None:
        if as_json:
            print_json(places)
        else:
            for line in how_to(places):
                say(line)

    task = asyncio.current_task()
    if task is not None:
        for ending in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(ending, task.cancel)
    await run_shop(folder, tell)


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
