"""From a request to a decision, in one fixed order: body, token, rate, top level, permission, events."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from typing import Any

import msgspec

from fullcount.emulator.codes import (
    NO_PERMISSION,
    OK,
    PARTIAL_SUCCESS,
    TOKEN_INCORRECT,
    TOKEN_MISSING,
    TOO_MANY_REQUESTS,
    Refusal,
    invalid,
    refusal,
)
from fullcount.emulator.complaints import LEGACY_BODY, MISSING_NAME, NON_STRING_ID, Complaint
from fullcount.emulator.faults import CodeFault, Fault, FaultQueue, RejectEventFault
from fullcount.emulator.legacy import in_legacy_words, legacy_event_problem, looks_legacy, read_legacy_body
from fullcount.emulator.schema import event_problem, read_body
from fullcount.emulator.settings import EmulatorSettings
from fullcount.emulator.submission import Submission
from fullcount.emulator.traffic import Request

TRACK = "/open_api/v1.3/event/track"
PIXEL_TRACK = "/open_api/v1.3/pixel/track"
PIXEL_BATCH = "/open_api/v1.3/pixel/batch"
PATHS = frozenset({TRACK, PIXEL_TRACK, PIXEL_BATCH})

_NUMBER_AS_ID = re.compile(r"_id(\.\d+)?: [Nn]ot a valid string")


class Permissions:
    """Which token may write to which pixel."""

    def __init__(self, pixels: Mapping[str, tuple[str, ...]]) -> None:
        self._pixels = {code: frozenset(tokens) for code, tokens in pixels.items()}
        self._tokens: frozenset[str] = frozenset()
        self._collect_tokens()

    def set(self, pixel_code: str, tokens: tuple[str, ...]) -> None:
        """Let exactly these tokens write to the pixel."""
        self._pixels[pixel_code] = frozenset(tokens)
        self._collect_tokens()

    def pixel_codes(self) -> list[str]:
        """Return all pixels."""
        return list(self._pixels)

    def knows_token(self, token: str) -> bool:
        """Say whether any pixel takes this token."""
        return token in self._tokens

    def allow(self, token: str, pixel_code: str) -> bool:
        """Say whether this token may write to this pixel."""
        return token in self._pixels.get(pixel_code, frozenset())

    def _collect_tokens(self) -> None:
        self._tokens = frozenset().union(*self._pixels.values())


class RateLimit:
    """Requests in each whole second of the emulator's clock, for each token."""

    def __init__(self, per_second: int) -> None:
        self._per_second = per_second
        self._second = 0
        self._used: dict[str, int] = {}

    def allows(self, token: str, now: float) -> bool:
        """Count one request, and say whether it is still within the limit."""
        if not self._per_second:
            return True
        second = int(now)
        if second != self._second:
            self._second = second
            self._used.clear()
        used = self._used.get(token, 0)
        self._used[token] = used + 1
        return used < self._per_second


class Decision(msgspec.Struct):
    """What intake made of a request: the events to take, the refusal, or both (partial success)."""

    submission: Submission | None = None
    refusal: Refusal | None = None
    complaint: Complaint | None = None


