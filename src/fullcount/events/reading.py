"""From JSON to an event: at once if it is right, field by field if it is not."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import msgspec

from fullcount.events import coercion
from fullcount.events.legacy import lift_context
from fullcount.events.model import LARGEST_TIME, Event, EventSource, Half, names_only
from fullcount.events.parts import (
    Shape,
    read_ad,
    read_app,
    read_lead,
    read_page,
    read_part,
    read_properties,
    read_user,
)
from fullcount.events.problem_list import ProblemList
from fullcount.events.problems import Problem
from fullcount.events.tie import Tie

LONGEST_INTEGER = 400  # digits; Python refuses more than 4,300, and beyond 309 nothing fits a float
# What `fullcount.consent` understands, in lower case.
CONSENT_WORDS = frozenset({"granted", "denied", "limited", "opt_out", "", "unknown", "pending", "unset"})
_strict = msgspec.json.Decoder(Event)


class Reading(msgspec.Struct, frozen=True, gc=False):
    """What was read: no `event` if a problem is fatal. `name` and `event_id` are as sent, empty if unreadable."""

    event: Event | None
    problems: tuple[Problem, ...]
    name: str
    event_id: str
    ties: tuple[Tie, ...] = ()  # by which visitor memory may know more
    is_lost_alone: bool = False  # it names nobody by itself: without visitor memory TikTok could match it with no one
    is_id_private: bool = False  # the id is the sender's own: the browser's half cannot have the same
    half: Half = Half.SERVER
    bot: str = ""  # the robot's name, if the browser is one: page events are then withheld, purchases marked

    __repr__ = names_only


def read_event(raw: bytes | msgspec.Raw | dict[str, Any]) -> Reading:
    """Return the event of one JSON object, whatever JSON it is; never raises for its content.

    Wrong but readable types become the right ones with a warning, empty values count as absent, unlisted keys are
    kept in `extra`, and a part that cannot be read is dropped with a problem.
    """
    if isinstance(raw, dict):
        return _read_object(raw)
    encoded = bytes(raw)
    # An empty string is absent, and "(extra)" is our own word: neither may pass unread.
    if b'""' not in encoded and b"(extra)" not in encoded:
        try:
            event = _strict.decode(encoded)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            pass
        else:
            is_consent_clear = event.consent is None or event.consent in CONSENT_WORDS
            if is_consent_clear and (b"\\u00" not in encoded or not _has_extra(event)):
                return Reading(event, (), event.event, event.event_id or "")
    return _read_text(encoded)


def _has_extra(event: Event) -> bool:
    """Return whether the strict way has read our own word from a key that spells it with escapes."""
    if event.extra is not None or event.user.extra is not None or event.properties.extra is not None:
        return True
    return any(item.extra is not None for item in event.properties.contents)


def read_fields(raw: bytes | msgspec.Raw) -> dict[str, Any] | None:
    """Return the fields of a JSON object as plain values, or None if the bytes are no object; never raises.

    It takes what `read_event` takes: integers of any length, and 1e999 and NaN as floats that its rules drop.

    >>> read_fields(b'{"value": 1e999}'), read_fields(b"[1]")
    ({'value': inf}, None)
    """
    try:
        given = _loads(bytes(raw))
    except (ValueError, RecursionError):
        return None
    return given if isinstance(given, dict) else None


def _loads(encoded: bytes) -> Any:
    return json.loads(encoded, parse_int=_integer)


def _integer(digits: str) -> int | float:
    """Return the integer, or an infinity where Python refuses to read so many digits."""
    return int(digits) if len(digits) <= LONGEST_INTEGER else float(digits)


def _read_text(encoded: bytes) -> Reading:
    try:
        given = _loads(encoded)
    except RecursionError:
        return _unreadable("too_deep", "the event is nested too deep", "send a flat object")
    except ValueError:
        return _unreadable("not_json", "the event is not JSON", "send one JSON object for each event")
    if not isinstance(given, dict):
        return _unreadable("not_an_object", "the event is not a JSON object", 'send {"event": "Purchase", ...}')
    return _read_object(given)


def _unreadable(code: str, reason: str, fix: str) -> Reading:
    problems = ProblemList()
    problems.refuse("", code, reason, fix)
    return Reading(None, tuple(problems.listed), "", "")


def _read_object(given: dict[str, Any]) -> Reading:
    problems = ProblemList()
    given = lift_context(given, problems)
    name = given.get("event")
    if not isinstance(name, str) or not name:
        problems.refuse("event", "name_missing", "the event has no name", 'send "event": "Purchase" or another name')
        given = {**given, "event": "?"}
    event = read_part(_EVENT, given, "", problems)
    event_id = (event.event_id if event is not None else None) or ""
    return Reading(
        None if problems.fatal else event,
        tuple(problems.listed),
        coercion.well_formed(name) if isinstance(name, str) else "",
        event_id,
    )


def _time(value: Any, path: str, problems: ProblemList) -> int | None:
    """Return Unix seconds (or milliseconds, which the checks mend) of a number, its digits, or ISO 8601."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value if abs(value) <= LARGEST_TIME else coercion.whole(value, path, problems)
    if isinstance(value, float):
        found = coercion.storable_number(value, path, problems)
        if found is not None:
            problems.warn(path, "coerced", "expected whole Unix seconds", "send event_time as an integer")
        return None if found is None else int(found)
    if isinstance(value, str):
        word = value.strip()
        if word.isascii() and word.isdigit() and len(word) <= 19 and int(word) <= LARGEST_TIME:
            problems.warn(path, "coerced", "expected a number, got its digits as text", "send event_time as an integer")
            return int(word)
        return _iso_time(word, path, problems)
    problems.drop(path, "wrong_type", "the time cannot be read", _TIME_FIX)
    return None


