"""What `fullcount source live` and `observe` show, and how they switch."""

from __future__ import annotations

import sys

import msgspec
import typer

from fullcount.cli.output import count_of, print_json, print_table, say
from fullcount.cli.pair_views import UNKNOWN_FIX, print_findings
from fullcount.cli.queue_acts import ask
from fullcount.cli.store import moment, open_reader
from fullcount.clock import DAY_SECONDS, Clock, SystemClock
from fullcount.config.settings import Browser, Mode, Settings, Source
from fullcount.ledger.counts import totals
from fullcount.ledger.outlook import BrowserHalf, Halves, Order, Outlook, outlook
from fullcount.ledger.pair_reading import read_pairs
from fullcount.queue.sqlite.control import SwitchMode
from fullcount.queue.switch import Switch, mode_of

_HALF = {
    BrowserHalf.SAME: "yes, same name and id",
    BrowserHalf.OTHER_NAME: "same id, other name",
    BrowserHalf.NOT_SEEN: "not seen",
    BrowserHalf.UNKNOWN: "unknown",
    BrowserHalf.NONE: "there is none",
}


class Now(msgspec.Struct, frozen=True):
    """In which mode a source is."""

    source: str
    mode: Mode
    settings_say: Mode
    switch: Switch | None  # a person's, where it holds


class Ways(msgspec.Struct, frozen=True):
    """How a command was asked to go about it."""

    is_sure: bool = False
    days: int = 7
    limit: int = 10
    as_json: bool = False


def mode_now(settings: Settings, source: Source) -> Now:
    """Return a source's mode, as the settings and the store have it.

    Raises:
        StoreUnavailable: there is no store, or it cannot be read.
    """
    said = source.mode or Mode.LIVE
    with open_reader(settings) as reader:
        switch = reader.modes().get(source.name)
    return Now(source.name, mode_of(said, switch), said, switch if switch and switch.holds(said) else None)


def look_ahead(settings: Settings, source: Source, ways: Ways, now: float) -> tuple[Outlook, bool]:
    """Return what a source would send, and whether only a part was looked at; `now` is in Unix seconds."""
    since = now - ways.days * DAY_SECONDS
    paired = {
        pixel.name for pixel in settings.pixels if pixel.name in source.pixels and pixel.browser is not Browser.NONE
    }
    with open_reader(settings) as reader:
        rows, is_cut = reader.observed(source.name, since)
        kept = read_pairs(reader, since, now + 60)
        counts = totals(reader, since, now + 60)
    seen = outlook(source.name, rows, counts, Halves(paired, kept), most_orders=ways.limit)
    return seen, is_cut or kept.is_cut


def live(settings: Settings, source: Source, ways: Ways, clock: Clock | None = None) -> bool:
    """Show what a source would send and switch it once a person agrees; return whether it is, or will be, live."""
    before = mode_now(settings, source)
    if before.mode is Mode.LIVE:
        _tell(before, f"{source.name} is live already: {_why(before)}.", ways)
        return True
    seen, is_cut = look_ahead(settings, source, ways, (clock or SystemClock()).now())
    if not ways.as_json:
        _show(source, seen, ways, is_cut=is_cut)
    if not _is_agreed(source, ways):
        if ways.as_json:
            _print(before, seen, is_switched=False, is_applied=False, is_cut=is_cut)
        else:
            say("Nothing was switched. With --yes it goes live.")
        return False
    asked = ask(settings, [SwitchMode(source.name, Mode.LIVE)])
    if ways.as_json:
        _print(before, seen, is_switched=True, is_applied=asked.applied, is_cut=is_cut)
    elif asked.applied:
        say(f"{source.name} is live: what comes from now on is sent. What was observed is not sent any more.")
    else:
        say("Noted. No process owns the store now: it goes live when fullcount serve starts.")
    return True


def observe(settings: Settings, source: Source, ways: Ways) -> None:
    """Let a source only observe again."""
    before = mode_now(settings, source)
    if before.mode is Mode.OBSERVE:
        _tell(before, f"{source.name} observes already: {_why(before)}.", ways)
        return
    asked = ask(settings, [SwitchMode(source.name, Mode.OBSERVE)])
    if ways.as_json:
        print_json({**msgspec.structs.asdict(before), "is_switched": True, "is_applied": asked.applied})
    elif asked.applied:
        say(f"{source.name} observes: nothing that comes from now on is sent. What was accepted before still goes.")
    else:
        say("Noted. No process owns the store now: it observes when fullcount serve starts.")


def _is_agreed(source: Source, ways: Ways) -> bool:
    if ways.is_sure:
        return True
    if ways.as_json or not sys.stdin.isatty():
        return False
    return typer.confirm(f"Let {source.name} go live?", default=False)


def _why(now: Now) -> str:
    if now.switch is None:
        return "the settings say so"
    return f"a person switched it at {moment(now.switch.at)[:19]} UTC, and the settings still say {now.settings_say}"


def _tell(now: Now, said: str, ways: Ways) -> None:
    if ways.as_json:
        print_json({**msgspec.structs.asdict(now), "is_switched": False, "is_applied": False})
    else:
        say(said)


def _print(before: Now, seen: Outlook, *, is_switched: bool, is_applied: bool, is_cut: bool) -> None:
    print_json(
        {
            **msgspec.structs.asdict(before),
            "is_switched": is_switched,
            "is_applied": is_applied,
            "would_double": seen.would_double,
            **msgspec.structs.asdict(seen),
            "is_cut": is_cut,
        }
    )


def _show(source: Source, seen: Outlook, ways: Ways, *, is_cut: bool) -> None:
    if seen.observed_since is None:
        say(f"{source.name} observes and has seen nothing that it would send in the last {ways.days} days.")
    else:
        say(f"{source.name} observes. If it had been live since {moment(seen.observed_since)[:19]} UTC:")
        rows = [(each.event, each.pixel, str(each.count), str(each.with_browser_half)) for each in seen.events]
        print_table(("event, as sent", "pixel", "would be sent", "browser half seen"), rows)
    if seen.orders:
        columns = ("order's event_id", "event", "pixel", "came (UTC)", "value", "browser half")
        print_table(columns, [_row(order) for order in seen.orders], title="The newest orders")
    for reason, n in seen.withheld.items():
        say(f"withheld all the same: {count_of(n, 'event')}, {reason}")
    if seen.consent_unknown_share:
        say(f"{seen.consent_unknown_share:.0%} of its events say nothing of consent where a grant is needed.")
    if seen.findings:
        say("Once live, beside what the pixel sends by itself:")
    print_findings(seen.findings)
    for name in seen.unknown_pixels:
        say(
            f"Nothing is known of what the pixel of {name} sends, so nobody can say whether this would count double.\n"
            f"  Fix: {UNKNOWN_FIX}"
        )
    if is_cut:
        say("Only the newest were looked at; --days asks for fewer.")


def _row(order: Order) -> tuple[str, ...]:
    value = "" if order.value is None else f"{order.value:.2f} {order.currency or ''}".rstrip()
    return order.event_id, order.event, order.pixel, moment(order.at)[:19], value, _HALF[order.browser_half]
