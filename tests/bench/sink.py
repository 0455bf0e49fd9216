"""A null sink: takes any batch, counts its events, answers code 0. Runs on the second core."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import cast

import uvloop
from tests.bench.machine import pin

ANSWER_BODY = b'{"code":0,"message":"OK","request_id":"202611230000000A1B2C3D4E5F60718293","data":{}}'
ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(ANSWER_BODY)
) + ANSWER_BODY


class Sink(asyncio.Protocol):
    """One connection; `taken` is shared by all."""

    taken = 0

    def __init__(self) -> None:
        self.buffer = bytearray()
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Answer each complete request; GET tells the count."""
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            assert self.transport is not None
            head = bytes(self.buffer[:end]).lower()
            if head.startswith(b"get "):
                del self.buffer[: end + 4]
                body = b"%d" % Sink.taken
                self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
                continue
            at = head.find(b"content-length:")
            length = int(head[at + 15 :].split(b"\r\n", 1)[0])
            if len(self.buffer) < end + 4 + length:
                return
            Sink.taken += self.buffer.count(b'"event_time":', end, end + 4 + length)
            del self.buffer[: end + 4 + length]
            self.transport.write(ANSWER)


async def main() -> None:
    """Listen on a free port, say which, and stay."""
    server = await asyncio.get_running_loop().create_server(Sink, "127.0.0.1", 0)
    sys.stdout.write(json.dumps({"port": server.sockets[0].getsockname()[1]}) + "\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    pin(1)
    uvloop.run(main())
