"""How an answer is sent over ASGI: in one piece."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from fullcount.sources.reply import Reply

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_NO_BODY = frozenset({204, 304})  # statuses that HTTP gives neither body nor length


async def send_reply(send: Send, reply: Reply) -> None:
    """Send the reply and end the response."""
    headers = list(reply.headers)
    if reply.content_type:
        headers.append((b"content-type", reply.content_type))
    if reply.status not in _NO_BODY:
        headers.append((b"content-length", b"%d" % len(reply.body)))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})
