"""What `/debug/mp/collect` says of a request: Google's validator, as far as Google documents it (2026-11).

Like Google's it checks no secret, stores nothing, and answers 200 whatever it finds. `ENFORCE_RECOMMENDATIONS` adds
the checks of types and lengths.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain, islice
from typing import Any

from fullcount.errors import InvalidEvent
from fullcount.events.coercion import well_formed
from fullcount.sources.ga4.hit import moment_of
from fullcount.sources.ga4.measurement import MOST_EVENTS
from fullcount.sources.payload import Node, amount, at, read_object, text
from fullcount.sources.source import RawRequest

Message = dict[str, str]

MOST_MESSAGES = 100  # of one answer: anybody may ask
OLDEST_SECONDS = 72 * 3600
MOST_PARAMS, MOST_USER_PROPERTIES, MOST_ITEMS = 25, 25, 200
LONGEST_NAME, LONGEST_USER_PROPERTY_NAME, LONGEST_VALUE, LONGEST_USER_PROPERTY = 40, 24, 100, 36
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_RESERVED_PREFIXES = ("firebase_", "ga_", "google_", "gtag.")
# Google's lists of names that no request may bring, for events and user properties.
RESERVED_EVENTS = frozenset({
    "ad_activeview", "ad_click", "ad_exposure", "ad_query", "ad_reward", "adunit_exposure", "app_background",
    "app_clear_data", "app_exception", "app_remove", "app_store_refund", "app_store_subscription_cancel",
    "app_store_subscription_convert", "app_store_subscription_renew", "app_update", "app_upgrade",
    "dynamic_link_app_open", "dynamic_link_app_update", "dynamic_link_first_open", "error", "firebase_campaign",
    "first_open", "first_visit", "in_app_purchase", "notification_dismiss", "notification_foreground",
    "notification_open", "notification_receive", "notification_send", "os_update", "session_start",
    "session_start_with_rollout", "user_engagement",
})  # fmt: skip
_RESERVED_USER_PROPERTIES = frozenset({
    "first_open_time", "first_open_after_install", "first_visit_time", "last_deep_link_referrer", "user_id",
})  # fmt: skip
# Where Google recommends a number.
_NUMBERS = ("value", "tax", "shipping", "engagement_time_msec")


def validated(request: RawRequest) -> list[Message]:
    """Return the validator's first messages; none if all is well."""
    try:
        body = read_object(request.body)
    except InvalidEvent:
        return [_message("", "VALUE_INVALID", "The body cannot be read as one JSON object.")]
    found = chain(_of_request(body, request), _of_user(body), _of_events(body, _is_strict(body)))
    return list(islice(found, MOST_MESSAGES))


def _message(path: str, code: str, description: str) -> Message:
    return {"fieldPath": path, "description": description, "validationCode": code}


def _is_strict(body: Node) -> bool:
    return text(body, "validation_behavior") == "ENFORCE_RECOMMENDATIONS"


def _of_request(body: Node, request: RawRequest) -> Iterator[Message]:
    query = request.parameters()
    is_app = bool(query.get("firebase_app_id"))
    if not is_app and not query.get("measurement_id"):
        yield _message("measurement_id", "VALUE_REQUIRED", "The query needs a measurement_id or a firebase_app_id.")
    visitor = "app_instance_id" if is_app else "client_id"
    if text(body, visitor) is None:
        yield _message(visitor, "VALUE_REQUIRED", f"The body needs a {visitor}, which is a text that is not empty.")
    if at(body, "timestamp_micros") is not None:
        yield from _of_time(body, "timestamp_micros", request.received_at)


def _of_time(node: Node, path: str, now: float) -> Iterator[Message]:
    micros, moment = amount(node, "timestamp_micros"), moment_of(node, "timestamp_micros")
    if micros is None or moment is None or micros < 1e14:
        yield _message(path, "VALUE_INVALID", f"{path} must be Unix time in microseconds.")
    elif now - moment > OLDEST_SECONDS:
        yield _message(path, "VALUE_INVALID", f"{path} lies more than 72 hours back.")


