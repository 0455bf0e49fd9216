"""What the clock said before: a clock that is set wrong and right again strands nothing and destroys nothing."""

from __future__ import annotations

import apsw

from fullcount.clock import DAY_SECONDS
from fullcount.queue.sqlite.connection import fetch

SET_BACK_SECONDS = 5.0  # less is a clock that is being adjusted
LONGEST_WAIT_SECONDS = 3_600.0  # no delivery, hold or lease may lie further ahead once the clock was set back
LEAP_SECONDS = 2.0 * DAY_SECONDS  # further ahead of what was noted, an hour is believed only once it has lasted
BELIEVED_AFTER_SECONDS = 3_600.0
NOTED_EVERY_SECONDS = 60.0


class Hours:
    """The highest hour that was seen, and the highest that is believed. Both are noted in the store now and then."""

    def __init__(self, connection: apsw.Connection, now: float) -> None:
        self._connection = connection
        noted = dict(fetch(connection, "SELECT name, value FROM meta WHERE name IN ('seen_now', 'believed_now')"))
        self._seen = float(noted.get("seen_now", now))
        self._believed = float(noted.get("believed_now", now))
        self._leapt_at: float | None = None
        self._noted_at = float("-inf")

    def set_back_by(self, now: float) -> float:
        """Return by how many seconds the clock was set back since an hour that was seen; 0 if it was not."""
        lag = self._seen - now
        if lag <= SET_BACK_SECONDS:
            self._seen = max(self._seen, now)
            return 0.0
        return lag

    def begin_at(self, now: float) -> None:
        """Go on from here, wherever the clock was before."""
        self._seen = now
        self._noted_at = float("-inf")

    def believes(self, now: float) -> bool:
        """Return whether things may be destroyed by this hour. After a leap that is so only once it has lasted."""
        ahead = now - self._believed
        if ahead >= LEAP_SECONDS:
            if self._leapt_at is None or now < self._leapt_at:
                self._leapt_at = now
            if now - self._leapt_at < BELIEVED_AFTER_SECONDS:
                return False
        self._leapt_at = None
        if ahead > 0 or ahead < -LEAP_SECONDS:
            self._believed = now
        return True

    def note(self, now: float) -> None:
        """Store both hours, if that was not done a moment ago."""
        if 0 <= now - self._noted_at < NOTED_EVERY_SECONDS:
            return
        self._noted_at = now
        self._connection.executemany(
            "INSERT OR REPLACE INTO meta VALUES (?, ?)",
            [("seen_now", int(self._seen)), ("believed_now", int(self._believed))],
        )
