"""The HTTP server under the gateway: its socket, its configuration, and an interpreter that suits it."""

from __future__ import annotations

import contextlib
import gc
import socket
from collections.abc import Awaitable, Callable, Iterator

import uvicorn

from fullcount.config.settings import Server
from fullcount.errors import ConfigError
from fullcount.gateway.reply import Receive, Scope, Send

Application = Callable[[Scope, Receive, Send], Awaitable[None]]

YOUNG_OBJECTS = 20_000
MOST_CONNECTIONS = 2_000  # each may bring a body of a megabyte
BACKLOG = 1_024


class HttpServer(uvicorn.Server):
    """uvicorn without its signal handlers: when to stop is decided by whoever runs it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield


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


def address_of(listener: socket.socket) -> str:
    """Return the URL that a socket listens at."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


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


def tune_interpreter() -> None:
    """Make the interpreter suit a server: call it once, when everything is put together.

    What was made until now stays for ever, and little of what a request makes outlives it: the collector need not look
    at the first at all, nor often at the rest. (Handing the interpreter to the store's thread more often than by
    default costs more than the thread gains: measured, a third of the single-event rate at 0.5 ms.)
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, 20, 20)
