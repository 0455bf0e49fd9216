"""Builds the object graph and runs it: the only place that knows everything."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import AsyncIterator, Iterator, Mapping

import msgspec
from structlog.typing import FilteringBoundLogger

from fullcount.clock import DAY_SECONDS, Clock
from fullcount.config.load import Loaded
from fullcount.config.moment import moment_of
from fullcount.config.rules import rules_of
from fullcount.config.settings import Browser, Mode, Settings, Source
from fullcount.consent.decision import ConsentRule
from fullcount.delivery.admission import policies
from fullcount.delivery.dispatcher import Dispatcher
from fullcount.errands.asking import AiohttpAsker
from fullcount.errands.observer import LogObserver
from fullcount.errands.owner import owners_of
from fullcount.errands.runner import Runner
from fullcount.errors import ConfigError, StoreUnavailable
from fullcount.gateway.app import Gateway, create_app
from fullcount.gateway.logs import ForwardHandler, make_logger
from fullcount.gateway.metrics import Metrics
from fullcount.gateway.observe import Watch
from fullcount.gateway.remote_clock import RemoteClock, clock_of
from fullcount.gateway.server import HttpServer, address_of, listen, server_config, tune_interpreter
from fullcount.pipeline.modes import lines_of_switches, void_switches
from fullcount.queue import failpoints
from fullcount.queue.protocol import Queue
from fullcount.queue.sqlite.engine import SqliteQueue
from fullcount.queue.sqlite.settings import StoreSettings
from fullcount.sources.browser.script import tags_of
from fullcount.tiktok.destination import TikTokDestination
from fullcount.tiktok.transport import AiohttpTransport, Transport
from fullcount.visitors.memory_visitors import MemoryVisitors
from fullcount.visitors.sqlite import SqliteVisitors
from fullcount.visitors.visitors import Visitors, VisitorSettings

GOODBYE_SECONDS = 1.0  # readiness is off that long before the door closes, so that a proxy can see it


class House(msgspec.Struct, frozen=True):
    """Everything that runs, put together over one queue."""

    app: Gateway
    queue: Queue
    visitors: Visitors
    dispatcher: Dispatcher
    errands: Runner
    destination: TikTokDestination
    log: FilteringBoundLogger


def build_house(
    settings: Settings,
    *,
    queue: Queue,
    clock: Clock,
    transport: Transport | None = None,
    log: FilteringBoundLogger | None = None,
) -> House:
    """Put the gateway and the delivery over a queue; nothing runs yet. `transport` takes HTTP's place in tests."""
    log = log or make_logger(settings.log, clock)
    metrics = Metrics(lambda: _sizes(queue), lambda: dispatcher.slowed_rates())  # noqa: PLW0108 - it is made below
    watch = Watch(log, metrics, clock, {pixel.code: pixel.name for pixel in settings.pixels})
    carrier = transport or AiohttpTransport(
        timeout_seconds=settings.tiktok.timeout_seconds, gzip_body=settings.tiktok.gzip
    )
    destination = TikTokDestination(settings.tiktok, settings.pixels, carrier, clock)
    dispatcher = Dispatcher(queue, destination, clock, settings.delivery, policy=policies(settings), observer=watch)
    visitors = _visitors_of(settings, queue, clock)
    app = create_app(settings, queue, clock, watch, visitors)
    errands = Runner(
        queue,
        app.pipeline,
        clock,
        AiohttpAsker(),
        owners_of(settings, clock.now()),
        observer=LogObserver(log),
    )
    return House(
        app=app,
        queue=queue,
        visitors=visitors,
        dispatcher=dispatcher,
        errands=errands,
        destination=destination,
        log=log,
    )


def _visitors_of(settings: Settings, queue: Queue, clock: Clock) -> Visitors:
    """Return the memory of visitors, in the queue's own file where it has one."""
    knobs = VisitorSettings(
        ttl_seconds=settings.visitors.ttl_days * DAY_SECONDS, max_visitors=settings.visitors.max_visitors
    )
    return SqliteVisitors(queue, clock, knobs) if isinstance(queue, SqliteQueue) else MemoryVisitors(clock, knobs)


def open_store(settings: Settings, clock: Clock) -> SqliteQueue:
    """Take over the store that the settings name; its folder is made, readable by this user alone.

    Raises:
        StoreOwned: another process has it.
        StoreCorrupt: the file cannot be trusted.
        StoreUnavailable: it cannot be used now.
        ConfigError: its folder cannot be made.
    """
    path = settings.storage.path
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"the folder of the store cannot be made: {error.strerror}",
            where=f"storage.url = {settings.storage.url}",
            fix="name a folder that this user may write",
        ) from error
    knobs = StoreSettings(
        min_free_disk=settings.storage.min_free_disk,
        retention_days=settings.storage.retention_days,
        modes={source.name: source.mode or Mode.LIVE for source in settings.sources},
    )
    return SqliteQueue.open(path, clock, knobs)


