"""The gateway on the shop's own host: one prefix is handed on, as nginx would, so that its cookies are first-party."""

from __future__ import annotations

import aiohttp
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from yarl import URL

# Hop by hop (RFC 9110, 7.6.1), and what the client library writes itself.
_NOT_HANDED_ON = frozenset(
    {
        b"connection",
        b"date",
        b"content-length",
        b"expect",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
_NOT_MADE_UP = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")  # a browser that sent none has none
MOST_BYTES = 1_048_576  # nginx's client_max_body_size


class Proxy:
    """Hands requests on to the gateway, with the host that the browser asked and the browser's address."""

    def __init__(self, http: aiohttp.ClientSession, gateway_url: str) -> None:
        self._http = http
        self._gateway_url = gateway_url

    async def handle(self, request: Request) -> Response:
        """Answer as the gateway does; 502 if it does not, 413 for a body that no proxy would take."""
        try:
            body = await _body_of(request)
        except ClientDisconnect:
            return Response(status_code=400)
        if body is None:
            return Response("too large\n", 413, media_type="text/plain")
        path, query = request.scope["raw_path"].decode("latin-1"), request.scope["query_string"].decode("latin-1")
        url = URL(f"{self._gateway_url}{path}{f'?{query}' if query else ''}", encoded=True)
        try:
            async with self._http.request(
                request.method,
                url,
                headers=_headers_for(request),
                data=body or None,
                allow_redirects=False,
                skip_auto_headers=_NOT_MADE_UP,
            ) as answer:
                response = Response(await answer.read(), answer.status)
                response.raw_headers = [
                    (name.lower(), value) for name, value in answer.raw_headers if name.lower() not in _NOT_HANDED_ON
                ] + [(b"content-length", str(len(response.body)).encode())]
                return response
        except (aiohttp.ClientError, TimeoutError):
            return Response("the gateway does not answer\n", 502, media_type="text/plain")


def _headers_for(request: Request) -> list[tuple[str, str]]:
    headers = [
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, value in request.headers.raw
        if name not in _NOT_HANDED_ON and not name.startswith(b"x-forwarded-")
    ]
    hops = [*request.headers.getlist("x-forwarded-for"), *([request.client.host] if request.client else [])]
    return [*headers, ("X-Forwarded-For", ", ".join(hops)), ("X-Forwarded-Proto", request.url.scheme)]


async def _body_of(request: Request) -> bytes | None:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            return None
    return bytes(body)
