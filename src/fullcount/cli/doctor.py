"""`fullcount doctor`: is it set up right, and is it well?"""

from __future__ import annotations

import asyncio
import os
from typing import Annotated

import typer

from fullcount.cli.options import AsJson, ConfigFile
from fullcount.cli.output import print_json, print_table, say
from fullcount.clock import SystemClock

EXAMPLE = "fullcount doctor --probe TEST12345"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("doctor", epilog=f"Example: {EXAMPLE}")(doctor)


def doctor(
    *,
    probe: Annotated[
        str, typer.Option(metavar="TEST12345", help="Send one test event for each pixel: does its token work?")
    ] = "",
    clock: Annotated[bool, typer.Option("--clock", help="Compare this machine's clock with TikTok's answer.")] = False,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Check settings, disk, store, lag, paused pixels and consent; nothing leaves this machine unless asked.

    Exit status 1 if something needs a person, with the fix beside it.
    """
    from fullcount.cli.diagnosis import State, examine, examine_settings

    checks, settings = examine_settings(config, os.environ)
    if settings is not None:
        can_probe = checks[0].state is not State.PROBLEM or bool(settings.pixels[0].access_token)
        checks += asyncio.run(examine(settings, SystemClock(), probe=probe if can_probe else "", clock_asked=clock))
    is_well = all(check.state is not State.PROBLEM for check in checks)
    if as_json:
        print_json({"ok": is_well, "checks": checks})
    else:
        print_table(("check", "state", "found", "fix"), [(c.name, c.state.value, c.found, c.fix) for c in checks])
        say("All is well." if is_well else "Something needs a person: see the fixes.")
    if not is_well:
        raise typer.Exit(1)
