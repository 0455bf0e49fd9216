"""The seam for senders whose notices are thin: they say what to ask the platform for, and read its answers.

Nothing here does HTTP: `fullcount.errands` asks, in its own time, for as long as it takes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

import msgspec

from fullcount.sources.sender import Rules
from fullcount.sources.source import Intake

_NO_HEADERS: Mapping[str, str] = {}


class Question(msgspec.Struct, frozen=True, gc=False):
    """One GET to ask the platform; it is repeated until it is answered or three days are over."""

    url: str
    headers: Mapping[str, str] = _NO_HEADERS  # they hold the token

    def __repr__(self) -> str:
        return "Question(url=…, headers=…)"


class Response(msgspec.Struct, frozen=True, gc=False):
    """What the platform said: 200 with a body, 204 with none, or that it has no such thing (404, 410)."""

    status: int
    body: bytes = b""

    def __repr__(self) -> str:
        return f"Response({self.status}, {len(self.body)} bytes)"


@runtime_checkable
class Fetching(Protocol):
    """What a sender of thin notices has besides the members of `Sender`; it keeps no state."""

    def questions(self, notice: bytes, rules: Rules, /) -> Sequence[Question]:
        """Return what to ask the platform for; nothing if the settings do not say how."""
        ...

    def resolve(self, notice: bytes, responses: Sequence[Response], rules: Rules, /) -> Intake:
        """Return what the notice brought, from one response for each question, in their order.

        Raises:
            InvalidEvent: an answer is not what the platform sends (a page of a proxy, say); it is asked for again.
        """
        ...


class KeptNotice(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A notice as it waits in the store."""

    noticed_at: float  # Unix seconds
    body: bytes


_decoder = msgspec.msgpack.Decoder(KeptNotice)
_encoder = msgspec.msgpack.Encoder()


def keep_notice(body: bytes, now: float) -> bytes:
    """Return a notice with its time, as bytes for the store."""
    return _encoder.encode(KeptNotice(now, body))


def kept_notice(stored: bytes) -> KeptNotice | None:
    """Return the notice of these bytes; None if they are none.

    >>> kept_notice(keep_notice(b"order 250", 1.5)).noticed_at, kept_notice(b"?")
    (1.5, None)
    """
    try:
        return _decoder.decode(stored)
    except msgspec.MsgspecError:
        return None
