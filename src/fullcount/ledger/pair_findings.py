"""What is wrong with how the halves of events meet, in sentences: what, why, and what mends it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec

from fullcount.ledger.pairs import PairDay

_ONE_ID = "give both halves the order's id: the source's event_id template, and the same in the page"
_NAME_FIX = 'send one name on both sides: the shipped pixel turns Purchase into CompletePayment, so purchase_name = "'


class Finding(msgspec.Struct, frozen=True):
    """One thing that is wrong with one event at one pixel, or worth knowing."""

    pixel: str
    event: str
    code: str
    count: int
    is_double: bool  # it makes TikTok count an event more than once
    said: str
    fix: str
    examples: tuple[str, ...] = ()  # event_ids


class _Rule(msgspec.Struct, frozen=True):
    code: str
    count: Callable[[PairDay], int]
    said: str  # {n} how many, {events} their name in the plural
    fix: str
    is_double: bool = True


def _unmatched(total: PairDay) -> int:
    """Return how many copies without an id nothing explains, where the server sends that event too.

    The pixel's own page views never have one, and the snippet sends one only where the pixel does not come.
    """
    if total.event == "Pageview" or not total.both + total.server_only:
        return 0
    return total.without_id - total.without_id_twice


_RULES = (
    _Rule(
        "without_id",
        lambda total: total.without_id_twice,
        "{n} {events} reached TikTok from the browser without an event_id while the server sent the same: "
        "they count twice",
        "pass {{event_id: ORDER_ID}} as the third argument of ttq.track, or let the snippet add it",
    ),
    _Rule(
        "ids_differ",
        lambda total: total.ids_differ,
        "{n} {events} came from the browser and from the server under different ids, equal in value and minutes apart: "
        "they probably count twice",
        _ONE_ID,
    ),
    _Rule(
        "names_differ",
        lambda total: total.names_differ,
        "{n} {events} came under one id and two names: TikTok compares names as they are sent, so they count twice, "
        "unless it takes the two for one",
        _NAME_FIX + 'CompletePayment"',
    ),
    _Rule(
        "again",
        lambda total: total.again,
        "{n} times a copy came more than 48 hours after the first: TikTok had forgotten its id and counts it again",
        "let the page send its event once, and not at every visit",
    ),
    _Rule(
        "reused",
        lambda total: total.reused,
        "under {n} of the ids came {events} of different values: TikTok counts only the first of each",
        "make the id of what is unique to the event, such as the order's number",
        is_double=False,
    ),
    _Rule(
        "unmatched",
        _unmatched,
        "{n} {events} reached TikTok from the browser without an event_id: nothing can be told of them, "
        "and where the server sends them too they count twice",
        "pass {{event_id: ORDER_ID}} as the third argument of ttq.track, or let the snippet add it",
        is_double=False,
    ),
    _Rule(
        "values_differ",
        lambda total: total.values_differ,
        "{n} {events} came with one value from the browser and another from the server: TikTok keeps that of the copy "
        "that comes first",
        "let both say the same total: the source's value and money settings say which",
        is_double=False,
    ),
    _Rule(
        "discarded",
        lambda total: total.discarded,
        "{n} {events} came on their second way after more than 5 minutes: TikTok discards that copy, "
        "with the identifiers that it has",
        "let the shop notify sooner, or send what it knows with the first copy",
        is_double=False,
    ),
)


def findings_of(total: PairDay) -> Iterator[Finding]:
    """Yield what is to be said of one event at one pixel, what counts double first."""
    for rule in _RULES:
        if count := rule.count(total):
            said = rule.said.format(n=count, events=_several(total.event, 2 if rule.code == "reused" else count))
            kind = {"without_id": "without_id_twice"}.get(rule.code, rule.code)
            yield Finding(
                total.pixel,
                total.event,
                rule.code,
                count,
                rule.is_double,
                said,
                rule.fix.format(),
                total.examples.get(kind, ()),
            )


def _several(event: str, count: int) -> str:
    noun = {"Purchase": "purchase", "Lead": "lead"}.get(event)
    if noun is None:
        return f"{event} events" if count != 1 else f"{event} event"
    return noun if count == 1 else f"{noun}s"
