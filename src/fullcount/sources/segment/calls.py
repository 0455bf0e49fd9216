"""From a body to calls: batches taken apart, what they say of all merged into each, and the time as it truly was."""

from __future__ import annotations

import math
from typing import Any

import msgspec

from fullcount.errors import InvalidEvent
from fullcount.events.model import names_only
from fullcount.events.problems import Problem
from fullcount.events.reading import read_fields
from fullcount.sources.bounds import check_count, decode_json
from fullcount.sources.payload import Node, at, seconds, text
from fullcount.sources.segment.names import KINDS
from fullcount.sources.source import Limits, RawRequest

_FIRST_MILLISECONDS = 1e11  # as seconds this would be the year 5138
_CALLS = frozenset(kind for kind in KINDS.values() if kind)


class Envelope(msgspec.Struct, gc=False, rename={"sent_at": "sentAt"}):
    """What a body says beside its calls; of a single call it is the call itself."""

    batch: list[msgspec.Raw] | msgspec.UnsetType = msgspec.UNSET
    context: Any = None
    integrations: Any = None
    sent_at: Any = None

    __repr__ = names_only


class Call(msgspec.Struct, frozen=True, gc=False):
    """One call of an SDK."""

    kind: str  # track, page, screen, identify, group or alias
    fields: Node
    at: float | None  # Unix seconds, corrected by the sender's own clock

    @property
    def name(self) -> str:
        """The name of a track call, else the kind: by this it is found in the table of names."""
        return (text(self.fields, "event") or "") if self.kind == "track" else self.kind

    def __repr__(self) -> str:
        return f"Call({self.kind})"


_decoder = msgspec.json.Decoder(Envelope)


def items_of(request: RawRequest, limits: Limits) -> tuple[list[bytes], Envelope]:
    """Return each call's JSON, and what the body says of all of them.

    Raises:
        InvalidEvent: it is no JSON object, it has neither a list of calls nor a call, or too many of them.
    """
    envelope, body = decode_json(request.body, _decoder)
    if isinstance(envelope.batch, list):
        if envelope.batch:
            check_count(len(envelope.batch), limits, "batch")
        return [bytes(item) for item in envelope.batch], envelope
    if not _kind_of_path(request) and b'"type"' not in body:
        problem = Problem("batch", "the body has no batch", 'send {"batch": [...]}', code="empty")
        raise InvalidEvent((problem,), where="batch")
    return [body], Envelope(sent_at=envelope.sent_at)


def read_call(item: bytes, envelope: Envelope, request: RawRequest) -> Call | Problem:
    """Return the call of one item, or what is wrong with it."""
    fields = read_fields(item)
    if fields is None:
        return Problem("", "the call is no JSON object", "send one object for each call", code="not_an_object")
    kind = (text(fields, "type") or "").lower() or _kind_of_path(request) or ("track" if "event" in fields else "")
    if kind not in _CALLS:
        reason = "the call's type is none of track, page, screen, identify, group and alias"
        return Problem("type", reason, 'send "type": "track"', code="type_unknown")
    for key, beside in (("context", envelope.context), ("integrations", envelope.integrations)):
        if isinstance(beside, dict) and beside:
            own = fields.get(key)
            fields[key] = {**beside, **own} if isinstance(own, dict) else beside
    return Call(kind, fields, _true_time(fields, envelope.sent_at, request.received_at))


def _kind_of_path(request: RawRequest) -> str:
    return KINDS.get(request.path.rstrip("/"), "")


def _true_time(fields: Node, batch_sent_at: Any, received_at: float) -> float | None:
    """Return when it happened by our clock: Segment's rule is the timestamp plus what the sender's clock lags behind.

    A call that has `receivedAt` was corrected already, by a server of Segment's or RudderStack's that passed it on.
    """
    happened = _moment(fields, "timestamp")
    happened = _moment(fields, "originalTimestamp") if happened is None else happened
    sent = _moment(fields, "sentAt")
    sent = _moment({"sentAt": batch_sent_at}, "sentAt") if sent is None else sent
    if happened is None or sent is None or not received_at or at(fields, "receivedAt") is not None:
        return happened
    corrected = happened + received_at - sent
    return corrected if corrected <= received_at else happened


def _moment(fields: Node, key: str) -> float | None:
    found = seconds(fields, key)
    if found is None or not math.isfinite(found) or abs(found) > _FIRST_MILLISECONDS * 1e7:
        return None
    while abs(found) >= _FIRST_MILLISECONDS:
        found /= 1000
    return found
