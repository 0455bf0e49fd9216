"""A gateway over real HTTP with the sources that a test names, and what the contract tests of all senders ask of it."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.contract.gateway_house import CODE, OTHER_CODE, Answer, House, served
from tests.unit.sources.fixtures import NOW, Fixture

from fullcount.clock import ManualClock
from fullcount.config.crosscheck import refuse_contradictions
from fullcount.config.decode import decode
from fullcount.config.load import completed
from fullcount.config.settings import Settings
from fullcount.errors import StoreUnavailable
from fullcount.events.hashed import HashedEvent
from fullcount.queue.entry import Entry, Note, Verdict
from fullcount.queue.memory import MemoryQueue
from fullcount.visitors.memory_visitors import MemoryVisitors

KEY = "test-key-of-the-shop-0001"
PIXELS = (
    {"name": "store", "code": CODE, "access_token": "test-token-1"},
    {"name": "outlet", "code": OTHER_CODE, "access_token": "test-token-2"},
)
_SOURCE = {"name": "shop", "key": KEY, "pixels": ["store"], "consent": "sender_vouches"}
_NO_HEADERS: Mapping[str, str] = {}


def settings_of(*tables: Mapping[str, Any], pixels: Sequence[Mapping[str, Any]] = PIXELS, **more: Any) -> Settings:
    """Return settings with a source for each table; what a table leaves out is that of a source named `shop`."""
    sources = [{**_SOURCE, **table} for table in tables]
    settings = decode({"pixels": [dict(pixel) for pixel in pixels], "sources": sources, **more}, {})
    refuse_contradictions(settings)
    return completed(settings, Path())


class ReluctantQueue(MemoryQueue):
    """A queue that cannot store for the next `refusals` requests, and then can again.

    Of the next `lost` requests it does not know whether they are stored, though they are.
    """

    def __init__(self, clock: ManualClock) -> None:
        super().__init__(clock)
        self.refusals = 0
        self.lost = 0

    async def accept(
        self, entries: Sequence[Entry], facts: Sequence[Note] = (), *, once: bytes | None = None
    ) -> list[Verdict]:
        """Store them, unless it is not the time yet."""
        if self.refusals:
            self.refusals -= 1
            raise StoreUnavailable("the disk is full", fix="make room", retry_after=1.0)
        verdicts = await super().accept(entries, facts, once=once)
        if self.lost:
            self.lost -= 1
            raise StoreUnavailable("the commit's end is not known", fix="send it again", retry_after=1.0)
        return verdicts


class SenderHouse:
    """A served gateway as a sender meets it, and what came of its requests."""

    def __init__(self, house: House, queue: ReluctantQueue) -> None:
        self.house = house
        self.queue = queue

    @property
    def url(self) -> str:
        """The gateway's address, without a last slash."""
        return self.house.url

    async def send(
        self,
        body: bytes,
        headers: Mapping[str, str] = _NO_HEADERS,
        *,
        path: str = "/webhooks/shop",
        method: str = "POST",
    ) -> Answer:
        """Make one request of exactly these bytes and headers."""
        quiet = {"Accept", "Accept-Encoding", "User-Agent", "Content-Type"}
        return await self.house.ask(
            method, path, data=io.BytesIO(body), headers=dict(headers), skip_auto_headers=quiet, allow_redirects=False
        )

    async def replay(self, fixture: Fixture, **changed: Any) -> Answer:
        """Send a recorded request to the source `shop`; `changed` may hold `body`, `headers`, `path`, `method`."""
        path = "/webhooks/shop" if urlsplit(fixture.path).path.startswith("/webhooks/") else fixture.path
        given = {"body": fixture.body, "headers": fixture.headers, "path": path, "method": fixture.method} | changed
        return await self.send(**given)

    async def talk(self, raw: bytes) -> bytes:
        """Send these bytes over a connection of their own, and return all that comes until the gateway closes it."""
        address = urlsplit(self.url)
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        writer.write(raw)
        await writer.drain()
        heard = await reader.read()
        writer.close()
        await writer.wait_closed()
        return heard

    async def arrived(self) -> list[HashedEvent]:
        """Return the events that wait for TikTok and were not yet returned, one for each delivery."""
        return [delivery.event for _, delivery in await self.house.deliveries()]

    @property
    def log(self) -> str:
        """Everything that the gateway logged."""
        return self.house.log.getvalue()


@asynccontextmanager
async def house_of(
    *tables: Mapping[str, Any],
    pixels: Sequence[Mapping[str, Any]] = PIXELS,
    now: float = NOW,
    remembers: bool = False,
    **more: Any,
) -> AsyncIterator[SenderHouse]:
    """Serve a gateway with a source for each table; `more` are other tables of the settings.

    A table needs no more than `{"kind": ...}`: it is then named `shop`, opened by `KEY`, and bound for `store`.
    With `remembers` it has a memory of visitors.
    """
    clock = ManualClock(now)
    queue = ReluctantQueue(clock)
    visitors = MemoryVisitors(clock) if remembers else None
    async with served(settings_of(*tables, pixels=pixels, **more), queue, clock=clock, visitors=visitors) as house:
        yield SenderHouse(house, queue)
