"""The emulator's control plane, as the demo and the end-to-end tests use it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from fullcount.config.address import is_loopback
from fullcount.errors import ConfigError

Json = dict[str, Any]


class EmulatorControl:
    """Scripts the faults of one emulator and asks it what it counted."""

    def __init__(self, http: aiohttp.ClientSession, base_url: str) -> None:
        self._http = http
        self.base_url = base_url.rstrip("/")

    async def require_emulator(self) -> Json:
        """Return the emulator's state.

        Raises:
            ConfigError: whatever answers at this address is not a Fullcount emulator, so nothing may be sent to it.
        """
        if not is_loopback(urlsplit(self.base_url).hostname or ""):
            raise self._not_an_emulator("it is not on this machine, so it was not even asked")
        try:
            state = await self.state()
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise self._not_an_emulator(type(error).__name__) from error
        if not {"counted", "copies_taken", "answers"} <= state.keys():
            raise self._not_an_emulator("another kind of answer")
        return state

    def _not_an_emulator(self, why: str) -> ConfigError:
        return ConfigError(
            f"no emulator answers there ({why})",
            where=self.base_url,
            fix="the demo and the crash rounds talk to `fullcount emulate` only; never to TikTok",
        )

    async def state(self) -> Json:
        """Return the emulator's counters."""
        return await self._get("/state")

    async def counted(self) -> int:
        """Return how many events TikTok would count."""
        answer = await self._get("/events", limit="0")
        return int(answer["counted"])

    async def events(self, **filters: str) -> list[Json]:
        """Return what TikTok would count; filters are `event`, `event_id`, `pixel_code`."""
        answer = await self._get("/events", **filters)
        events: list[Json] = answer["events"]
        return events

    async def report(self) -> Json:
        """Return what was counted, matched and attributed."""
        return await self._get("/report")

    async def requests(self, offset: int = 0) -> list[Json]:
        """Return the requests to TikTok's own paths, in order, from the `offset`-th on."""
        answer = await self._get("/requests", offset=str(offset))
        requests: list[Json] = answer["requests"]
        return requests

    async def add_faults(self, faults: Sequence[Json]) -> None:
        """Queue scripted failures; they are consumed in order."""
        await self._post("/faults", {"faults": list(faults)})

    async def faults(self) -> list[Json]:
        """Return the scripted failures that are left, the next one first."""
        answer = await self._get("/faults")
        faults: list[Json] = answer["faults"]
        return faults

    async def clear_faults(self) -> None:
        """Forget the failures that are left, rejected events among them."""
        async with self._http.delete(f"{self.base_url}/_emulator/faults") as answer:
            answer.raise_for_status()

    async def fire_pixel(self, pixel_code: str, event: str, event_id: str) -> None:
        """Let a browser's pixel tell TikTok of an event."""
        await self._post("/pixel", {"pixel_code": pixel_code, "event": event, "event_id": event_id})

    async def move_clock(self, seconds: float) -> None:
        """Move the emulator's time on by `seconds`."""
        await self._post("/clock", {"advance_seconds": seconds})

    async def _get(self, path: str, **query: str) -> Json:
        async with self._http.get(f"{self.base_url}/_emulator{path}", params=query) as answer:
            answer.raise_for_status()
            found = await answer.json()
            if not isinstance(found, dict):
                raise ValueError("another kind of JSON")  # noqa: TRY004 - as a JSON decoder says it
            return found

    async def _post(self, path: str, body: Json) -> Json:
        async with self._http.post(f"{self.base_url}/_emulator{path}", json=body) as answer:
            answer.raise_for_status()
            found: Json = await answer.json()
            return found
