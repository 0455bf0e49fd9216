"""The drop-in: bodies that were written for TikTok itself, of Events 2.0 and 1.0, and the common mix of both.

What a body is shows in its keys and not in its path: `data` is 2.0, `batch` is a 1.0 batch, `event` is one 1.0
event, on whichever of the three routes it came. Unknown keys are kept.
"""

from __future__ import annotations

from typing import Any

import msgspec

from fullcount.consent.decision import consent_of
from fullcount.errors import InvalidEvent
from fullcount.events.model import EventSource, names_only
from fullcount.events.problems import Problem, Severity
from fullcount.events.reading import Reading, read_event, read_fields
from fullcount.sources.bounds import check_count, decode_json, envelope_text
from fullcount.sources.each import read_each
from fullcount.sources.source import NESTED_TEST_CODE, Intake, Limits, RawRequest
from fullcount.sources.tiktok_legacy import read_legacy


class _Envelope(msgspec.Struct, gc=False):
    event_source: Any = None
    event_source_id: Any = None
    pixel_code: Any = None
    test_event_code: Any = None
    consent: Any = None
    data: list[msgspec.Raw] | msgspec.UnsetType = msgspec.UNSET
    batch: list[msgspec.Raw] | msgspec.UnsetType = msgspec.UNSET
    event: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET

    __repr__ = names_only


_decoder = msgspec.json.Decoder(_Envelope)

_NO_EVENT_SOURCE = Problem(
    "event_source",
    "it is missing; web was assumed",
    "send web, app, offline or crm",
    Severity.WARNING,
    "event_source_missing",
)


class TikTokSource:
    """Reads the three routes of TikTok's that Fullcount answers itself."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits

    def read(self, request: RawRequest) -> Intake:
        """Return the body's events and the pixel code that its envelope names."""
        envelope, body = decode_json(request.body, _decoder)
        pixel_code = envelope_text(envelope.event_source_id, "event_source_id") or envelope_text(
            envelope.pixel_code, "pixel_code"
        )
        test_event_code = envelope_text(envelope.test_event_code, "test_event_code")
        event_source, warnings = _event_source(envelope)
        if isinstance(envelope.data, list):
            item_path, items = "data", [bytes(raw) for raw in envelope.data]
        elif isinstance(envelope.batch, list):
            item_path, items = "Batch", [bytes(raw) for raw in envelope.batch]
        elif envelope.event is not msgspec.UNSET:
            item_path, items = "", [body]
        else:
            raise _refused("data", "the list of events is missing", "send data (2.0), batch or event (1.0)", "empty")
        check_count(len(items), self._limits, item_path)
        if pixel_code is None:
            path = "event_source_id" if item_path == "data" else "pixel_code"
            raise _refused(path, "it is missing", "send the pixel's code", "pixel_code_missing")
        consent = consent_of(envelope.consent) if item_path else None  # one event's own is read with it
        wishes = Intake((), test_event_code, pixel_code, item_path, warnings, consent)
        return read_each(items, lambda item: _reading(item, event_source, item_path), self._limits, wishes)


def _reading(item: bytes, event_source: EventSource, item_path: str) -> Reading:
    """Read one item; the event source is the envelope's word, as at TikTok, whatever an item says."""
    is_plain = item_path == "data" and not _has_foreign_keys(item)
    reading = read_event(item) if is_plain else _read_mixed(item, item_path)
    if reading.event is None or reading.event.event_source is event_source:
        return reading
    event = msgspec.structs.replace(reading.event, event_source=event_source)
    return msgspec.structs.replace(reading, event=event)


def _has_foreign_keys(item: bytes) -> bool:
    """Whether an item of `data` may hold keys that are not a 2.0 event's; a look at its bytes decides cheaply."""
    return b'"context"' in item or b'"timestamp"' in item or b'"test_event_code"' in item


def _read_mixed(item: bytes, item_path: str) -> Reading:
    fields = read_fields(item)
    if fields is None:
        return read_event(item)
    notes = []
    if fields.pop("test_event_code", None) is not None and item_path:
        notes.append(NESTED_TEST_CODE)
    if item_path == "Batch" and fields.get("type", "track") != "track":
        notes.append(Problem("type", "only track is taken here", "send track", code="type_unknown"))
    reading = read_legacy(fields)
    if not notes:
        return reading
    is_refused = any(note.severity is Severity.FATAL for note in notes)
    event = None if is_refused else reading.event
    return msgspec.structs.replace(reading, event=event, problems=(*notes, *reading.problems))


def _event_source(envelope: _Envelope) -> tuple[EventSource, tuple[Problem, ...]]:
    said = envelope.event_source
    if said is None:
        return EventSource.WEB, () if envelope.data is msgspec.UNSET else (_NO_EVENT_SOURCE,)
    try:
        return EventSource(said), ()
    except ValueError:
        raise _refused("event_source", "not a valid choice", "send web, app, offline or crm", "wrong_type") from None


def _refused(path: str, reason: str, fix: str, code: str) -> InvalidEvent:
    return InvalidEvent((Problem(path, reason, fix, code=code),), where=path)
