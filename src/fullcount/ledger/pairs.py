"""Pairing: which events reached TikTok from the browser, from the server, or from both, and what it would count.

Everything here is an estimate from what pages told us and from what was accepted for sending.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec

from fullcount.events.names import canonical_name
from fullcount.ledger.dedup import count_copies, is_discarded, pair_off
from fullcount.queue.copies import OURS, Channel, Copy

PROBABLY_ONE_SECONDS = 600.0  # copies of one value this near to each other are probably one event
SAME_VALUE = 0.005  # of the currency's units: less is rounding
MOST_EXAMPLES = 5

_OF_SERVER = (Channel.SERVER, Channel.OBSERVED, Channel.RELAYED)  # whose name and value go out, if several are known


class PairDay(msgspec.Struct, kw_only=True):
    """One event at one pixel on one day (UTC, of its first copy). Numbers of event_ids, unless said otherwise."""

    pixel: str
    event: str  # canonical
    day: str  # ISO
    both: int = 0
    browser_only: int = 0
    server_only: int = 0
    without_id: int = 0  # copies from the browser that had none
    without_id_twice: int = 0  # of these: the server sent a copy of equal value within minutes
    names_differ: int = 0  # of both: under different names
    ids_differ: int = 0  # pairs of one from the browser alone and one from the server alone that are probably one event
    values_differ: int = 0  # of both
    reused: int = 0  # under one id the browser sent different values
    again: int = 0  # more copies after TikTok had forgotten the first
    discarded: int = 0  # of both: the later copy comes too late to be merged, so what it knows is lost
    copies: int = 0  # that reach TikTok: its count without deduplication
    counted: int = 0  # the prediction, names compared as they are sent
    counted_aliased: int = 0  # the prediction, if TikTok takes old and new names for one
    examples: dict[str, tuple[str, ...]] = {}  # some event_ids of each kind of number

    @property
    def happened(self) -> int:
        """How many events these copies are probably of."""
        ids = self.both + self.browser_only + self.server_only
        return ids - self.ids_differ + self.without_id - self.without_id_twice

    @property
    def too_many(self) -> int:
        """How many of those counted are one too many."""
        return self.counted - self.happened

    def note(self, kind: str, event_id: str, n: int = 1) -> None:
        """Add to one of the numbers, with the event_id as an example."""
        setattr(self, kind, getattr(self, kind) + n)
        known = self.examples.get(kind, ())
        if event_id and event_id not in known and len(known) < MOST_EXAMPLES:
            self.examples = {**self.examples, kind: (*known, event_id)}


class _Event(msgspec.Struct, gc=False):
    """All copies under one id."""

    event_id: str
    browser: list[Copy]
    server: Copy | None  # we send one, however often we are told

    @property
    def at(self) -> float:
        return min(copy.at for copy in self.copies())

    @property
    def is_of_browser(self) -> bool:
        """Whether only a page told of it: also what we send of it is the browser's half."""
        return self.server is None or self.server.channel is Channel.RELAYED

    def copies(self) -> list[Copy]:
        return self.browser if self.server is None else [*self.browser, self.server]


def pair_days(
    copies: Iterable[Copy], *, unsent: Collection[bytes] = (), if_live: str = "", since: float = 0.0
) -> list[PairDay]:
    """Return the days of each pixel and event, in that order, from the day of `since` (Unix seconds) on.

    `unsent` are keys of deliveries that never left. `if_live` names a source that observes: what it would have sent is
    taken as sent. Copies of the two days before `since` belong in, as their ids may come again after it.
    """
    groups: dict[tuple[str, str], list[Copy]] = defaultdict(list)
    for copy in copies:
        if _counts(copy, unsent, if_live):
            groups[copy.pixel, canonical_name(copy.event)].append(copy)
    first_day = _day_of(since)
    days = [day for (pixel, event), mine in sorted(groups.items()) for day in _days(pixel, event, mine)]
    return [day for day in days if day.day >= first_day]


def total_of(days: Sequence[PairDay]) -> PairDay:
    """Return the sum of several days of one pixel and event; its day is the first one's."""
    first = days[0]
    total = PairDay(pixel=first.pixel, event=first.event, day=first.day)
    for day in days:
        for name in NUMBERS:
            setattr(total, name, getattr(total, name) + getattr(day, name))
        for kind, ids in day.examples.items():
            known = total.examples.get(kind, ())
            total.examples = {**total.examples, kind: (*known, *ids)[:MOST_EXAMPLES]}
    return total


NUMBERS = tuple(name for name in PairDay.__struct_fields__ if name not in {"pixel", "event", "day", "examples"})


def _counts(copy: Copy, unsent: Collection[bytes], if_live: str) -> bool:
    if copy.channel is Channel.PIXEL:
        return True
    if copy.channel in OURS:
        return bool(copy.key) and copy.key not in unsent
    return bool(copy.key) and bool(if_live) and copy.source == if_live


