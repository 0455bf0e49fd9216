"""Who hears how errands go: a seam, nobody, and the log."""

from __future__ import annotations

from typing import Protocol

from structlog.typing import FilteringBoundLogger

from fullcount.gateway.logs import where_it_broke


class Observer(Protocol):
    """Hears of errands. It must return at once and never raise."""

    def ended(self, source: str, attempts: int) -> None:
        """What a notice named was fetched and stored."""
        ...

    def postponed(self, source: str, errands: int, why: str, wait_seconds: float) -> None:
        """So many errands of a source are tried again later."""
        ...

    def gave_up(self, source: str, why: str) -> None:
        """A notice is told as unreadable; nothing more is tried."""
        ...

    def broke(self, source: str, error: Exception) -> None:
        """An errand raised something that nobody expected; it is tried again later."""
        ...


class NullObserver:
    """Nobody listens."""

    def ended(self, source: str, attempts: int) -> None:
        """Ignore it."""

    def postponed(self, source: str, errands: int, why: str, wait_seconds: float) -> None:
        """Ignore it."""

    def gave_up(self, source: str, why: str) -> None:
        """Ignore it."""

    def broke(self, source: str, error: Exception) -> None:
        """Ignore it."""


class LogObserver:
    """Writes a line for each."""

    def __init__(self, log: FilteringBoundLogger) -> None:
        self._log = log

    def ended(self, source: str, attempts: int) -> None:
        """Say so in detail only."""
        self._log.debug("fetched what a notice named", source=source, attempts=attempts)

    def postponed(self, source: str, errands: int, why: str, wait_seconds: float) -> None:
        """Say why, and when it is tried again."""
        self._log.warning(
            "a notice cannot be looked into now: it is kept",
            source=source,
            notices=errands,
            why=why,
            again_in_seconds=round(wait_seconds, 1),
        )

    def gave_up(self, source: str, why: str) -> None:
        """Say what was lost and where to find it."""
        self._log.error("a notice could not be looked into: it is in the ledger as ignored", source=source, why=why)

    def broke(self, source: str, error: Exception) -> None:
        """Say where, without the error's words."""
        self._log.error("an errand broke: it is tried again", source=source, **where_it_broke(error))
