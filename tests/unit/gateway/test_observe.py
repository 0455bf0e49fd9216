"""What delivery tells becomes one line each and the counters beside it."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from fullcount.clock import ManualClock
from fullcount.config.settings import Log, LogFormat
from fullcount.delivery.destination import Kind
from fullcount.delivery.observer import Observer
from fullcount.errors import StoreUnavailable
from fullcount.gateway.logs import make_logger
from fullcount.gateway.metrics import Metrics
from fullcount.gateway.observe import Watch
from fullcount.queue.delivery import Attempt, Buried, Delivered, Retry, Settlement
from fullcount.queue.entry import Fact
from fullcount.queue.lane import Lane
from fullcount.queue.outcomes import Outcome, Reason

LANE = Lane("CEXAMPLE0PIXEL000001")


class Desk:
    """A watch and what it wrote."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.stream = io.StringIO()
        self.metrics = Metrics()
        log = make_logger(Log(format=LogFormat.JSON), self.clock, self.stream)
        self.watch = Watch(log, self.metrics, self.clock, {"CEXAMPLE0PIXEL000001": "store"})

    @property
    def lines(self) -> list[dict[str, Any]]:
        """What was logged."""
        return [json.loads(line) for line in self.stream.getvalue().splitlines()]


def test_a_watch_is_what_delivery_tells_to() -> None:
    """It fits delivery's protocol."""
    observer: Observer = Desk().watch

    assert observer is not None


def test_an_attempt_is_one_line() -> None:
    """Lane, events, result, code, request_id and seconds stand on it, and what became of its events."""
    desk = Desk()
    attempt = Attempt("1-0", 0.0, 0.12345, (1, 2, 3, 4), 200, 40002, "Invalid value for data.1.event_id", "2026TEST")
    settled: dict[int, Settlement] = {
        1: Delivered(),
        2: Buried(Reason.REJECTED_BY_TIKTOK),
        3: Retry(1.0),
        4: Delivered(Outcome.TEST),
    }
    desk.watch.attempt_ended(LANE, attempt, settled, Kind.INVALID)

    (line,) = desk.lines
    assert line["level"] == "warning"
    assert {key: line[key] for key in ("event", "lane", "pixel", "events", "result", "status", "code")} == {
        "event": "attempt",
        "lane": "CEXAMPLE0PIXEL000001/web",
        "pixel": "store",
        "events": 4,
        "result": "invalid",
        "status": 200,
        "code": 40002,
    }
    assert (line["request_id"], line["seconds"]) == ("2026TEST", 0.1235)
    assert (line["delivered"], line["test"], line["dead"], line["retry"]) == (1, 1, 1, 1)


def test_an_attempt_is_counted() -> None:
    """Attempts by kind and code, outcomes by reason, and how long TikTok took."""
    desk = Desk()
    attempt = Attempt("1-0", 0.0, 0.2, (1, 2), 200, 0)
    desk.watch.attempt_ended(LANE, attempt, {1: Delivered(), 2: Delivered()}, Kind.TAKEN)
    desk.watch.attempt_ended(LANE, Attempt("1-1", 0.0, 5.0, (3,)), {3: Retry(1.0, lost=True)}, Kind.LOST)
    desk.watch.not_sent(LANE, Reason.TOO_OLD, 7)
    text = desk.metrics.expose([], 0.0).decode()

    assert 'fullcount_attempts_total{code="0",kind="taken",pixel="store"} 1.0' in text
    assert 'fullcount_attempts_total{code="",kind="lost",pixel="store"} 1.0' in text
    assert 'fullcount_outcomes_total{outcome="delivered",pixel="store",reason="",source=""} 2.0' in text
    assert 'fullcount_outcomes_total{outcome="dead",pixel="store",reason="too_old",source=""} 7.0' in text
    assert 'fullcount_attempt_seconds_bucket{le="0.25",pixel="store"} 1.0' in text
    assert 'fullcount_attempt_seconds_bucket{le="+Inf",pixel="store"} 2.0' in text
    assert 'fullcount_attempt_seconds_sum{pixel="store"} 5.2' in text


@pytest.mark.parametrize(
    ("tell", "level", "said"),
    [
        (lambda watch: watch.lane_paused(LANE, "40105: token revoked"), "error", "access_token"),
        (lambda watch: watch.lane_resumed(LANE), "info", "resumed"),
        (lambda watch: watch.circuit_opened(LANE, 1_775_053_900.0), "warning", "2026-04-01T14:31:40"),
        (lambda watch: watch.circuit_closed(LANE), "info", "closed"),
        (lambda watch: watch.throttled("pixel store", 250.0), "warning", "250"),
        (lambda watch: watch.store_refused(LANE, StoreUnavailable("the disk is full")), "error", "the disk is full"),
        (lambda watch: watch.lease_went_stale(LANE, 7), "warning", "lease"),
        (lambda watch: watch.lane_failed(LANE, KeyError("jane@example.com")), "error", "KeyError"),
        (lambda watch: watch.broke("/v1/events", KeyError("jane@example.com")), "error", "KeyError"),
        (lambda watch: watch.event_broke("backend", KeyError("jane@example.com")), "error", "KeyError"),
    ],
)
def test_each_turn_is_one_line(tell: Callable[[Watch], None], level: str, said: str) -> None:
    """Each turn of a lane is told once, at its level, without anybody's data."""
    desk = Desk()
    tell(desk.watch)

    (line,) = desk.lines
    assert line["level"] == level
    assert said in desk.stream.getvalue()
    assert "jane" not in desk.stream.getvalue()


