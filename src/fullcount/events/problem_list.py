"""What one reading or checking of an event has found so far."""

from __future__ import annotations

from fullcount.events.problems import Problem, Severity

MOST_PROBLEMS = 100  # of one event; beyond that a list helps nobody, and a hostile body must not make it long


class ProblemList:
    """A list of problems that grows; each method adds one of its severity. Past MOST_PROBLEMS only fatal ones are."""

    __slots__ = ("listed",)

    def __init__(self) -> None:
        self.listed: list[Problem] = []

    def refuse(self, path: str, code: str, reason: str, fix: str) -> None:
        """Say why the event cannot be taken."""
        self.listed.append(Problem(path, reason, fix, Severity.FATAL, code))

    def drop(self, path: str, code: str, reason: str, fix: str) -> None:
        """Say why a field was left out."""
        if len(self.listed) < MOST_PROBLEMS:
            self.listed.append(Problem(path, reason, fix, Severity.DROPPED, code))

    def warn(self, path: str, code: str, reason: str, fix: str) -> None:
        """Say what looks wrong, or was understood although it was spelled otherwise."""
        if len(self.listed) < MOST_PROBLEMS:
            self.listed.append(Problem(path, reason, fix, Severity.WARNING, code))

    @property
    def fatal(self) -> bool:
        """Whether the event cannot be taken."""
        return any(problem.severity is Severity.FATAL for problem in self.listed)
