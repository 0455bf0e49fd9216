"""The Events 1.0 bodies of `/pixel/track/` and `/pixel/batch/`, turned into 2.0 shape."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from fullcount.emulator.codes import Refusal, invalid
from fullcount.emulator.fields import MISSING, Section, is_absent, iso_time, list_of, number, one_of, string
from fullcount.emulator.schema import CONTENT, PAGE
from fullcount.emulator.settings import EmulatorSettings
from fullcount.emulator.submission import Submission

_CONTEXT = Section(
    {
        "ad": Section({"callback": string}),
        "page": PAGE,
        "user": Section(dict.fromkeys(("email", "phone_number", "external_id", "ttp", "locale"), string)),
        "ip": string,
        "user_agent": string,
    }
)

_PROPERTIES = Section(
    {
        "contents": list_of(CONTENT),
        "value": number,
        **dict.fromkeys(("currency", "description", "query", "order_id", "shop_id", "content_id"), string),
    }
)

_EVENT = Section(
    {
        "type": one_of("track"),
        "event": string,
        "event_id": string,
        "timestamp": iso_time,
        "context": _CONTEXT,
        "properties": _PROPERTIES,
    },
    ("event",),
)

_TOP = Section({"pixel_code": string, "test_event_code": string, "partner_name": string}, ("pixel_code",))

_USER_FROM_CONTEXT_USER = (
    ("email", "email"),
    ("phone_number", "phone"),
    ("external_id", "external_id"),
    ("ttp", "ttp"),
    ("locale", "locale"),
)


def looks_legacy(body: Any) -> bool:
    """Say whether `body` is a 1.0 body, by what only those have."""
    return type(body) is dict and "data" not in body and ("pixel_code" in body or "context" in body)


def read_legacy_body(body: Any, settings: EmulatorSettings, *, is_batch: bool) -> Submission | Refusal:
    """Read the top level of a 1.0 body; its events stay in 1.0 shape until `to_current`."""
    if type(body) is not dict:
        return invalid("Invalid value for body: not a valid mapping type.")
    problem = _TOP(body)
    if problem is not None:
        return invalid(in_legacy_words(problem))
    events: Any = [body]
    if is_batch:
        events = body.get("batch")
        if is_absent(events):
            return invalid(in_legacy_words(f".batch{MISSING}"))
        if type(events) is not list:
            return invalid(in_legacy_words(".batch: Not a valid list."))
        if len(events) > settings.max_legacy_events:
            return invalid(in_legacy_words(f".batch: Longer than maximum length {settings.max_legacy_events}."))
    return Submission(
        event_source="web",
        pixel_code=body["pixel_code"],
        test_event_code=body.get("test_event_code") or "",
        events=events,
        generation="1.0 batch" if is_batch else "1.0",
    )


def legacy_event_problem(event: Any) -> str | None:
    """Return what is wrong with one 1.0 event as `.path: Reason.`, or None."""
    return _EVENT(event)


def in_legacy_words(problem: str) -> str:
    """Return a problem in the words of a 1.0 answer.

    >>> in_legacy_words(".event_id: Not a valid string.")
    'Invalid value for event_id: not a valid string.'
    """
    path, _, reason = problem.partition(": ")
    return f"Invalid value for {path[1:]}: {reason[:1].lower()}{reason[1:]}"


def to_current(event: dict[str, Any], arrived_at: float) -> dict[str, Any]:
    """Return a valid 1.0 event in 2.0 shape."""
    context = event.get("context") or {}
    given = context.get("user") or {}
    user = {new: given[old] for old, new in _USER_FROM_CONTEXT_USER if not is_absent(given.get(old))}
    user.update({name: context[name] for name in ("ip", "user_agent") if not is_absent(context.get(name))})
    click_id = (context.get("ad") or {}).get("callback")
    if not is_absent(click_id):
        user["ttclid"] = click_id
    properties = dict(event.get("properties") or {})
    if is_absent(properties.get("content_type")):
        for item in properties.get("contents") or ():
            if item and not is_absent(item.get("content_type")):
                properties["content_type"] = item["content_type"]
                break
    return {
        "event": event["event"],
        "event_time": _to_unix_seconds(event.get("timestamp"), arrived_at),
        "event_id": event.get("event_id"),
        "user": user,
        "properties": properties,
        "page": context.get("page") or {},
    }


def _to_unix_seconds(timestamp: Any, arrived_at: float) -> int:
    if is_absent(timestamp):
        return int(arrived_at)
    moment = datetime.fromisoformat(timestamp)
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