def test_open_circuits_are_known() -> None:
    """A circuit is told while it is open."""
    desk = Desk()
    desk.watch.circuit_opened(LANE, 1.0)
    opened = set(desk.metrics.open_circuits)
    desk.watch.circuit_closed(LANE)

    assert (opened, desk.metrics.open_circuits) == ({LANE}, set())


def test_a_slowed_tokens_rate_is_asked_at_each_scrape() -> None:
    """It shows what is left of the rate at that moment, and nothing once the token is back at its full rate."""
    rates = {"pixel store": 250.0}
    metrics = Metrics(rates=lambda: rates)

    assert 'fullcount_token_rate{token="pixel store"} 250.0' in metrics.expose([], 0.0).decode()
    rates["pixel store"] = 600.0
    assert 'fullcount_token_rate{token="pixel store"} 600.0' in metrics.expose([], 0.0).decode()
    rates.clear()
    assert "fullcount_token_rate{" not in metrics.expose([], 0.0).decode()


def test_a_lane_without_its_pixel_is_told_with_its_own_fix() -> None:
    """Nobody is sent to look for a token where a pixel is missing."""
    desk = Desk()
    desk.watch.lane_paused(Lane("CEXAMPLE0PIXEL000009"), "no pixel in the settings has that code")

    (line,) = desk.lines
    assert "put the pixel with the code CEXAMPLE0PIXEL000009 back" in line["fix"]
    assert "access_token" not in line["fix"]


def test_the_stores_sizes_are_asked_at_each_scrape() -> None:
    """Gauges that the store gives stand under their own names."""
    metrics = Metrics(lambda: {"fullcount_wal_bytes": 4096})

    assert "fullcount_wal_bytes 4096.0" in metrics.expose([], 0.0).decode()


def consent_facts(reason: Reason, count: int) -> list[Fact]:
    """Return facts of events that were withheld for this reason."""
    return [Fact(Outcome.WITHHELD, reason, "backend", "store", "Purchase", "order-1")] * count


@pytest.mark.parametrize(
    ("known", "unknown", "warns"), [(16, 4, False), (15, 5, True), (1, 18, False), (0, 2, False), (0, 3, True)]
)
def test_missing_consent_is_told_beyond_a_fifth_of_enough_events_or_all_of_a_few(
    known: int, unknown: int, *, warns: bool
) -> None:
    """More than a fifth of at least twenty events, or each of the first three; other reasons are no news."""
    desk = Desk()
    facts = consent_facts(Reason.CONSENT_DENIED, known) + consent_facts(Reason.CONSENT_UNKNOWN, unknown)
    desk.watch.stored("backend", (), (), facts, 0.001)

    assert len(desk.lines) == warns


def test_duplicates_and_invalid_events_say_nothing_of_consent() -> None:
    """The share is one of what was new or withheld; a flood of copies does not hide it."""
    desk = Desk()
    invalid = [Fact(Outcome.INVALID, Reason.NONE, "backend", "", "Purchase", "order-1")] * 100
    desk.watch.stored("backend", (), (), [*invalid, *consent_facts(Reason.CONSENT_UNKNOWN, 20)], 0.001)

    assert [line["of"] for line in desk.lines] == [20]


def test_missing_consent_is_told_once_an_hour() -> None:
    """The line comes again only when an hour is over and the share is still that high."""
    desk = Desk()
    told = []
    for seconds in (0, 10, 3_601, 10):
        desk.clock.advance(seconds)
        desk.watch.stored("backend", (), (), consent_facts(Reason.CONSENT_UNKNOWN, 30), 0.001)
        told.append(len(desk.lines))

    assert told == [1, 1, 2, 2]


def test_what_pages_tell_of_the_pixel_is_counted() -> None:
    """By source and state, so that the share that a pixel alone would lose can be measured."""
    desk = Desk()
    for state in ("loaded", "blocked", "loaded"):
        desk.watch.pixel_seen("web", state)

    text = desk.metrics.expose((), 0.0).decode()
    assert 'fullcount_pixel_reports_total{source="web",state="loaded"} 2.0' in text
    assert 'fullcount_pixel_reports_total{source="web",state="blocked"} 1.0' in text
    assert desk.lines == []
