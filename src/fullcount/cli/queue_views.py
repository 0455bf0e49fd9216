"""What `fullcount queue` shows."""

from __future__ import annotations

from collections import Counter

import msgspec

from fullcount.cli.output import count_of, print_json, print_table, say
from fullcount.cli.sending_words import OBSERVE_FIX
from fullcount.cli.store import moment, open_reader, pixel_name, span
from fullcount.clock import DAY_SECONDS, SystemClock
from fullcount.config.settings import Settings
from fullcount.events.model import EventSource
from fullcount.ledger.counts import Total, totals
from fullcount.ledger.journey import Journey, Step, What
from fullcount.ledger.timeline import timeline
from fullcount.queue.delivery import LaneState, Selection
from fullcount.queue.lane import Lane
from fullcount.queue.outcomes import Reason
from fullcount.queue.sqlite.owner import owner_pid

MOST_COUNTED = 1_000  # dead letters; beyond it "more" is said


class LaneView(msgspec.Struct, frozen=True):
    """What waits on a lane, with ages in place of moments."""

    pixel: str
    pixel_code: str
    event_source: str
    test_event_code: str | None
    queued: int
    leased: int
    held: int
    oldest_seconds: float | None
    next_due_seconds: float | None
    paused: str
    paused_seconds: float | None
    paused_by_person: bool


class Stats(msgspec.Struct, frozen=True):
    """What `queue stats` says."""

    store: str
    owner_pid: int | None  # None: no process delivers now; 0: unknown
    lanes: tuple[LaneView, ...]
    dead_letters: dict[str, int]  # by reason
    more_dead_letters: bool  # than were counted
    last_24_hours: tuple[Total, ...]


class DeadView(msgspec.Struct, frozen=True):
    """A dead letter without the event's content."""

    event_id: str
    event: str
    pixel: str
    source: str
    reason: str
    code: int | None
    message: str
    accepted_at: float
    died_at: float


def gather_stats(settings: Settings, now: float) -> Stats:
    """Return what waits and what ended; `now` is in Unix seconds."""
    with open_reader(settings) as reader:
        letters = reader.dead_letters(Selection(), MOST_COUNTED)
        return Stats(
            store=str(settings.storage.path),
            owner_pid=owner_pid(settings.storage.path),
            lanes=tuple(_lane_view(state, settings, now) for state in reader.lane_states()),
            dead_letters=dict(Counter(letter.reason.value for letter in letters)),
            more_dead_letters=len(letters) == MOST_COUNTED,
            last_24_hours=tuple(totals(reader, now - DAY_SECONDS, now + 60)),
        )


def show_stats(settings: Settings, *, as_json: bool) -> None:
    """Print what waits on each lane and how events ended in the last 24 hours."""
    stats = gather_stats(settings, SystemClock().now())
    if as_json:
        print_json(stats)
        return
    owner = f"owned by process {stats.owner_pid}" if stats.owner_pid else "no process delivers now (fullcount serve)"
    say(f"{stats.store}: {owner}")
    if stats.lanes:
        columns = ("pixel", "lane", "queued", "leased", "held", "oldest", "next due", "paused")
        print_table(columns, [_lane_row(lane) for lane in stats.lanes])
    else:
        say("Nothing waits.")
    for reason, count in sorted(stats.dead_letters.items()):
        more = " or more" if stats.more_dead_letters else ""
        say(f"dead letters: {count}{more}, {reason} (fullcount queue dead --reason {reason})")
    if stats.last_24_hours:
        rows = [
            (each.pixel, each.source, each.event, f"{each.outcome} {each.reason}".strip(), str(each.count))
            for each in stats.last_24_hours
        ]
        print_table(("pixel", "source", "event", "outcome", "last 24 h"), rows)


def show_event(settings: Settings, event_id: str, *, as_json: bool) -> bool:
    """Print the timeline of an event; return whether anything is known of it."""
    with open_reader(settings) as reader:
        journeys = timeline(reader, event_id, [Lane(pixel.code, EventSource.WEB) for pixel in settings.pixels])
    if as_json:
        print_json({"event_id": event_id, "journeys": journeys})
    elif journeys:
        for journey in journeys:
            print_journey(journey, settings)
    else:
        say(f"Nothing is known of event_id {event_id} in the last {settings.storage.retention_days} days.")
        say("It never came, or it came under another id.")
    return bool(journeys)


