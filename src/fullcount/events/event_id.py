"""The event_id: the sender's own, else made from the order, else from the content, else a new one.

Template language, the same wherever a template may stand: text with `{order_id}`, `{order_name}`, `{checkout_token}`
and `{event}` (the canonical name, so that both halves make the same id of it), for example
`"order-{order_id}-purchase"`. A template applies when all its fields are there.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from hashlib import sha256
from typing import Any
from urllib.parse import unquote

import msgspec

from fullcount.errors import ConfigError
from fullcount.events.content_id import content_id
from fullcount.events.free_text import holds_identifier
from fullcount.events.model import Event
from fullcount.events.names import canonical_name
from fullcount.events.placeholders import is_surely_set, is_unset_id
from fullcount.events.problems import Problem, Severity

FIELDS = frozenset({"order_id", "order_name", "checkout_token", "event"})
_PIECE = re.compile(r"\{([^{}]*)\}")


class Template(msgspec.Struct, frozen=True):
    """A parsed template: literal texts and field names by turns, beginning and ending with a text."""

    texts: tuple[str, ...]
    fields: tuple[str, ...]

    def fill(self, event: Event) -> str | None:
        """Return the id, or None if the event lacks one of the fields or has a placeholder there."""
        return self.fill_with({field: _field(event, field) for field in self.fields})

    def fill_with(self, values: Mapping[str, str | None]) -> str | None:
        """Return the id made of these values, or None if one is missing or a placeholder."""
        made = self.texts[0]
        for field, text in zip(self.fields, self.texts[1:], strict=True):
            value = values.get(field)
            if not value or is_unset_id(value):
                return None
            made += value + text
        return made

    def is_filled_with_nothing(self, event_id: str) -> bool:
        """Return whether the sender filled this template in itself, with a placeholder for one of the fields.

        >>> [parse_template("shop24-{order_id}").is_filled_with_nothing(each) for each in ("shop24-null", "shop24-7")]
        [True, False]
        """
        if not any(char.isdigit() for text in self.texts for char in text):
            return False  # then `is_unset_id` sees it without the template
        pattern = "(.*)".join(re.escape(text) for text in self.texts)
        filled = re.fullmatch(pattern, event_id, re.DOTALL)
        return filled is not None and any(is_unset_id(value) for value in filled.groups())


@lru_cache(maxsize=64)
def parse_template(text: str) -> Template:
    """Return the template.

    Raises:
        ConfigError: a field is unknown, a brace is unmatched, or nothing in it tells two orders apart.

    >>> parse_template("order-{order_id}-purchase").fields
    ('order_id',)
    """
    parts = _PIECE.split(text)
    texts, fields = tuple(parts[::2]), tuple(parts[1::2])
    known = ", ".join(f"{{{field}}}" for field in sorted(FIELDS))
    if unknown := [field for field in fields if field not in FIELDS]:
        raise ConfigError(f"the template has an unknown field {{{unknown[0]}}}", fix=f"use {known}")
    if any(brace in part for part in texts for brace in "{}"):
        raise ConfigError("the template has a brace without its other", fix=f"write fields as {known}")
    if not FIELDS.intersection(fields) - {"event"}:
        raise ConfigError("the template gives every order the same event_id", fix="add {order_id}")
    return Template(texts, fields)


_ORDER = parse_template("{order_id}")


def resolve_event_id(
    event: Event, template: str | None, now: float, random_bytes: Callable[[int], bytes] = os.urandom
) -> tuple[str, Problem | None]:
    """Return the event_id, and what is to be said of it.

    Give it the event *as it was read*, before the checks fill in a missing time: an event with a time of its own gets
    the same id each time it is sent, one without gets a UUIDv7 of `now` (Unix seconds) and 10 random bytes.
    An id that holds an e-mail address or phone number is replaced by a digest of it, the same each time.
    `template` None means `"{order_id}"` for purchases only.

    Raises:
        ConfigError: the template cannot be parsed; settings call `parse_template` before it comes to that.
    """
    given = event.event_id
    if given and is_surely_set(given) is not None and (template is None or not _has_digits(template)):
        return given, None
    event_id, problem = _resolved(event, template, now, random_bytes)
    if ("@" in event_id or "+" in event_id or "%" in event_id) and holds_identifier(unquote(event_id)):
        return sha256(b"event_id\0" + event_id.encode("utf-8", "replace")).hexdigest()[:32], _PERSONAL
    return event_id, problem


@lru_cache(maxsize=64)
def _has_digits(template: str) -> bool:
    return any(char.isdigit() for char in template)


def _resolved(
    event: Event, template: str | None, now: float, random_bytes: Callable[[int], bytes]
) -> tuple[str, Problem | None]:
    given = event.event_id
    parsed = None if template is None else parse_template(template)
    if given and not is_unset_id(given) and (parsed is None or not parsed.is_filled_with_nothing(given)):
        return given, None
    if parsed is not None:
        made = parsed.fill(event)
    else:
        made = _ORDER.fill(event) if canonical_name(event.event) == "Purchase" else None
    if made is not None:
        return made, _PLACEHOLDER_PROBLEM if given else None
    if event.event_time is not None:
        return content_id(event), _PLACEHOLDER_PROBLEM if given else _FROM_CONTENT
    return _uuid7(now, random_bytes(10)), _PLACEHOLDER_PROBLEM if given else _UNREPEATABLE


def _field(event: Event, field: str) -> str | None:
    if field == "event":
        return canonical_name(event.event)
    value: Any = event.properties.order_id if field == "order_id" else None
    for extra in (event.properties.extra, event.extra):
        if not value and extra:
            value = extra.get(field)
    return str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else None


def _uuid7(now: float, randomness: bytes) -> str:
    """Return a UUID of version 7 (RFC 9562): 48 bits of milliseconds, then 74 random bits."""
    milliseconds = int(now * 1000).to_bytes(6, "big")
    whole = bytearray(milliseconds + randomness)
    whole[6] = 0x70 | (whole[6] & 0x0F)
    whole[8] = 0x80 | (whole[8] & 0x3F)
    digits = whole.hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


_PLACEHOLDER_PROBLEM = Problem(
    "event_id",
    "the event_id is a placeholder such as undefined, or lacks its number, so it was replaced",
    "send the order's own id; equal ids would make different orders one",
    Severity.DROPPED,
    "event_id_placeholder",
)
_PERSONAL = Problem(
    "event_id",
    "the event_id holds an e-mail address or a phone number, so a digest of it took its place",
    "use the order's id; the event_id is stored and sent as it is",
    Severity.DROPPED,
    "event_id_personal",
)
_FROM_CONTENT = Problem(
    "event_id",
    "no event_id was sent; it was made from the event's content",
    "send the event_id that the browser's pixel uses, so that TikTok counts both as one",
    Severity.WARNING,
    "event_id_missing",
)
_UNREPEATABLE = Problem(
    "event_id",
    "no event_id and no event_time were sent, so sending this again counts it again",
    "send an event_id, such as the order's id",
    Severity.WARNING,
    "event_id_missing",
)
