"""`fullcount check`: the exact TikTok JSON of an event, and what is wrong with it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from fullcount.cli.checking import Basis, Report, check_text
from fullcount.cli.curl import looks_like_curl
from fullcount.cli.documents import read_text
from fullcount.cli.known_values import Known
from fullcount.cli.mistakes import TRACK_2_0
from fullcount.cli.options import AsJson, ConfigFile, settings_for
from fullcount.cli.output import complain, count_of, print_json, print_table, say
from fullcount.clock import SystemClock
from fullcount.config.load import FILE_NAME, FILE_VARIABLE
from fullcount.config.settings import Settings, TikTok
from fullcount.errors import ConfigError

EXAMPLE = "fullcount check examples/curl.txt"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("check", epilog=f"Example: {EXAMPLE}")(check)


def check(  # noqa: PLR0913 - each option is one parameter
    file: Annotated[
        str,
        typer.Argument(metavar="FILE|-|'curl ...'", help="A file, - for standard input, or a curl line in quotes."),
    ],
    *,
    source: Annotated[str, typer.Option(metavar="NAME", help="Whose rules apply; else the first source's.")] = "",
    country: Annotated[
        str | None, typer.Option(metavar="US", help="For phone numbers without a country code.", show_default=False)
    ] = None,
    email: Annotated[str, typer.Option(metavar="PLAIN", help="An e-mail in it: is its hash right?")] = "",
    phone: Annotated[str, typer.Option(metavar="PLAIN", help="A phone number in it: is its hash right?")] = "",
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Print the exact JSON that TikTok would get, and what is wrong: mistake, consequence, fix.

    Takes an event, a list of events, one event a line, a body for TikTok's Events API 2.0 or 1.0, or a curl line.
    Sends nothing.

    With settings the rules of a source apply; exit status 1 if something costs an event.
    """
    settings = _settings_if_there(config)
    sources = settings.sources if settings is not None else ()
    if source and source not in {each.name for each in sources}:
        raise ConfigError(f"there is no source named {source}", where="--source", fix="see [[sources]] in the settings")
    folder = Path() if file == "-" or looks_like_curl(file) else Path(file).parent
    report = check_text(
        _text(file),
        Basis(settings, source, country, Known(email, phone, country)),
        folder=folder,
        now=SystemClock().now(),
    )
    if as_json:
        print_json({"ok": not report.is_fatal, **msgspec.structs.asdict(report)})
    else:
        _print(report, (TikTok() if settings is None else settings.tiktok).base_url)
    if report.is_fatal:
        raise typer.Exit(1)


def _text(file: str) -> bytes:
    if looks_like_curl(file):
        return file.encode("utf-8", "surrogateescape")
    if file == "-" and sys.stdin.isatty():
        complain("paste an event or a curl line, then press Enter and Ctrl-D")
    return read_text(file)


def _settings_if_there(config: Path | None) -> Settings | None:
    if config is None and not os.environ.get(FILE_VARIABLE) and not Path(FILE_NAME).exists():
        return None
    return settings_for(config, with_secrets=False)


def _print(report: Report, base_url: str) -> None:
    say(f"{report.kind}{' in a curl line' if report.curl else ''}, {count_of(report.events, 'event')}")
    if report.findings:
        rows = [
            (f"{each.path or 'the event'}\n{each.severity}", each.mistake, each.consequence, each.fix)
            for each in report.findings
        ]
        print_table(("where", "mistake", "consequence", "fix"), rows)
    else:
        say("Nothing is wrong with it.")
    for withheld in report.withheld:
        say(f"{withheld.path or 'the event'} would be withheld: {withheld.reason}")
    for request in report.requests:
        would = "would get, were it taken" if report.is_fatal or report.withheld else "gets"
        say(f"\nWhat TikTok {would} (POST {base_url.rstrip('/')}{TRACK_2_0}):\n")
        say(msgspec.json.format(bytes(request), indent=2).decode())
    if not report.requests:
        complain("nothing of it can be sent to TikTok")
