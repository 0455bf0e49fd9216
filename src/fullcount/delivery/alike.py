"""The event or the lane? Told from what was said of single events in a row; words are compared, not read. Pure."""

from __future__ import annotations

ALIKE = 8  # so many single events in a row, refused in the same words, make the lane suspect
PUT_OFF_SECONDS = 300.0  # until an event that may be blameless is tried again; until then others are
MEMORY_SECONDS = 3_600.0  # how long a refusal counts for the next one
CLEARED_SECONDS = 900.0  # how long words that were said of a lane in vain are an event's own


class AlikeRefusals:
    """A lane's refusals of single events since it last took something. Times are Unix seconds, given by the caller."""

    def __init__(self) -> None:
        self._said: tuple[int | None, str] | None = None
        self._count = 0
        self._refused_at = 0.0
        self._is_lane_blamed = False
        self._cleared: tuple[int | None, str] | None = None
        self._cleared_at = 0.0

    def is_blank(self, now: float) -> bool:
        """Return whether nothing is remembered that still counts."""
        return (self._said is None or now - self._refused_at > MEMORY_SECONDS) and (
            self._cleared is None or now - self._cleared_at >= CLEARED_SECONDS
        )

    def refused(self, code: int | None, words: str, now: float) -> int:
        """Note a refusal; return how many in a row were like it, or 0 if such words were said of a lane in vain."""
        said = (code, words)
        if said == self._cleared and 0 <= now - self._cleared_at < CLEARED_SECONDS:
            return 0
        if said != self._said or now - self._refused_at > MEMORY_SECONDS:
            self._said, self._count, self._is_lane_blamed = said, 0, False
        self._count += 1
        self._refused_at = now
        return self._count

    def blame_lane(self) -> None:
        """Note that the lane was paused for these words."""
        self._is_lane_blamed = True

    def taken(self, now: float) -> None:
        """Note that the lane took something: what was refused before it was refused for reasons of its own."""
        if self._is_lane_blamed:
            self._cleared, self._cleared_at = self._said, now
        self._said, self._count, self._is_lane_blamed = None, 0, False
