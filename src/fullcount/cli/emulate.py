"""`fullcount emulate`: a strict local TikTok, for tests and for a first look."""

from __future__ import annotations

import functools
import os
import signal
import socket
from types import FrameType
from typing import Annotated

import msgspec
import typer

from fullcount.cli.output import complain, count_of, say
from fullcount.config.address import is_loopback
from fullcount.emulator.settings import EmulatorSettings
from fullcount.errors import ConfigError

EXAMPLE = "fullcount emulate --port 8090 --pixel CEXAMPLE0PIXEL000001=test-token --population 300"

_BROWSER = "Browser side"
Rename = Annotated[
    bool,
    typer.Option(
        "--rename-events/--no-rename-events",
        help="The pixel sends Purchase as CompletePayment, and 13 other names as TikTok's did; or names as pages say.",
        rich_help_panel=_BROWSER,
    ),
]
Population = Annotated[
    int, typer.Option(min=0, max=10_000, help="Made-up users to match events with.", rich_help_panel=_BROWSER)
]
Seed = Annotated[int, typer.Option(help="The same seed makes the same users.", rich_help_panel=_BROWSER)]
ClickWindow = Annotated[
    float, typer.Option(min=0, max=28, help="Days that a click is credited for; 0: never.", rich_help_panel=_BROWSER)
]
ViewWindow = Annotated[
    float, typer.Option(min=0, max=28, help="Days that a view is credited for; 0: never.", rich_help_panel=_BROWSER)
]
RemoteAds = Annotated[
    bool, typer.Option("--remote-ads", help="Ads may lead off this machine.", rich_help_panel=_BROWSER)
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("emulate", epilog=f"Example: {EXAMPLE}")(emulate)


def emulate(  # noqa: PLR0913, PLR0917 - each option is one parameter
    pixel: Annotated[
        list[str] | None, typer.Option("--pixel", metavar="CODE=TOKEN", help="A pixel and its token; repeatable.")
    ] = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 picks a free one.")] = 8090,
    rate: Annotated[int, typer.Option(min=0, help="Requests a second for each token; 0: no limit.")] = 1_000,
    alias_events: Annotated[
        bool, typer.Option("--alias-events", help="CompletePayment and Purchase (SubmitForm and Lead) share a key.")
    ] = False,
    http_status_errors: Annotated[
        bool, typer.Option("--http-status-errors", help="Answer 400, 401 and 429 in place of 200 with a code.")
    ] = False,
    accept_legacy_body: Annotated[
        bool, typer.Option("--accept-legacy-body", help="Take a 1.0 body on the 2.0 path.")
    ] = False,
    accept_gzip: Annotated[bool, typer.Option("--accept-gzip", help="Take gzip bodies.")] = False,
    rename_events: Rename = True,
    population: Population = 0,
    seed: Seed = 1,
    click_window: ClickWindow = 7.0,
    view_window: ViewWindow = 1.0,
    remote_ads: RemoteAds = False,
    as_json: Annotated[bool, typer.Option("--json", help='Print {"url","pid"} once ready, and nothing else.')] = False,
) -> None:
    """Serve a strict local TikTok until SIGTERM or Ctrl-C; open its address in a browser to watch.

    Servers post events to /open_api/v1.3/event/track/.

    Pages load the pixel from /i18n/pixel/events.js; its hits go to /api/v2/pixel.

    /_emulator/ad?to=URL is an ad to click.

    /_emulator/report says what was counted, matched and attributed.

    docs/emulator.md tells the rest.
    """
    # Imported here: the rest of the command line works without the emulator's extra.
    from fullcount.emulator import serving

    pixels = read_pixels(pixel) if pixel else {serving.DEFAULT_PIXEL: [serving.DEFAULT_TOKEN]}
    settings = EmulatorSettings(
        requests_per_second=rate,
        alias_events=alias_events,
        http_status_errors=http_status_errors,
        accept_legacy_body=accept_legacy_body,
        accept_gzip=accept_gzip,
        rename_events=rename_events,
        population=population,
        seed=seed,
        click_window_days=click_window,
        view_window_days=view_window,
        remote_ads=remote_ads,
    )
    if not is_loopback(host):
        complain(f"warning: listening on {host}: whoever reaches it can read and reset the emulator")
    _serve(pixels, settings, (host, port), as_json=as_json)


def _serve(
    pixels: dict[str, list[str]], settings: EmulatorSettings, address: tuple[str, int], *, as_json: bool
) -> None:
    """Serve until a signal ends it, and say so once it listens.

    Raises:
        ConfigError: the address cannot be listened on.
    """
    from fullcount.emulator import serving
    from fullcount.emulator.app import create_app
    from fullcount.emulator.emulator import Emulator

    host, port = address
    try:
        listener = serving.bind(host, port)
    except OSError as error:
        raise ConfigError(
            f"cannot listen there: {error.strerror}", where=f"{host}:{port}", fix="another --port; 0 picks a free one"
        ) from error
    server = serving.AnnouncingServer(
        serving.server_config(create_app(Emulator(pixels, settings=settings))),
        announce=functools.partial(_greet, _url_of(listener), pixels, as_json=as_json),
    )
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, _leave)  # uvicorn raises the signal again once it has ended
    server.run(sockets=[listener])


def read_pixels(options: list[str]) -> dict[str, list[str]]:
    """Return the tokens of each pixel from `CODE=TOKEN` options.

    Raises:
        ConfigError: an option has no `=`, no code or no token.
    """
    pixels: dict[str, list[str]] = {}
    for option in options:
        code, _, token = (part.strip() for part in option.partition("="))
        if not code or not token:
            raise ConfigError(
                "a pixel is given as CODE=TOKEN", where="--pixel", fix="--pixel CEXAMPLE0PIXEL000001=test-token"
            )
        pixels.setdefault(code, []).append(token)
    return pixels


def _url_of(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _greet(url: str, pixels: dict[str, list[str]], *, as_json: bool) -> None:
    """Say that it is ready."""
    if as_json:
        typer.echo(msgspec.json.encode({"url": url, "pid": os.getpid()}).decode())
        return
    say(f"TikTok, emulated, at {url} (open it in a browser to watch)")
    for code, tokens in pixels.items():
        say(f"  pixel {code} with {count_of(len(tokens), 'token')}")
    say(f"  control: {url}/_emulator/events, requests, diagnostics, faults, clock, reset, state")
    say(f"  browser: {url}/i18n/pixel/events.js?sdkid=CODE; ads: {url}/_emulator/ad?to=URL, population, report")


def _leave(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)
