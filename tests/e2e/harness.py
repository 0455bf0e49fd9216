"""Real processes under load: one emulator, a gateway that is killed and restarted, and a sender that comes back."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp

from fullcount.clock import SystemClock
from fullcount.demo.control import EmulatorControl
from fullcount.demo.operator import Operator
from fullcount.demo.processes import Emulator, Gateway
from fullcount.demo.verdict import copies_taken
from fullcount.demo.waiting import eventually

PIXEL = "CEXAMPLE0PIXEL000001"
TOKEN = "test-token"
KEY = "test-key"
MAX_IN_FLIGHT = 3
MAX_EVENTS = 20  # in one batch: small, so that a kill meets many
SENDERS = 4
LARGEST_PIECE = 12

clock = SystemClock()


def gateway_settings(base_url: str, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings with small batches and short waits; `changes` adds to tables and replaces lists of tables."""
    settings: dict[str, Any] = {
        "server": {"drain_seconds": 5.0},
        "storage": {"url": "sqlite:fullcount.db", "min_free_disk": 1_000_000},
        "tiktok": {"base_url": base_url, "timeout_seconds": 5.0},
        "delivery": {
            "max_events": MAX_EVENTS,
            "max_in_flight": MAX_IN_FLIGHT,
            "max_wait_ms": 20,
            "retry_base_seconds": 0.05,
            "retry_cap_seconds": 0.5,
            "breaker_seconds": 0.2,
            "probe_seconds": 0.5,
        },
        "pixels": [{"name": "store", "code": PIXEL, "access_token": TOKEN}],
        "sources": [{"name": "backend", "key": KEY, "pixels": ["store"]}],
    }
    for table, values in changes.items():
        settings[table] = {**settings.get(table, {}), **values} if isinstance(values, dict) else values
    return settings


def purchase(event_id: str, event_time: float) -> dict[str, Any]:
    """Return one purchase as a backend posts it."""
    return {
        "event": "Purchase",
        "event_id": event_id,
        "event_time": int(event_time),
        "user": {"email": f"{event_id}@example.com", "ip": "203.0.113.42", "user_agent": "Mozilla/5.0 (test)"},
        "page": {"url": "https://shop.example.com/thanks"},
        "properties": {"currency": "USD", "value": 10.0, "order_id": event_id},
    }


class Load:
    """Posts purchases, alone and several in a call, until each is answered 2xx; now and then one comes twice."""

    def __init__(self, http: aiohttp.ClientSession, gateway_url: str, rng: random.Random) -> None:
        self._http = http
        self._url = f"{gateway_url}/v1/events"
        self._rng = rng
        self._made = 0
        self.accepted: set[str] = set()  # named accepted, merged or duplicate by a 2xx
        self.attempts = 0

    async def send(self, count: int, *, largest_piece: int = LARGEST_PIECE) -> None:
        """Post `count` new purchases and return when all of them were answered 2xx."""
        first, self._made = self._made, self._made + count
        waiting = [f"order-{number}" for number in range(first, first + count)]
        await asyncio.gather(*(self._work(waiting, largest_piece, clock.now()) for _ in range(SENDERS)))

    async def _work(self, waiting: list[str], largest_piece: int, event_time: float) -> None:
        while waiting:
            piece = [waiting.pop() for _ in range(min(len(waiting), self._rng.randint(1, largest_piece)))]
            await self.post(piece, event_time)
            if self._rng.random() < 0.1:
                await self.post(piece[:1], event_time)

    async def post(self, event_ids: list[str], event_time: float) -> dict[str, Any]:
        """Post these purchases in one call, again and again until a 2xx; return its answer."""
        events = [purchase(event_id, event_time) for event_id in event_ids]
        answer: dict[str, Any] = await eventually(lambda: self._try(events), "a 2xx answer", within_seconds=60)
        assert answer["rejected"] == []
        assert answer["withheld"] == 0
        self.accepted.update(answer["event_ids"])
        return answer

    async def _try(self, events: list[dict[str, Any]]) -> dict[str, Any]:
        """Return the answer, or nothing if it was no 2xx."""
        self.attempts += 1
        headers = {"Authorization": f"Bearer {KEY}"}
        try:
            async with self._http.post(self._url, json={"events": events}, headers=headers) as answer:
                if answer.status >= 500:
                    return {}
                assert answer.status < 300, await answer.text()
                found: dict[str, Any] = await answer.json()
                return found
        except (aiohttp.ClientError, TimeoutError):
            return {}


