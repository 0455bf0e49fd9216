"""A circuit breaker: after some failures in a row, nothing is sent for a while, then one probe. Pure."""

from __future__ import annotations

from enum import StrEnum


class Circuit(StrEnum):
    """Whether requests may pass."""

    CLOSED = "closed"  # all may
    OPEN = "open"  # none may
    HALF_OPEN = "half_open"  # one may, to see


class Breaker:
    """One lane's circuit. Times are Unix seconds, given by the caller."""

    def __init__(self, *, failures: int, open_seconds: float) -> None:
        self._limit = failures
        self._open_seconds = open_seconds
        self._failed = 0
        self.open_until: float | None = None

    def circuit(self, now: float) -> Circuit:
        """Return the circuit's state at that time."""
        if self.open_until is None:
            return Circuit.CLOSED
        # A machine's clock may be set back: no circuit is open longer than it was opened for.
        is_open = self.open_until - self._open_seconds <= now < self.open_until
        return Circuit.OPEN if is_open else Circuit.HALF_OPEN

    def answered(self) -> bool:
        """Note that the far side answered, whatever it said; return whether this closed the circuit."""
        was_open = self.open_until is not None
        self._failed = 0
        self.open_until = None
        return was_open

    def failed(self, now: float) -> bool:
        """Note that it did not; return whether this opened the circuit (again)."""
        if self.circuit(now) is Circuit.OPEN:
            return False  # a request that left before it opened
        self._failed += 1
        if self._failed < self._limit:
            return False
        self.open_until = now + self._open_seconds
        return True
