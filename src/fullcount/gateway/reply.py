"""An HTTP answer, and how it is sent: JSON in one piece."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import msgspec

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

Headers = tuple[tuple[bytes, bytes], ...]

_encoder = msgspec.json.Encoder()
_JSON = (b"content-type", b"application/json")


class Reply(msgspec.Struct, frozen=True, gc=False):
    """A status and a JSON body."""

    status: int
    body: bytes
    headers: Headers = ()


class Refusal(msgspec.Struct, frozen=True):
    """Why a request is not taken: what, and what mends it. `code` is a short stable name."""

    status: int
    code: str
    reason: str
    fix: str
    path: str = ""
    headers: Headers = ()


def json_reply(status: int, content: object, headers: Headers = ()) -> Reply:
    """Return a reply of anything that msgspec can encode."""
    return Reply(status, _encoder.encode(content), headers)


def refusal_reply(refusal: Refusal) -> Reply:
    """Return a refusal in our own shape."""
    error = {"code": refusal.code, "path": refusal.path, "reason": refusal.reason, "fix": refusal.fix}
    return json_reply(refusal.status, {"error": error}, refusal.headers)


async def send_reply(send: Send, reply: Reply) -> None:
    """Send the reply and end the response."""
    length = (b"content-length", b"%d" % len(reply.body))
    await send({"type": "http.response.start", "status": reply.status, "headers": [_JSON, length, *reply.headers]})
    await send({"type": "http.response.body", "body": reply.body})
