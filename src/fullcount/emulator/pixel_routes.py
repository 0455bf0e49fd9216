"""TikTok's paths that browsers ask for: the pixel's script, and where its hits go."""

from __future__ import annotations

import base64
import ipaddress

from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import Route

from fullcount.emulator.browser.hits import unwrap_message
from fullcount.emulator.browser.runtime import script_for
from fullcount.emulator.emulator import Emulator
from fullcount.emulator.replies import Reply
from fullcount.emulator.traffic import Request

SCRIPT_PATH = "/i18n/pixel/events.js"
HIT_PATHS = ("/api/v2/pixel", "/api/v2/pixel/act")

_TRANSPARENT_GIF = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
_NOT_KEPT = {"cache-control": "no-store"}


class PixelRoutes:
    """The endpoints; each is one method."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator

    async def script(self, request: HttpRequest) -> Response:
        """The pixel's runtime for `sdkid`."""
        pixel_code = request.query_params.get("sdkid", "")
        if pixel_code not in self._emulator.pixel_codes():
            return Response("// Invalid pixel ID", 404, media_type="text/javascript", headers=_NOT_KEPT)
        script = script_for(pixel_code, request.query_params.get("lib", ""), self._emulator.switches)
        return Response(script, media_type="text/javascript", headers=_NOT_KEPT)

    async def hit(self, request: HttpRequest) -> Response:
        """One hit: a beacon's body, or an image that carries it."""
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=_preflight_headers(request))
        if request.method == "POST":
            reply = self._take(request, await self._read_body(request))
            return Response(
                reply.body, reply.status, media_type=reply.content_type, headers={**_cors_headers(request), **_NOT_KEPT}
            )
        self._take(request, unwrap_message(request.query_params.get("analytics_message", "")))
        return Response(_TRANSPARENT_GIF, media_type="image/gif", headers=_NOT_KEPT)

    def _take(self, request: HttpRequest, body: bytes | None) -> Reply:
        taken = Request(
            method=request.method,
            path=request.url.path,
            headers=dict(request.headers),
            body=body or b"",
            is_too_large=body is None,
        )
        return self._emulator.handle_hit(taken, _address_of(request))

    async def _read_body(self, request: HttpRequest) -> bytes | None:
        """Read the whole body, keeping no more than the cap; None if it is larger."""
        chunks: list[bytes] = []
        room = self._emulator.settings.max_body_bytes
        async for chunk in request.stream():
            room -= len(chunk)
            if room >= 0:
                chunks.append(chunk)
        return b"".join(chunks) if room >= 0 else None


def pixel_routes(emulator: Emulator) -> list[Route]:
    """Return the routes of TikTok's browser side."""
    routes = PixelRoutes(emulator)
    return [
        Route(SCRIPT_PATH, routes.script, methods=["GET"]),
        *(Route(path, routes.hit, methods=["GET", "POST", "OPTIONS"]) for path in HIT_PATHS),
    ]


def _cors_headers(request: HttpRequest) -> dict[str, str]:
    """Let any page read the answer, with its cookies: beacons are sent with credentials."""
    origin = request.headers.get("origin")
    if not origin:
        return {}
    return {"access-control-allow-origin": origin, "access-control-allow-credentials": "true", "vary": "Origin"}


def _preflight_headers(request: HttpRequest) -> dict[str, str]:
    wanted = request.headers.get("access-control-request-headers", "content-type")
    return {
        **_cors_headers(request),
        "access-control-allow-methods": "GET, POST, OPTIONS",
        "access-control-allow-headers": wanted,
        "access-control-max-age": "600",
    }


def _address_of(request: HttpRequest) -> str:
    """Return the browser's address; a simulation on this machine may name another in X-Forwarded-For."""
    peer = request.client.host if request.client else ""
    named = request.headers.get("x-forwarded-for", "").partition(",")[0].strip()
    return (
        named if named and _is_address(named) and _is_address(peer) and ipaddress.ip_address(peer).is_loopback else peer
    )


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
