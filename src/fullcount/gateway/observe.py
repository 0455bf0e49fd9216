"""What is seen from outside: one log line for each attempt and each turn of a lane, and the counters beside them.

`Watch` is what the pipeline, the ingest routes and delivery tell to. It knows lanes, counts, codes and reasons, and
never an event's content.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import msgspec
from structlog.typing import FilteringBoundLogger

from fullcount.clock import Clock
from fullcount.consent.silence import is_mostly_unasked
from fullcount.delivery.destination import Kind
from fullcount.errors import StoreUnavailable
from fullcount.gateway.logs import where_it_broke
from fullcount.gateway.metrics import ATTEMPT_BOUNDS, Metrics, Timing
from fullcount.queue.delivery import Attempt, Buried, Delivered, Settlement
from fullcount.queue.entry import Entry, Fact, Note, Refund, Verdict
from fullcount.queue.lane import Lane
from fullcount.queue.outcomes import Happening, Outcome, Reason

CONSENT_WINDOW_SECONDS = 3_600.0


class _ConsentCount(msgspec.Struct):
    """What one source brought since `since`."""

    since: float
    events: int = 0
    silent: int = 0
    has_warned: bool = False


class Watch:
    """Hears of everything; writes logs and counts."""

    def __init__(self, log: FilteringBoundLogger, metrics: Metrics, clock: Clock, pixels: Mapping[str, str]) -> None:
        """`pixels` maps TikTok's pixel codes to the names in the settings."""
        self._log = log
        self.metrics = metrics
        self._clock = clock
        self._pixels = pixels
        self._consent: dict[str, _ConsentCount] = {}

    # What the ingest routes tell.

    def answered(self, route: str, status: int) -> None:
        """Count a request."""
        self.metrics.requests[route, status] += 1

    def shed(self, route: str, count: int) -> None:
        """Count events that were too many."""
        self.metrics.shed[route] += count

    def pixel_seen(self, source: str, state: str) -> None:
        """Count what a page told of its pixel."""
        self.metrics.pixel_reports[source, state] += 1

    def broke(self, route: str, error: Exception) -> None:
        """Log an error that nobody expected, without its words."""
        self._log.error("request broke", route=route, **where_it_broke(error))

    def lost(self, route: str, code: str) -> None:
        """Log that a sender which repeats nothing was told to go on, although nothing was stored."""
        self._log.error("a request was not stored, and its sender does not repeat it", route=route, code=code)

    # What the pipeline tells.

    def event_broke(self, source: str, error: Exception) -> None:
        """Log an error that cost one event, without its words."""
        self._log.error("an event broke something: it was refused", source=source, **where_it_broke(error))

    def stored(
        self, source: str, entries: Sequence[Entry], verdicts: Sequence[Verdict], notes: Sequence[Note], seconds: float
    ) -> None:
        """Count what a request brought."""
        metrics = self.metrics
        metrics.commit_seconds.observe(seconds)
        if not notes and len(entries) == 1 and verdicts[0] is Verdict.ACCEPTED and source in self._consent:
            # By far the commonest request, counted without loops.
            metrics.accepted[source, entries[0].pixel] += 1
            self._consent[source].events += 1
            return
        new = 0
        for entry, verdict in zip(entries, verdicts, strict=True):
            if verdict is Verdict.ACCEPTED:
                new += 1
                metrics.accepted[source, entry.pixel] += 1
            else:
                metrics.outcomes[source, entry.pixel, verdict.value, ""] += 1
        silent = withheld = 0
        for note in notes:
            if isinstance(note, Refund):
                metrics.outcomes[source, "", Happening.REFUNDED.value, ""] += 1
            elif isinstance(note, Fact):
                metrics.outcomes[source, note.pixel, note.outcome.value, note.reason.value] += 1
                withheld += note.outcome is Outcome.WITHHELD
                silent += note.reason is Reason.CONSENT_UNKNOWN
        self._count_consent(source, new + withheld, silent)

    def _count_consent(self, source: str, events: int, silent: int) -> None:
        count = self._consent.get(source)
        if count is None:
            count = self._consent[source] = _ConsentCount(since=self._clock.now())
        count.events += events
        if not silent:
            return
        now = self._clock.now()
        if now - count.since > CONSENT_WINDOW_SECONDS:
            count = self._consent[source] = _ConsentCount(since=now, events=events)
        count.silent += silent
        if not count.has_warned and is_mostly_unasked(count.silent, count.events):
            count.has_warned = True
            self._log.warning(
                "more than a fifth of a source is withheld, since its events say nothing of consent",
                source=source,
                withheld=count.silent,
                of=count.events,
                fix='send consent with each event; webhooks: docs/consent.md, "A shop in the EEA"',
            )

    # What delivery tells.

    def attempt_ended(self, lane: Lane, attempt: Attempt, settled: Mapping[int, Settlement], kind: Kind) -> None:
        """Write the one line of an attempt and count what it decided."""
        pixel = self._pixel(lane)
        metrics = self.metrics
        metrics.attempts[pixel, kind.value, "" if attempt.code is None else str(attempt.code)] += 1
        metrics.attempt_seconds.setdefault(pixel, Timing(ATTEMPT_BOUNDS)).observe(attempt.seconds)
        ended: Counter[str] = Counter()
        for settlement in settled.values():
            if isinstance(settlement, Delivered):
                ended[settlement.outcome.value] += 1
                metrics.outcomes["", pixel, settlement.outcome.value, ""] += 1
            elif isinstance(settlement, Buried):
                ended["dead"] += 1
                metrics.outcomes["", pixel, Outcome.DEAD.value, settlement.reason.value] += 1
            else:
                ended["retry"] += 1
        write = self._log.info if kind is Kind.TAKEN else self._log.warning
        write(
            "attempt",
            lane=str(lane),
            pixel=pixel,
            events=len(attempt.seqs),
            result=kind.value,
            status=attempt.status,
            code=attempt.code,
            message=attempt.message,
            request_id=attempt.request_id,
            seconds=round(attempt.seconds, 4),
            **ended,
        )

    def not_sent(self, lane: Lane, reason: Reason, count: int) -> None:
        """Log and count deliveries that died before a request."""
        self.metrics.outcomes["", self._pixel(lane), Outcome.DEAD.value, reason.value] += count
        self._log.warning("not sent", lane=str(lane), reason=reason.value, events=count)

    def lane_paused(self, lane: Lane, why: str) -> None:
        """Say why, and what to do."""
        fix = f"give pixel {self._pixel(lane)} a valid access_token and restart, or restore the token's rights"
        if lane.pixel_code not in self._pixels:
            fix = f"put the pixel with the code {lane.pixel_code} back and restart, or bury what waits for it"
        self._log.error("lane paused: everything is kept", lane=str(lane), why=why, fix=fix)

    def lane_resumed(self, lane: Lane) -> None:
        """Say that it is sent again."""
        self._log.info("lane resumed", lane=str(lane))

    def circuit_opened(self, lane: Lane, until: float) -> None:
        """Say until when nothing is sent."""
        self.metrics.open_circuits.add(lane)
        moment = datetime.fromtimestamp(until, tz=UTC).isoformat(timespec="seconds")
        self._log.warning("circuit opened: too many failures in a row", lane=str(lane), until=moment)

    def circuit_closed(self, lane: Lane) -> None:
        """Say that the far side answers again."""
        self.metrics.open_circuits.discard(lane)
        self._log.info("circuit closed", lane=str(lane))

    def throttled(self, token_name: str, requests_per_second: float) -> None:
        """Say the token's new rate."""
        self._log.warning("throttled", token_of=token_name, requests_per_second=round(requests_per_second, 2))

    def store_refused(self, lane: Lane, error: StoreUnavailable) -> None:
        """Say that sending stops until results can be stored."""
        self._log.error("a result cannot be stored: the lane waits", lane=str(lane), why=str(error))

    def lease_went_stale(self, lane: Lane, lease_id: int) -> None:
        """Say that a result came too late."""
        self._log.warning("a result came after its lease had ended", lane=str(lane), lease=lease_id)

    def lane_failed(self, lane: Lane, error: BaseException) -> None:
        """Say where something unexpected ended a lease."""
        self._log.error("delivery broke: the lane goes on", lane=str(lane), **where_it_broke(error))

    def _pixel(self, lane: Lane) -> str:
        return self._pixels.get(lane.pixel_code, lane.pixel_code)
