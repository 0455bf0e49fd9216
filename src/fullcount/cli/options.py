"""Options that several commands share, and how they find their settings."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from fullcount.cli.output import complain
from fullcount.config.load import load_settings
from fullcount.config.settings import Settings

ConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        metavar="FILE",
        help="The settings; else $FULLCOUNT_CONFIG, else fullcount.toml here.",
        show_default=False,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]


def settings_for(config: Path | None, *, with_secrets: bool = True) -> Settings:
    """Return the settings that a command runs with; what they warn of goes to standard error."""
    loaded = load_settings(config, os.environ, with_secrets=with_secrets)
    for warning in loaded.warnings:
        complain(f"warning: {warning}")
    return loaded.settings
