"""The event as it may be stored: identifiers normalised and hashed, URLs cleaned, nothing plain left.

Only `fullcount.identity` makes these. Fields are appended, never moved: the stored form is positional.
"""

from __future__ import annotations

from typing import Any

import msgspec

from fullcount.events.model import Ad, App, EventSource, Half, Identifiers, Lead, Page, Properties, names_only


class HashedUser(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True, array_like=True):
    """Advanced matching: `email` to `zip_code` are lower-case SHA-256 hex, one or several; the rest is in the clear."""

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
    extra: dict[str, Any] | None = None

    __repr__ = names_only


class HashedEvent(msgspec.Struct, frozen=True, gc=False, kw_only=True, array_like=True):
    """One event, ready for the queue: `event` as it goes out, `canonical` as we count it."""

    event: str
    canonical: str
    event_time: int
    event_id: str
    user: HashedUser
    properties: Properties
    page: Page
    half: Half = Half.SERVER
    event_source: EventSource = EventSource.WEB
    app: App | None = None
    ad: Ad | None = None
    lead: Lead | None = None
    limited_data_use: bool | None = None
    extra: dict[str, Any] | None = None

    __repr__ = names_only
