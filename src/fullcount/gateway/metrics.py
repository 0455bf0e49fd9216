"""Small in-process counters, and what Prometheus reads of them: counting is a dict entry, words wait for the scrape."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from fullcount.queue.delivery import LaneState
from fullcount.queue.lane import Lane

COMMIT_BOUNDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)  # seconds
ATTEMPT_BOUNDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)  # seconds


Sizes = Callable[[], Mapping[str, float]]
Rates = Callable[[], Mapping[str, float]]


class Timing:
    """A histogram of seconds."""

    __slots__ = ("_bounds", "_counts", "_total")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._total = 0.0

    def observe(self, seconds: float) -> None:
        """Count one duration."""
        self._counts[bisect_left(self._bounds, seconds)] += 1
        self._total += seconds

    def add_to(self, family: HistogramMetricFamily, labels: Sequence[str] = ()) -> None:
        """Add this histogram's buckets, cumulated as Prometheus has them, to a family."""
        buckets, running = [], 0
        for bound, count in zip((*map(str, self._bounds), "+Inf"), self._counts, strict=True):
            running += count
            buckets.append((bound, running))
        family.add_metric(labels, buckets, sum_value=self._total)


class Metrics:
    """Everything that is counted, by the labels that it is shown under. Never an identifier, never an event_id."""

    def __init__(self, sizes: Sizes = dict, rates: Rates = dict) -> None:
        """Both are asked at each scrape.

        `sizes` gives gauges of the store by name, in bytes, such as fullcount_wal_bytes; `rates` the requests a second
        of each token that is slowed down, by the token's name.
        """
        self._sizes = sizes
        self._rates = rates
        self.requests: Counter[tuple[str, int]] = Counter()  # route, HTTP status
        self.shed: Counter[str] = Counter()  # route
        self.pixel_reports: Counter[tuple[str, str]] = Counter()  # source, state
        self.accepted: Counter[tuple[str, str]] = Counter()  # source, pixel
        self.outcomes: Counter[tuple[str, str, str, str]] = Counter()  # source, pixel, outcome, reason
        self.attempts: Counter[tuple[str, str, str]] = Counter()  # pixel, kind, code
        self.attempt_seconds: dict[str, Timing] = {}  # by pixel
        self.commit_seconds = Timing(COMMIT_BOUNDS)
        self.open_circuits: set[Lane] = set()

    def expose(self, lanes: Sequence[LaneState], now: float) -> bytes:
        """Return the text that Prometheus reads; `now` is in Unix seconds."""
        registry = CollectorRegistry()
        registry.register(_Snapshot(lambda: self._families(lanes, now)))
        ProcessCollector(registry=registry)
        return generate_latest(registry)

    def _families(self, lanes: Sequence[LaneState], now: float) -> Iterator[Metric]:
        yield _counter("fullcount_requests", "Requests answered.", ("route", "status"), self.requests)
        shed = Counter({(route,): count for route, count in self.shed.items()})
        yield _counter("fullcount_shed", "Events of public routes that one address sent too many of.", ("route",), shed)
        yield _counter(
            "fullcount_pixel_reports",
            "Beacons by what their page saw of the pixel: blocked and refused are what it loses.",
            ("source", "state"),
            self.pixel_reports,
        )
        yield _counter("fullcount_accepted", "Deliveries that are new.", ("source", "pixel"), self.accepted)
        yield _counter(
            "fullcount_outcomes",
            "How events and deliveries ended; source is known only for what ended at the door.",
            ("source", "pixel", "outcome", "reason"),
            self.outcomes,
        )
        yield _counter(
            "fullcount_attempts", "Requests to TikTok and what they meant.", ("pixel", "kind", "code"), self.attempts
        )
        attempts = HistogramMetricFamily("fullcount_attempt_seconds", "How long TikTok took.", labels=("pixel",))
        for pixel, timing in self.attempt_seconds.items():
            timing.add_to(attempts, (pixel,))
        yield attempts
        commits = HistogramMetricFamily("fullcount_commit_seconds", "How long storing a request's events took.")
        self.commit_seconds.add_to(commits)
        yield commits
        yield from self._gauges(lanes, now)
        for name, value in self._sizes().items():
            yield GaugeMetricFamily(name, "Size in bytes.", value=value)

    def _gauges(self, lanes: Sequence[LaneState], now: float) -> Iterator[Metric]:
        labels = ("pixel_code", "event_source", "test")
        waiting = GaugeMetricFamily(
            "fullcount_queue_deliveries", "Deliveries that wait, by state.", labels=(*labels, "state")
        )
        age = GaugeMetricFamily("fullcount_queue_oldest_seconds", "Age of the oldest that waits.", labels=labels)
        paused = GaugeMetricFamily("fullcount_lane_paused", "1 if nothing is sent from it.", labels=labels)
        opened = GaugeMetricFamily("fullcount_circuit_open", "1 if its circuit is open.", labels=labels)
        for lane, states in _by_labels(lanes).items():
            for name in ("queued", "leased", "held"):
                waiting.add_metric((*lane, name), sum(getattr(state, name) for state in states))
            ages = [now - state.oldest_accepted_at for state in states if state.oldest_accepted_at is not None]
            age.add_metric(lane, max(0.0, *ages) if ages else 0.0)
            paused.add_metric(lane, int(any(state.paused_at is not None for state in states)))
            opened.add_metric(lane, int(any(state.lane in self.open_circuits for state in states)))
        rate = GaugeMetricFamily("fullcount_token_rate", "Requests a second of a slowed token.", labels=("token",))
        for token, per_second in self._rates().items():
            rate.add_metric((token,), per_second)
        yield from (waiting, age, paused, opened, rate)


class _Snapshot(Collector):
    """The families of one scrape."""

    def __init__(self, families: Callable[[], Iterator[Metric]]) -> None:
        self._families = families

    def collect(self) -> Iterator[Metric]:
        return self._families()


def _counter(name: str, words: str, labels: tuple[str, ...], counts: Counter[Any]) -> Metric:
    family = CounterMetricFamily(name, words, labels=labels)
    for values, count in counts.items():
        family.add_metric([str(value) for value in values], count)
    return family


def _by_labels(lanes: Sequence[LaneState]) -> dict[tuple[str, str, str], list[LaneState]]:
    """Group lanes by their labels; of a test code these say only that there is one, since codes are many."""
    grouped: dict[tuple[str, str, str], list[LaneState]] = {}
    for state in lanes:
        lane = state.lane
        labels = (lane.pixel_code, str(lane.event_source), "no" if lane.test_event_code is None else "yes")
        grouped.setdefault(labels, []).append(state)
    return grouped
