"""How bytes reach the far side: one POST, one answer or a loss. The protocol, and its aiohttp engine."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Mapping
from typing import Protocol

import aiohttp
import msgspec

from fullcount.errors import DestinationError

ANSWER_BYTES = 65_536  # TikTok's envelope has some hundred; more is not an answer of its
KEEP_ALIVE_SECONDS = 30.0
COMPRESSION_LEVEL = 5
CONNECT_SHARE = 0.75  # of the deadline: a connection that is not there by then is known to have carried nothing


class HttpAnswer(msgspec.Struct, frozen=True):
    """What came back: the status, the headers that matter in lower case, and the whole body."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = {}


class TransportLost(DestinationError):
    """No whole answer came. `may_have_arrived` is False only if the request certainly never left."""

    def __init__(self, what: str, *, may_have_arrived: bool) -> None:
        self.may_have_arrived = may_have_arrived
        super().__init__(what)


class Transport(Protocol):
    """Something that carries one request and brings back its answer. It follows no redirect and repeats nothing."""

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> HttpAnswer:
        """Post the body once.

        Raises:
            TransportLost: no whole answer came.
        """
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


class AiohttpTransport:
    """Real HTTP over kept connections, with one deadline for each request, past any proxy settings."""

    def __init__(self, *, timeout_seconds: float = 10.0, gzip_body: bool = False) -> None:
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds, connect=timeout_seconds * CONNECT_SHARE)
        self._gzip_body = gzip_body
        self._session: aiohttp.ClientSession | None = None

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> HttpAnswer:
        """Post the body once."""
        if not all(value.isprintable() for value in headers.values()):
            raise TransportLost("a header cannot be sent: is there a line break in the token?", may_have_arrived=False)
        # Compressed answers would make the bound on the answer's size a bound on the wrong thing.
        sent = {**headers, "Accept-Encoding": "identity"}
        if self._gzip_body:
            body = await asyncio.to_thread(gzip.compress, body, COMPRESSION_LEVEL, mtime=0)
            sent["Content-Encoding"] = "gzip"
        try:
            async with self._open().post(url, data=body, headers=sent, allow_redirects=False) as answer:
                return HttpAnswer(answer.status, await _bounded(answer.content), _lowered(answer.headers))
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise TransportLost(f"no connection: {type(error).__name__}", may_have_arrived=False) from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise TransportLost(f"no whole answer: {type(error).__name__}", may_have_arrived=True) from error

    async def close(self) -> None:
        """Close the kept connections."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEP_ALIVE_SECONDS),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=self._timeout,
                trust_env=False,
            )
        return self._session


async def _bounded(content: aiohttp.StreamReader) -> bytes:
    """Return the body, cut at ANSWER_BYTES; what is cut is no answer that we could read."""
    parts, size = [], 0
    while size < ANSWER_BYTES and (part := await content.read(ANSWER_BYTES - size)):
        parts.append(part)
        size += len(part)
    return b"".join(parts)


def _lowered(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