_TIME_FIX = "send event_time as Unix seconds, e.g. 1795357800"


def _iso_time(word: str, path: str, problems: ProblemList) -> int | None:
    try:
        moment = datetime.fromisoformat(word)
        seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        problems.drop(path, "time_unreadable", "the time cannot be read", _TIME_FIX)
        return None
    zone = "" if moment.tzinfo else ", and as UTC since it names no zone"
    problems.warn(path, "coerced", f"the time was read from ISO 8601{zone}", _TIME_FIX)
    return int(seconds // 1)


def _event_source(value: Any, path: str, problems: ProblemList) -> EventSource | None:
    word = value.strip().lower() if isinstance(value, str) else ""
    if word not in {each.value for each in EventSource}:
        problems.refuse(path, "event_source_unknown", "no such event source", "send web, app, offline or crm")
        return None
    if word != value:
        problems.warn(path, "coerced", "event sources are lower case", f"send {word}")
    return EventSource(word)


def _consent(value: Any, path: str, problems: ProblemList) -> str | None:
    """Return the consent as text: what cannot be read is a refusal, never a grant."""
    if isinstance(value, str):
        if value.strip().lower() not in CONSENT_WORDS:
            reason = "the consent is no word that is known here and counts as no grant"
            problems.warn(path, "consent_unreadable", reason, 'send "granted" or "denied"')
        return coercion.well_formed(value)
    if isinstance(value, bool):
        problems.warn(path, "coerced", 'expected "granted" or "denied", got a boolean', 'send "granted" or "denied"')
        return "granted" if value else "denied"
    problems.warn(path, "consent_unreadable", "the consent cannot be read and counts as denied", 'send "granted"')
    return "denied"


def _limited(value: Any, path: str, problems: ProblemList) -> bool:
    """Return limited data use: what cannot be read is a wish for it."""
    found = coercion.truth(value, path, ProblemList() if not isinstance(value, bool | str | int | float) else problems)
    if found is None:
        problems.warn(path, "coerced", "limited_data_use cannot be read and counts as true", "send true or false")
    return found is not False


_EVENT = Shape(
    Event,
    {
        "event": coercion.text,
        "event_time": _time,
        "event_id": coercion.text,
        "user": read_user,
        "properties": read_properties,
        "page": read_page,
        "app": read_app,
        "ad": read_ad,
        "lead": read_lead,
        "limited_data_use": _limited,
        "event_source": _event_source,
        "consent": _consent,
        "pixel": coercion.text,
    },
    timestamp="event_time",
)
