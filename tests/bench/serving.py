"""The gateway under load, as a process of its own on the first core, in one of several dresses.

`python -m tests.bench.serving '{"mode": "durable", ...}'` prints `{"port": ...}` once it listens; SIGTERM ends it.
Every dress is the same server with the same settings: `echo` answers a fixed body, `durable` is the gateway,
`memory` the gateway with its store replaced by memory; with `sink` its deliveries go to that address.
"""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import sys
from pathlib import Path
from typing import Any

import msgspec
import uvicorn
import uvloop
from tests.bench.filling import fill, see
from tests.bench.machine import pin

from fullcount.clock import SystemClock
from fullcount.config.settings import Pixel, Settings, Source, Storage, TikTok
from fullcount.gateway.server import server_config, tune_interpreter
from fullcount.queue.lane import Lane
from fullcount.queue.memory import MemoryQueue
from fullcount.queue.protocol import Queue
from fullcount.queue.sqlite.engine import SqliteQueue
from fullcount.wiring import build_house

KEY = "bench-test-key"
PIXEL = "CEXAMPLE0PIXEL000001"


class Dress(msgspec.Struct, frozen=True):
    """What this process shall be."""

    mode: str  # echo, durable, memory
    folder: str
    sink: str = ""  # base URL that deliveries go to; empty: nothing is delivered
    seen_keys: int = 0  # first let the store see this many events, delivered and gone
    queued: int = 0  # first queue this many events, one at a time


def settings_for(dress: Dress) -> Settings:
    """Return one pixel and one source, all else as it comes."""
    return Settings(
        storage=Storage(url=f"sqlite:{dress.folder}/bench.db"),
        tiktok=TikTok(base_url=dress.sink or "http://127.0.0.1:9"),
        pixels=(Pixel(name="store", code=PIXEL, access_token="test-token"),),
        sources=(Source(name="backend", key=KEY, pixels=("store",)),),
    )


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Read the request and answer as many bytes as the gateway would."""
    if scope["type"] != "http":
        return
    more = True
    while more:
        more = (await receive()).get("more_body", False)
    body = b'{"accepted":1,"duplicates":0,"merged":0,"withheld":0,"event_ids":["a-100000"],"rejected":[]}'
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 202, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def serve(dress: Dress) -> None:
    """Serve in this dress until SIGTERM."""
    settings, clock = settings_for(dress), SystemClock()
    app: Any = echo
    dispatching: asyncio.Task[None] | None = None
    queue: Queue | None = None
    if dress.mode != "echo":
        queue = (
            MemoryQueue(clock) if dress.mode == "memory" else SqliteQueue.open(Path(dress.folder) / "bench.db", clock)
        )
        lane = Lane(PIXEL)
        await see(queue, clock, lane, dress.seen_keys)
        await fill(queue, clock, lane, dress.queued)
        house = build_house(settings, queue=queue, clock=clock)
        app = house.app
        if dress.sink:
            dispatching = asyncio.create_task(house.dispatcher.run())
    tune_interpreter()
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    sys.stdout.write(json.dumps({"port": listener.getsockname()[1]}) + "\n")
    sys.stdout.flush()
    await uvicorn.Server(server_config(app, settings.server)).serve(sockets=[listener])
    if dispatching:
        dispatching.cancel()
        await asyncio.gather(dispatching, return_exceptions=True)
    if queue:
        await queue.close()


if __name__ == "__main__":
    pin(0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    uvloop.run(serve(msgspec.json.decode(sys.argv[1], type=Dress)))
