"""The shop as a process: `python -m fullcount.demo.shop_site SETTINGS.json`; it says its address once it listens."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import msgspec
import uvicorn

from fullcount.clock import Clock, SystemClock
from fullcount.demo.shop_site.app import open_shop
from fullcount.demo.shop_site.settings import ShopSettings
from fullcount.emulator.serving import AnnouncingServer, bind
from fullcount.gateway.remote_clock import RemoteClock


async def serve(settings: ShopSettings) -> None:
    """Serve the shop until SIGTERM or SIGINT."""
    clock: Clock = SystemClock()
    if settings.clock_url:
        clock = RemoteClock(settings.clock_url)
        await clock.start()
    listener = bind("127.0.0.1", settings.port)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    try:
        async with open_shop(settings, clock) as app:
            config = uvicorn.Config(
                app,
                ws="none",
                lifespan="off",
                log_level="warning",
                access_log=False,
                proxy_headers=False,
                server_header=False,
                timeout_graceful_shutdown=1,
            )
            await AnnouncingServer(config, lambda: _say(url)).serve(sockets=[listener])
    finally:
        if isinstance(clock, RemoteClock):
            await clock.close()


def _say(url: str) -> None:
    sys.stdout.write(msgspec.json.encode({"url": url, "pid": os.getpid()}).decode() + "\n")
    sys.stdout.flush()


def _leave(_signal: int, _frame: object) -> None:
    raise SystemExit(0)


if __name__ == "__main__":
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, _leave)  # uvicorn raises the signal again once it has ended
    asyncio.run(serve(msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=ShopSettings)))
