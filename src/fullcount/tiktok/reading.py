"""An HTTP answer, read: what it means for the batch, which events are bad, when to come back. Pure."""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec

from fullcount.delivery.destination import Answer, Kind
from fullcount.tiktok.codes import GRANT_ROLE, PERMISSION_WORDS, meaning_of
from fullcount.tiktok.transport import HttpAnswer
from fullcount.tiktok.wire import WireAnswer

MESSAGE_LENGTH = 300
REQUEST_ID_LENGTH = 64  # TikTok's have 34
LONGEST_WAIT_SECONDS = 3_600.0  # a wait that somebody mistyped must not stop a shop for a year
_BLAMES_AN_EVENT = frozenset({Kind.INVALID, Kind.UNKNOWN_REFUSAL})

_decode = msgspec.json.Decoder(WireAnswer).decode
# 2.0 says `data.3.event_id`, 1.0 said `Batch.3.…` (live answers of 2023 and fixtures of large integrations).
_BAD_INDEX = re.compile(r"(?<![\w.])(?:data|batch)[.\[](\d{1,4})\b", re.IGNORECASE)
# By shape alone: `redact.mask` also takes the word after a field's name, which here is TikTok's reason.
_IDENTIFIER_SHAPED = re.compile(
    r"[^\s@'\"<>]+@[^\s@'\"<>]+"  # e-mail
    r"|(?<!\w)[0-9A-Fa-f]{32,}(?!\w)"  # a digest
    r"|(?<!\w)\d{1,3}(?:\.\d{1,3}){3}(?!\w)"  # IPv4
    r"|(?<![\w.])(?:[0-9A-Fa-f]{0,4}:){2,}[0-9A-Fa-f]{0,4}(?!\w)"  # IPv6
    r"|\+\(?\d(?:[\s().-]{0,2}\d){6,14}(?!\d)"  # a phone number; a bare run of digits is an order's
    r"|(?<!\w)E\.C\.P\.\S+"  # a click ID
)


def read_answer(answer: HttpAnswer, *, batch_size: int, now: float) -> Answer:
    """Return what TikTok's answer to a batch of that size means; `now` (Unix seconds) is for a Retry-After date."""
    envelope = _envelope(answer.body)
    code = envelope.code if envelope else None
    message = _text(envelope.message) if envelope else ""
    kind, meaning, fix = meaning_of(answer.status, is_json=envelope is not None, code=code)
    words = without_identifiers(message) or meaning
    indices = {int(index) for index in _BAD_INDEX.findall(message)}
    if kind in _BLAMES_AN_EVENT and not indices and message.lstrip().lower().startswith(PERMISSION_WORDS):
        kind, fix = Kind.NOT_ALLOWED, GRANT_ROLE
    return Answer(
        kind,
        status=answer.status,
        code=code,
        message=words,
        request_id=_text(envelope.request_id)[:REQUEST_ID_LENGTH] if envelope else "",
        retry_after_seconds=seconds_to_wait(answer.headers.get("retry-after"), now),
        bad={index: words for index in sorted(indices) if index < batch_size},
        fix=fix,
    )


def without_identifiers(message: str) -> str:
    """Return TikTok's words, cut to a line, with what looks like a value of a person's taken out.

    >>> without_identifiers("Invalid value for data.0.user.email: a@example.com is not a hash")
    'Invalid value for data.0.user.email: … is not a hash'
    """
    return _IDENTIFIER_SHAPED.sub("…", message[: 2 * MESSAGE_LENGTH])[:MESSAGE_LENGTH].strip()


def seconds_to_wait(retry_after: str | None, now: float) -> float | None:
    """Return what a Retry-After header asks for, in seconds or as a date; None where it says nothing usable.

    >>> seconds_to_wait("7", 0.0), seconds_to_wait("Thu, 01 Jan 1970 00:00:30 GMT", 10.0), seconds_to_wait("soon", 0.0)
    (7.0, 20.0, None)
    """
    if not retry_after:
        return None
    text = retry_after.strip()
    try:
        seconds = float(text) if text.isascii() and text.isdigit() else parsedate_to_datetime(text).timestamp() - now
    except (ValueError, OverflowError):
        return None
    return min(max(seconds, 0.0), LONGEST_WAIT_SECONDS)


def _envelope(body: bytes) -> WireAnswer | None:
    """Return the JSON object of the body; without a code if it has none that is an integer; None for anything else."""
    try:
        return _decode(body)
    except msgspec.ValidationError:
        return WireAnswer() if body.lstrip()[:1] == b"{" else None
    except msgspec.DecodeError:
        return None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
