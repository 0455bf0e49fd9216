"""What became of a request's events, one result for each, in the request's order."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from fullcount.events.problems import Problem


class Result(StrEnum):
    """What became of one event; stored, if it is not rejected."""

    ACCEPTED = "accepted"  # at least one delivery of it is new
    MERGED = "merged"  # it joined the held other half
    DUPLICATE = "duplicate"  # the same event is already here
    WITHHELD = "withheld"  # recorded without identifiers, and not sent
    REJECTED = "rejected"  # the sender's mistake


_NONE = dict.fromkeys(Result, 0)


class EventResult(msgspec.Struct, frozen=True, gc=False):
    """One event's result; `problems` are fatal ones if it was rejected, else fields dropped and warnings."""

    result: Result
    event_id: str | None  # None if rejected
    problems: tuple[Problem, ...] = ()
    reason: str = ""  # if withheld: of the closed list


class Receipt(msgspec.Struct, frozen=True, gc=False):
    """The results of one request, given out only after they are stored."""

    results: tuple[EventResult, ...]

    def counts(self) -> dict[Result, int]:
        """Return how many events ended in each result."""
        counts = _NONE.copy()
        for each in self.results:
            counts[each.result] += 1
        return counts

    @property
    def is_refused(self) -> bool:
        """Whether nothing of the request could be taken."""
        return all(each.result is Result.REJECTED for each in self.results)

    @property
    def is_not_allowed(self) -> bool:
        """Whether it was refused because every event is for a pixel that the key does not open."""
        return self.is_refused and all(
            any(problem.code == PIXEL_NOT_ALLOWED for problem in each.problems) for each in self.results
        )


PIXEL_NOT_ALLOWED = "pixel_not_allowed"