def _days(pixel: str, event: str, copies: Sequence[Copy]) -> list[PairDay]:
    days: dict[str, PairDay] = {}

    def day_at(at: float) -> PairDay:
        name = _day_of(at)
        return days.setdefault(name, PairDay(pixel=pixel, event=event, day=name))

    copies = sorted(copies, key=_order)
    events = _events(copies)
    for each in events:
        _tell(each, day_at(each.at))
    nameless = [copy for copy in copies if not copy.key]
    for copy in nameless:
        day = day_at(copy.at)
        day.without_id += 1
        day.copies += 1
        day.counted += 1
        day.counted_aliased += 1
    explained = set()
    for browser, server in _pairs(*_strangers(events)):
        explained.add(server.key)
        day_at(server.at).note("ids_differ", f"{browser.event_id} and {server.event_id}")
    sent = [each.server for each in events if each.server is not None and each.server.key not in explained]
    for browser, server in _pairs([copy for copy in nameless if copy.value is not None], sent):
        day_at(browser.at).note("without_id_twice", server.event_id)
    return [days[name] for name in sorted(days)]


def _events(copies: Iterable[Copy]) -> list[_Event]:
    by_key: dict[bytes, list[Copy]] = defaultdict(list)
    for copy in copies:
        if copy.key:
            by_key[copy.key].append(copy)
    events = []
    for mine in by_key.values():
        browser = [copy for copy in mine if copy.channel is Channel.PIXEL]
        ours = [copy for copy in mine if copy.channel is not Channel.PIXEL]
        server = None
        if ours:
            chosen = min(ours, key=lambda copy: _OF_SERVER.index(copy.channel))
            server = msgspec.structs.replace(chosen, at=ours[0].at)
        event_id = next((copy.event_id for copy in mine if copy.event_id), "")
        events.append(_Event(event_id, browser, server))
    return events


def _tell(event: _Event, day: PairDay) -> None:
    """Add what is to be said of one id to its day."""
    copies = event.copies()
    if event.server is None:
        day.note("browser_only", event.event_id)
    elif not event.browser:
        day.note("server_only", event.event_id)
    else:
        day.note("both", event.event_id)
        if any(copy.event != event.server.event for copy in event.browser):
            day.note("names_differ", event.event_id)
        if not any(_is_same_money(copy, event.server) for copy in event.browser):
            day.note("values_differ", event.event_id)
        if is_discarded([copy.at for copy in event.browser], event.server.at):
            day.note("discarded", event.event_id)
    if len({_money(copy) for copy in event.browser if copy.value is not None}) > 1:
        day.note("reused", event.event_id)
    by_name: dict[str, list[float]] = defaultdict(list)
    for copy in copies:
        by_name[copy.event].append(copy.at)
    aliased = count_copies(copy.at for copy in copies)
    if aliased > 1:
        day.note("again", event.event_id, aliased - 1)
    day.copies += len(copies)
    day.counted += sum(count_copies(times) for times in by_name.values())
    day.counted_aliased += aliased


def _strangers(events: Sequence[_Event]) -> tuple[list[Copy], list[Copy]]:
    """Return what came from the browser alone and from the server alone, as far as one may be told by its value.

    What has no value may be told by its time only where the two sides share no id at all.
    """
    browser = [each.copies()[0] for each in events if each.is_of_browser]
    server = [each.server for each in events if each.server is not None and not each.is_of_browser and not each.browser]
    if len(browser) + len(server) < len(events):
        browser = [copy for copy in browser if copy.value is not None]
    return browser, server


def _pairs(one: Iterable[Copy], other: Iterable[Copy]) -> list[tuple[Copy, Copy]]:
    """Return which copies of two lists are probably of one event: of equal value, and near to each other."""
    mine, theirs = _by_money(one), _by_money(other)
    return [
        (copies[i], theirs[money][j])
        for money, copies in mine.items()
        if money in theirs
        for i, j in pair_off([copy.at for copy in copies], [copy.at for copy in theirs[money]], PROBABLY_ONE_SECONDS)
    ]


def _by_money(copies: Iterable[Copy]) -> Mapping[tuple[float | None, str], list[Copy]]:
    found: dict[tuple[float | None, str], list[Copy]] = defaultdict(list)
    for copy in sorted(copies, key=_order):
        found[_money(copy)].append(copy)
    return found


def _money(copy: Copy) -> tuple[float | None, str]:
    return None if copy.value is None else round(copy.value, 2), copy.currency or ""


def _is_same_money(one: Copy, other: Copy) -> bool:
    """Return whether two copies name one sum; what one of them does not say cannot differ."""
    if one.value is not None and other.value is not None and abs(one.value - other.value) > SAME_VALUE:
        return False
    return not one.currency or not other.currency or one.currency == other.currency


def _order(copy: Copy) -> tuple[float, str, str, str, str]:
    return copy.at, copy.channel.value, copy.event, copy.event_id, str(_money(copy))


def _day_of(at: float) -> str:
    return dt.datetime.fromtimestamp(at, dt.UTC).date().isoformat()
