"""The stored form of a hashed event: positional msgpack, so that fields may be appended but never moved."""

from __future__ import annotations

import msgspec

from fullcount.events.hashed import HashedEvent

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(HashedEvent)


def encode_stored(event: HashedEvent) -> bytes:
    """Return the event's stored bytes."""
    return _encoder.encode(event)


def decode_stored(stored: bytes) -> HashedEvent:
    """Return the event of these stored bytes.

    Raises:
        msgspec.DecodeError: the bytes are not an event (a damaged store).
    """
    return _decoder.decode(stored)
