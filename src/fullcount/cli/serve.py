"""`fullcount serve`: the gateway and the delivery, in one process over one store."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from fullcount.cli.options import ConfigFile

EXAMPLE = "fullcount serve --config fullcount.toml"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("serve", epilog=f"Example: {EXAMPLE}")(serve)


def serve(
    config: ConfigFile = None,
    host: Annotated[
        str | None, typer.Option(help="Address to listen on; else server.host.", show_default=False)
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="Port; else server.port. 0 picks a free one.", show_default=False),
    ] = None,
) -> None:
    """Take events and deliver them, until SIGTERM or Ctrl-C. What was accepted and not delivered waits in the store."""
    # Imported here: the rest of the command line works without the gateway's extra, and starts without its weight.
    import msgspec
    import uvloop

    from fullcount import wiring
    from fullcount.config.load import load_settings

    os.umask(0o077)  # waiting deliveries hold addresses and browsers: the store is for this user alone
    loaded = load_settings(config, os.environ)
    asked = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    server = msgspec.structs.replace(loaded.settings.server, **asked)
    settings = msgspec.structs.replace(loaded.settings, server=server)
    uvloop.run(wiring.serve(msgspec.structs.replace(loaded, settings=settings), os.environ))
