"""What a visitor can switch: their browser's habits, their answer on consent, and what the shop does wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

import msgspec


class Switches(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The switches of one visitor."""

    pixel: Literal["loads", "blocked", "refused"] = "loads"
    snippet: Literal["loads", "blocked"] = "loads"
    consent: Literal["granted", "denied", "ask"] = "granted"
    cookies: Literal["kept", "dropped"] = "kept"
    webhook: Literal["sent", "off"] = "sent"
    event_id: Literal["shared", "own"] = "shared"


class Choice(NamedTuple):
    """One switch as the panel shows it."""

    name: str
    label: str
    positions: tuple[tuple[str, str], ...]  # value and words


CHOICES = (
    Choice(
        "pixel",
        "Ad blocker",
        (
            ("loads", "none"),
            ("blocked", "blocks the pixel's host"),
            ("refused", "a content policy refuses it"),
        ),
    ),
    Choice("snippet", "Fullcount's snippet", (("loads", "loads"), ("blocked", "is blocked, too"))),
    Choice("consent", "Consent", (("granted", "granted"), ("denied", "refused"), ("ask", "ask me, as a new visitor"))),
    Choice("cookies", "Cookies of scripts", (("kept", "are kept"), ("dropped", "go with the page (as Safari's may)"))),
    Choice("webhook", "The shop's webhook", (("sent", "is sent"), ("off", "is off"))),
    Choice("event_id", "The pixel's event_id", (("shared", "the order's"), ("own", "one of its own"))),
)


def changed(switches: Switches, given: Mapping[str, Any]) -> Switches:
    """Return the switches with some of them in other positions.

    >>> changed(Switches(), {"pixel": "blocked"}).pixel
    'blocked'

    Raises:
        msgspec.ValidationError: there is no such switch, or it has no such position.
    """
    return msgspec.convert({**msgspec.structs.asdict(switches), **given}, Switches)
