"""`fullcount queue`: what waits, what became of one event, what is dead, and what a person can do about it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from fullcount.cli.options import AsJson, ConfigFile, settings_for
from fullcount.errors import ConfigError
from fullcount.queue.delivery import Selection
from fullcount.queue.outcomes import Reason

PixelName = Annotated[str, typer.Argument(metavar="PIXEL", help="The pixel's name or code.", show_default=False)]
OnlyPixel = Annotated[str, typer.Option("--pixel", metavar="PIXEL", help="Only this pixel's, by its name or code.")]


class DeadReason(StrEnum):
    """Why a delivery was given up on."""

    REJECTED_BY_TIKTOK = Reason.REJECTED_BY_TIKTOK.value
    TOO_OLD = Reason.TOO_OLD.value
    DEDUP_WINDOW_PASSED = Reason.DEDUP_WINDOW_PASSED.value
    UNKNOWN_AT_TIKTOK = Reason.UNKNOWN_AT_TIKTOK.value
    SOURCE_REMOVED = Reason.SOURCE_REMOVED.value
    PURGED = Reason.PURGED.value


OnlyReason = Annotated[
    DeadReason | None, typer.Option("--reason", metavar="REASON", help="Only those that died of this.")
]
OnlyEvent = Annotated[str, typer.Option("--event-id", metavar="EVENT_ID", help="Only this event's.")]


class BuryReason(StrEnum):
    """Why a person gives a delivery up."""

    PURGED = Reason.PURGED.value
    SOURCE_REMOVED = Reason.SOURCE_REMOVED.value


def register(app: typer.Typer) -> None:
    """Add the commands."""
    queue = typer.Typer(
        no_args_is_help=True, help="See what waits and what happened to an event; hold, give up, put back."
    )
    for name, command, example in (
        ("stats", stats, "fullcount queue stats --json"),
        ("show", show, "fullcount queue show order-12345-purchase"),
        ("dead", dead, "fullcount queue dead --reason rejected_by_tiktok --limit 20"),
        ("redrive", redrive, "fullcount queue redrive --event-id order-12345-purchase"),
        ("bury", bury, "fullcount queue bury --pixel store --reason source_removed --yes"),
        ("pause", pause, "fullcount queue pause store --why 'new token on its way'"),
        ("resume", resume, "fullcount queue resume store"),
    ):
        queue.command(name, epilog=f"Example: {example}")(command)
    app.add_typer(queue, name="queue")


def stats(*, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Show what waits on each lane, and how events ended in the last 24 hours."""
    from fullcount.cli import queue_views

    queue_views.show_stats(settings_for(config, with_secrets=False), as_json=as_json)


def show(
    event_id: Annotated[str, typer.Argument(metavar="EVENT_ID", help="The event's id.", show_default=False)],
    *,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Show the timeline of one event, down to TikTok's request_id; exit status 1 if nothing is known of it."""
    from fullcount.cli import queue_views

    if not queue_views.show_event(settings_for(config, with_secrets=False), event_id, as_json=as_json):
        raise typer.Exit(1)


def dead(  # noqa: PLR0913 - each option is one parameter
    *,
    pixel: OnlyPixel = "",
    reason: OnlyReason = None,
    event_id: OnlyEvent = "",
    limit: Annotated[int, typer.Option(min=1, max=1_000, help="At most so many, the newest first.")] = 50,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """List dead letters: deliveries that were given up on and kept."""
    from fullcount.cli import queue_acts, queue_views

    settings = settings_for(config, with_secrets=False)
    selection = Selection(
        event_id or None,
        Reason(reason.value) if reason else None,
        queue_acts.pixel_code(settings, pixel) if pixel else None,
    )
    queue_views.show_dead(settings, selection, limit, as_json=as_json)


def redrive(  # noqa: PLR0913 - each option is one parameter
    *,
    pixel: OnlyPixel = "",
    reason: OnlyReason = None,
    event_id: OnlyEvent = "",
    everything: Annotated[bool, typer.Option("--all", help="All dead letters.")] = False,
    accept_double_count: Annotated[
        bool,
        typer.Option(
            "--accept-double-count",
            help="Also what TikTok may have counted already: dedup_window_passed and unknown_at_tiktok.",
        ),
    ] = False,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Put dead letters back on their lane, with their event_id; say which ones, and which were left.

    Exit status 1 if --event-id matches none.
    TikTok forgets an event_id after 48 hours, so what died of dedup_window_passed or unknown_at_tiktok may count twice.
    """
    from fullcount.cli import queue_acts

    if not (pixel or reason or event_id or everything):
        raise ConfigError("which ones?", where="redrive", fix="name --event-id, --reason or --pixel, or say --all")
    settings = settings_for(config, with_secrets=False)
    selection = Selection(
        event_id or None,
        Reason(reason.value) if reason else None,
        queue_acts.pixel_code(settings, pixel) if pixel else None,
    )
    is_found = queue_acts.redrive(settings, selection, accept_double_count=accept_double_count, as_json=as_json)
    if event_id and not is_found:
        raise typer.Exit(1)


def bury(  # noqa: PLR0913 - each option is one parameter
    *,
    pixel: OnlyPixel = "",
    event_id: OnlyEvent = "",
    reason: Annotated[
        BuryReason,
        typer.Option(
            metavar="REASON", help="purged: a resend is a duplicate. source_removed: the key is free for a resend."
        ),
    ] = BuryReason.PURGED,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; else only say what waits.")] = False,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Give up what waits: it is not sent, and kept as dead letters that redrive can put back."""
    from fullcount.cli import queue_acts

    if not (pixel or event_id):
        raise ConfigError("which ones?", where="bury", fix="name --pixel or --event-id")
    settings = settings_for(config, with_secrets=False)
    code = queue_acts.pixel_code(settings, pixel) if pixel else None
    selection = Selection(event_id or None, pixel_code=code)
    queue_acts.bury(settings, selection, Reason(reason.value), is_sure=yes, as_json=as_json)


def pause(
    pixel: PixelName,
    *,
    why: Annotated[str, typer.Option(metavar="TEXT", help="What to show beside it.")] = "paused by a person",
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Stop sending to a pixel, from every event source; what is accepted for it waits until resume."""
    from fullcount.cli import queue_acts

    queue_acts.pause(settings_for(config, with_secrets=False), pixel, why, as_json=as_json)


def resume(pixel: PixelName, *, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Send to a pixel again."""
    from fullcount.cli import queue_acts

    queue_acts.resume(settings_for(config, with_secrets=False), pixel, as_json=as_json)
