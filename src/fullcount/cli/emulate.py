"""`fullcount emulate`: a strict local TikTok, for tests and for a first look."""

from __future__ import annotations

import ipaddress
import os
import socket
from typing import Annotated

import msgspec
import typer


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("emulate")(emulate)


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
    as_json: Annotated[bool, typer.Option("--json", help='Print {"url","pid"} once ready, and nothing else.')] = False,
) -> None:
    """Serve a strict local TikTok until SIGTERM or Ctrl-C.

    Example: fullcount emulate --port 8090 --pixel CEXAMPLE0PIXEL000001=test-token
    """
    # The rest of the command line works without the emulator's extra.
    import uvicorn  # noqa: PLC0415

    from fullcount.emulator import app as emulator_app  # noqa: PLC0415
    from fullcount.emulator.emulator import Emulator  # noqa: PLC0415
    from fullcount.emulator.serving import DEFAULT_PIXEL, DEFAULT_TOKEN, bind, server_config  # noqa: PLC0415
    from fullcount.emulator.settings import EmulatorSettings  # noqa: PLC0415

    pixels = read_pixels(pixel) if pixel else {DEFAULT_PIXEL: [DEFAULT_TOKEN]}
    settings = EmulatorSettings(
        requests_per_second=rate,
        alias_events=alias_events,
        http_status_errors=http_status_errors,
        accept_legacy_body=accept_legacy_body,
        accept_gzip=accept_gzip,
    )
    if not _is_loopback(host):
        typer.echo(f"warning: listening on {host}: anyone who reaches it can read and reset the emulator", err=True)
    try:
        listener = bind(host, port)
    except OSError as error:
        typer.echo(f"cannot listen on {host}:{port}: {error.strerror}. Fix: another --port (0 picks one)", err=True)
        raise typer.Exit(2) from error
    url = _url_of(listener)
    if as_json:
        typer.echo(msgspec.json.encode({"url": url, "pid": os.getpid()}).decode())
    else:
        _greet(url, pixels)
    server = uvicorn.Server(server_config(emulator_app.create_app(Emulator(pixels, settings=settings))))
    server.run(sockets=[listener])


def read_pixels(options: list[str]) -> dict[str, list[str]]:
    """Return the tokens of each pixel from `CODE=TOKEN` options.

    Raises:
        typer.BadParameter: an option has no `=`, no code or no token (exit status 2).
    """
    pixels: dict[str, list[str]] = {}
    for option in options:
        code, _, token = option.partition("=")
        if not code.strip() or not token.strip():
            raise typer.BadParameter(
                "a pixel is given as CODE=TOKEN, for example --pixel CEXAMPLE0PIXEL000001=test-token",
                param_hint="--pixel",
            )
        pixels.setdefault(code.strip(), []).append(token.strip())
    return pixels


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _url_of(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _greet(url: str, pixels: dict[str, list[str]]) -> None:
    typer.echo(f"TikTok, emulated, at {url} (open it in a browser to watch)")
    for code, tokens in pixels.items():
        typer.echo(f"  pixel {code}, {len(tokens)} token{'s' if len(tokens) > 1 else ''}")
    typer.echo(f"  control: {url}/_emulator/events  /requests  /diagnostics  /faults  /clock  /reset  /state")
