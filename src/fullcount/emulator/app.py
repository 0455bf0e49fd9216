"""The emulator as an ASGI application: TikTok's paths bare and fast, the rest through Starlette."""

from __future__ import annotations

import asyncio
import math
import socket
import struct
from collections.abc import Awaitable, Callable, MutableMapping
from email.utils import formatdate
from typing import Any

from fullcount.emulator.control import control_app
from fullcount.emulator.emulator import Emulator
from fullcount.emulator.intake import PATHS
from fullcount.emulator.replies import Reply
from fullcount.emulator.traffic import Request

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_LINGER_ZERO = struct.pack("ii", 1, 0)  # close() then sends RST in place of FIN


class EmulatorApp:
    """Serves one `Emulator`; `scope["state"]["transport"]` is needed for faults that break connections."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self._control = control_app(emulator)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one ASGI request."""
        path = scope.get("path", "").removesuffix("/")
        if scope["type"] != "http" or path not in PATHS:
            await self._control(scope, receive, self._dated(send))
            return
        if scope["method"] != "POST":
            await _send(send, Reply(405, b"Method Not Allowed", "text/plain"), [(b"allow", b"POST"), self._date()])
            return
        request = await self._read(scope, receive)
        if request is None:
            return
        reply = self.emulator.handle(request, path)
        if reply.delay_seconds:
            await asyncio.sleep(reply.delay_seconds)
        if reply.is_broken:
            await _break(scope, receive)
        else:
            await _send(send, reply, [self._date()])

    def _date(self) -> tuple[bytes, bytes]:
        """Return the header with the emulator's own time, which may have been moved."""
        return b"date", formatdate(self.emulator.clock.now(), usegmt=True).encode()

    def _dated(self, send: Send) -> Send:
        async def send_dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], self._date()]
            await send(message)

        return send_dated

    async def _read(self, scope: Scope, receive: Receive) -> Request | None:
        """Read the whole body, keeping no more than the cap; None if the caller went away."""
        cap = self.emulator.settings.max_body_bytes
        chunks: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            chunk = message.get("body", b"")
            size += len(chunk)
            if size <= cap:
                chunks.append(chunk)
            if not message.get("more_body"):
                break
        is_too_large = size > cap
        return Request(
            method=scope["method"],
            path=scope["path"],
            headers={name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]},
            body=b"" if is_too_large else b"".join(chunks),
            is_too_large=is_too_large,
        )


def create_app(emulator: Emulator) -> EmulatorApp:
    """Return the ASGI application that serves `emulator`."""
    return EmulatorApp(emulator)


async def _send(send: Send, reply: Reply, headers: list[tuple[bytes, bytes]] | None = None) -> None:
    lines = [
        (b"content-type", reply.content_type.encode()),
        (b"content-length", str(len(reply.body)).encode()),
        *(headers or ()),
    ]
    if reply.retry_after is not None:
        lines.append((b"retry-after", str(math.ceil(reply.retry_after)).encode()))
    await send({"type": "http.response.start", "status": reply.status, "headers": lines})
    await send({"type": "http.response.body", "body": reply.body})


async def _break(scope: Scope, receive: Receive) -> None:
    """Reset the caller's connection, and wait until the server has noticed."""
    transport: asyncio.Transport = scope["state"]["transport"]
    sock = transport.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_ZERO)
    transport.abort()
    while (await receive())["type"] != "http.disconnect":
        pass
