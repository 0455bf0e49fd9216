"""A web site for a test: pages by their path, served on a free loopback port under any name."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from aiohttp import web


class Site:
    """Serves `pages`; use it as an async context manager.

    A page is HTML, put under its path at any time; what is not there is 404. `http://127.0.0.1` and
    `http://NAME.localhost` are secure contexts, `http://NAME.example.com` is not (Chromium resolves all of them to
    this machine, see `chromium.py`).
    """

    def __init__(self) -> None:
        self.pages: dict[str, str] = {}
        self.port = 0
        self._runner: web.ServerRunner | None = None

    async def __aenter__(self) -> Self:
        self._runner = web.ServerRunner(web.Server(self._answer), shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    def url(self, path: str = "/", *, host: str = "127.0.0.1") -> str:
        """Return the address of a page under a host's name."""
        return f"http://{host}:{self.port}{path}"

    async def _answer(self, request: web.BaseRequest) -> web.Response:
        page = self.pages.get(request.path)
        if page is None:
            return web.Response(status=404, text="no such page")
        return web.Response(text=page, content_type="text/html", headers={"cache-control": "no-store"})
