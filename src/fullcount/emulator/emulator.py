"""The emulator itself: state and rules, without a socket."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from typing import Any

from fullcount.clock import Clock
from fullcount.emulator.ads.ads import Ads
from fullcount.emulator.ads.attribution import Windows
from fullcount.emulator.arrival import copy_of, pixel_copy_of
from fullcount.emulator.browser.hits import read_hit
from fullcount.emulator.browser.switches import SwitchChanges, change, switches_of
from fullcount.emulator.codes import OK, Refusal, invalid
from fullcount.emulator.complaints import CONTENT_TYPE, MISSING_SLASH, UNKNOWN_PIXEL, UNREADABLE_HIT
from fullcount.emulator.counting import Book, Verdict
from fullcount.emulator.faults import Fault, FaultQueue, read_faults
from fullcount.emulator.findings import Findings
from fullcount.emulator.inspection import Inspector
from fullcount.emulator.intake import Decision, Intake, Permissions, outcome_of
from fullcount.emulator.legacy import to_current
from fullcount.emulator.movable_clock import MovableClock
from fullcount.emulator.names import standing_of
from fullcount.emulator.replies import Reply, apply_fault, envelope, is_looked_at, request_id_at
from fullcount.emulator.settings import EmulatorSettings
from fullcount.emulator.submission import Copy, Submission
from fullcount.emulator.traffic import Exchange, Request, RequestLog, Sighting
from fullcount.emulator.views import counted_event, select
from fullcount.errors import ConfigError

_UNANSWERED = frozenset({"reset", "down"})


class Emulator:
    """A strict local TikTok in memory.

    `pixels` maps each pixel code to its access token, or to several. Time comes from `clock`, moved by
    `Emulator.clock.advance`. All public calls may be made from any thread.
    """

    def __init__(
        self,
        pixels: Mapping[str, str | Sequence[str]],
        *,
        clock: Clock | None = None,
        settings: EmulatorSettings | None = None,
    ) -> None:
        self.settings = settings or EmulatorSettings()
        self.clock = MovableClock(clock)
        self._lock = threading.RLock()
        self._permissions = Permissions({code: _tokens(tokens) for code, tokens in pixels.items()})
        self._start_empty()

    def _start_empty(self) -> None:
        self._faults = FaultQueue()
        self._intake = Intake(self._permissions, self.settings, self._faults)
        self.book = Book(self.settings)
        self.test_events: deque[Copy] = deque(maxlen=self.settings.test_events_kept)
        self.requests = RequestLog(self.settings.requests_kept, self.settings.request_bytes_kept)
        self.findings = Findings(self.settings.diagnostics_kept)
        self._inspector = Inspector(self.book, self.findings)
        self.sightings: deque[Sighting] = deque(maxlen=200)
        self.verdicts: Counter[str] = Counter()
        self.answers: Counter[int] = Counter()
        self.internal_hits = 0
        self.switches = switches_of(self.settings)
        self.ads = Ads(self.clock, self.settings)

    def reset(self) -> None:
        """Forget everything: events, requests, faults, people, ads and the moved clock; pixels stay.

        The switches and the population are again what it was started with.
        """
        with self._lock:
            self.clock.offset = 0.0
            self._start_empty()

    def set_tokens(self, pixel_code: str, *tokens: str) -> None:
        """Let exactly these tokens write to the pixel; none: every token is refused."""
        with self._lock:
            self._permissions.set(pixel_code, tokens)

    def pixel_codes(self) -> list[str]:
        """Return the pixels that it knows."""
        return self._permissions.pixel_codes()

    def add_faults(self, *faults: Fault | dict[str, Any]) -> None:
        """Append scripted failures; a dict is read as `POST /_emulator/faults` reads it.

        Raises:
            ConfigError: a kind or a key is unknown, or a value has the wrong type.
        """
        with self._lock:
            self._faults.add(read_faults(faults), self.clock.now())

    def clear_faults(self) -> None:
        """Forget the faults that are left, rejected events among them."""
        with self._lock:
            self._faults.clear()

    def waiting_faults(self) -> list[Fault]:
        """Return the faults that are left, the next one first."""
        with self._lock:
            return self._faults.waiting()

    def handle(self, request: Request, path: str) -> Reply:
        """Answer one request to a TikTok path (given without its last slash)."""
        with self._lock:
            now = self.clock.now()
            request_id = request_id_at(now)
            fault = self._faults.next(now)
            decision = self._intake.decide(request, path, now) if is_looked_at(fault) else Decision()
            if decision.submission is not None:
                self._take_events(decision.submission, request_id, now)
            code, message = outcome_of(decision, fault)
            reply = envelope(code, message, request_id, http_status_errors=self.settings.http_status_errors)
            if fault is not None:
                apply_fault(reply, fault)
            if not reply.is_broken and reply.body.startswith(b"{"):
                self.answers[code] += 1
            self._note_habits(request, decision)
            self._keep(request, reply, now)
            return reply

    def _note_habits(self, request: Request, decision: Decision) -> None:
        """Note what is odd about a request as a whole."""
        pixel_code = decision.submission.pixel_code if decision.submission else ""
        if decision.complaint is not None:
            self.findings.note(decision.complaint, pixel_code=pixel_code)
        if not request.path.endswith("/"):
            self.findings.note(MISSING_SLASH, pixel_code=pixel_code)
        if not request.headers.get("content-type", "").startswith("application/json"):
            self.findings.note(CONTENT_TYPE, pixel_code=pixel_code)

    def _keep(self, request: Request, reply: Reply, now: float) -> None:
        self.requests.add(
            Exchange(
                at=now,
                method=request.method,
                path=request.path,
                headers=request.headers,
                body=request.body,
                status=None if reply.is_broken else reply.status,
                answer=b"" if reply.fault in _UNANSWERED else reply.body,
                fault=reply.fault,
            )
        )

    def _take_events(self, submission: Submission, request_id: str, now: float) -> None:
        is_legacy = submission.generation != "2.0"
        alias_events = self.settings.alias_events
        for event in submission.events:
            self._take_copy(
                copy_of(
                    to_current(event, now) if is_legacy else event,
                    submission,
                    channel="server",
                    request_id=request_id,
                    at=now,
                    alias_events=alias_events,
                )
            )

    def handle_hit(self, request: Request, ip: str) -> Reply:
        """Answer one hit of a browser's pixel; `ip` is the browser's address."""
        with self._lock:
            now = self.clock.now()
            request_id = request_id_at(now)
            refusal = self._take_hit(request, ip, request_id, now)
            code, message = (refusal.code, refusal.message) if refusal else (OK, "")
            reply = envelope(code, message, request_id, http_status_errors=self.settings.http_status_errors)
            self._keep(request, reply, now)
            return reply

    def _take_hit(self, request: Request, ip: str, request_id: str, now: float) -> Refusal | None:
        user_agent = request.headers.get("user-agent", "")
        body = None if request.is_too_large else request.body
        hit = read_hit(body, arrived_at=now, ip=ip, user_agent=user_agent)
        if isinstance(hit, Refusal):
            self.findings.note(UNREADABLE_HIT)
            return hit
        for code in hit.pixel_codes:
            if code not in self.pixel_codes():
                self.findings.note(UNKNOWN_PIXEL, pixel_code=code[:40])
                return invalid(f"Invalid pixel ID: {code[:40]}.")
        if hit.event is None:
            self.internal_hits += 1
            return None
        alias_events = self.settings.alias_events
        self._take_copy(pixel_copy_of(hit.event, code, request_id=request_id, at=now, alias_events=alias_events))
        return None

    def take_pixel_copy(  # noqa: PLR0913 - the fields of an event, by name
        self,
        pixel_code: str,
        event: str,
        event_id: str = "",
        *,
        event_time: int | None = None,
        user: dict[str, Any] | None = None,
        properties: dict[str, Any] | None = None,
        page: dict[str, Any] | None = None,
    ) -> Verdict:
        """Take one copy as if a browser's pixel had sent it, and say what became of it.

        Raises:
            ConfigError: the emulator does not know this pixel.
        """
        with self._lock:
            if pixel_code not in self._permissions.pixel_codes():
                raise ConfigError(
                    f"the emulator does not know the pixel {pixel_code}", fix="start it with --pixel CODE=TOKEN"
                )
            now = self.clock.now()
            plain = {
                "event": event,
                "event_id": event_id,
                "event_time": int(now) if event_time is None else event_time,
                "user": user,
                "properties": properties,
                "page": page,
            }
            return self._take_copy(
                pixel_copy_of(
                    plain, pixel_code, request_id=request_id_at(now), at=now, alias_events=self.settings.alias_events
                )
            )

    def _take_copy(self, copy: Copy) -> Verdict:
        standing = standing_of(copy.event, copy.event_source, self.settings.alias_events)
        why = ""
        first = None
        if standing.dropped_because:
            verdict = Verdict.DROPPED
            why = f"{standing.dropped_because} name"
        elif copy.test_event_code:
            verdict = Verdict.TEST
            self.test_events.append(copy)
        else:
            verdict, first = self.book.take(copy)
            if verdict is not Verdict.COUNTED:
                why = f"the {first.first_channel}'s copy came {copy.at - first.first_at:.0f} s before"
        self._inspector.inspect(copy, standing, verdict, first)
        self.verdicts[verdict] += 1
        self.sightings.append(Sighting(copy, verdict, why))
        return verdict

    def know_people(
        self, *, emails: Sequence[str] = (), phones: Sequence[str] = (), external_ids: Sequence[str] = ()
    ) -> None:
        """Learn plain identifiers (phones in E.164), so that wrong hashes of them are diagnosed."""
        with self._lock:
            self._inspector.people.learn(emails=emails, phones=phones, external_ids=external_ids)

    def diagnostics(self) -> list[dict[str, Any]]:
        """Return what Events Manager would complain about, the gravest first."""
        with self._lock:
            return self.findings.listed()

    def events(self, *, event: str = "", event_id: str = "", pixel_code: str = "") -> list[dict[str, Any]]:
        """Return what TikTok would count, as `GET /_emulator/events` lists it."""
        with self._lock:
            return [counted_event(one, one.read_details()) for one in select(self.book, event, event_id, pixel_code)]

    def report(self) -> dict[str, Any]:
        """Return counted, matched and attributed, as `GET /_emulator/report` shows it with each event."""
        with self._lock:
            windows = Windows(click_days=self.switches.click_window_days, view_days=self.switches.view_window_days)
            return self.ads.report(self.book, windows)

    def switch(self, changes: SwitchChanges) -> None:
        """Change how pages and windows behave from now on."""
        with self._lock:
            self.switches = change(self.switches, changes)

    def state(self) -> dict[str, Any]:
        """Return the counters."""
        with self._lock:
            return {
                "pixels": self.pixel_codes(),
                "now": self.clock.now(),
                "requests_total": self.requests.total,
                "requests_kept": len(self.requests),
                "copies_taken": sum(self.verdicts.values()),
                "counted": len(self.book),
                **{verdict.value: self.verdicts[verdict] for verdict in Verdict if verdict is not Verdict.COUNTED},
                "answers": {str(code): times for code, times in sorted(self.answers.items())},
                "faults_waiting": len(self._faults.waiting()),
                "diagnostics_left_out": self.findings.left_out,
                "internal_hits": self.internal_hits,
                "ad_clicks": self.ads.touches.clicks,
            }


def _tokens(tokens: str | Sequence[str]) -> tuple[str, ...]:
    return (tokens,) if isinstance(tokens, str) else tuple(tokens)
