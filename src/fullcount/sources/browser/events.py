"""What a page tells of: events to send, and what its pixel sent by itself."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from fullcount.events.model import Half, User
from fullcount.events.names import canonical_name
from fullcount.events.placeholders import is_unset_id
from fullcount.events.reading import Reading
from fullcount.sources.browser.visit import PERSON_KEYS, Visit
from fullcount.sources.mapped import event_reading, mapped_name, purchase_id
from fullcount.sources.payload import Node, amount, at, rows, seconds, text
from fullcount.sources.sender import Rules
from fullcount.sources.source import Ignored, PixelCopy, RawRequest

MOST_EVENTS = 50  # of one beacon
OLDEST_AGE_SECONDS = 2 * 86_400.0  # of an event that waited in a page's storage: TikTok forgets ids after so long
LONGEST_ID = 200  # characters
PIXEL_STATES = frozenset({"absent", "waiting", "loaded", "blocked", "refused", "held"})
_PURCHASE = "Purchase"
_NAME = re.compile(r"[\w.:/ -]{1,50}")
_CURRENCY = re.compile(r"[A-Za-z]{3}")


def read_events(
    beacon: Node, visit: Visit, request: RawRequest, rules: Rules
) -> tuple[tuple[Reading, ...], tuple[Ignored, ...]]:
    """Return the beacon's events, each with what it says of its visitor, and what makes none.

    A purchase without an order to name it by is no event: under an id of its own it would count beside the shop's.
    """
    readings: list[Reading] = []
    ignored: list[Ignored] = []
    for row in rows(beacon, "events")[:MOST_EVENTS]:
        said = text(row, "event") or ""
        name = mapped_name(rules, {}, said) if said else ""
        if name is None:
            ignored.append(Ignored("switched_off", said))
            continue
        event_id = text(row, "event_id")
        if canonical_name(name) == _PURCHASE and (event_id is None or is_unset_id(event_id)):
            event_id = _id_of_purchase(row, beacon, rules)
            if event_id is None:
                ignored.append(Ignored("event_id_missing", said, detail="a purchase without its order"))
                continue
        readings.append(_reading(row, name, event_id, visit, request))
    return tuple(readings), tuple(dict.fromkeys(ignored))  # said once: anybody may post, and each is kept


def _id_of_purchase(row: Node, beacon: Node, rules: Rules) -> str | None:
    return purchase_id(
        rules,
        order_id=text(row, "properties", "order_id") or text(beacon, "ties", "order_id"),
        order_name=text(row, "properties", "order_name"),
        checkout_token=text(row, "properties", "checkout_token") or text(beacon, "ties", "checkout_token"),
    )


def _reading(row: Node, name: str, event_id: str | None, visit: Visit, request: RawRequest) -> Reading:
    person = at(row, "user")
    own = {key: value for key, value in person.items() if key in PERSON_KEYS} if isinstance(person, dict) else {}
    fields: Node = {
        "event": name or row.get("event"),
        "event_id": event_id,
        "event_time": int(_happened_at(row, request)),
        "consent": visit.said.word,
        "user": {**held(visit.user), **own},
        "properties": row.get("properties"),
        "page": {
            "url": text(row, "page", "url") or visit.page.url,
            "referrer": text(row, "page", "referrer") or visit.page.referrer,
        },
        "limited_data_use": row.get("limited_data_use"),
    }
    reading = event_reading(fields, visit.ties)
    return msgspec.structs.replace(reading, half=Half.BROWSER, bot=visit.bot)


def held(user: User) -> Node:
    """Return what a user holds, by its keys."""
    values = {name: getattr(user, name) for name in user.__struct_fields__}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items() if value}


def _happened_at(row: Node, request: RawRequest) -> float:
    """Return when it happened, in Unix seconds: by its age, which no wrong clock distorts, else by its time."""
    now = request.received_at
    age = amount(row, "age")
    age = amount(row, "at") if age is None else age
    told = None if age is not None else seconds(row, "event_time")
    waited = (age or 0.0) / 1000 if told is None else now - told
    return now - min(max(0.0, waited), OLDEST_AGE_SECONDS)


def read_copies(beacon: Node, request: RawRequest) -> tuple[PixelCopy, ...]:
    """Return what the pixel sent by itself, and what it was given together with an event of ours."""
    copies = [_copy(row, row, request) for row in rows(beacon, "paired")[:MOST_EVENTS]]
    copies += [
        _copy(row, row.get("properties"), request)
        for row in rows(beacon, "events")[:MOST_EVENTS]
        if row.get("sent") is True
    ]
    return tuple(copy for copy in copies if copy is not None)


def _copy(row: Node, amounts: Any, request: RawRequest) -> PixelCopy | None:
    name, event_id = text(row, "sent_as") or text(row, "event"), text(row, "event_id") or ""
    if name is None or _NAME.fullmatch(name) is None or len(event_id) > LONGEST_ID or not event_id.isprintable():
        return None
    currency = text(amounts, "currency")
    return PixelCopy(
        name,
        event_id,
        _happened_at(row, request),
        amount(amounts, "value"),
        currency.upper() if currency and _CURRENCY.fullmatch(currency) else None,
    )


def pixel_state(beacon: Node) -> str:
    """Return what the page says of the pixel, or nothing."""
    said = text(beacon, "pixel", "state") or ""
    return said if said in PIXEL_STATES else ""
