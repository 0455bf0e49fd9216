"""Bounds and reasons for bodies: what is not JSON, too deep, too many or too long is said so, with its place.

The checks are cheap for the body that keeps to them: counting brackets and bytes rules out nearly all of them, and
only what could be over a bound is read token by token.
"""

from __future__ import annotations

import re
from typing import TypeVar

import msgspec

from fullcount.errors import InvalidEvent
from fullcount.events.problems import Problem
from fullcount.sources.source import Limits

T = TypeVar("T")

# A text with its closing quote, or all that is left where that is missing; possessive, so that no byte is read twice.
_TEXT = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?'
_TOKEN = re.compile(_TEXT + rb"|[{\[\]}]", re.DOTALL)
_KEY_BEFORE = re.compile(rb'"([^"\\]{1,64})"\s*:\s*\Z')
# Python's json module writes these words; they are not JSON.
_NOT_A_NUMBER = re.compile(_TEXT + rb"|-?(?:NaN|Infinity)\b", re.DOTALL)
# Half of a UTF-16 pair, as JavaScript writes the rest of a text that was cut inside an emoji. Escapes are read by twos.
_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(?P<half>u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)
_OPENING = b"{["
_FLAT = "send events as flat as TikTok's are"
LONGEST_CODE = 128  # characters of a pixel code or test code; TikTok's have about 20


def decode_json(body: bytes, decoder: msgspec.json.Decoder[T]) -> tuple[T, bytes]:
    """Return the decoded body, and the bytes it was read from.

    These have no mark of byte order, NaN is a string in them, and half an emoji is U+FFFD.

    Raises:
        InvalidEvent: not_json with the byte, wrong_type with the path, or too_deep for any JSON reader.
    """
    if not body.isascii():
        body = _checked_utf8(body)
    try:
        return decoder.decode(body), body
    except msgspec.ValidationError as error:
        raise _refusal(
            "wrong_type", f"the body has a wrong type: {error}", "send an object, events in a list"
        ) from None
    except msgspec.DecodeError as error:
        mended = _mended(body)
        if mended != body:
            try:
                return decoder.decode(mended), mended
            except msgspec.MsgspecError:
                pass  # it is worse than that: the first reason stands
        raise _refusal("not_json", _reason(error, body), "send one JSON object in UTF-8") from None
    except RecursionError:
        reason = "the body is nested too deeply to be read (hundreds of levels)"
        raise _refusal("too_deep", reason, _FLAT) from None


def check_count(count: int, limits: Limits, path: str) -> None:
    """Refuse a call with no event or with more than `max_events`."""
    if count == 0:
        raise _refusal("empty", "the list holds no event", "send at least one", path)
    if count > limits.max_events:
        reason = f"{count:,} events in one call; {limits.max_events:,} are the most"
        raise _refusal("too_many_events", reason, "send them in several calls", path)


def over_bounds(event: bytes, limits: Limits, levels_above: int) -> Problem | None:
    """Return the problem of an event that is too deep or has too long a value, or None.

    `event` is JSON; `levels_above` is the depth that it stands at.
    """
    depth_left = limits.max_depth - levels_above
    if len(event) <= limits.max_string and event.count(b"{") + event.count(b"[") <= depth_left:
        return None
    depth = 0
    for found in _TOKEN.finditer(event):
        token = found.group()
        if token in _OPENING:
            depth += 1
            if depth > depth_left:
                reason = f"it is nested too deeply, at byte {found.start()} of the event"
                return Problem("", f"{reason}; {limits.max_depth} levels are the most", _FLAT, code="too_deep")
        elif len(token) == 1:
            depth -= 1
        elif len(token) - 2 > limits.max_string and len(msgspec.json.decode(token, type=str)) > limits.max_string:
            return _too_long(event, found.start(), limits.max_string)
    return None


def _too_long(event: bytes, at: int, most: int) -> Problem:
    key = _KEY_BEFORE.search(event, max(0, at - 100), at)
    return Problem(
        key[1].decode("utf-8", "replace") if key else "",
        f"a value of more than {most:,} characters, at byte {at} of the event",
        "shorten it",
        code="value_too_long",
    )


def envelope_text(value: object, path: str) -> str | None:
    """Return a value of the envelope as text: a whole number becomes its digits, null and what is blank nothing.

    Raises:
        InvalidEvent: wrong_type, if it is anything else or longer than any code of TikTok's: a lane is named by it, and
            a test code that was dropped would send test events live.

    >>> [envelope_text(value, "pixel_code") for value in (" TEST12345 ", 12, " ", None)]
    ['TEST12345', '12', None, None]
    """
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise _refusal("wrong_type", "it is no text", 'send the code as text, such as "TEST12345"', path)
    text = str(value).strip()
    if len(text) > LONGEST_CODE:
        raise _refusal("wrong_type", f"it has more than {LONGEST_CODE} characters", "send the code alone", path)
    return text or None


def _checked_utf8(body: bytes) -> bytes:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError as error:
        reason = f"the body is not UTF-8: byte {error.start} cannot be read"
        raise _refusal("not_json", reason, "send JSON in UTF-8") from None
    return body.removeprefix(b"\xef\xbb\xbf")


def _mended(body: bytes) -> bytes:
    """Return the body with what common senders write and JSON forbids made text; in time linear in its length."""
    if b"NaN" in body or b"Infinity" in body:
        body = _NOT_A_NUMBER.sub(lambda found: found[0] if found[0][:1] == b'"' else b'"%s"' % found[0], body)
    if b"\\ud" in body or b"\\uD" in body:
        body = _ESCAPE.sub(lambda found: found[0] if found["half"] is None else b"\\ufffd", body)
    return body


def _reason(error: msgspec.DecodeError, body: bytes) -> str:
    if not body.strip():
        return "the body is empty"
    said = str(error).removeprefix("JSON is malformed: ")
    is_cut = "truncated" in said
    return f"the body is not JSON: it ends at byte {len(body)}" if is_cut else f"the body is not JSON: {said}"


def _refusal(code: str, reason: str, fix: str, path: str = "") -> InvalidEvent:
    return InvalidEvent((Problem(path, reason, fix, code=code),), where=path or "body")
