"""Answers as the Graph API gives them: three keys for success, an `error` object for the rest.

Meta's SDK for Python reads all three keys of a success whatever they hold (facebook_business 26.0.3, November 2026).
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import NamedTuple

from fullcount.events.problems import Problem, Severity
from fullcount.sources.manners import retry_after
from fullcount.sources.receipt import Receipt, Result
from fullcount.sources.reply import Headers, Reply, json_reply
from fullcount.sources.sender import Refused, Taken
from fullcount.sources.source import RawRequest

MOST_MESSAGES = 20
_TRANSIENT = frozenset({408, 500, 503})


class _Kind(NamedTuple):
    """A kind of error of the Graph API."""

    status: int
    code: int
    message: str


_INVALID = _Kind(400, 100, "Invalid parameter")
_TOKEN = _Kind(401, 190, "Invalid OAuth access token")
_LATER = _Kind(503, 2, "Service temporarily unavailable")


def success(request: RawRequest, taken: Taken) -> Reply:
    """Return how many events were taken and what is wrong with the others; a refusal if none could be."""
    messages = _messages(taken.receipt)
    if taken.receipt.results and taken.receipt.is_refused:
        return _error(request, _INVALID, messages[0] if messages else "no event could be taken")
    refused = taken.receipt.counts()[Result.REJECTED]
    received = len(taken.receipt.results) - refused + len(taken.intake.ignored)
    content = {"events_received": received, "messages": messages, "fbtrace_id": _trace_id(request)}
    return json_reply(200, content)


def refusal(request: RawRequest, refused: Refused) -> Reply:
    """Return a refusal: 503 and transient for what is to be repeated, else final."""
    said = f"{refused.reason}. Fix: {refused.fix}"
    if refused.status in _TRANSIENT:
        return _error(request, _LATER, said, retry_after(refused))
    return _error(request, _TOKEN if refused.status == 401 else _INVALID, said)


def _error(request: RawRequest, kind: _Kind, said: str, headers: Headers = ()) -> Reply:
    error = {
        "message": f"{kind.message}: {said}",
        "type": "OAuthException",
        "code": kind.code,
        "is_transient": kind is _LATER,
        "error_user_title": kind.message,
        "error_user_msg": said,
        "fbtrace_id": _trace_id(request),
    }
    return json_reply(kind.status, {"error": error}, headers)


def _messages(receipt: Receipt) -> list[str]:
    """Return what was refused, with its place, and what else was dropped, each thing once."""
    fatal, dropped = [], []
    for index, result in enumerate(receipt.results):
        for problem in result.problems:
            if problem.severity is Severity.FATAL:
                fatal.append(_said(problem, f"data[{index}] alone was not taken: "))
            elif problem.severity is Severity.DROPPED:
                dropped.append(_said(problem, ""))
    return list(dict.fromkeys((*fatal, *dropped)))[:MOST_MESSAGES]


def _said(problem: Problem, before: str) -> str:
    at = f"{problem.path}: " if problem.path else ""
    return f"{before}{at}{problem.reason}. Fix: {problem.fix}"


def _trace_id(request: RawRequest) -> str:
    """Return an id by which sender and log could speak of one request; it tells nothing of what was in it."""
    made = sha256(b"%r\0" % request.received_at + request.body).digest()[:15]
    return f"A{urlsafe_b64encode(made).decode()}"
