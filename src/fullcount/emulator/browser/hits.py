"""Reads what the pixel posts to `/api/v2/pixel`: one event in the browser's words, turned into 2.0 shape."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime
from typing import Any

import msgspec

from fullcount.emulator.codes import Refusal, invalid
from fullcount.emulator.fields import is_absent

INTERNAL_EVENTS = frozenset({"EnrichAM", "Metadata"})
_USER_KEYS = (
    ("anonymous_id", "ttp"),
    ("email", "email"),
    ("phone_number", "phone"),
    *((name, name) for name in ("external_id", "first_name", "last_name", "city", "state", "country", "zip_code")),
)


class Hit(msgspec.Struct, frozen=True):
    """One hit; `event` is in 2.0 shape and None where TikTok keeps the hit to itself."""

    pixel_codes: tuple[str, ...]
    event: dict[str, Any] | None


def unwrap_message(message: str) -> bytes | None:
    """Return the body that an image's `analytics_message` carries in base64, or None."""
    try:
        return base64.b64decode(message.replace(" ", "+"), validate=True)  # a bare plus sign was read as a space
    except (binascii.Error, ValueError):
        return None


def read_hit(body: bytes | None, *, arrived_at: float, ip: str, user_agent: str) -> Hit | Refusal:
    """Read the JSON of one hit; its sender's address and user agent come from the request, as at TikTok.

    `None` stands for a body that could not be had: too large, or not base64.
    """
    try:
        decoded = msgspec.json.decode(body) if body is not None else None
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        return invalid(f"Request body is not valid JSON: {error}.")
    if type(decoded) is not dict:
        return invalid("Request body is not a JSON object.")
    context = _section(decoded, "context")
    pixel = _section(context, "pixel")
    if "action" in decoded:
        return Hit(tuple(_text(pixel.get("codes")).split("|")), None)
    name = _text(decoded.get("event"))
    if not name:
        return invalid("Invalid value for event: Missing data for required field.")
    codes = (_text(pixel.get("code")),)
    if name in INTERNAL_EVENTS:
        return Hit(codes, None)
    return Hit(codes, _event(decoded, context, name, arrived_at) | {"user": _user(context, ip, user_agent)})


def _event(hit: dict[str, Any], context: dict[str, Any], name: str, arrived_at: float) -> dict[str, Any]:
    page = _section(context, "page")
    return {
        "event": name,
        "event_id": _text(hit.get("event_id")),
        "event_time": _unix_seconds(hit.get("timestamp"), arrived_at),
        "properties": _section(hit, "properties"),
        "page": {key: page[key] for key in ("url", "referrer") if _text(page.get(key))},
    }


def _user(context: dict[str, Any], ip: str, user_agent: str) -> dict[str, Any]:
    given = _section(context, "user")
    user = {new: _text(given.get(old)) for old, new in _USER_KEYS}
    user["ttclid"] = _text(_section(context, "ad").get("callback"))
    user["ip"], user["user_agent"] = ip, user_agent or _text(context.get("userAgent"))
    return {key: value for key, value in user.items() if not is_absent(value)}


def _section(parent: dict[str, Any], key: str) -> dict[str, Any]:
    value = parent.get(key)
    return value if type(value) is dict else {}


def _text(value: Any) -> str:
    """Return text as it is, a number as text, and nothing for anything else."""
    if type(value) is str:
        return value
    return str(value) if type(value) in (int, float) else ""


def _unix_seconds(timestamp: Any, arrived_at: float) -> int:
    """Return the browser's time; where it tells none that can be read, the event happened when it arrived."""
    try:
        moment = datetime.fromisoformat(_text(timestamp))
        return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    except ValueError:
        return int(arrived_at)
