"""Two halves of one event become one: missing fields are filled, and each half wins where it knows better."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from fullcount.events.codec import encode_stored
from fullcount.events.hashed import HashedEvent
from fullcount.events.model import Half, Properties

S = TypeVar("S", bound=msgspec.Struct)

# What the browser saw itself; in everything else (money, identity) the shop's own records are better.
BROWSER_KNOWS_BETTER = frozenset({"ttclid", "ttp", "ip", "user_agent", "locale"})
_NOTHING: frozenset[str] = frozenset()


def merge_halves(first: HashedEvent, second: HashedEvent) -> HashedEvent:
    """Return one event with what either half knows; which of them came first makes no difference.

    On conflict the server's half wins on name, time, money and identity, the browser's on context (page, IP, user
    agent, click ID, browser ID, locale). Two halves of one kind: the earlier event wins throughout. `value` and
    `currency` stay a pair, and limited data use asked for by either half stays asked for.
    """
    shop, visit = _ranked(first, second)
    context = BROWSER_KNOWS_BETTER if shop.half is not visit.half else _NOTHING
    page_of, page_fill = (visit, shop) if context else (shop, visit)
    return HashedEvent(
        event=shop.event,
        canonical=shop.canonical,
        event_time=shop.event_time,
        event_id=shop.event_id,
        user=_filled(shop.user, visit.user, context),
        properties=_merged_properties(shop.properties, visit.properties),
        page=_filled(page_of.page, page_fill.page),
        half=shop.half,
        event_source=shop.event_source,
        app=_filled_part(shop.app, visit.app),
        ad=_filled_part(shop.ad, visit.ad),
        lead=_filled_part(shop.lead, visit.lead),
        limited_data_use=_stricter(shop.limited_data_use, visit.limited_data_use),
        extra=_chosen(shop.extra, visit.extra),
    )


def _ranked(first: HashedEvent, second: HashedEvent) -> tuple[HashedEvent, HashedEvent]:
    """Return the half whose facts win, then the other, by their content alone and not by their order."""
    if first.half is not second.half:
        return (first, second) if first.half is Half.SERVER else (second, first)
    if first.event_time != second.event_time:
        return (first, second) if first.event_time < second.event_time else (second, first)
    return (first, second) if encode_stored(first) <= encode_stored(second) else (second, first)


def _merged_properties(shop: Properties, visit: Properties) -> Properties:
    merged = _filled(shop, visit)
    paid = shop if shop.value is not None else visit
    if paid.value is None or paid.currency == merged.currency:
        return merged
    # A number from one half in the currency of the other would be another amount.
    return msgspec.structs.replace(merged, currency=paid.currency)


def _filled(winner: S, other: S, other_wins: frozenset[str] = _NOTHING) -> S:
    values = {}
    for name in winner.__struct_fields__:
        mine, theirs = getattr(winner, name), getattr(other, name)
        values[name] = _chosen(theirs, mine) if name in other_wins else _chosen(mine, theirs)
    return type(winner)(**values)


def _filled_part(winner: S | None, other: S | None) -> S | None:
    if winner is None or other is None:
        return other if winner is None else winner
    return _filled(winner, other)


def _chosen(preferred: Any, fallback: Any) -> Any:
    if isinstance(preferred, dict) and isinstance(fallback, dict):
        return {**fallback, **preferred}
    return fallback if preferred is None or preferred in ("", ()) else preferred


def _stricter(mine: bool | None, theirs: bool | None) -> bool | None:  # noqa: FBT001 - three-valued data, not a switch
    return True if mine or theirs else theirs if mine is None else mine
