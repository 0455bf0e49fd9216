"""How a group of ingest routes speaks: where its key stands, and how it says yes and no."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

import msgspec

from fullcount.errors import InvalidEvent
from fullcount.events.problems import Problem, Severity
from fullcount.sources.receipt import Receipt, Result
from fullcount.sources.reply import Refusal, Reply
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


MOST_PROBLEMS = 1_000  # in one answer; a hostile body must not make it long
Noted = list[dict[str, Any]]


def described(problems: Iterable[Problem]) -> Noted:
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


class Notes(msgspec.Struct, frozen=True):
    """The problems of an answer by index, of rejected events and of the others, and how many had no room in it."""

    rejected: Noted
    warnings: Noted
    omitted: int


def noted(intake: Intake, receipt: Receipt) -> Notes:
    """Return an answer's problems; of each rejected event the first, at least, is among them.

    The envelope's come with the warnings, under no index. Of the rest there are MOST_PROBLEMS at most.
    """
    rejected: Noted = []
    warnings: Noted = []
    room, omitted = MOST_PROBLEMS, 0
    for index, each in enumerate(receipt.results):
        problems = each.problems
        if not problems:
            continue
        is_rejected = each.result is Result.REJECTED
        shown = _first(problems, max(room, int(is_rejected)))
        room -= len(shown)
        omitted += len(problems) - len(shown)
        if shown:
            (rejected if is_rejected else warnings).append({"index": index, "problems": described(shown)})
    if intake.warnings:
        warnings.append({"index": None, "problems": described(intake.warnings)})
    return Notes(rejected, warnings, omitted)


def _first(problems: Sequence[Problem], room: int) -> Sequence[Problem]:
    """Return as many problems as there is room for; what is fatal comes first where not all have a place."""
    if len(problems) <= room:
        return problems
    return sorted(problems, key=lambda problem: problem.severity is not Severity.FATAL)[:room]


def withheld(receipt: Receipt) -> Noted:
    """Return the reasons of the withheld events, by index."""
    return [
        {"index": index, "reason": each.reason}
        for index, each in enumerate(receipt.results)
        if each.result is Result.WITHHELD
    ]
