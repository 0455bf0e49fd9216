"""A shop for the command line: a settings file, its secrets, a local TikTok, and a way to run commands."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from fullcount.cli import build_app
from fullcount.testing.emulator import RunningEmulator

CODE = "CEXAMPLE0PIXEL000001"
SETTINGS = """
[tiktok]
base_url = "{base_url}"

[[pixels]]
name = "store"
code = "CEXAMPLE0PIXEL000001"
access_token = "env:TIKTOK_ACCESS_TOKEN"

[[sources]]
name = "backend"
key = "env:BACKEND_KEY"
pixels = ["store"]
default_country = "US"
"""


class Shop:
    """A folder with settings, in which commands run."""

    def __init__(self, folder: Path, tiktok: RunningEmulator) -> None:
        self.folder = folder
        self.tiktok = tiktok
        self.file = folder / "fullcount.toml"
        self.environ: dict[str, str | None] = {
            "TIKTOK_ACCESS_TOKEN": "test-token",
            "BACKEND_KEY": "test-key-of-the-backend",
            "FULLCOUNT_CONFIG": str(self.file),
            "COLUMNS": "200",
            "NO_COLOR": "1",
        }
        self.write(SETTINGS.format(base_url=tiktok.base_url))

    @property
    def store(self) -> Path:
        """Where the store lies."""
        return self.folder / "var" / "fullcount.db"

    @property
    def process_environ(self) -> dict[str, str]:
        """The environment for a command that runs as a process of its own."""
        return {**os.environ, **{name: value for name, value in self.environ.items() if value is not None}}

    def write(self, text: str) -> None:
        """Write the settings file."""
        self.file.write_text(text, encoding="utf-8")

    def run(self, *args: str, stdin: bytes = b"") -> Any:
        """Run a command in this process; the result has exit_code, stdout and stderr."""
        return CliRunner().invoke(build_app(), list(args), input=stdin, env=self.environ)

    def run_json(self, *args: str, stdin: bytes = b"", exit_code: int = 0) -> Any:
        """Run a command with --json and return its one document."""
        result = self.run(*args, "--json", stdin=stdin)
        assert result.exit_code == exit_code, result.stderr
        return json.loads(result.stdout)


def purchase(event_id: str, event_time: int, **more: Any) -> dict[str, Any]:
    """Return a purchase that nothing is wrong with."""
    return {
        "event": "Purchase",
        "event_id": event_id,
        "event_time": event_time,
        "user": {"email": "customer@example.com", "ip": "203.0.113.42", "user_agent": "Mozilla/5.0"},
        "page": {"url": "https://shop.example.com/thanks"},
        "properties": {
            "currency": "USD",
            "value": 20.0,
            "content_type": "product",
            "contents": [{"content_id": "SKU-1", "price": 20.0, "quantity": 1}],
        },
        **more,
    }
