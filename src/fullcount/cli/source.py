"""`fullcount source`: feed a saved request through a source, see what an observing source saw, and let it go live."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from fullcount.cli.documents import read_text
from fullcount.cli.options import AsJson, ConfigFile, settings_for
from fullcount.config.load import load_settings
from fullcount.config.schema import nearest
from fullcount.config.settings import Settings, Source
from fullcount.errors import ConfigError

SourceName = Annotated[str, typer.Argument(metavar="NAME", help="The source's name.", show_default=False)]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    source = typer.Typer(no_args_is_help=True, help="Try a source with a saved request; let an observing one go live.")
    for name, command, example in (
        ("replay", replay, "fullcount source replay order.json --source shop --header 'X-Shopify-Topic: orders/paid'"),
        ("live", live, "fullcount source live shop"),
        ("observe", observe, "fullcount source observe shop"),
    ):
        source.command(name, epilog=f"Example: {example}")(command)
    app.add_typer(source, name="source")


def replay(  # noqa: PLR0913 - each option is one parameter
    file: Annotated[
        str, typer.Argument(metavar="FILE|-", help="A request as HTTP writes it, or a body; - for standard input.")
    ],
    *,
    source: Annotated[str, typer.Option(metavar="NAME", help="The source that would get it.", show_default=False)],
    header: Annotated[
        list[str] | None, typer.Option(metavar="'NAME: VALUE'", help="A header of it; may be repeated.")
    ] = None,
    query: Annotated[str, typer.Option(metavar="A=1&B=2", help="The query of its address.")] = "",
    body: Annotated[bool, typer.Option("--body", help="Print the event that TikTok would get, too.")] = False,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Feed a saved request through a source and print what each step makes of it. Stores and sends nothing.

    A saved body rarely has its signature: without one the rest is shown all the same. Exit status 1 if nothing of the
    request can be read, or an event in it would be refused.
    """
    from fullcount.cli import source_views
    from fullcount.cli.replaying import replay as replayed
    from fullcount.cli.saved_request import read_saved
    from fullcount.clock import SystemClock

    settings, has_secrets = _settings(config)
    found = _named(settings, source)
    if found.kind in ("json", "tiktok"):
        raise ConfigError(
            f"{source} takes our own or TikTok's format", where="--source", fix="run fullcount check FILE --source NAME"
        )
    request = read_saved(read_text(file), header or [], query, SystemClock().now())
    told = replayed(request, found, settings, has_secrets=has_secrets)
    source_views.show_replay(told, with_body=body, as_json=as_json)
    if told.is_fruitless:
        raise typer.Exit(1)


def live(  # noqa: PLR0913 - each option is one parameter
    name: SourceName,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Switch it without asking.")] = False,
    days: Annotated[int, typer.Option(min=1, max=30, help="Look back so many days.")] = 7,
    limit: Annotated[int, typer.Option(min=1, max=1_000, help="Show so many orders, the newest first.")] = 10,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Show what an observing source would have sent, and let it go live. A running gateway obeys within a second.

    It asks first; without a terminal, and with --json, it switches only with --yes, and exits 1 without. The switch
    holds until the settings' mode for the source is changed.
    """
    from fullcount.cli import source_modes

    settings = settings_for(config, with_secrets=False)
    ways = source_modes.Ways(yes, days, limit, as_json)
    if not source_modes.live(settings, _named(settings, name), ways):
        raise typer.Exit(1)


def observe(name: SourceName, *, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Let a source only observe: what it brings is recorded as it would be sent, and not sent."""
    from fullcount.cli import source_modes

    settings = settings_for(config, with_secrets=False)
    source_modes.observe(settings, _named(settings, name), source_modes.Ways(as_json=as_json))


def _settings(config: ConfigFile) -> tuple[Settings, bool]:
    """Return the settings, with secrets if they are at hand."""
    try:
        return load_settings(config, os.environ).settings, True
    except ConfigError:
        return settings_for(config, with_secrets=False), False


def _named(settings: Settings, name: str) -> Source:
    for source in settings.sources:
        if source.name == name:
            return source
    names = [source.name for source in settings.sources]
    fix = nearest(name, names) or f"name one of {', '.join(names)}"
    raise ConfigError(f"there is no source named {name}", where="source", fix=fix)
