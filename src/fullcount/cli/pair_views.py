"""What `fullcount pairs` shows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import msgspec

from fullcount.cli.output import print_json, print_table, say
from fullcount.cli.store import open_reader
from fullcount.clock import DAY_SECONDS
from fullcount.config.schema import nearest
from fullcount.config.settings import Browser, Pixel, Settings
from fullcount.errors import ConfigError
from fullcount.events.names import canonical_name
from fullcount.ledger.pair_findings import Finding, findings_of
from fullcount.ledger.pair_reading import read_pairs
from fullcount.ledger.pairs import PairDay, pair_days, total_of

UNKNOWN_FIX = "put the snippet on its pages, with a source of the kind browser"
_COLUMNS = (
    "both\nhalves", "browser\nonly", "server\nonly", "no\nid", "copies", "TikTok\ncounts", "names\nas one", "events",
)  # fmt: skip


class Asked(msgspec.Struct, frozen=True):
    """What is asked for; an empty event or pixel means all."""

    days: int
    event: str = ""
    pixel: str = ""


class Pairs(msgspec.Struct, frozen=True):
    """How the halves of events met. Numbers beside `days` and `totals` are explained at `PairDay`."""

    since: float  # Unix seconds
    days: tuple[PairDay, ...]
    totals: tuple[PairDay, ...]
    findings: tuple[Finding, ...]
    unknown_pixels: tuple[str, ...]  # nothing is known of what their pixel sends
    is_cut: bool

    @property
    def counts_double(self) -> bool:
        """Whether TikTok would count some event more often than it happened."""
        return any(total.too_many > 0 for total in self.totals)


def gather(settings: Settings, asked: Asked, now: float) -> Pairs:
    """Return how halves met; `now` is in Unix seconds.

    Raises:
        ConfigError: there is no such pixel.
        StoreUnavailable: there is no store, or it cannot be read.
    """
    pixels = [pixel_named(settings, asked.pixel)] if asked.pixel else list(settings.pixels)
    since = float((int(now) // DAY_SECONDS - asked.days + 1) * DAY_SECONDS)
    with open_reader(settings) as reader:
        kept = read_pairs(reader, since, now + 60, pixels[0].name if asked.pixel else "")
    wanted = canonical_name(asked.event)
    days = [day for day in pair_days(kept.copies, unsent=kept.unsent, since=since) if not wanted or day.event == wanted]
    totals = totals_of(days)
    return Pairs(
        since,
        tuple(days),
        tuple(totals),
        tuple(finding for total in totals for finding in findings_of(total)),
        tuple(
            pixel.name for pixel in pixels if pixel.browser is not Browser.NONE and pixel.name not in kept.known_pixels
        ),
        kept.is_cut,
    )


def pixel_named(settings: Settings, named: str) -> Pixel:
    """Return a pixel by its name or code.

    Raises:
        ConfigError: there is none.
    """
    for pixel in settings.pixels:
        if named in {pixel.name, pixel.code}:
            return pixel
    names = [pixel.name for pixel in settings.pixels]
    fix = nearest(named, names) or f"name one of {', '.join(names)}"
    raise ConfigError(f"there is no pixel {named}", where="--pixel", fix=fix)


def totals_of(days: Sequence[PairDay]) -> list[PairDay]:
    """Return the sum of each pixel's event over all its days."""
    by_event: dict[tuple[str, str], list[PairDay]] = defaultdict(list)
    for day in days:
        by_event[day.pixel, day.event].append(day)
    return [total_of(mine) for mine in by_event.values()]


def show(report: Pairs, settings: Settings, asked: Asked, *, as_json: bool) -> None:
    """Print how halves met, and what is wrong with that."""
    if as_json:
        print_json(
            {
                "since": report.since,
                "counts_double": report.counts_double,
                "findings": report.findings,
                "totals": [_document(total) for total in report.totals],
                "days": [_document(day) for day in report.days],
                "unknown_pixels": report.unknown_pixels,
                "is_cut": report.is_cut,
            }
        )
        return
    rows = report.days if asked.event else report.totals
    if rows:
        heads = ("day", "pixel") if asked.event else ("event", "pixel")
        print_table((*heads, *_COLUMNS), [_row(day, is_one_day=bool(asked.event)) for day in rows], is_close=True)
    else:
        say(f"Nothing was paired in the last {asked.days} days.")
    print_findings(report.findings)
    print_unknown(report, settings)


def print_findings(findings: Sequence[Finding]) -> None:
    """Print what is wrong, why, and what mends it."""
    for finding in findings:
        named = f" Among them: {', '.join(finding.examples)}." if finding.examples else ""
        say(f"{finding.pixel}: {finding.said}.{named}")
        say(f"  Fix: {finding.fix}")


def print_unknown(report: Pairs, settings: Settings) -> None:
    """Say what could not be looked at."""
    if not any(pixel.browser is not Browser.NONE for pixel in settings.pixels):
        say('No pixel has a browser half (browser = "none"), so there is nothing to pair.')
    for name in report.unknown_pixels:
        say(f"No page has said yet what the pixel of {name} sent. Fix: {UNKNOWN_FIX}")
    if report.is_cut:
        say("Only a part was looked at: a day keeps so many copies of each kind, and --days or --pixel ask for fewer.")
    if report.counts_double:
        too_many = sum(total.too_many for total in report.totals)
        say(f"TikTok would count {too_many} too many (an estimate).")
    elif report.totals and not report.unknown_pixels:
        say("Nothing counts double, as far as pages told.")


def _document(day: PairDay) -> dict[str, Any]:
    return {**msgspec.structs.asdict(day), "happened": day.happened, "too_many": day.too_many}


def _row(day: PairDay, *, is_one_day: bool) -> tuple[str, ...]:
    heads = (day.day if is_one_day else day.event, day.pixel)
    numbers = (
        day.both,
        day.browser_only,
        day.server_only,
        day.without_id,
        day.copies,
        day.counted,
        day.counted_aliased,
        day.happened,
    )
    return (*heads, *map(str, numbers))