def show_dead(settings: Settings, selection: Selection, limit: int, *, as_json: bool) -> None:
    """Print dead letters, the newest first."""
    with open_reader(settings) as reader:
        letters = [
            DeadView(
                letter.event.event_id,
                letter.event.event,
                pixel_name(settings, letter.lane.pixel_code),
                letter.source,
                letter.reason.value,
                letter.code,
                letter.message,
                letter.accepted_at,
                letter.died_at,
            )
            for letter in reader.dead_letters(selection, limit)
        ]
    if as_json:
        print_json({"dead_letters": letters})
        return
    say(f"{count_of(len(letters), 'dead letter')}{' (the newest)' if len(letters) == limit else ''}")
    if letters:
        rows = [
            (
                each.event_id,
                each.event,
                each.pixel,
                moment(each.died_at),
                each.reason,
                f"{each.code or ''} {each.message}",
            )
            for each in letters
        ]
        print_table(("event_id", "event", "pixel", "died (UTC)", "reason", "TikTok's words"), rows)
        say(
            "Put back with: fullcount queue redrive --event-id EVENT_ID (or --reason, --pixel); what may count twice"
            " only with --accept-double-count"
        )


def _lane_view(state: LaneState, settings: Settings, now: float) -> LaneView:
    def since(at: float | None) -> float | None:
        return None if at is None else max(0.0, now - at)

    return LaneView(
        pixel=pixel_name(settings, state.lane.pixel_code),
        pixel_code=state.lane.pixel_code,
        event_source=state.lane.event_source.value,
        test_event_code=state.lane.test_event_code,
        queued=state.queued,
        leased=state.leased,
        held=state.held,
        oldest_seconds=since(state.oldest_accepted_at),
        next_due_seconds=None if state.next_due_at is None else max(0.0, state.next_due_at - now),
        paused=state.paused,
        paused_seconds=since(state.paused_at),
        paused_by_person=state.paused_by_person,
    )


def _lane_row(lane: LaneView) -> tuple[str, ...]:
    test = f" test {lane.test_event_code}" if lane.test_event_code else ""
    return (
        lane.pixel,
        f"{lane.event_source}{test}",
        str(lane.queued),
        str(lane.leased),
        str(lane.held),
        span(lane.oldest_seconds),
        span(lane.next_due_seconds),
        f"{span(lane.paused_seconds)}: {lane.paused}" if lane.paused else "",
    )


def print_journey(journey: Journey, settings: Settings) -> None:
    """Print one event's way at one pixel."""
    say(f"{journey.event} {journey.event_id}{_where(journey, settings)}: {journey.state}")
    print_table(("when (UTC)", "what", ""), [(moment(step.at), step.what.value, _told(step)) for step in journey.steps])
    fix = _fix_of(journey)
    if fix:
        say(f"Fix: {fix}")


def _fix_of(journey: Journey) -> str:
    reasons = {step.reason for step in journey.steps if step.what is What.WITHHELD}
    return OBSERVE_FIX if journey.state == What.WITHHELD and Reason.OBSERVE_ONLY in reasons else ""


def _where(journey: Journey, settings: Settings) -> str:
    if not journey.pixel_code:
        return f" at pixel {journey.pixel}" if journey.pixel else ""
    test = f", test {journey.test_event_code}" if journey.test_event_code else ""
    return f" at pixel {pixel_name(settings, journey.pixel_code)} ({journey.event_source}{test})"


def _told(step: Step) -> str:
    parts = [
        step.reason,
        f"from {step.source}" if step.source else "",
        f"HTTP {step.status}" if step.status is not None else "",
        f"code {step.code}" if step.code is not None else "",
        step.message,
        f"{step.seconds * 1_000:.0f} ms" if step.seconds is not None else "",
        f"request_id {step.request_id}" if step.request_id else "",
    ]
    return ", ".join(part for part in parts if part)