def _of_user(body: Node) -> Iterator[Message]:
    properties = at(body, "user_properties")
    if properties is not None and not isinstance(properties, dict):
        yield _message("user_properties", "VALUE_INVALID", "user_properties must be an object.")
    elif properties:
        if len(properties) > MOST_USER_PROPERTIES:
            yield _too_many("user_properties", len(properties), MOST_USER_PROPERTIES)
        for name in properties:
            yield from _of_name("user_properties", "user property", name, LONGEST_USER_PROPERTY_NAME)
            if name in _RESERVED_USER_PROPERTIES:
                yield _reserved("user_properties", "user property", name)
            value = text(properties, name, "value")
            if value is not None and len(value) > LONGEST_USER_PROPERTY:
                yield _message(
                    f"user_properties.{_shown(name)}",
                    "VALUE_OUT_OF_BOUNDS",
                    f"The value has {len(value)} characters; {LONGEST_USER_PROPERTY} are the most.",
                )
    consent = at(body, "consent")
    for key in ("ad_user_data", "ad_personalization"):
        said = at(consent, key)
        if said is not None and said not in ("GRANTED", "DENIED"):
            yield _message(f"consent.{key}", "VALUE_INVALID", f"{key} must be GRANTED or DENIED.")


def _of_events(body: Node, is_strict: bool) -> Iterator[Message]:  # noqa: FBT001 - whether it is, is the argument
    events = at(body, "events")
    if not isinstance(events, list) or not events:
        code = "VALUE_REQUIRED" if events in (None, []) else "VALUE_INVALID"
        yield _message("events", code, "The body needs a list of events with at least one in it.")
        return
    if len(events) > MOST_EVENTS:
        yield _too_many("events", len(events), MOST_EVENTS)
    for index, event in enumerate(events[:MOST_EVENTS]):
        if not isinstance(event, dict):
            yield _message("events", "VALUE_INVALID", f"The event at index {index} is no object.")
            continue
        yield from _of_event_name(index, at(event, "name"))
        yield from _of_params(f"events[{index}].params", at(event, "params"), is_strict)


def _of_event_name(index: int, name: Any) -> Iterator[Message]:
    if not isinstance(name, str) or not name:
        yield _message("events", "VALUE_REQUIRED", f"The event at index {index} has no name.")
        return
    yield from _of_name("events", f"event at index {index},", name, LONGEST_NAME)
    if name in RESERVED_EVENTS:
        yield _reserved("events", f"event at index {index},", name)


def _of_name(path: str, what: str, name: str, longest: int) -> Iterator[Message]:
    if name.startswith(_RESERVED_PREFIXES):
        yield _reserved(path, what, name)
    elif _NAME.fullmatch(name) is None:
        rule = "A name starts with a letter and holds letters, digits and underscores."
        yield _message(path, "NAME_INVALID", f"The name of the {what} [{_shown(name)}] is not valid. {rule}")
    elif len(name) > longest:
        said = f"The name of the {what} [{_shown(name)}] has {len(name)} characters; {longest} are the most."
        yield _message(path, "NAME_INVALID", said)


def _of_params(path: str, params: Any, is_strict: bool) -> Iterator[Message]:  # noqa: FBT001 - as above
    if params is None:
        return
    if not isinstance(params, dict):
        yield _message(path, "VALUE_INVALID", "params must be an object.")
        return
    if len(params) > MOST_PARAMS:
        yield _too_many(path, len(params), MOST_PARAMS)
    for name in params:
        yield from _of_name(path, "parameter", name, LONGEST_NAME)
    items = at(params, "items")
    if isinstance(items, list) and len(items) > MOST_ITEMS:
        yield _too_many(f"{path}.items", len(items), MOST_ITEMS)
    if is_strict:
        yield from _of_recommendations(path, params)


def _of_recommendations(path: str, params: Node) -> Iterator[Message]:
    for key, value in params.items():
        here = f"{path}.{_shown(key)}"
        if isinstance(value, str) and len(value) > LONGEST_VALUE and not key.startswith("page_"):
            said = f"The value has {len(value)} characters; {LONGEST_VALUE} are the most."
            yield _message(here, "VALUE_OUT_OF_BOUNDS", said)
        if key in _NUMBERS and (isinstance(value, bool) or not isinstance(value, int | float)):
            yield _message(here, "VALUE_INVALID", f"{key} should be a number.")
    if at(params, "items") is not None and not isinstance(at(params, "items"), list):
        yield _message(f"{path}.items", "VALUE_INVALID", "items should be a list.")
    if at(params, "value") is not None and text(params, "currency") is None:
        yield _message(f"{path}.currency", "VALUE_REQUIRED", "A value needs its currency.")


def _too_many(path: str, count: int, most: int) -> Message:
    return _message(path, "EXCEEDED_MAX_ENTITIES", f"There are {count} of {path}; {most} are the most.")


def _reserved(path: str, what: str, name: str) -> Message:
    return _message(path, "NAME_RESERVED", f"The name of the {what} [{_shown(name)}] is reserved.")


def _shown(name: str) -> str:
    """Return as much of a name as a message may repeat."""
    return well_formed(name[:LONGEST_NAME])
