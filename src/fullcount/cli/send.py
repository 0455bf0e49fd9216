"""`fullcount send`: events of a file to a gateway, or test events straight to TikTok."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fullcount.cli.documents import Input, Item, opened, read_items
from fullcount.cli.gateway_client import GatewayClient
from fullcount.cli.options import AsJson, ConfigFile, settings_for
from fullcount.cli.output import print_json
from fullcount.cli.posting import Sent, post_items
from fullcount.cli.progress import progress
from fullcount.cli.sending_words import print_sent, print_tried
from fullcount.cli.stamping import stamped
from fullcount.clock import SystemClock
from fullcount.config.secret import resolve_secret
from fullcount.config.settings import Settings, Source
from fullcount.errors import ConfigError

if TYPE_CHECKING:
    from fullcount.cli.trial import Tried

EXAMPLE = "fullcount send --test-code TEST12345 examples/purchase.json"
MOST_TESTS = 100  # test events are for looking at


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("send", epilog=f"Example: {EXAMPLE}")(send)


def send(  # noqa: PLR0913 - each option is one parameter
    file: Input,
    *,
    test_code: Annotated[
        str, typer.Option(metavar="TEST12345", help="From Events Manager > Test events: send as test events.")
    ] = "",
    now: Annotated[bool, typer.Option("--now", help="Set each event_time to now.")] = False,
    url: Annotated[str, typer.Option(help="The gateway; else the one of the settings.")] = "",
    key: Annotated[str, typer.Option(help="A source's key, or env:NAME; else the one of the settings.")] = "",
    wait: Annotated[
        float, typer.Option(min=0, max=3_600, metavar="SECONDS", help="Wait for the outcome, in this machine's store.")
    ] = 0.0,
    source: Annotated[str, typer.Option(metavar="NAME", help="Whose key or rules; else the first source's.")] = "",
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Send events to a running gateway: one JSON object, a list, {"events": [...]}, or one object a line.

    With --test-code they go straight to TikTok as test events, no gateway needed, and TikTok's answer is shown; with
    --url as well they go as test events through that gateway. Exit status 1 if an event was not taken.
    """
    if test_code and not url:
        settings = settings_for(config)
        tried = _try(_few(file, now=now), settings, source, test_code)
        if as_json:
            print_json({"test_event_code": test_code, "results": tried})
        else:
            print_tried(tried, test_code, settings.tiktok.base_url)
        is_whole = all(each.taken for each in tried)
    else:
        sent = _post(file, _client(url, key, source, config), test_code or None, now=now)
        if wait:
            _wait(sent, settings_for(config, with_secrets=False), wait)
        if as_json:
            print_json(sent)
        else:
            print_sent(sent)
        is_whole = not sent.rejected
    if not is_whole:
        raise typer.Exit(1)


def _post(file: str, client: GatewayClient, test_code: str | None, *, now: bool) -> Sent:
    total = Path(file).stat().st_size if Path(file).is_file() else None
    with contextlib.closing(client), opened(file) as stream, progress("sending", total) as done:
        return post_items(stamped(read_items(stream), SystemClock().now(), every=now), client, test_code, done)


def _client(url: str, key: str, source: str, config: Path | None) -> GatewayClient:
    settings = None if url and key else settings_for(config)
    if settings is not None:
        found = _source(settings, source)
        url = url or _address(settings)
        key = key or (found.key if isinstance(found.key, str) else found.key[0])
    return GatewayClient(url, resolve_secret(key, where="--key", environ=os.environ, folder=Path()))


def _address(settings: Settings) -> str:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.server.host, settings.server.host)  # noqa: S104 - read, not bound
    return f"http://[{host}]:{settings.server.port}" if ":" in host else f"http://{host}:{settings.server.port}"


def _source(settings: Settings, name: str) -> Source:
    for each in settings.sources:
        if name in {"", each.name}:
            return each
    known = ", ".join(each.name for each in settings.sources)
    raise ConfigError(
        f"there is no source named {name}" if name else "the settings have no source",
        where="--source" if name else "sources",
        fix=f"name one of {known}" if known else "add a [[sources]] table",
    )


def _few(file: str, *, now: bool) -> list[Item]:
    with opened(file) as stream:
        items = list(itertools.islice(stamped(read_items(stream), SystemClock().now(), every=now), MOST_TESTS + 1))
    if len(items) > MOST_TESTS:
        raise ConfigError(f"more than {MOST_TESTS} test events", where=file, fix="test with a few of them")
    return items


def _try(items: list[Item], settings: Settings, source: str, test_code: str) -> list[Tried]:
    from fullcount.cli.trial import Tried, try_events

    unread = [Tried(item.place, message="not JSON", problems=(item.problem,)) for item in items if item.problem]
    events = [(item.place, item.event) for item in items if not item.problem]
    name = _source(settings, source).name
    return unread + asyncio.run(try_events(events, settings, name, test_code, SystemClock()))


def _wait(sent: Sent, settings: Settings, seconds: float) -> None:
    from fullcount.cli.waiting import wait_for_outcomes

    event_ids = [event_id for event_id in sent.event_ids if event_id is not None][:MOST_TESTS]
    sent.journeys = asyncio.run(wait_for_outcomes(settings, event_ids, seconds, SystemClock()))
