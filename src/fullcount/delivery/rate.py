"""How fast one token may send: evenly, at a rate that halves when the far side says so and then recovers. Pure."""

from __future__ import annotations

RECOVERY_SECONDS = 10.0  # after each of these the rate is a tenth of the full one higher
RECOVERY_STEPS = 10
LOWEST_SHARE = 1 / 1_024  # of the full rate
BURST_SECONDS = 0.1  # what was not used this long may be made up for


class TokenRate:
    """The rate of one token, shared by all lanes that use it. Times are Unix seconds, given by the caller."""

    def __init__(self, full: float) -> None:
        self._full = full
        self._rate = full
        self._rate_at = 0.0  # when `_rate` was last set or raised
        self._next_at = 0.0  # when the next request is due
        self._not_before = 0.0  # what the far side asked for, as a time
        self._asked_for = 0.0  # and in seconds
        self._halved_at = 0.0

    def per_second(self, now: float) -> float:
        """Return the requests a second that are allowed at that time."""
        steps = int((now - self._rate_at) / RECOVERY_SECONDS)
        if steps > 0 and self._rate < self._full:
            self._rate = min(self._full, self._rate + steps * self._full / RECOVERY_STEPS)
            self._rate_at += steps * RECOVERY_SECONDS
        return self._rate

    def is_full(self, now: float) -> bool:
        """Return whether nothing of the rate is missing at that time."""
        return self.per_second(now) >= self._full

    def wait_seconds(self, now: float) -> float:
        """Return how long the next request must still wait; 0 if it may go."""
        # A machine's clock may be set back: the next request never waits longer than one interval.
        interval = 1.0 / self.per_second(now)
        return max(0.0, min(self._next_at - now, interval), min(self._not_before - now, self._asked_for))

    def take(self, now: float) -> None:
        """Note that a request goes out."""
        self._next_at = max(self._next_at, now - BURST_SECONDS) + 1.0 / self.per_second(now)

    def throttled(self, now: float, *, sent_at: float, wait_seconds: float) -> bool:
        """Halve the rate and send nothing for `wait_seconds`; return whether it was halved.

        A request that left before the last halving says nothing about the rate since.
        """
        if now + wait_seconds > self._not_before:
            self._not_before, self._asked_for = now + wait_seconds, wait_seconds
        if sent_at < self._halved_at:
            return False
        self._rate = max(self.per_second(now) / 2, self._full * LOWEST_SHARE)
        self._rate_at = self._halved_at = now
        return True
