"""An HTTP answer as a value: whoever decides on it does not send it."""

from __future__ import annotations

import msgspec

Headers = tuple[tuple[bytes, bytes], ...]

_encoder = msgspec.json.Encoder()


class Reply(msgspec.Struct, frozen=True, gc=False):
    """A status and a body; JSON unless `content_type` says otherwise, and none at all where that is empty."""

    status: int
    body: bytes
    headers: Headers = ()
    content_type: bytes = b"application/json"

    def __repr__(self) -> str:
        return f"Reply({self.status}, {len(self.body)} bytes)"


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


def empty_reply(status: int, headers: Headers = ()) -> Reply:
    """Return a reply without a body."""
    return Reply(status, b"", headers, b"")


def refusal_reply(refusal: Refusal) -> Reply:
    """Return a refusal in our own shape."""
    error = {"code": refusal.code, "path": refusal.path, "reason": refusal.reason, "fix": refusal.fix}
    return json_reply(refusal.status, {"error": error}, refusal.headers)
