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

_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[{\[\]}]', re.DOTALL)
_KEY_BEFORE = re.compile(rb'"([^"\\]{1,64})"\s*:\s*\Z')
# Python's json module writes these words; they are not JSON.
_NOT_A_NUMBER = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|-?(?:NaN|Infinity)\b', re.DOTALL)
_OPENING = b"{["
LONGEST_CODE = 128  # characters of a pixel code or test code; TikTok's have about 20


def decode_json(body: bytes, decoder: msgspec.json.Decoder[T]) -> tuple[T, bytes]:
    """Return the decoded body, and the bytes it was read from (without a mark of byte order, NaN made a string).

    Raises:
        InvalidEvent: not_json with the byte, wrong_type with the path, or too_deep.
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
        raise too_deep("hundreds of levels") from None


def too_deep(at: str, max_depth: int | None = None) -> InvalidEvent:
    """Return the refusal of a body that is nested too deeply."""
    most = f"; {max_depth} levels are the most" if max_depth else ""
    return _refusal("too_deep", f"the body is nested too deeply ({at}{most})", "send events as flat as TikTok's are")


def check_count(count: int, limits: Limits, path: str) -> None:
    """Refuse a call with no event or with more than `max_events`."""
    if count == 0:
        raise _refusal("empty", "the list holds no event", "send at least one", path)
    if count > limits.max_events:
        reason = f"{count:,} events in one call; {limits.max_events:,} are the most"
        raise _refusal("too_many_events", reason, "send them in several calls", path)


def over_bounds(event: bytes, limits: Limits, levels_above: int) -> Problem | None:
    """Return the problem of an event with too long a value, or None; `levels_above` is the depth it stands at.

    Raises:
        InvalidEvent: too_deep, with the byte.
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
                raise too_deep(f"at byte {found.start()} of an event", limits.max_depth)
        elif len(token) == 1:
            depth -= 1
        elif len(token) - 2 > limits.max_string and len(msgspec.json.decode(token, type=str)) > limits.max_string:
            key = _KEY_BEFORE.search(event, max(0, found.start() - 100), found.start())
            return Problem(
                key[1].decode("utf-8", "replace") if key else "",
                f"a value of more than {limits.max_string:,} characters, at byte {found.start()} of the event",
                "shorten it",
                code="value_too_long",
            )
    return None


def envelope_text(value: object, path: str) -> str | None:
    """Return a value of the envelope as text: a number becomes its digits, what is empty or a structure nothing.

    Raises:
        InvalidEvent: wrong_type, if it is longer than any code of TikTok's: a lane is named by it.

    >>> [envelope_text(value, "pixel_code") for value in (" TEST12345 ", 12, "", True)]
    ['TEST12345', '12', None, None]
    """
    is_number = isinstance(value, int) and not isinstance(value, bool)
    text = value.strip() if isinstance(value, str) else str(value) if is_number else ""
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
    if b"NaN" not in body and b"Infinity" not in body:
        return body
    return _NOT_A_NUMBER.sub(lambda found: found[0] if found[0][:1] == b'"' else b'"%s"' % found[0], body)


def _reason(error: msgspec.DecodeError, body: bytes) -> str:
    if not body.strip():
        return "the body is empty"
    said = str(error).removeprefix("JSON is malformed: ")
    return f"the body is not JSON: {said}" if "byte" in said else f"the body is not JSON: it ends at byte {len(body)}"


def _refusal(code: str, reason: str, fix: str, path: str = "") -> InvalidEvent:
    return InvalidEvent((Problem(path, reason, fix, code=code),), where=path or "body")