async def run_house(house: House, listener: socket.socket, settings: Settings) -> None:
    """Serve and deliver until SIGTERM or SIGINT, then drain: what was accepted stays in the store.

    Raises:
        StoreCorrupt: the store cannot be trusted any more.
    """
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    server = HttpServer(server_config(house.app, settings.server))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    delivering = asyncio.create_task(house.dispatcher.run())
    fetching = asyncio.create_task(house.errands.run())
    waiting = asyncio.create_task(stopping.wait())
    try:
        await asyncio.wait({serving, delivering, fetching, waiting}, return_when=asyncio.FIRST_COMPLETED)
        house.log.info("stopping", within_seconds=settings.server.drain_seconds)
        house.app.drain()
        await asyncio.gather(
            _close_door(server, serving, settings.server.drain_seconds),
            house.dispatcher.drain(settings.server.drain_seconds),
            house.errands.drain(settings.server.drain_seconds),
        )
        await asyncio.gather(delivering, fetching)
    finally:
        waiting.cancel()
        await house.destination.close()
        await house.visitors.close()
        await house.queue.close()
        house.log.info("stopped: what was accepted and not delivered waits in the store")


async def _close_door(server: HttpServer, serving: asyncio.Task[None], drain_seconds: float) -> None:
    """Go on answering for a moment with readiness off, then take no connection any more and end those that are."""
    await asyncio.wait({serving}, timeout=min(GOODBYE_SECONDS, drain_seconds / 4))
    server.should_exit = True
    await serving


def lines_at_start(settings: Settings, url: str, now: float) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield what an operator should know of these settings at `now` (Unix seconds), as log events with their values."""
    yield "serving", {"url": url, "store": str(settings.storage.path), "tiktok": settings.tiktok.base_url}
    for pixel in settings.pixels:
        yield (
            "pixel",
            {"pixel": pixel.name, "code": pixel.code, "browser": pixel.browser, "means": _ASSUMES[pixel.browser]},
        )
    for source in settings.sources:
        values = {
            "source": source.name,
            "kind": source.kind,
            "consent": source.consent,
            "mode": source.mode or Mode.LIVE,
        }
        if source.consent in _WITHHOLDS:
            values["means"] = _WITHHOLDS[source.consent]
        if source.test_event_code:
            values["test_event_code"] = _test_time(source, now)
        yield "source", {name: str(value) for name, value in values.items()}
        if source.kind == "browser" and source.key:
            plain, fixed = tags_of(rules_of(source, settings))
            yield "snippet", {"source": source.name, "paste": plain, "or_fixed": fixed}


async def heed_switches(house: House, settings: Settings) -> None:
    """Say which sources a person switched, and forget the switches that the settings have overtaken."""
    switches = house.queue.modes()
    for line, values in lines_of_switches(settings, switches):
        house.log.warning(line, **values)
    with contextlib.suppress(StoreUnavailable):  # a switch that is overtaken counts for nothing; the next start tries
        for name in void_switches(settings, switches):
            await house.queue.switch_mode(name, None)


def _test_time(source: Source, now: float) -> str:
    if source.test_until is None:
        return "all its events are test events for one hour from now"
    if moment_of(source.test_until, "test_until") <= now:
        return f"its time is over since {source.test_until}: all its events are live"
    return f"all its events are test events until {source.test_until}"


_ASSUMES = {
    Browser.NONE: "no browser half exists: whatever arrives is sent. If a pixel on the site sends the same events, "
    'set browser = "other" or they may be counted twice',
    Browser.OTHER: "a pixel that we do not control sends them too: only server_events with a shared event_id go",
    Browser.SNIPPET: "our snippet sends the browser half: merge_events wait up to hold_seconds for their other half, "
    "and so does what needs its visitor's consent and came without an answer",
}


_WITHHOLDS = {
    ConsentRule.BY_REGION: "shoppers in the EEA, the UK, Switzerland or no known country need a grant: without one "
    "their events are withheld (docs/consent.md)",
    ConsentRule.REQUIRED: "an event without a grant is withheld (docs/consent.md)",
}


def _sizes(queue: Queue) -> dict[str, float]:
    if not isinstance(queue, SqliteQueue):
        return {}
    stats = queue.stats()
    return {
        "fullcount_wal_bytes": float(stats.wal_bytes),
        "fullcount_free_disk_bytes": float(stats.free_disk_bytes),
    }


async def serve(loaded: Loaded, environ: Mapping[str, str]) -> None:
    """Open the store, listen, say so, and run until told to stop.

    Raises:
        ConfigError, StoreOwned, StoreCorrupt, StoreUnavailable: it cannot start; nothing was started.
    """
    failpoints.arm(environ)
    settings = loaded.settings
    clock = clock_of(environ, settings.tiktok.base_url)
    async with following(clock):
        queue = open_store(settings, clock)  # before the address, so that a second owner is told of the first
        try:
            listener = listen(settings.server)
        except ConfigError:
            await queue.close()
            raise
        with listener:
            house = build_house(settings, queue=queue, clock=clock)
            forward = ForwardHandler(house.log)
            logging.getLogger().addHandler(forward)
            for warning in loaded.warnings:
                house.log.warning("settings", problem=warning)
            for line, values in lines_at_start(settings, address_of(listener), clock.now()):
                house.log.info(line, **values)
            await heed_switches(house, settings)
            tune_interpreter()
            try:
                await run_house(house, listener, settings)
            finally:
                logging.getLogger().removeHandler(forward)


@contextlib.asynccontextmanager
async def following(clock: Clock) -> AsyncIterator[None]:
    """Keep a clock that follows another process's going for as long as it is used."""
    if not isinstance(clock, RemoteClock):
        yield
        return
    await clock.start()
    try:
        yield
    finally:
        await clock.close()
