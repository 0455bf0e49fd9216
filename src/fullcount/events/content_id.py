"""An event_id made of what an event says: the same for each spelling of the same event."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import msgspec

from fullcount.events.model import Event
from fullcount.events.names import canonical_name

_FIRST_MILLISECONDS = 10**11
_IN_ANY_CASE = frozenset(
    "currency first_name last_name zip_code city state country locale idfa idfv gaid att_status".split()  # noqa: SIM905 - fields are read as words
)
_sorting = msgspec.json.Encoder(order="sorted")


def content_id(event: Event) -> str:
    """Return 32 hex digits of everything that TikTok would be told.

    White space around a text, the case of an e-mail address or a code, the signs in a phone number, plain or hashed,
    the order of keys and of items, an empty value or none, 10 or 10.0: none of these makes another event.
    """
    told = msgspec.structs.replace(
        event,
        event=canonical_name(event.event),
        event_time=_seconds(event.event_time),
        event_id=None,
        consent=None,
        pixel=None,
        limited_data_use=None,
    )
    return sha256(_sorting.encode(_one_spelling(msgspec.to_builtins(told)))).hexdigest()[:32]


def _seconds(at: int | None) -> int | None:
    while at is not None and at >= _FIRST_MILLISECONDS:
        at //= 1000
    return at


def _one_spelling(value: Any, key: str = "") -> Any:
    """Return a value as all its spellings are written; None for one that says nothing."""
    if isinstance(value, dict):
        spelled = {name: _one_spelling(each, name) for name, each in value.items()}
        return {name: each for name, each in spelled.items() if each is not None} or None
    if isinstance(value, list | tuple):
        several = [each for each in (_one_spelling(one, key) for one in value) if each is not None]
        if key in _ONE_OR_SEVERAL and len(several) == 1:
            return several[0]
        return sorted(several, key=_sorting.encode) or None
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return _one_text(value.strip(), key) if isinstance(value, str) else value


_ONE_OR_SEVERAL = frozenset({"email", "phone", "external_id", "first_name", "last_name", "zip_code"})


def _one_text(text: str, key: str) -> str | None:
    if not text:
        return None
    if key in _IN_ANY_CASE:
        return text.lower()
    if key in {"email", "phone"}:
        return _one_digest(text, is_phone=key == "phone")
    return text


def _one_digest(text: str, *, is_phone: bool) -> str:
    """Return the SHA-256 of an address or number, which may be one already."""
    if len(text) == 64 and text.isalnum():
        return text.lower()
    digits = "".join(char for char in text if char.isdecimal()) if is_phone else ""
    normal = f"+{digits.lstrip('0')}" if digits else text.lower()
    return sha256(normal.encode("utf-8", "replace")).hexdigest()
