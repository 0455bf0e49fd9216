"""The processes of a bench run: servers, sinks and loads; each ended by its own id."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from typing import Any

import msgspec
from tests.bench.load import Plan
from tests.bench.serving import Dress


class Child(msgspec.Struct, frozen=True):
    """A process that listens."""

    pid: int
    port: int

    @property
    def url(self) -> str:
        """Its base URL."""
        return f"http://127.0.0.1:{self.port}"


@contextlib.contextmanager
def _listening(*arguments: str) -> Iterator[Child]:
    command = [sys.executable, "-m", *arguments]
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=quiet, text=True)  # noqa: S603 - our own modules
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"{arguments[0]} ended before it listened")
        yield Child(process.pid, json.loads(line)["port"])
    finally:
        process.terminate()
        process.wait(timeout=60)


def serving(dress: Dress) -> contextlib.AbstractContextManager[Child]:
    """Start the gateway in this dress."""
    return _listening("tests.bench.serving", msgspec.json.encode(dress).decode())


def sink() -> contextlib.AbstractContextManager[Child]:
    """Start a null sink."""
    return _listening("tests.bench.sink")


def load(plan: Plan) -> dict[str, Any]:
    """Run a load to its end and return its figures."""
    command = [sys.executable, "-m", "tests.bench.load", msgspec.json.encode(plan).decode()]
    out = subprocess.run(command, check=True, capture_output=True, text=True, timeout=plan.seconds + 60)  # noqa: S603
    figures: dict[str, Any] = json.loads(out.stdout)
    refused = {status: count for status, count in figures["statuses"].items() if status not in {"200", "202"}}
    if refused:
        raise RuntimeError(f"the server refused part of the load: {refused}")
    return figures


def taken_by(child: Child) -> int:
    """Return how many events a sink has counted."""
    with urllib.request.urlopen(child.url, timeout=10) as answer:  # noqa: S310 - loopback
        return int(answer.read())
