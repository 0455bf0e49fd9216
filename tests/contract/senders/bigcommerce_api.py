"""A BigCommerce API of ours over real HTTP: orders, products, refunds, customers, a token, and faults by script."""

from __future__ import annotations

import socket
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

TOKEN = "test-token-of-the-api"
HASH = "abc123"


class Api:
    """What the shop holds, what it was asked, and how it misbehaves next."""

    def __init__(self) -> None:
        self.orders: dict[str, dict[str, Any]] = {}
        self.products: dict[str, list[dict[str, Any]]] = {}
        self.refunds: dict[str, list[dict[str, Any]]] = {}
        self.customers: dict[str, dict[str, Any]] = {}
        self.asked: list[str] = []
        self.faults: deque[web.Response] = deque()  # given before anything else, one for each question
        self.url = ""

    def app(self) -> web.Application:
        """Return the application."""
        app = web.Application(middlewares=[self._guard])
        root = f"/stores/{HASH}"
        app.router.add_get(f"{root}/v2/orders/{{id}}", self._order)
        app.router.add_get(f"{root}/v2/orders/{{id}}/products", self._products)
        app.router.add_get(f"{root}/v3/orders/{{id}}/payment_actions/refunds", self._refunds)
        app.router.add_get(f"{root}/v3/customers", self._customers)
        return app

    @web.middleware
    async def _guard(self, request: web.Request, handler: Any) -> web.StreamResponse:
        self.asked.append(request.path_qs)
        if self.faults:
            return self.faults.popleft()
        if request.headers.get("X-Auth-Token") != TOKEN:
            return web.json_response({"status": 401, "title": "unauthorized"}, status=401)
        answer: web.StreamResponse = await handler(request)
        return answer

    async def _order(self, request: web.Request) -> web.Response:
        order = self.orders.get(request.match_info["id"])
        if order is None:
            return web.json_response([{"status": 404, "message": "The requested resource was not found."}], status=404)
        # The list of products is a link in the API's own order.
        link = {"url": f"{self.url}{request.path}/products", "resource": f"/orders/{order['id']}/products"}
        return web.json_response({**order, "products": link})

    async def _products(self, request: web.Request) -> web.Response:
        found = self.products.get(request.match_info["id"], [])
        return web.json_response(found[: int(request.query["limit"])]) if found else web.Response(status=204)

    async def _refunds(self, request: web.Request) -> web.Response:
        return web.json_response({"data": self.refunds.get(request.match_info["id"], []), "meta": {}})

    async def _customers(self, request: web.Request) -> web.Response:
        found = self.customers.get(request.query["id:in"])
        return web.json_response({"data": [found] if found else [], "meta": {}})


@asynccontextmanager
async def served_api(port: int = 0) -> AsyncIterator[Api]:
    """Serve the API for as long as the block runs, on a free port or a given one."""
    api = Api()
    runner = web.AppRunner(api.app())
    await runner.setup()
    with socket.create_server(("127.0.0.1", port)) as listener:
        api.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        await web.SockSite(runner, listener).start()
        try:
            yield api
        finally:
            await runner.cleanup()


def free_port() -> int:
    """Return a port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
