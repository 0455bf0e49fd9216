"""How a group of ingest routes speaks: where its key stands, and how it says yes and no."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from fullcount.errors import InvalidEvent
from fullcount.events.problems import Problem
from fullcount.gateway.reply import Refusal, Reply
from fullcount.pipeline.receipt import Receipt, Result
from fullcount.sources.source import Intake


class Dialect(Protocol):
    """One way of asking and answering; each answer is a value, and someone else sends it."""

    def key(self, headers: Mapping[bytes, bytes]) -> bytes | None:
        """Return the key that the caller showed, or None."""
        ...

    def unauthorized(self, *, is_missing: bool) -> Reply:
        """The key is missing, or nobody's. Nothing is told of any source."""
        ...

    def refused(self, refusal: Refusal) -> Reply:
        """The body did not come as it should: too large, too slow, not JSON by its headers."""
        ...

    def unreadable(self, error: InvalidEvent) -> Reply:
        """The body came and cannot be read."""
        ...

    def taken(self, intake: Intake, receipt: Receipt) -> Reply:
        """The events were looked at, and what was to be stored is stored."""
        ...

    def unavailable(self, what: str, retry_after_seconds: float) -> Reply:
        """Nothing could be stored now."""
        ...

    def broken(self) -> Reply:
        """Something that nobody expected went wrong here."""
        ...


def described(problems: Iterable[Problem]) -> list[dict[str, Any]]:
    """Return problems as they are answered."""
    return [
        {
            "path": problem.path,
            "reason": problem.reason,
            "fix": problem.fix,
            "severity": problem.severity,
            "code": problem.code,
        }
        for problem in problems
    ]


def noted(receipt: Receipt, *, is_rejected: bool) -> list[dict[str, Any]]:
    """Return the problems of the rejected events, or of the others, by index."""
    return [
        {"index": index, "problems": described(each.problems)}
        for index, each in enumerate(receipt.results)
        if each.problems and (each.result is Result.REJECTED) is is_rejected
    ]


def withheld(receipt: Receipt) -> list[dict[str, Any]]:
    """Return the reasons of the withheld events, by index."""
    return [
        {"index": index, "reason": each.reason}
        for index, each in enumerate(receipt.results)
        if each.result is Result.WITHHELD
    ]
