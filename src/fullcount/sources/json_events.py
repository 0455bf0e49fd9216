"""Our own format: one event, or `{"events": [...]}`, each TikTok's 2.0 event with plain or hashed identifiers."""

from __future__ import annotations

from typing import Any

import msgspec

from fullcount.errors import InvalidEvent
from fullcount.events.problems import Problem
from fullcount.events.reading import Reading, read_event
from fullcount.sources.bounds import check_count, decode_json, envelope_text, over_bounds
from fullcount.sources.source import NESTED_TEST_CODE, Intake, Limits, RawRequest


class _Envelope(msgspec.Struct, gc=False):
    events: list[msgspec.Raw] | msgspec.UnsetType = msgspec.UNSET
    test_event_code: Any = None
    data: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    batch: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


_decoder = msgspec.json.Decoder(_Envelope)


class JsonSource:
    """Reads `POST /v1/events`."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits

    def read(self, request: RawRequest) -> Intake:
        """Return the body's one event or its `events`, with the envelope's test code."""
        envelope, body = decode_json(request.body, _decoder)
        test_event_code = envelope_text(envelope.test_event_code, "test_event_code")
        if isinstance(envelope.events, list):
            check_count(len(envelope.events), self._limits, "events")
            readings = tuple(self._reading(bytes(raw), 2) for raw in envelope.events)
            return Intake(readings, test_event_code, item_path="events")
        if envelope.data is not msgspec.UNSET or envelope.batch is not msgspec.UNSET:
            raise _tiktok_body()
        return Intake((self._reading(body, 0),), test_event_code)

    def _reading(self, event: bytes, levels_above: int) -> Reading:
        problem = over_bounds(event, self._limits, levels_above)
        if problem is not None:
            return Reading(None, (problem,), "", "")
        return _without_test_code(event, levels_above) if b'"test_event_code"' in event else read_event(event)


def _without_test_code(event: bytes, levels_above: int) -> Reading:
    """Read an event whose bytes name a test code: it is the call's and no part of the event."""
    fields = msgspec.json.decode(event)
    code = fields.pop("test_event_code", None) if isinstance(fields, dict) else None
    reading = read_event(fields if code is not None else event)
    if code is None or levels_above == 0:  # a single event is its own envelope
        return reading
    return msgspec.structs.replace(reading, problems=(NESTED_TEST_CODE, *reading.problems))


def _tiktok_body() -> InvalidEvent:
    problem = Problem(
        "",
        "this is the body of TikTok's own API",
        'post it to /open_api/v1.3/event/track/ with the key in Access-Token, or send {"events": [...]} here',
        code="wrong_type",
    )
    return InvalidEvent((problem,), where="body")
