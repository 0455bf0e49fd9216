"""The shop as an ASGI application: its pages, its backstage, and the gateway under its prefix."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from importlib import resources
from pathlib import Path

import aiohttp
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fullcount.clock import Clock
from fullcount.demo.control import EmulatorControl
from fullcount.demo.shop_site.answers import Answers
from fullcount.demo.shop_site.backstage import Backstage
from fullcount.demo.shop_site.office import Office
from fullcount.demo.shop_site.pages import Pages
from fullcount.demo.shop_site.proxy import Proxy
from fullcount.demo.shop_site.settings import ShopSettings
from fullcount.demo.shop_site.visits import Visits
from fullcount.demo.shop_site.webhooks import Webhooks

_TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}


@contextlib.asynccontextmanager
async def open_shop(settings: ShopSettings, clock: Clock) -> AsyncIterator[Starlette]:
    """Open the shop; webhooks that are not sent when it closes never will be."""
    # Without a jar, or one shopper's cookies would go with another's request.
    http = aiohttp.ClientSession(auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar())
    webhooks = Webhooks(http, settings, clock)
    async with http:
        with refusing_address() as dead_end:
            pages = Pages(settings, Visits(), Office(webhooks, clock), dead_end)
            answers = Answers(
                EmulatorControl(http, settings.tiktok_url), Path(settings.store), settings.pixel_code, webhooks
            )
            gateway = Route(
                f"{settings.prefix}/{{path:path}}",
                Proxy(http, settings.gateway_url).handle,
                methods=["GET", "POST", "OPTIONS"],
            )
            backstage = Backstage(pages, answers, webhooks)
            try:
                yield Starlette(
                    routes=[
                        *_page_routes(pages),
                        *_backstage_routes(backstage),
                        Route("/assets/{name}", _asset, methods=["GET"]),
                        gateway,
                    ]
                )
            finally:
                await webhooks.close()


def _page_routes(pages: Pages) -> list[Route]:
    return [
        Route("/", pages.home, methods=["GET"]),
        Route("/feed", pages.feed, methods=["GET"]),
        Route("/products/{slug}", pages.product, methods=["GET"]),
        Route("/spa", pages.quick_view, methods=["GET"]),
        Route("/spa/{slug}", pages.quick_view, methods=["GET"]),
        Route("/cart", pages.cart, methods=["GET", "POST"]),
        Route("/checkout", pages.checkout, methods=["GET", "POST"]),
        Route("/thanks/{order_id}", pages.thanks, methods=["GET"]),
    ]


def _backstage_routes(backstage: Backstage) -> list[Route]:
    return [
        Route("/consent", backstage.answer_consent, methods=["POST"]),
        Route("/demo/state", backstage.state, methods=["GET"]),
        Route("/demo/switches", backstage.switch, methods=["POST"]),
        Route("/demo/webhooks/{order_id}", backstage.send_webhook, methods=["POST"]),
    ]


@contextlib.contextmanager
def refusing_address() -> Iterator[str]:
    """Yield an address of this machine that refuses connections, as a blocked host does: bound, never listening."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"


async def _asset(request: Request) -> Response:
    """A style or a script of the shop's own."""
    name = request.path_params["name"]
    kind = _TYPES.get(name.rpartition(".")[2])
    found = resources.files("fullcount.demo.shop_site").joinpath("assets", name)
    if kind is None or "/" in name or not found.is_file():
        return Response("no such file\n", 404, media_type="text/plain")
    return Response(found.read_bytes(), media_type=kind, headers={"cache-control": "no-store"})
