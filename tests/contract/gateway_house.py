"""A gateway over real HTTP on a free port, with the in-memory queue behind it and a clock that tests move."""

from __future__ import annotations

import io
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import uvicorn

from fullcount.clock import ManualClock
from fullcount.config.settings import Browser, Log, LogFormat, Pixel, Server, Settings, Source
from fullcount.consent.decision import ConsentRule
from fullcount.gateway.app import Gateway, create_app
from fullcount.gateway.logs import make_logger
from fullcount.gateway.metrics import Metrics
from fullcount.gateway.observe import Watch
from fullcount.queue.delivery import Delivery, LeaseLimits
from fullcount.queue.lane import Lane
from fullcount.queue.memory import MemoryQueue
from fullcount.queue.protocol import Queue
from fullcount.visitors.visitors import Visitors

NOW = 1_775_053_900.0  # 100 seconds after the article's purchase
CODE = "CEXAMPLE0PIXEL000001"
OTHER_CODE = "CEXAMPLE0PIXEL000002"
KEY, SECOND_KEY, TIKTOK_KEY, WARY_KEY = "test-key-backend", "test-key-rotated", "test-key-tiktok", "test-key-wary"

SETTINGS = Settings(
    server=Server(max_body_bytes=200_000, max_events=100, body_seconds=5.0),
    log=Log(format=LogFormat.JSON, level="debug"),
    pixels=(
        Pixel(name="store", code=CODE, access_token="test-token-1"),
        Pixel(name="outlet", code=OTHER_CODE, access_token="test-token-2"),
        Pixel(name="snippet", code="CEXAMPLE0PIXEL000003", access_token="test-token-3", browser=Browser.SNIPPET),
    ),
    sources=(
        Source(name="backend", key=(KEY, SECOND_KEY), pixels=("store",)),
        Source(name="tiktok", kind="tiktok", key=TIKTOK_KEY, pixels=("store", "outlet")),
        Source(name="wary", key=WARY_KEY, pixels=("store",), consent=ConsentRule.REQUIRED),
    ),
)


class Answer:
    """What came back."""

    def __init__(self, status: int, headers: Any, body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class House:
    """A served gateway and what a test may look at."""

    def __init__(self, url: str, gateway: Gateway, queue: Queue, clock: ManualClock, log: io.StringIO) -> None:
        self.url = url
        self.gateway = gateway
        self.queue = queue
        self.clock = clock
        self.log = log
        self.session = aiohttp.ClientSession()

    @property
    def memory(self) -> MemoryQueue:
        """The queue, if it is the one in memory."""
        assert isinstance(self.queue, MemoryQueue)
        return self.queue

    async def deliveries(self) -> list[tuple[Lane, Delivery]]:
        """Lease everything that waits on any lane."""
        limits = LeaseLimits(ripe_after_seconds=0.0)
        leases = [await self.queue.lease(state.lane, limits) for state in await self.queue.lanes()]
        return [(lease.lane, delivery) for lease in leases for delivery in lease.deliveries]

    async def ask(self, method: str, path: str, **options: Any) -> Answer:
        """Make one request."""
        async with self.session.request(method, self.url + path, **options) as response:
            return Answer(response.status, response.headers, await response.read())

    async def events(self, body: object, key: str | None = KEY, **headers: str) -> Answer:
        """Post to our own route; bytes go as they are."""
        sent = {"Content-Type": "application/json", **headers}
        if key is not None:
            sent["Authorization"] = f"Bearer {key}"
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return await self.ask("POST", "/v1/events", data=io.BytesIO(data), headers=sent)

    async def drop_in(self, body: object, path: str = "event/track/", key: str | None = TIKTOK_KEY) -> Answer:
        """Post to one of TikTok's routes."""
        sent = {"Content-Type": "application/json"} | ({"Access-Token": key} if key is not None else {})
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return await self.ask("POST", f"/open_api/v1.3/{path}", data=data, headers=sent)


@asynccontextmanager
async def served(
    settings: Settings = SETTINGS,
    queue: Queue | None = None,
    now: float = NOW,
    clock: ManualClock | None = None,
    *,
    visitors: Visitors | None = None,
) -> AsyncIterator[House]:
    """Serve a gateway for as long as the block runs; a `clock` that the queue shares goes before `now`."""
    clock = clock or ManualClock(now)
    queue = queue or MemoryQueue(clock)
    log = io.StringIO()
    pixels = {pixel.code: pixel.name for pixel in settings.pixels}
    watch = Watch(make_logger(settings.log, clock, log), Metrics(), clock, pixels)
    gateway = create_app(settings, queue, clock, watch, visitors)
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(gateway, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    # As `Server.serve` does, without its signal handlers and without its ticks of a tenth of a second.
    config.load()
    server.lifespan = config.lifespan_class(config)
    await server.startup(sockets=[listener])
    house = House(f"http://127.0.0.1:{listener.getsockname()[1]}", gateway, queue, clock, log)
    try:
        yield house
    finally:
        await house.session.close()
        await server.shutdown(sockets=[listener])


def purchase(**changes: Any) -> dict[str, Any]:
    """Return a purchase in our own format, right in every way."""
    return {
        "event": "Purchase",
        "event_id": "order-12345-purchase",
        "event_time": int(NOW) - 100,
        "user": {
            "email": "customer@example.com",
            "phone": "+15550100199",
            "external_id": "customer-77",
            "ip": "203.0.113.42",
            "user_agent": "Mozilla/5.0 ...",
        },
        "page": {"url": "https://shop.example.com/checkout/thank-you"},
        "properties": {
            "currency": "USD",
            "value": 89.99,
            "content_type": "product",
            "contents": [{"content_id": "SKU-1234", "quantity": 1, "price": 89.99}],
        },
    } | changes
