"""One hashed event as TikTok wants it: the bytes of one element of a request's `data`. Pure."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from fullcount.events.hashed import HashedEvent, HashedUser
from fullcount.events.model import EventSource, Identifiers, Properties
from fullcount.queue.lane import Lane
from fullcount.tiktok.wire import WireEvent, WireRequest, WireUser, with_extras

_encode = msgspec.json.Encoder().encode


def encode_event(event: HashedEvent) -> bytes:
    """Return the event's JSON on the wire; the same event gives the same bytes.

    Parts that do not apply to the event's source stay at home: `page` is for web, `app` and `ad` are for app, `lead`
    is for crm. `limited_data_use` always goes if it was said: where it does not apply it is ignored, not refused.
    """
    source = event.event_source
    is_web, is_app = source is EventSource.WEB, source is EventSource.APP
    user, properties = event.user, event.properties
    extra = event.extra or user.extra or properties.extra
    type_in_item = None
    for item in properties.contents:
        extra = extra or item.extra
        type_in_item = type_in_item or item.content_type
    if type_in_item:
        properties = _with_type_on_top(properties, properties.content_type or type_in_item)
    wire = WireEvent(
        event.event,
        event.event_time,
        event.event_id,
        _wire_user(user),
        properties,
        event.page if is_web else None,
        event.app if is_app else None,
        event.ad if is_app else None,
        event.lead if source is EventSource.CRM else None,
        event.limited_data_use,
    )
    return _encode(with_extras(wire, user_extra=user.extra, event_extra=event.extra) if extra else wire)


def _wire_user(user: HashedUser) -> WireUser:
    return WireUser(
        _one_or_several(user.email),
        _one_or_several(user.phone),
        _one_or_several(user.external_id),
        _one_or_several(user.first_name),
        _one_or_several(user.last_name),
        _one_or_several(user.zip_code),
        user.city,
        user.state,
        user.country,
        user.ttclid,
        user.ttp,
        user.ip,
        user.user_agent,
        user.locale,
        user.idfa,
        user.idfv,
        user.gaid,
        user.att_status,
        user.lead_id,
    )


def _one_or_several(values: Identifiers) -> Identifiers:
    """Return a lone value as a string, several as they are, and nothing for none."""
    if not values:
        return None
    return values[0] if values.__class__ is tuple and len(values) == 1 else values


def _with_type_on_top(properties: Properties, top: str) -> Properties:
    """Return the properties with `content_type` where 2.0 has it: beside the items, not in them (that was 1.0).

    An item of another type keeps its own, which TikTok tolerates.
    """
    contents = tuple(
        [replace(item, content_type=None) if item.content_type == top else item for item in properties.contents]
    )
    return replace(properties, content_type=top, contents=contents)


def head_of(lane: Lane, partner_name: str | None) -> WireRequest:
    """Return what stands around the events of a request on this lane, without the events."""
    return WireRequest(
        event_source=lane.event_source.value,
        event_source_id=lane.pixel_code,
        partner_name=partner_name,
        test_event_code=lane.test_event_code,
        data=(),
    )
