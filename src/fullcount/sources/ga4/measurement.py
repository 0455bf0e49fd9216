"""The Measurement Protocol: what a shop's own server or app tells Google, as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fullcount.consent.signals import Signals
from fullcount.errors import InvalidEvent
from fullcount.events.problems import Problem
from fullcount.sources.ga4.hit import Hit, is_on, moment_of
from fullcount.sources.payload import Node, at, first_text, read_object, text
from fullcount.sources.source import RawRequest

MOST_EVENTS = 25  # of one request (Google's documentation, 2026-11)


def measured_hits(request: RawRequest) -> list[Hit | None]:
    """Return a hit for each event of the body; None for what is no object.

    Raises:
        InvalidEvent: the body is no JSON object, or holds more than 25 events.
    """
    body = read_object(request.body)
    events = at(body, "events")
    listed = events if isinstance(events, list) else [events] if isinstance(events, dict) else []
    if len(listed) > MOST_EVENTS:
        reason = f"{len(listed):,} events in one request; {MOST_EVENTS} are the most"
        problem = Problem("events", reason, "send them in several requests", code="too_many_events")
        raise InvalidEvent((problem,), where="events")
    app_id = request.parameters().get("firebase_app_id") or None
    return list(_hits(body, listed, app_id))


def _hits(body: Node, events: list[Any], app_id: str | None) -> Iterator[Hit | None]:
    client_id = first_text(text(body, "client_id"), text(body, "app_instance_id"))
    for index, event in enumerate(events):
        if not isinstance(event, dict):
            yield None
            continue
        params = at(event, "params")
        params = params if isinstance(params, dict) else {}
        own_time = text(event, "timestamp_micros") or text(body, "timestamp_micros")
        moment = moment_of(event, "timestamp_micros") or moment_of(body, "timestamp_micros")
        yield Hit(
            name=text(event, "name") or "",
            params=params,
            client_ids=(client_id,) if client_id else (),
            user_id=text(body, "user_id"),
            user_data=_object(body, "user_data"),
            location=_object(body, "user_location"),
            ttclid=text(params, "ttclid"),
            ttp=first_text(text(params, "ttp"), text(params, "_ttp")),
            ip=first_text(text(params, "ip_override"), text(body, "ip_override")),
            user_agent=first_text(text(params, "user_agent"), text(body, "user_agent")),
            locale=text(body, "device", "language"),
            signals=_signals(body),
            moment=moment,
            seed=(own_time, str(index)) if own_time and moment is not None else (),
            app_id=app_id,
            is_debug=is_on(at(params, "debug_mode")),
        )


def _object(body: Node, key: str) -> Node:
    found = at(body, key)
    return found if isinstance(found, dict) else {}


def _signals(body: Node) -> Signals:
    consent = at(body, "consent")
    return Signals(
        said=None if isinstance(consent, dict) else consent,
        ad_user_data=at(consent, "ad_user_data"),
        ad_personalization=at(consent, "ad_personalization"),
        ad_storage=at(consent, "ad_storage"),
        npa=at(body, "non_personalized_ads"),
    )
