"""The stored form of deliveries: one row each, many rows in the body of a chunk."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from fullcount.queue.holding import HoldTerms


class Row(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One delivery at rest. Fields are appended, never moved: the stored form is positional."""

    seq: int
    key: bytes
    accepted_at: float
    label: int  # pixel, event name and source, by number
    window: int  # seconds that the key is remembered; 0 if it was never claimed
    event: bytes  # `fullcount.events.codec.encode_stored`


class HeldForm(Row, frozen=True, array_like=True, gc=False):
    """A delivery at rest while it is held. What was held before there were terms reads as held on the plainest."""

    terms: HoldTerms = HoldTerms()


_encoder = msgspec.msgpack.Encoder()
_one = msgspec.msgpack.Decoder(Row)
_held = msgspec.msgpack.Decoder(HeldForm)
_many = msgspec.msgpack.Decoder(list[Row])


def encode_rows(rows: Sequence[Row]) -> bytes:
    """Return the body of a chunk of these rows."""
    return _encoder.encode(rows)


def decode_rows(body: bytes) -> list[Row]:
    """Return the rows of a chunk's body."""
    return _many.decode(body)


def encode_row(row: Row) -> bytes:
    """Return one row's stored form."""
    return _encoder.encode(row)


def decode_row(stored: bytes) -> Row:
    """Return the row of this stored form."""
    return _one.decode(stored)


def decode_held(stored: bytes) -> HeldForm:
    """Return the held row of this stored form."""
    return _held.decode(stored)


def held_form(row: Row, terms: HoldTerms, event: bytes | None = None) -> HeldForm:
    """Return a row as it is held; `event` takes the place of the row's own."""
    return HeldForm(
        row.seq, row.key, row.accepted_at, row.label, row.window, row.event if event is None else event, terms
    )


def plain_form(row: Row) -> Row:
    """Return a row as it stands in a chunk or a letter."""
    return Row(row.seq, row.key, row.accepted_at, row.label, row.window, row.event)
