"""The emulator and the gateway as child processes: started, awaited, killed and cleaned up by their process id."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import aiohttp

from fullcount.demo.toml import to_toml
from fullcount.demo.waiting import eventually
from fullcount.errors import FullcountError

HOST = "127.0.0.1"
PORTS = (20_000, 30_000)
START_SECONDS = 60.0  # a slow machine may take long to import; nobody waits for it if it is quick
COMMAND = (sys.executable, "-c", "from fullcount.cli import main; main()")


class Child:
    """One `fullcount` command that runs beside us, its output in files of `folder`."""

    def __init__(self, name: str, folder: Path, arguments: Sequence[str], command: Sequence[str] = COMMAND) -> None:
        self.name = name
        self.output = folder / f"{name}.out"
        self.log = folder / f"{name}.log"
        self._folder = folder
        self._arguments = tuple(arguments)
        self._command = tuple(command)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process id, 0 if it was never started."""
        return self._process.pid if self._process else 0

    @property
    def exit_code(self) -> int | None:
        """How it ended (negative: the signal that ended it), None while it runs or if it was never started."""
        return self._process.poll() if self._process else None

    def launch(self, environment: Mapping[str, str] | None = None) -> None:
        """Start it, without waiting until it is ready. Settings in our own environment are kept from it."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("FULLCOUNT_")}
        with self.output.open("ab") as output, self.log.open("ab") as log:
            # An own session, so that Ctrl-C at the terminal reaches us alone and we end it in order.
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter with our own arguments
                [*self._command, *self._arguments],
                cwd=self._folder,
                env={**kept, **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=log,
                start_new_session=True,
            )

    def send_signal(self, number: signal.Signals) -> None:
        """Send it a signal, if it still runs."""
        if self._process:
            self._process.send_signal(number)

    def kill(self) -> None:
        """End it at once, as `kill -9` does, and wait until it is gone."""
        if self._process:
            self._process.kill()
            self._process.wait()

    async def ended(self, within_seconds: float = 30.0) -> int:
        """Wait until it has ended by itself and return its exit status."""
        await eventually(lambda: self.exit_code is not None, f"{self.name} ends", within_seconds=within_seconds)
        return self.exit_code or 0

    def require_running(self) -> None:
        """Raise a FullcountError with the last words of its log if it has ended."""
        if self.exit_code is not None:
            raise FullcountError(
                f"`fullcount {self._arguments[0]}` ended with status {self.exit_code}: {self.last_words()}",
                where=str(self.log),
                fix="its log says why",
            )

    def said_url(self) -> str:
        """Return the address of its first line of output (JSON with `url`); nothing while there is none.

        Raises:
            FullcountError: it has ended.
        """
        self.require_running()
        line, newline, _ = self.output.read_text(encoding="utf-8").partition("\n")
        return str(json.loads(line)["url"]) if newline else ""

    def last_words(self) -> str:
        """Return the last line of its log."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return lines[-1] if lines else "(nothing logged)"


class Emulator(Child):
    """`fullcount emulate` on a free port."""

    url = ""

    def __init__(
        self, folder: Path, tokens: Mapping[str, str], *, name: str = "emulator", options: Sequence[str] = ()
    ) -> None:
        pixels = [part for code, token in tokens.items() for part in ("--pixel", f"{code}={token}")]
        super().__init__(name, folder, ["emulate", "--port", "0", "--json", *pixels, *options])

    async def start(self) -> None:
        """Start it and wait for its ready line."""
        self.launch()
        self.url = await eventually(self.said_url, "the emulator is ready", within_seconds=START_SECONDS)


class Gateway(Child):
    """`fullcount serve` on a free port, settings and store in `folder`; it may be killed and launched again."""

    def __init__(self, folder: Path, settings: Mapping[str, Any], *, name: str = "gateway") -> None:
        self.port = free_port()
        self.url = f"http://{HOST}:{self.port}"
        self.settings_path = folder / "fullcount.toml"
        self.write_settings(settings)
        super().__init__(name, folder, ["serve", "--config", str(self.settings_path)])

    def write_settings(self, settings: Mapping[str, Any]) -> None:
        """Write the settings that hold from the next launch on; the address is ours."""
        server = {**settings.get("server", {}), "host": HOST, "port": self.port}
        self.settings_path.write_text(to_toml({**settings, "server": server}), encoding="utf-8")

    async def start(self, http: aiohttp.ClientSession, environment: Mapping[str, str] | None = None) -> None:
        """Start it and wait until it says that it can store."""
        self.launch(environment)
        await self.ready(http)

    async def ready(self, http: aiohttp.ClientSession) -> None:
        """Wait until it says that it can store."""

        async def is_ready() -> bool:
            self.require_running()
            try:
                async with http.get(f"{self.url}/readyz") as answer:
                    return answer.status == 200
            except aiohttp.ClientConnectionError:
                return False

        await eventually(is_ready, "the gateway is ready", within_seconds=START_SECONDS)


def free_port() -> int:
    """Return a port of the loopback address that nobody listens on now.

    It is taken from below the range that systems give to outgoing connections (Linux: from 32768). Above, a client
    that keeps trying a killed gateway may be given that very port, connect to itself, and keep the gateway out.
    """
    while True:
        port = random.randrange(*PORTS)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind((HOST, port))
                return port
