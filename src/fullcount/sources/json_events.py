"""Our own format: one event, or `{"events": [...]}`, each TikTok's 2.0 event with plain or hashed identifiers."""

from __future__ import annotations

from typing import Any

import msgspec

from fullcount.consent.decision import consent_of
from fullcount.errors import InvalidEvent
from fullcount.events.model import names_only
from fullcount.events.problems import Problem
from fullcount.events.reading import Reading, read_event, read_fields
from fullcount.sources.bounds import check_count, decode_json, envelope_text
from fullcount.sources.each import read_each
from fullcount.sources.source import NESTED_TEST_CODE, Intake, Limits, RawRequest


class _Envelope(msgspec.Struct, gc=False):
    events: list[msgspec.Raw] | msgspec.UnsetType = msgspec.UNSET
    test_event_code: Any = None
    consent: Any = None
    data: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    batch: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET

    __repr__ = names_only


_decoder = msgspec.json.Decoder(_Envelope)


class JsonSource:
    """Reads `POST /v1/events`."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits

    def read(self, request: RawRequest) -> Intake:
        """Return the body's one event or its `events`, with the envelope's test code and consent."""
        envelope, body = decode_json(request.body, _decoder)
        code = envelope_text(envelope.test_event_code, "test_event_code")
        if isinstance(envelope.events, list):
            check_count(len(envelope.events), self._limits, "events")
            items = [bytes(raw) for raw in envelope.events]
            wishes = Intake((), code, item_path="events", consent=consent_of(envelope.consent))
            return read_each(items, _read_listed, self._limits, wishes)
        if envelope.data is not msgspec.UNSET or envelope.batch is not msgspec.UNSET:
            raise _tiktok_body()
        return read_each((body,), _read_single, self._limits, Intake((), code))


def _read_single(event: bytes) -> Reading:
    """Read an event that is its own envelope: a test code in it is the call's and no part of the event."""
    if b'"test_event_code"' not in event:
        return read_event(event)
    fields = read_fields(event)
    if fields is None or "test_event_code" not in fields:
        return read_event(event)
    return read_event({key: value for key, value in fields.items() if key != "test_event_code"})


def _read_listed(event: bytes) -> Reading:
    """Read an event of a list: a test code in it is neither the call's nor the event's."""
    if b'"test_event_code"' not in event:
        return read_event(event)
    fields = read_fields(event)
    if fields is None or fields.pop("test_event_code", None) is None:
        return read_event(event if fields is None else fields)
    reading = read_event(fields)
    return msgspec.structs.replace(reading, problems=(NESTED_TEST_CODE, *reading.problems))


def _tiktok_body() -> InvalidEvent:
    problem = Problem(
        "",
        "this is the body of TikTok's own API",
        'post it to /open_api/v1.3/event/track/ with the key in Access-Token, or send {"events": [...]} here',
        code="wrong_type",
    )
    return InvalidEvent((problem,), where="body")
