"""An ASGI application on a free loopback port, in the running loop; and a backend that keeps what it is sent."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Self

import uvicorn
from aiohttp import web
from multidict import CIMultiDict
from starlette.applications import Starlette

from fullcount.demo.shop_site.settings import ShopSettings
from fullcount.demo.waiting import eventually
from fullcount.emulator.serving import bind
from fullcount.gateway.server import HttpServer


@contextlib.asynccontextmanager
async def served(app: Starlette) -> AsyncIterator[str]:
    """Serve `app`; yield its address."""
    listener = bind("127.0.0.1", 0)
    server = HttpServer(uvicorn.Config(app, ws="none", lifespan="off", log_config=None, proxy_headers=False))
    running = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        await eventually(lambda: server.started, "the application listens")
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await running


class Backend:
    """Keeps every request and gives one answer to all; use it as an async context manager."""

    def __init__(self) -> None:
        self.url = ""
        self.requests: list[tuple[str, str, CIMultiDict[str], bytes]] = []  # method, target, headers, body
        self.status = 200
        self.headers: CIMultiDict[str] = CIMultiDict()
        self.body = b""
        self._runner: web.ServerRunner | None = None

    async def __aenter__(self) -> Self:
        self._runner = web.ServerRunner(web.Server(self._answer), shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _answer(self, request: web.BaseRequest) -> web.Response:
        headers = CIMultiDict(request.headers)
        self.requests.append((request.method, request.raw_path, headers, await request.read()))
        return web.Response(status=self.status, body=self.body, headers=self.headers)


def shop_settings(gateway_url: str, tiktok_url: str = "http://127.0.0.1:9") -> ShopSettings:
    """Return the settings of a shop in front of these; nobody listens at the discard port, and there is no store."""
    return ShopSettings(
        port=0,
        gateway_url=gateway_url,
        tiktok_url=tiktok_url,
        store="/nonexistent/fullcount.db",
        pixel_code="CEXAMPLE0PIXEL000001",
        snippet_key="pk-test",
        webhook_path="/webhooks/shop",
        webhook_secret="test-secret",
        webhook_delay_seconds=0.0,
    )
