"""`fullcount pairs`: which events reached TikTok from the browser, from the server or from both, and what it counts."""

from __future__ import annotations

from typing import Annotated

import typer

from fullcount.cli.options import AsJson, ConfigFile, settings_for

EXAMPLE = "fullcount pairs --event Purchase --days 3"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("pairs", epilog=f"Example: {EXAMPLE}")(pairs)


def pairs(
    *,
    days: Annotated[int, typer.Option(min=1, max=30, help="Look at so many days, today among them.")] = 7,
    event: Annotated[str, typer.Option(metavar="NAME", help="Only this event, day by day.")] = "",
    pixel: Annotated[str, typer.Option(metavar="PIXEL", help="Only this pixel, by its name or code.")] = "",
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Show which halves of events met, and what TikTok would count of them. An estimate: docs/pairs.md has its formula.

    Exit status 1 if something counts double.
    """
    from fullcount.cli import pair_views
    from fullcount.clock import SystemClock

    settings = settings_for(config, with_secrets=False)
    asked = pair_views.Asked(days, event, pixel)
    report = pair_views.gather(settings, asked, SystemClock().now())
    pair_views.show(report, settings, asked, as_json=as_json)
    if report.counts_double:
        raise typer.Exit(1)
