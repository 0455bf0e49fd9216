"""Builds the object graph and runs it: the only place that knows everything."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping

import msgspec
import uvicorn
from structlog.typing import FilteringBoundLogger

from fullcount.clock import Clock
from fullcount.config.load import Loaded
from fullcount.config.settings import Browser, Mode, Server, Settings
from fullcount.delivery.admission import policies
from fullcount.delivery.dispatcher import Dispatcher
from fullcount.errors import ConfigError
from fullcount.gateway.app import Gateway, create_app
from fullcount.gateway.logs import ForwardHandler, make_logger
from fullcount.gateway.metrics import Metrics
from fullcount.gateway.observe import Watch
from fullcount.gateway.remote_clock import RemoteClock, clock_of
from fullcount.gateway.reply import Receive, Scope, Send
from fullcount.queue.protocol import Queue
from fullcount.queue.sqlite.engine import SqliteQueue
from fullcount.queue.sqlite.settings import StoreSettings
from fullcount.tiktok.destination import TikTokDestination
from fullcount.tiktok.transport import AiohttpTransport, Transport

Application = Callable[[Scope, Receive, Send], Awaitable[None]]

SWITCH_SECONDS = 0.0005
YOUNG_OBJECTS = 20_000
MOST_CONNECTIONS = 2_000  # each may bring a body of a megabyte
BACKLOG = 1_024


class House(msgspec.Struct, frozen=True):
    """Everything that runs, put together over one queue."""

    app: Gateway
    queue: Queue
    dispatcher: Dispatcher
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
    metrics = Metrics(lambda: _sizes(queue))
    watch = Watch(log, metrics, clock, {pixel.code: pixel.name for pixel in settings.pixels})
    carrier = transport or AiohttpTransport(
        timeout_seconds=settings.tiktok.timeout_seconds, gzip_body=settings.tiktok.gzip
    )
    destination = TikTokDestination(settings.tiktok, settings.pixels, carrier, clock)
    return House(
        app=create_app(settings, queue, clock, watch),
        queue=queue,
        dispatcher=Dispatcher(queue, destination, clock, settings.delivery, policy=policies(settings), observer=watch),
        destination=destination,
        log=log,
    )


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
    knobs = StoreSettings(min_free_disk=settings.storage.min_free_disk, retention_days=settings.storage.retention_days)
    return SqliteQueue.open(path, clock, knobs)


def listen(server: Server) -> socket.socket:
    """Return a listening socket.

    Raises:
        ConfigError: the address is taken or not ours.
    """
    try:
        family = socket.AF_INET6 if ":" in server.host else socket.AF_INET
        listener = socket.create_server((server.host, server.port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise ConfigError(
            f"cannot listen there: {error.strerror}",
            where=f"server.host and server.port ({server.host}:{server.port})",
            fix="another port, or stop who has it",
        ) from error
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # connections inherit it: no answer waits for an ACK
    return listener


def tune_interpreter() -> None:
    """Make the interpreter suit a server: call it once, when everything is put together.

    The store's thread asks for the interpreter after each SQL statement; by default it may wait 5 ms for it each time.
    What was made until now stays for ever, and little of what a request makes outlives it: the collector need not look
    at the first at all, nor often at the rest.
    """
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, 20, 20)


def server_config(app: Application, server: Server) -> uvicorn.Config:
    """Return how the HTTP server runs: no logs, lifespans or headers of its own."""
    return uvicorn.Config(
        app,
        loop="none",
        http="httptools",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_graceful_shutdown=max(1, int(server.drain_seconds)),
    )


class HttpServer(uvicorn.Server):
    """uvicorn without its signal handlers: when to stop is decided here."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield


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
    waiting = asyncio.create_task(stopping.wait())
    try:
        await asyncio.wait({serving, delivering, waiting}, return_when=asyncio.FIRST_COMPLETED)
        house.log.info("stopping", within_seconds=settings.server.drain_seconds)
        house.app.drain()
        server.should_exit = True
        await asyncio.gather(serving, house.dispatcher.drain(settings.server.drain_seconds))
        await delivering
    finally:
        waiting.cancel()
        await house.destination.close()
        await house.queue.close()
        house.log.info("stopped: what was accepted and not delivered waits in the store")


def lines_at_start(settings: Settings, url: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield what an operator should know of these settings, as log events with their values."""
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
        if source.test_event_code:
            values["test_event_code"] = "all its events are test events until test_until (one hour if not set)"
        yield "source", {name: str(value) for name, value in values.items()}


_ASSUMES = {
    Browser.NONE: "no browser half exists: whatever arrives is sent. If a pixel on the site sends the same events, "
    'set browser = "other" or they may be counted twice',
    Browser.OTHER: "a pixel that we do not control sends them too: only server_events with a shared event_id go",
    Browser.SNIPPET: "our snippet sends the browser half: merge_events wait hold_seconds for it",
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
    settings = loaded.settings
    clock = clock_of(environ, settings.tiktok.base_url)
    async with following(clock):
        listener = listen(settings.server)
        with listener:
            queue = open_store(settings, clock)
            house = build_house(settings, queue=queue, clock=clock)
            forward = ForwardHandler(house.log)
            logging.getLogger().addHandler(forward)
            for warning in loaded.warnings:
                house.log.warning("settings", problem=warning)
            host, port = listener.getsockname()[:2]
            url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
            for line, values in lines_at_start(settings, url):
                house.log.info(line, **values)
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
