"""The Events 2.0 body: its fields and types, read in TikTok's order."""

from __future__ import annotations

from typing import Any

from fullcount.emulator.codes import Refusal, invalid
from fullcount.emulator.fields import (
    MISSING,
    Check,
    Section,
    boolean,
    integer,
    is_absent,
    list_of,
    number,
    one_of,
    string,
    string_list,
    string_or_strings,
    unix_seconds,
)
from fullcount.emulator.settings import EmulatorSettings
from fullcount.emulator.submission import Submission

CONTENT = Section(
    {
        "content_id": string,
        "content_name": string,
        "content_category": string,
        "content_type": string,
        "brand": string,
        "price": number,
        "quantity": number,
        "status": string,
    }
)

PROPERTIES = Section(
    {
        "contents": list_of(CONTENT),
        "content_id": string,
        "content_type": string,
        "content_ids": string_list,
        "currency": string,
        "value": number,
        "num_items": integer,
        "search_string": string,
        "query": string,
        "description": string,
        "order_id": string,
        "shop_id": string,
        "status": string,
        "delivery_category": string,
        "predicted_ltv": number,
        "event_channel": string,
    }
)

PAGE = Section({"url": string, "referrer": string})

USER = Section(
    {
        "email": string_or_strings,
        "phone": string_or_strings,
        "external_id": string_or_strings,
        **dict.fromkeys(("ttclid", "ttp", "ip", "user_agent", "locale", "idfa", "idfv", "gaid", "att_status"), string),
        **dict.fromkeys(("first_name", "last_name", "zip_code", "city", "state", "country", "lead_id"), string),
    }
)

_AD = Section(
    {
        **dict.fromkeys(("callback", "campaign_id", "ad_id", "creative_id"), string),
        **dict.fromkeys(("attribution_type", "attribution_provider"), string),
        **dict.fromkeys(("is_retargeting", "attributed"), boolean),
    }
)

_EVENT_FIELDS: dict[str, Check] = {
    "event": string,
    "event_time": unix_seconds,
    "event_id": string,
    "user": USER,
    "properties": PROPERTIES,
    "page": PAGE,
    "app": Section({"app_id": string, "app_name": string, "app_version": string}, ("app_id",)),
    "ad": _AD,
    "limited_data_use": boolean,
    "lead": Section({"lead_id": string, "lead_event_source": string}, ("lead_id",)),
}

_ALWAYS = ("event", "event_time")
EVENT_SOURCES: dict[str, Section] = {
    "web": Section(_EVENT_FIELDS, _ALWAYS),
    "app": Section(_EVENT_FIELDS, (*_ALWAYS, "app")),
    "offline": Section(_EVENT_FIELDS, _ALWAYS),
    "crm": Section(_EVENT_FIELDS, (*_ALWAYS, "lead")),
}

_TOP = Section(
    {
        "event_source": one_of(*EVENT_SOURCES),
        "event_source_id": string,
        "partner_name": string,
        "test_event_code": string,
    },
    ("event_source", "event_source_id"),
)


def read_body(body: Any, settings: EmulatorSettings) -> Submission | Refusal:
    """Read the top level of a 2.0 body; its events are looked at later, after permission."""
    if type(body) is not dict:
        return invalid("Invalid value for body: Not a valid mapping type.")
    events: Any = body.get("data")
    problem = _TOP(body)
    if problem is None:
        if is_absent(events):
            problem = f".data{MISSING}"
        elif type(events) is not list:
            problem = ".data: Not a valid list."
        elif len(events) > settings.max_events:
            problem = f".data: Longer than maximum length {settings.max_events}."
    if problem is not None:
        return invalid(f"Invalid value for {problem[1:]}")
    return Submission(
        event_source=body["event_source"],
        pixel_code=body["event_source_id"],
        test_event_code=body.get("test_event_code") or "",
        events=events,
    )


def event_problem(event: Any, event_source: str, settings: EmulatorSettings) -> str | None:
    """Return what is wrong with one event as `.path: Reason.`, or None."""
    if type(event) is not dict:
        return ": Not a valid mapping type."
    problem = EVENT_SOURCES[event_source](event)
    if problem is not None:
        return problem
    if settings.refuse_missing_event_id and is_absent(event.get("event_id")):
        return f".event_id{MISSING}"
    if settings.refuse_missing_user and not event.get("user"):
        return f".user{MISSING}"
    if settings.refuse_missing_page and event_source == "web" and not event.get("page"):
        return f".page{MISSING}"
    return None
