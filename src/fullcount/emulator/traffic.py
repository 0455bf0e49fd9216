"""What came in and what was answered: requests as they were, tokens masked, and the latest copies for the page."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterator
from typing import Any

import msgspec

from fullcount.emulator.submission import Copy

_SECRET_HEADERS = frozenset({"access-token", "authorization", "cookie", "proxy-authorization"})


class Request(msgspec.Struct, frozen=True):
    """One HTTP request to a TikTok path; header names in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    is_too_large: bool = False


class Exchange(msgspec.Struct, frozen=True):
    """One request and what was answered; `status` is None where no answer left."""

    at: float
    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    status: int | None
    answer: bytes
    fault: str

    def to_builtins(self) -> dict[str, Any]:
        """Return it as the control plane shows it: JSON bodies as JSON, anything else as text."""
        return {
            "at": self.at,
            "method": self.method,
            "path": self.path,
            "headers": {name: _mask(name, value) for name, value in self.headers.items()},
            "body": _json_or_text(self.body),
            "body_sha256": hashlib.sha256(self.body).hexdigest(),
            "status": self.status,
            "answer": _json_or_text(self.answer),
            "fault": self.fault or None,
        }


class RequestLog:
    """The last requests, bounded by their number and by the bytes of their bodies."""

    def __init__(self, keep: int, keep_bytes: int) -> None:
        self._keep = keep
        self._keep_bytes = keep_bytes
        self._kept: deque[Exchange] = deque()
        self._bytes = 0
        self.total = 0

    def __len__(self) -> int:
        return len(self._kept)

    def __iter__(self) -> Iterator[Exchange]:
        return iter(tuple(self._kept))

    def add(self, exchange: Exchange) -> None:
        """Keep `exchange`, and let go of the oldest beyond the bounds."""
        self.total += 1
        self._kept.append(exchange)
        self._bytes += len(exchange.body)
        while len(self._kept) > self._keep or (self._bytes > self._keep_bytes and len(self._kept) > 1):
            self._bytes -= len(self._kept.popleft().body)


class Sighting(msgspec.Struct, frozen=True):
    """One copy and what became of it, for the page."""

    copy: Copy
    verdict: str
    why: str


def _mask(name: str, value: str) -> str:
    """Hide a secret, yet let two of them be told apart."""
    if name not in _SECRET_HEADERS or not value:
        return value
    return f"masked:{hashlib.sha256(value.encode()).hexdigest()[:8]}"


def _json_or_text(body: bytes) -> Any:
    """Return JSON as JSON (its bytes are passed through), anything else as text, nothing as None."""
    try:
        msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return body.decode("utf-8", "replace") or None
    return msgspec.Raw(body)
