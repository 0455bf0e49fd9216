"""What an operator does beside a running gateway: look at its metrics, and use the command line."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Collection
from typing import Any

import aiohttp
import msgspec
from prometheus_client.parser import text_string_to_metric_families

from fullcount.demo.processes import COMMAND, Gateway
from fullcount.demo.report import DeadOrder
from fullcount.demo.waiting import eventually
from fullcount.errors import FullcountError

WAITING = "fullcount_queue_deliveries"
QUIET_SECONDS = 60.0  # a bound, not a wait


class Operator:
    """Asks one gateway what waits, and what it gave up on."""

    def __init__(self, http: aiohttp.ClientSession, gateway: Gateway) -> None:
        self._http = http
        self._gateway = gateway

    async def waiting(self) -> int:
        """Return how many deliveries are queued, leased or held."""
        async with self._http.get(f"{self._gateway.url}/metrics") as answer:
            answer.raise_for_status()
            text = await answer.text()
        families = [family for family in text_string_to_metric_families(text) if family.name == WAITING]
        if not families:
            raise FullcountError(f"no {WAITING} there", where=f"{self._gateway.url}/metrics")
        return int(sum(sample.value for sample in families[0].samples))

    async def until_quiet(self) -> None:
        """Wait until nothing waits any more."""

        async def is_quiet() -> bool:
            self._gateway.require_running()
            return await self.waiting() == 0

        await eventually(is_quiet, "the queue is empty", within_seconds=QUIET_SECONDS)

    async def dead_letters(self) -> list[DeadOrder]:
        """Return what `fullcount queue dead` lists."""
        document = await self.run("queue", "dead", "--limit", "1000")
        return msgspec.convert(document["dead_letters"], list[DeadOrder])

    async def run(self, *arguments: str, statuses: Collection[int] = (0,)) -> dict[str, Any]:
        """Run a command with `--json` on the gateway's settings and return its document.

        Raises:
            FullcountError: it ended with another status than one of `statuses`.
        """
        command = [*COMMAND, *arguments, "--json", "--config", str(self._gateway.settings_path)]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("FULLCOUNT_")}
        process = await asyncio.create_subprocess_exec(
            *command, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        try:
            output, complaints = await process.communicate()
        except asyncio.CancelledError:
            process.kill()
            await process.wait()
            raise
        if process.returncode not in statuses:
            words = complaints.decode(errors="replace").strip()
            raise FullcountError(f"`fullcount {' '.join(arguments)}` ended with {process.returncode}: {words}")
        document: dict[str, Any] = msgspec.json.decode(output)
        return document
