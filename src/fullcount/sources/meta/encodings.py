"""The three forms that a body may have, read into one: JSON, a form with JSON in it, and multipart/form-data.

Meta's SDK for Node sends the first, the one for Python the second with each event as JSON in a JSON string, and curl
the others (facebook-nodejs-business-sdk 24.0.1 and facebook_business 26.0.3, read November 2026).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from fullcount.errors import InvalidEvent
from fullcount.events.model import names_only
from fullcount.events.problems import Problem
from fullcount.sources.bounds import decode_json
from fullcount.sources.source import RawRequest

MOST_FIELDS = 100  # of a form; Meta's own has about ten


class Envelope(msgspec.Struct, gc=False):
    """What a body says beside its events; `data` is JSON that is still to be read."""

    data: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    access_token: Any = None
    test_event_code: Any = None

    __repr__ = names_only


_envelope = msgspec.json.Decoder(Envelope)
_list = msgspec.json.Decoder(list[msgspec.Raw])


def read_envelope(request: RawRequest) -> Envelope:
    """Return the body's envelope.

    Raises:
        InvalidEvent: it is none of the three.
    """
    media_type = request.header("content-type").partition(";")[0].strip().lower()
    if media_type == "multipart/form-data":
        return _of_form(_parts(request))
    if "json" in media_type or request.body.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{":
        return decode_json(request.body, _envelope)[0]
    return _of_form(_fields(request.body))


def items_of(envelope: Envelope) -> list[bytes]:
    """Return each event's JSON; the list, and each event in it, may be JSON within a JSON string.

    Raises:
        InvalidEvent: there is no list of events.
    """
    if isinstance(envelope.data, msgspec.UnsetType):
        raise _refusal("empty", "there is no data", 'send data=[{"event_name": ...}]')
    data = _unquoted(bytes(envelope.data))
    if data[:1] == b"{":
        return [data]
    items, _ = decode_json(data, _list)
    return [_unquoted(bytes(item)) for item in items]


def _unquoted(encoded: bytes) -> bytes:
    """Return the JSON that a JSON string holds, or what there is if it is none."""
    encoded = encoded.strip()
    if encoded[:1] != b'"':
        return encoded
    try:
        return msgspec.json.decode(encoded, type=str).strip().encode("utf-8", "replace")
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return encoded


def _of_form(fields: Mapping[str, bytes]) -> Envelope:
    data = fields.get("data")
    return Envelope(
        msgspec.UNSET if data is None else msgspec.Raw(data),
        _text(fields.get("access_token")),
        _text(fields.get("test_event_code")),
    )


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode("utf-8", "replace")


def _fields(body: bytes) -> dict[str, bytes]:
    try:
        pairs = parse_qsl(body, keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        raise _refusal("too_many_fields", f"more than {MOST_FIELDS} fields", "send the events in data") from None
    fields: dict[str, bytes] = {}
    for name, value in pairs:
        fields.setdefault(name.decode("utf-8", "replace"), value)
    return fields


def _parts(request: RawRequest) -> dict[str, bytes]:
    # Imported here: such bodies are rare, and whoever only reads settings has no parser for them.
    from fullcount.sources.meta.multipart import read_parts  # noqa: PLC0415 - see above

    try:
        return read_parts(request.body, request.header("content-type"))
    except ValueError:
        raise _refusal("not_multipart", "the multipart body cannot be read", "send it as curl -F does") from None


def _refusal(code: str, reason: str, fix: str) -> InvalidEvent:
    return InvalidEvent((Problem("data", reason, fix, code=code),), where="data")
