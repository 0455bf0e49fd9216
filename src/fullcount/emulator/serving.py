"""Serving the emulator over HTTP: as a process of its own, or for as long as a test needs it."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import uvicorn
from uvicorn.server import ServerState

from fullcount.clock import Clock
from fullcount.emulator.app import EmulatorApp, create_app
from fullcount.emulator.emulator import Emulator
from fullcount.emulator.settings import EmulatorSettings

try:
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol as HttpProtocol
except ImportError:  # the faster parser is an extra
    from uvicorn.protocols.http.h11_impl import H11Protocol as HttpProtocol  # type: ignore[assignment]  # same shape

DEFAULT_PIXEL = "CEXAMPLE0PIXEL000001"
DEFAULT_TOKEN = "test-token"  # noqa: S105 - opens nothing but the emulator


class BreakableProtocol(HttpProtocol):
    """uvicorn's protocol, with its transport in `scope["state"]` so that a fault can break the connection."""

    def connection_made(self, transport: Any) -> None:
        """Remember the transport for the requests of this connection."""
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}


def server_config(app: EmulatorApp, **options: Any) -> uvicorn.Config:
    """Return how uvicorn serves the emulator: no access log, breakable connections, a short farewell."""
    return uvicorn.Config(
        app,
        http=BreakableProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,  # the app gives the emulator's own time
        timeout_keep_alive=75,
        timeout_graceful_shutdown=1,
        **options,
    )


class AnnouncingServer(uvicorn.Server):
    """uvicorn's server, which calls `announce` once it takes connections and signals end it cleanly."""

    def __init__(self, config: uvicorn.Config, announce: Callable[[], None]) -> None:
        super().__init__(config)
        self._announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen, and say so."""
        await super().startup(sockets)
        self._announce()


def bind(host: str, port: int) -> socket.socket:
    """Return a listening socket; port 0 picks a free one.

    Raises:
        OSError: the address is taken or is not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # connections inherit it: no answer waits for an ACK
    try:
        listener.bind((host, port))
        listener.listen(2048)
    except OSError:
        listener.close()
        raise
    listener.setblocking(False)
    return listener


class RunningEmulator:
    """An emulator that is served for the length of a `with` or `async with` block.

    `async with` serves in the running loop, `with` in a thread of its own.
    """

    def __init__(self, emulator: Emulator, port: int = 0) -> None:
        self.emulator = emulator
        self.base_url = ""
        self._port = port
        self._state = ServerState()
        self._server: asyncio.Server | None = None
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def __aenter__(self) -> Self:
        await self._start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stop()

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="fullcount-emulator", daemon=True)
        self._thread.start()
        try:
            asyncio.run_coroutine_threadsafe(self._start(), self._loop).result()
        except BaseException:
            self._end_thread()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._loop is not None:
            asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result()
        self._end_thread()

    async def _start(self) -> None:
        listener = bind("127.0.0.1", self._port)
        self.base_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        config = server_config(create_app(self.emulator))
        config.load()
        self._state = ServerState()

        def connection() -> BreakableProtocol:
            return BreakableProtocol(config=config, server_state=self._state, app_state={})

        self._server = await asyncio.get_running_loop().create_server(connection, sock=listener, backlog=2048)

    async def _stop(self) -> None:
        """End at once: uvicorn's own farewell takes a tenth of a second, and a test has no use for it."""
        if self._server is None:
            return
        self._server.close()
        for connection in tuple(self._state.connections):
            connection.transport.abort()
        for task in tuple(self._state.tasks):
            task.cancel()
        await asyncio.gather(*self._state.tasks, return_exceptions=True)
        await asyncio.sleep(0)  # the connections learn that they are lost
        self._server = None

    def _end_thread(self) -> None:
        if self._loop is not None and self._thread is not None:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()
            self._loop = self._thread = None


def running_emulator(
    pixels: Mapping[str, str | Sequence[str]] | None = None,
    *,
    clock: Clock | None = None,
    settings: EmulatorSettings | None = None,
    port: int = 0,
) -> RunningEmulator:
    """Return a context manager that serves an emulator on a free loopback port (or on `port`).

    It gives `.base_url` and `.emulator`. Without `pixels` there is one, DEFAULT_PIXEL, with DEFAULT_TOKEN.
    """
    emulator = Emulator(pixels or {DEFAULT_PIXEL: DEFAULT_TOKEN}, clock=clock, settings=settings)
    return RunningEmulator(emulator, port)