class House:
    """One emulator, one gateway and its settings in one folder. Use as an async context manager: it leaves nothing."""

    def __init__(self, folder: Path, changes: Mapping[str, Any] | None = None, *, seed: int = 1) -> None:
        self.folder = folder
        self.rng = random.Random(seed)
        self._changes = changes or {}
        pixels = self._changes.get("pixels", [{"code": PIXEL, "access_token": TOKEN}])
        self.emulator = Emulator(folder, {pixel["code"]: pixel["access_token"] for pixel in pixels})

    async def __aenter__(self) -> Self:
        self.http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20))
        try:
            await self.emulator.start()
            self.control = EmulatorControl(self.http, self.emulator.url)
            self.gateway = Gateway(self.folder, self.settings())
            self.operator = Operator(self.http, self.gateway)
            self.load = Load(self.http, self.gateway.url, self.rng)
        except BaseException:
            await self.__aexit__(None, None, None)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.http.close()
        for child in (getattr(self, "gateway", None), self.emulator):
            if child is not None:
                child.kill()

    def settings(self) -> dict[str, Any]:
        """Return what stands in the gateway's settings file."""
        return gateway_settings(self.emulator.url, self._changes)

    async def start(self, **environment: str) -> None:
        """Start the gateway and wait until it can store."""
        await self.gateway.start(self.http, environment)

    def moved_clock(self) -> dict[str, str]:
        """Return the environment in which the gateway follows the emulator's time."""
        return {"FULLCOUNT_CLOCK_URL": f"{self.emulator.url}/_emulator/clock"}

    async def another_request(self) -> None:
        """Wait until the gateway has tried to reach TikTok once more."""
        before = (await self.control.state())["requests_total"]

        async def has_come() -> bool:
            state = await self.control.state()
            return bool(state["requests_total"] > before)

        await eventually(has_come, "another request comes")

    async def settled(self) -> None:
        """Wait until TikTok counts as many events as were accepted and nothing waits in the queue."""

        async def all_counted() -> bool:
            counted = await self.control.counted()
            return counted >= len(self.load.accepted)

        await eventually(all_counted, "every accepted event is counted", within_seconds=60)
        await self.operator.until_quiet()

    async def assert_each_counted_once(self) -> None:
        """Assert that TikTok's list is exactly the accepted ids, each once."""
        counted = [event["event_id"] for event in await self.control.events()]
        assert len(counted) == len(set(counted))
        assert set(counted) == self.load.accepted

    async def wire_copies(self) -> int:
        """Return how many copies beyond the first TikTok took."""
        return sum(times - 1 for times in copies_taken(await self.control.requests()).values())

    async def assert_copies_are_equal(self) -> None:
        """Assert that whatever crossed the wire again was the same event, field by field."""
        first: dict[str, Any] = {}
        for request in await self.control.requests():
            for row in request["body"]["data"]:
                assert first.setdefault(row["event_id"], row) == row

    async def outcomes(self) -> dict[str, int]:
        """Return how many deliveries ended how, as the ledger counts them; duplicates made no delivery."""
        stats = await self.operator.run("queue", "stats")
        ended: Counter[str] = Counter()
        for total in stats["last_24_hours"]:
            ended[total["outcome"]] += total["count"]
        return {outcome: count for outcome, count in ended.items() if outcome not in {"accepted", "duplicate"}}
