"""The emulator's own time: another clock's, moved by an offset."""

from __future__ import annotations

from fullcount.clock import Clock, SystemClock


class MovableClock:
    """Another clock's time plus an offset that the control plane sets; Unix seconds."""

    def __init__(self, base: Clock | None = None) -> None:
        self._base = base or SystemClock()
        self.offset = 0.0

    def now(self) -> float:
        """Return the emulator's time in Unix seconds."""
        return self._base.now() + self.offset

    def advance(self, seconds: float) -> None:
        """Move the time on by `seconds` (back, if negative)."""
        self.offset += seconds

    def set_now(self, now: float) -> None:
        """Make it `now`; time goes on from there."""
        self.offset = now - self._base.now()
