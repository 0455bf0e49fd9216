"""TikTok's way: `Access-Token`, HTTP 200 with a code in the body, and 503 for "cannot store" since most read only that.

Codes and messages are those that TikTok was seen to answer (fixtures of shipped clients, 2023 to 2026).
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from fullcount.clock import Clock
from fullcount.errors import InvalidEvent
from fullcount.events.problems import Problem, Severity
from fullcount.gateway.dialect import noted
from fullcount.sources.receipt import Receipt, Result
from fullcount.sources.reply import Headers, Refusal, Reply, json_reply
from fullcount.sources.source import Intake

OK, PARTIAL, NOT_PERMITTED, INVALID, TOKEN_MISSING, TOKEN_WRONG, SYSTEM = 0, 20001, 40001, 40002, 40104, 40105, 50000
LONGEST_CODE = 64  # characters of a pixel code that is told back


class TikTokDialect:
    """The answers of the drop-in routes."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def key(self, headers: Mapping[bytes, bytes]) -> bytes | None:
        """Return the Access-Token."""
        return headers.get(b"access-token", b"").strip() or None

    def unauthorized(self, *, is_missing: bool) -> Reply:
        """40104 or 40105."""
        if is_missing:
            return self._envelope(TOKEN_MISSING, "Access token is empty: send the source's key in Access-Token.")
        return self._envelope(TOKEN_WRONG, "Access token is incorrect or has been revoked.")

    def refused(self, refusal: Refusal) -> Reply:
        """40002, under the HTTP status of what happened to the body (408, 413, 415), but 200 for a bad one."""
        status = 200 if refusal.status == 400 else refusal.status
        return self._envelope(INVALID, f"{refusal.reason}. Fix: {refusal.fix}.", status=status, headers=refusal.headers)

    def unreadable(self, error: InvalidEvent) -> Reply:
        """40002; the HTTP status is 413 for too many events."""
        problem = error.problems[0]
        status = 413 if problem.code == "too_many_events" else 200
        return self._envelope(INVALID, _message(problem, ""), status=status)

    def taken(self, intake: Intake, receipt: Receipt) -> Reply:
        """0; 20001 if some events were taken, 40002 if none could be, 40001 if they are for a pixel of others."""
        notes = noted(intake, receipt)
        rejected = notes.rejected
        data: dict[str, Any] = {"rejected": rejected} if rejected else {}
        if notes.warnings:
            data["warnings"] = notes.warnings
        if notes.omitted:
            data["problems_omitted"] = notes.omitted
        if not rejected:
            return self._envelope(OK, "OK", data)
        if len(rejected) < len(receipt.results):
            message = f"Partial success: {len(rejected)} of {len(receipt.results)} events were not taken."
            return self._envelope(PARTIAL, message, data)
        if receipt.is_not_allowed:
            code = (intake.pixel_code or "")[:LONGEST_CODE]
            message = f"No permission to operate pixel code: {code}. The key belongs to a source without that pixel."
            return self._envelope(NOT_PERMITTED, message)
        return self._envelope(INVALID, _first_message(intake, receipt), data)

    def unavailable(self, what: str, retry_after_seconds: float) -> Reply:
        """50000 under HTTP 503."""
        wait = b"%d" % max(1, math.ceil(retry_after_seconds))
        return self._envelope(SYSTEM, f"System error: {what}", status=503, headers=((b"retry-after", wait),))

    def broken(self) -> Reply:
        """50000 under HTTP 500."""
        return self._envelope(SYSTEM, "System error.", status=500)

    def _envelope(
        self,
        code: int,
        message: str,
        data: Mapping[str, Any] | None = None,
        *,
        status: int = 200,
        headers: Headers = (),
    ) -> Reply:
        envelope = {"code": code, "message": message, "request_id": self._request_id(), "data": data or {}}
        return json_reply(status, envelope, headers)

    def _request_id(self) -> str:
        """Return an id in the shape of TikTok's: 14 digits of the time, then 20 upper-case hex digits."""
        moment = datetime.fromtimestamp(self._clock.now(), tz=UTC)
        return f"{moment:%Y%m%d%H%M%S}{secrets.token_hex(10).upper()}"


def _first_message(intake: Intake, receipt: Receipt) -> str:
    for index, each in enumerate(receipt.results):
        for problem in each.problems:
            if each.result is Result.REJECTED and problem.severity is Severity.FATAL:
                return _message(problem, f"{intake.item_path}.{index}." if intake.item_path else "")
    return "Invalid parameter."


def _message(problem: Problem, prefix: str) -> str:
    where = f"Invalid value for {prefix}{problem.path}: " if problem.path else ""
    return f"{where}{problem.reason}. Fix: {problem.fix}."
