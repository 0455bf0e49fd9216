"""TikTok's names on the wire: the request and one event of Events API 2.0, and the answer's envelope.

Sources: the portal's field lists as of September 2025 and the official server-side GTM template of May 2024.
`Properties`, `Content`, `Page`, `App`, `Ad` and `Lead` of `fullcount.events.model` have TikTok's names already.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from fullcount.events.model import Ad, App, Identifiers, Lead, Page, Properties

TRACK_PATH = "/open_api/v1.3/event/track/"
TOKEN_HEADER = "Access-Token"  # noqa: S105 - the header's name, not a token
_TAIL = b"]}"
BODY_BYTES = 1_000_000  # TikTok publishes no limit; its partners keep to 1 MB (Tealium's documentation)


class WireUser(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Advanced matching: one value as a string, several as a list; nothing that is empty."""

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


class WireEvent(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One element of `data`. `user` and `properties` always go, even empty, as TikTok's own template sends them."""

    event: str
    event_time: int
    event_id: str
    user: WireUser
    properties: Properties
    page: Page | None = None
    app: App | None = None
    ad: Ad | None = None
    lead: Lead | None = None
    limited_data_use: bool | None = None


class WireRequest(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The body of one request, without its events: `data` stands last, so that they can be put in as they are."""

    event_source: str
    event_source_id: str
    partner_name: str | None = None
    test_event_code: str | None = None
    data: tuple[()]


def request_body(head: WireRequest, events: Sequence[bytes]) -> bytes:
    """Return the body with these encoded events in it, copied once."""
    empty = msgspec.json.encode(head)
    return b"".join((empty[: -len(_TAIL)], b",".join(events), _TAIL))


class WireAnswer(msgspec.Struct, frozen=True):
    """TikTok's envelope. Only `code` must have its type; `data` is `{}`, null or absent, and says nothing."""

    code: int | None = None
    message: Any = None
    request_id: Any = None


def with_extras(
    event: WireEvent, *, user_extra: dict[str, Any] | None, event_extra: dict[str, Any] | None
) -> dict[str, Any]:
    """Return the event in builtin form with the keys that TikTok does not list beside those that it does.

    TikTok takes unknown keys (its GTM template of May 2024 sends some); one never replaces a listed key.
    """
    whole: dict[str, Any] = msgspec.to_builtins(event)
    for part in (whole["properties"], *whole["properties"].get("contents", ())):
        _add_missing(part, part.pop("(extra)", None))
    _add_missing(whole["user"], user_extra)
    _add_missing(whole, event_extra)
    return whole


def _add_missing(part: dict[str, Any], extra: dict[str, Any] | None) -> None:
    for name, value in (extra or {}).items():
        part.setdefault(name, value)