class Intake:
    """Reads requests and refuses those that TikTok would refuse."""

    def __init__(self, permissions: Permissions, settings: EmulatorSettings, faults: FaultQueue) -> None:
        self._permissions = permissions
        self._settings = settings
        self._faults = faults
        self._rate = RateLimit(settings.requests_per_second)

    def decide(self, request: Request, path: str, now: float) -> Decision:
        """Decide about one request; `path` is one of PATHS."""
        decision = Decision()
        body = self._read_json(request)
        if isinstance(body, Refusal):
            decision.refusal = body
            return decision
        if path == TRACK and looks_legacy(body):
            decision.complaint = LEGACY_BODY
        token = request.headers.get("access-token", "")
        submission = self._refuse_caller(token, now) or self._read_top(path, body)
        if isinstance(submission, Refusal):
            decision.refusal = submission
        elif not self._permissions.allow(token, submission.pixel_code):
            decision.refusal = _no_permission(submission.pixel_code)
        else:
            self._sort_events(decision, submission)
        return decision

    def _read_json(self, request: Request) -> Any:
        """Return the decoded body, or a refusal."""
        if request.is_too_large:
            return invalid(f"Request body is larger than {self._settings.max_body_bytes} bytes.")
        body = request.body
        encoding = request.headers.get("content-encoding", "identity").lower()
        if encoding == "gzip" and self._settings.accept_gzip:
            unpacked = _gunzip(body, self._settings.max_body_bytes)
            if unpacked is None:
                return invalid("Request body is not valid gzip, or too large once unpacked.")
            body = unpacked
        elif encoding != "identity":
            return invalid(f"Content-Encoding {encoding[:20]} is not supported.")
        try:
            return msgspec.json.decode(body)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
            return invalid(f"Request body is not valid JSON: {error}.")

    def _refuse_caller(self, token: str, now: float) -> Refusal | None:
        if not token:
            return refusal(TOKEN_MISSING)
        if not self._permissions.knows_token(token):
            return refusal(TOKEN_INCORRECT)
        if not self._rate.allows(token, now):
            return refusal(TOO_MANY_REQUESTS)
        return None

    def _read_top(self, path: str, body: Any) -> Submission | Refusal:
        if path == PIXEL_TRACK:
            return read_legacy_body(body, self._settings, is_batch=False)
        if path == PIXEL_BATCH:
            return read_legacy_body(body, self._settings, is_batch=True)
        if self._settings.accept_legacy_body and looks_legacy(body):
            return read_legacy_body(body, self._settings, is_batch="batch" in body)
        return read_body(body, self._settings)

    def _sort_events(self, decision: Decision, submission: Submission) -> None:
        """Refuse the whole request for its first bad event; with `partial_success`, only the bad ones."""
        good = []
        for index, event in enumerate(submission.events):
            found = self._event_refusal(event, index, submission)
            if found is not None and decision.complaint is None:
                decision.complaint = _complaint_behind(found.message)
            if found is None:
                good.append(event)
                continue
            decision.refusal = decision.refusal or found
            if not self._settings.partial_success:
                return
        if good:
            submission.events = good
            decision.submission = submission

    def _event_refusal(self, event: Any, index: int, submission: Submission) -> Refusal | None:
        if submission.generation == "2.0":
            problem = event_problem(event, submission.event_source, self._settings)
        else:
            problem = legacy_event_problem(event)
        if problem is not None:
            return invalid(_locate(problem, index, submission.generation))
        if self._faults.rejected:
            event_id = event.get("event_id")
            fault = self._faults.rejected.get(event_id) if isinstance(event_id, str) else None
            if fault is not None:
                return self._rejection(fault, index, submission.generation)
        return None

    def _rejection(self, fault: RejectEventFault, index: int, generation: str) -> Refusal:
        self._faults.used_on(fault)
        words = _locate(f": {fault.message}", index, generation) if fault.index else fault.message
        return Refusal(fault.code, words)


def outcome_of(decision: Decision, fault: Fault | None) -> tuple[int, str]:
    """Return the code of an answer and its words (empty: the usual ones)."""
    if decision.refusal is not None:
        if decision.submission is not None:
            return PARTIAL_SUCCESS, ""
        return decision.refusal.code, decision.refusal.message
    if isinstance(fault, CodeFault):
        return fault.code, fault.message
    return OK, ""


def _complaint_behind(message: str) -> Complaint | None:
    """Return the diagnostic that a refusal also deserves."""
    if _NUMBER_AS_ID.search(message):
        return NON_STRING_ID
    return MISSING_NAME if ".event: Missing" in message else None


def _locate(problem: str, index: int, generation: str) -> str:
    """Return TikTok's message for a problem in the event at `index`."""
    if generation == "2.0":
        return f"Invalid value for data.{index}{problem}"
    if generation == "1.0 batch":
        return f"Batch.{index}{problem.removesuffix('.')}"
    return in_legacy_words(problem)


def _no_permission(pixel_code: str) -> Refusal:
    return Refusal(
        NO_PERMISSION,
        f"No permission to operate pixel code: {pixel_code}. "
        "You must be an admin or operator of this advertiser account.",
    )


def _gunzip(body: bytes, at_most: int) -> bytes | None:
    unpacker = zlib.decompressobj(wbits=31)
    try:
        unpacked = unpacker.decompress(body, at_most + 1)
    except zlib.error:
        return None
    return unpacked if unpacker.eof and len(unpacked) <= at_most else None
