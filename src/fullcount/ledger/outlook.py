"""What a source that only observes would send if it were live, and what that would do beside the pixel's own events."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from enum import StrEnum

import msgspec

from fullcount.events.names import canonical_name
from fullcount.ledger.counts import Total
from fullcount.ledger.pair_findings import Finding, findings_of
from fullcount.ledger.pair_reading import Kept
from fullcount.ledger.pairs import PairDay, pair_days, total_of
from fullcount.queue.copies import Channel, Copy
from fullcount.queue.outcomes import Outcome, Reason
from fullcount.queue.records import ObservedRow

PURCHASE = "Purchase"


class BrowserHalf(StrEnum):
    """Whether the pixel was seen to send the same event."""

    SAME = "same"  # under the same name and id
    OTHER_NAME = "other_name"  # under the same id and another name
    NOT_SEEN = "not_seen"
    UNKNOWN = "unknown"  # no page tells what this pixel sends
    NONE = "none"  # the settings say that there is no browser half


class WouldBe(msgspec.Struct, frozen=True):
    """Events that would be sent, by name and pixel; each id counts once."""

    event: str  # as it would be sent
    pixel: str
    count: int
    with_browser_half: int  # seen under the same name and id


class Order(msgspec.Struct, frozen=True):
    """One purchase that would be sent."""

    at: float  # Unix seconds: when it came first, as far as was read
    event_id: str
    event: str
    pixel: str
    browser_half: BrowserHalf
    value: float | None = None  # of pixels with a browser half
    currency: str | None = None


class Outlook(msgspec.Struct, frozen=True):
    """What a source that observes would do."""

    events: tuple[WouldBe, ...]
    orders: tuple[Order, ...]  # the newest first
    withheld: dict[str, int]  # for other reasons, which going live does not change
    consent_unknown_share: float  # of all its events that were fit to be sent
    findings: tuple[Finding, ...]
    observed_since: float | None  # Unix seconds; None: nothing was observed
    unknown_pixels: tuple[str, ...]

    @property
    def would_double(self) -> bool:
        """Whether something would be counted twice."""
        return any(finding.is_double for finding in self.findings)


class Halves(msgspec.Struct, frozen=True):
    """Which of a source's pixels have a browser half, and what is known of it."""

    paired: Collection[str]  # names of pixels that have one
    kept: Kept


def outlook(
    source: str, rows: Sequence[ObservedRow], counts: Iterable[Total], halves: Halves, *, most_orders: int = 10
) -> Outlook:
    """Return what a source would send; `rows` are the newest first, and an id counts once however often it came."""
    first: dict[tuple[str, bytes], ObservedRow] = {(row.pixel, row.key): row for row in rows}
    seen = _names_in_browser(halves.kept.copies)
    told = {row: _browser_half(row, seen, halves) for row in first.values()}
    by_name = Counter((row.event, row.pixel) for row in told)
    with_half = Counter((row.event, row.pixel) for row, half in told.items() if half is BrowserHalf.SAME)
    money = {copy.key: (copy.value, copy.currency) for copy in halves.kept.copies if copy.channel is Channel.OBSERVED}
    orders = sorted((row for row in told if canonical_name(row.event) == PURCHASE), key=lambda row: -row.at)
    withheld, share = _withheld(source, counts)
    return Outlook(
        tuple(WouldBe(event, pixel, n, with_half[event, pixel]) for (event, pixel), n in sorted(by_name.items())),
        tuple(
            Order(row.at, row.event_id, row.event, row.pixel, told[row], *money.get(row.key, (None, None)))
            for row in orders[:most_orders]
        ),
        withheld,
        share,
        tuple(_findings(source, {canonical_name(row.event) for row in told}, halves)),
        min((row.at for row in rows), default=None),
        tuple(sorted(set(halves.paired) - halves.kept.known_pixels)),
    )


def _names_in_browser(copies: Iterable[Copy]) -> Mapping[tuple[str, bytes], set[str]]:
    seen: dict[tuple[str, bytes], set[str]] = defaultdict(set)
    for copy in copies:
        if copy.channel is Channel.PIXEL and copy.key:
            seen[copy.pixel, copy.key].add(copy.event)
    return seen


def _browser_half(row: ObservedRow, seen: Mapping[tuple[str, bytes], set[str]], halves: Halves) -> BrowserHalf:
    names = seen.get((row.pixel, row.key), set())
    if names:
        return BrowserHalf.SAME if row.event in names else BrowserHalf.OTHER_NAME
    if row.pixel not in halves.paired:
        return BrowserHalf.NONE
    return BrowserHalf.NOT_SEEN if row.pixel in halves.kept.known_pixels else BrowserHalf.UNKNOWN


def _withheld(source: str, counts: Iterable[Total]) -> tuple[dict[str, int], float]:
    withheld: Counter[str] = Counter()
    all_of = 0
    for total in counts:
        if total.source != source:
            continue
        if total.outcome in {"accepted", Outcome.WITHHELD}:
            all_of += total.count
        if total.outcome == Outcome.WITHHELD and total.reason != Reason.OBSERVE_ONLY:
            withheld[total.reason] += total.count
    unknown = withheld[Reason.CONSENT_UNKNOWN.value]
    return {reason: n for reason, n in sorted(withheld.items()) if n}, unknown / all_of if all_of else 0.0


def _findings(source: str, events: Collection[str], halves: Halves) -> Iterable[Finding]:
    by_event: dict[tuple[str, str], list[PairDay]] = defaultdict(list)
    for day in pair_days(halves.kept.copies, unsent=halves.kept.unsent, if_live=source):
        if day.event in events and day.pixel in halves.paired:
            by_event[day.pixel, day.event].append(day)
    for days in by_event.values():
        total = total_of(days)
        strangers = _strangers(total)
        if strangers is not None:
            yield strangers
        yield from findings_of(total)


def _strangers(total: PairDay) -> Finding | None:
    """Return what is to be said where the pixel sends the same event and no id is shared."""
    others = total.browser_only
    if total.both or not others or not total.server_only:
        return None
    return Finding(
        total.pixel,
        total.event,
        "no_shared_ids",
        others,
        is_double=True,
        said=f"the pixel also sends {total.event} under other ids, {others} of them, and shares none with this source: "
        "you would count double",
        fix="let the page give the order's id as event_id, the same that this source's template makes",
        examples=total.examples.get("browser_only", ()),
    )
