"""A transport that answers by script, and keeps what was posted: for tests of whatever talks to TikTok."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec

from fullcount.tiktok.transport import HttpAnswer, TransportLost

TAKEN = HttpAnswer(200, b'{"code":0,"message":"OK","request_id":"20260401143000ABCDEF0123456789ABCD","data":{}}')


class SentRequest(msgspec.Struct, frozen=True):
    """One request as it was posted."""

    url: str
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> dict[str, Any]:
        """Return the decoded body."""
        decoded: dict[str, Any] = msgspec.json.decode(self.body)
        return decoded

    def event_ids(self) -> list[str]:
        """Return the events' ids, in the request's order."""
        return [event["event_id"] for event in self.json()["data"]]


Reply = HttpAnswer | TransportLost | Callable[[SentRequest], Awaitable[HttpAnswer]]


class ScriptedTransport:
    """Gives its replies in order, then takes everything. A reply may be an answer, a loss, or a coroutine function."""

    def __init__(self, *replies: Reply) -> None:
        self.replies: deque[Reply] = deque(replies)
        self.requests: list[SentRequest] = []
        self.is_closed = False

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> HttpAnswer:
        """Keep the request and give the next reply."""
        request = SentRequest(url, dict(headers), body)
        self.requests.append(request)
        reply = self.replies.popleft() if self.replies else TAKEN
        if isinstance(reply, TransportLost):
            raise reply
        return reply if isinstance(reply, HttpAnswer) else await reply(request)

    async def close(self) -> None:
        """Note that it was closed."""
        self.is_closed = True
