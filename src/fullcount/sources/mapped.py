"""From what a sender said to a reading: the steps that every sender with names and shapes of its own shares."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import msgspec

from fullcount.events.event_id import parse_template
from fullcount.events.problems import Problem
from fullcount.events.reading import Reading, read_event
from fullcount.events.tie import Tie, TieKind
from fullcount.identity.phones import normalize_phone
from fullcount.sources.bounded import bounded
from fullcount.sources.payload import MOST_ITEMS, Node, without_gaps
from fullcount.sources.sender import Rules

_DEFAULT_ID = "{order_id}"


def event_reading(
    fields: Node,
    ties: Sequence[Tie] = (),
    *,
    problems: Sequence[Problem] = (),
    is_lost_alone: bool = False,
    is_id_private: bool = False,
) -> Reading:
    """Return the reading of an event in TikTok's 2.0 shape, without its empty values and what is over the bounds.

    `problems` are what the sender's file already found; what is of a wrong type is dropped with a problem of its own.
    """
    within, over = bounded(without_gaps(fields))
    reading = read_event(within)
    return msgspec.structs.replace(
        reading,
        problems=(*problems, *over, *reading.problems),
        ties=tuple(ties),
        is_lost_alone=is_lost_alone,
        is_id_private=is_id_private,
    )


def waiting_if_lost(reading: Reading) -> Reading:
    """Return the reading, to wait for visitor memory if nothing in it could tell TikTok who it is.

    An address alone is no one's, and neither is a browser's name; together they are.
    """
    if reading.event is None:
        return reading
    user, page = reading.event.user, reading.event.page
    known = (user.email, user.phone, user.external_id, user.ttclid, user.ttp, user.ip and user.user_agent)
    is_click_in_url = any("ttclid=" in (url or "") for url in (page.url, page.referrer))
    return msgspec.structs.replace(reading, is_lost_alone=not is_click_in_url and not any(known))


def items_of(lines: Sequence[Node], item: Callable[[Node], Node]) -> list[Node]:
    """Return what `item` makes of an order's lines; those over the bound stay as they are, only to be counted.

    >>> len(items_of([{}] * 600, lambda line: {"content_id": "1"}))
    600
    """
    return [*map(item, lines[:MOST_ITEMS]), *lines[MOST_ITEMS:]]


def purchase_id(
    rules: Rules, *, order_id: str | None, order_name: str | None = None, checkout_token: str | None = None
) -> str | None:
    """Return a purchase's event_id by the source's template, or None if its fields are not all there.

    The default is the order's id; the snippet and the library use the same template, so that both halves agree.
    """
    template = parse_template(rules.id_template or _DEFAULT_ID)
    values = {"order_id": order_id, "order_name": order_name, "checkout_token": checkout_token, "event": "Purchase"}
    return template.fill_with(values)


def mapped_name(rules: Rules, defaults: Node, said: str) -> str | None:
    """Return TikTok's name for the sender's: the settings' own table first, then the default one.

    A name in neither goes out as it came. None: the table leaves it out.
    """
    return (rules.names.get(said, defaults.get(said, said))) or None


def tied(pairs: Iterable[tuple[TieKind, str | None]]) -> tuple[Tie, ...]:
    """Return ties of those values that are there.

    >>> tied([(TieKind.ORDER_ID, "5511001001"), (TieKind.CART_TOKEN, None)])
    (Tie(order_id=…),)
    """
    return tuple(Tie(kind, value) for kind, value in pairs if value)


def e164(number: str | None, country: str | None) -> str | None:
    """Return a number of this country in E.164, or as it stands where that cannot be told."""
    normal = normalize_phone(number, country)[0] if number and country else None
    return normal or number
