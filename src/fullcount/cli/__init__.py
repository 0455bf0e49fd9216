"""The command line: one file per command. Exit status: 0 done, 1 found problems, 2 could not be done as asked."""

from __future__ import annotations

import importlib
import importlib.metadata
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from fullcount.cli.output import complain, complain_of
from fullcount.errors import FullcountError

# In the order of the help page. Each is a module here with `register(app)`, and imports what is heavy when it runs.
COMMANDS = ("init", "serve", "check", "send", "source", "queue", "pairs", "doctor", "emulate", "demo")

USAGE = 2


class Frame(TyperGroup):
    """Turns an error of the tree into one message on standard error and exit status 2, for every command alike."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except FullcountError as error:
            complain_of(error)
        except ModuleNotFoundError as error:
            if (error.name or "").startswith("fullcount"):
                raise
            complain(f"this needs {error.name}, which is not installed\n  Fix: pip install 'fullcount[gateway]'")
        raise typer.Exit(USAGE) from None


def build_app() -> typer.Typer:
    """Return the whole command tree."""
    app = typer.Typer(
        name="fullcount",
        cls=Frame,
        help="Every conversion, counted once: a gateway and test bench for TikTok's Events API.",
        epilog="Example: fullcount init",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_root)
    for name in COMMANDS:
        importlib.import_module(f"fullcount.cli.{name}").register(app)
    return app


def main() -> None:
    """Run the command that the process was started with."""
    build_app()()


def _print_version(*, asked: bool) -> None:
    if asked:
        typer.echo(f"fullcount {importlib.metadata.version('fullcount')}")
        raise typer.Exit


def _root(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            help="Print the version and exit.",
            callback=lambda asked: _print_version(asked=asked),
            is_eager=True,
        ),
    ] = False,
) -> None:
    """Hold what stands before the command."""
