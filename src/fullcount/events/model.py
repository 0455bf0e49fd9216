"""The event and its parts, as the sender meant them: plain values, never stored.

The shape is that of one event of TikTok's Events API 2.0. Values that TikTok wants hashed may be plain or hashed here.
Keys that TikTok does not list travel in `extra` of the part they came with ("(extra)" in the stored form). Every
struct is frozen and hides its values in its repr, so that a stray log line tells nothing.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import msgspec

LARGEST_TIME = 9 * 10**18  # so that a time in nanoseconds, which the checks mend, still is one

Number = int | float
Time = Annotated[int, msgspec.Meta(ge=-LARGEST_TIME, le=LARGEST_TIME)]
Identifiers = str | tuple[str, ...] | None  # one value, or several


class EventSource(StrEnum):
    """Where the event happened, in TikTok's words (`event_source`)."""

    WEB = "web"
    APP = "app"
    OFFLINE = "offline"
    CRM = "crm"


class Half(StrEnum):
    """Which witness brought this copy."""

    SERVER = "server"
    BROWSER = "browser"


def names_only(struct: msgspec.Struct) -> str:
    """Return a struct's repr with the names of the fields that hold something, and without what they hold."""
    held = [name for name in struct.__struct_fields__ if getattr(struct, name)]
    return f"{type(struct).__name__}({', '.join(f'{name}=…' for name in held)})"


class Content(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True, forbid_unknown_fields=True):
    """One item of an event: `price` is per unit, in the event's currency."""

    content_id: str | None = None
    content_name: str | None = None
    content_category: str | None = None
    brand: str | None = None
    price: Number | None = None
    quantity: Number | None = None
    content_type: str | None = None
    extra: dict[str, Any] | None = msgspec.field(default=None, name="(extra)")

    __repr__ = names_only


class Properties(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True, forbid_unknown_fields=True):
    """What the event was about: `value` is the order's total in `currency` (ISO 4217)."""

    contents: tuple[Content, ...] = ()
    content_type: str | None = None
    content_ids: tuple[str, ...] = ()
    currency: str | None = None
    value: Number | None = None
    num_items: int | None = None
    search_string: str | None = None
    query: str | None = None
    description: str | None = None
    order_id: str | None = None
    shop_id: str | None = None
    status: str | None = None
    delivery_category: str | None = None
    predicted_ltv: Number | None = None
    event_channel: str | None = None
    extra: dict[str, Any] | None = msgspec.field(default=None, name="(extra)")

    __repr__ = names_only


class Page(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True, forbid_unknown_fields=True):
    """The page the visitor was on: full `url` with its query, and the `referrer`."""

    url: str | None = None
    referrer: str | None = None

    __repr__ = names_only


class User(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True, forbid_unknown_fields=True):
    """Who did it. `email` to `zip_code` may be plain or SHA-256 hex; the rest always goes out in the clear."""

    email: Identifiers = None
    phone: Identifiers = None
    external_id: Identifiers = None
    first_name: Identifiers = None
    last_name: Identifiers = None
    zip_code: Identifiers = None
    city: str | None = None
    state: str | None = None
    country: str | None = None
    ttclid: str | None = None
    ttp: str | None = None
    ip: str | None = None
    user_agent: str | None = None
    locale: str | None = None
    idfa: str | None = None
    idfv: str | None = None
    gaid: str | None = None
    att_status: str | None = None
    lead_id: str | None = None
    extra: dict[str, Any] | None = msgspec.field(default=None, name="(extra)")

    __repr__ = names_only


class App(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True, forbid_unknown_fields=True):
    """The app the event happened in (`event_source = "app"`)."""

    app_id: str | None = None
    app_name: str | None = None
    app_version: str | None = None

    __repr__ = names_only


class Ad(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True, forbid_unknown_fields=True):
    """What a measurement partner says of the ad (app events only): `ad_id` is the ad group's id."""

    callback: str | None = None
    campaign_id: str | None = None
    ad_id: str | None = None
    creative_id: str | None = None
    is_retargeting: bool | None = None
    attributed: bool | None = None
    attribution_type: str | None = None
    attribution_provider: str | None = None

    __repr__ = names_only


class Lead(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True, forbid_unknown_fields=True):
    """The lead a CRM event belongs to (`event_source = "crm"`)."""

    lead_id: str | None = None
    lead_event_source: str | None = None

    __repr__ = names_only


class Event(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True, forbid_unknown_fields=True):
    """Something a visitor did. `event_time` is in Unix seconds, UTC; `event_id` is shared by both halves."""

    event: str
    event_time: Time | None = None
    event_id: str | None = None
    user: User = User()
    properties: Properties = Properties()
    page: Page = Page()
    app: App | None = None
    ad: Ad | None = None
    lead: Lead | None = None
    limited_data_use: bool | None = None
    event_source: EventSource = EventSource.WEB
    consent: str | None = None  # "granted", "denied", or nothing; not part of TikTok's event
    pixel: str | None = None  # the setting's name of the pixel it is for; not part of TikTok's event
    extra: dict[str, Any] | None = msgspec.field(default=None, name="(extra)")

    __repr__ = names_only
