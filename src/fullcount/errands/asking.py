"""How a platform is asked: one GET, one whole answer or a loss. The protocol, and its aiohttp engine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, TypeAlias

import aiohttp
import msgspec

from fullcount.sources.fetching import Question

ANSWER_BYTES = 8 * 1024 * 1024  # an order with its longest list of items has some hundred kilobytes
TIMEOUT_SECONDS = 15.0
_NO_HEADERS: Mapping[str, str] = {}


class Answered(msgspec.Struct, frozen=True, gc=False):
    """A whole answer; header names are in lower case."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = _NO_HEADERS

    def __repr__(self) -> str:
        return f"Answered({self.status}, {len(self.body)} bytes)"


class Unheard(msgspec.Struct, frozen=True, gc=False):
    """No whole answer came; `why` is for a person and names nobody."""

    why: str
    is_oversized: bool = False  # it is the one answer that is at fault, and not the platform


Reply: TypeAlias = Answered | Unheard


class Asker(Protocol):
    """Something that carries a question to a platform. It follows no redirect, as that would take the token along."""

    async def ask(self, question: Question, /) -> Reply:
        """Ask once; whatever goes wrong on the way is a value."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


class AiohttpAsker:
    """Real HTTP over kept connections, with one deadline for each question, past any proxy settings."""

    def __init__(self, *, timeout_seconds: float = TIMEOUT_SECONDS, most_bytes: int = ANSWER_BYTES) -> None:
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds)
        self._most_bytes = most_bytes
        self._session: aiohttp.ClientSession | None = None

    async def ask(self, question: Question, /) -> Reply:
        """Ask once."""
        # Compressed answers would make the bound on the answer's size a bound on the wrong thing.
        headers = {**question.headers, "Accept-Encoding": "identity"}
        try:
            async with self._open().get(question.url, headers=headers, allow_redirects=False) as answer:
                body = await _bounded(answer.content, self._most_bytes)
                if body is None:
                    return Unheard(f"an answer of more than {self._most_bytes:,} bytes", is_oversized=True)
                return Answered(answer.status, body, {name.lower(): value for name, value in answer.headers.items()})
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            return Unheard(f"no answer: {type(error).__name__}")  # the error's own words may hold the address

    async def close(self) -> None:
        """Close the kept connections."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                cookie_jar=aiohttp.DummyCookieJar(), timeout=self._timeout, trust_env=False
            )
        return self._session


async def _bounded(content: aiohttp.StreamReader, most_bytes: int) -> bytes | None:
    """Return the body, or None if it has more bytes than that."""
    parts, size = [], 0
    while part := await content.read(most_bytes + 1 - size):
        parts.append(part)
        size += len(part)
        if size > most_bytes:
            return None
    return b"".join(parts)
