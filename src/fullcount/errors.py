"""The whole error tree. Each error says what happened, where, and what mends it.

FullcountError
├── ConfigError          the settings are wrong: nothing starts
├── InvalidEvent         the sender's mistake: the problems say which
├── StoreUnavailable     nothing could be stored now: ask again after `retry_after` seconds
├── StoreCorrupt         the file cannot be trusted: nothing is overwritten
├── StoreOwned           another process has this file
└── DestinationError     the far side cannot be used as it is set up
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fullcount.events.problems import Problem


class FullcountError(Exception):
    """Anything that Fullcount raises on purpose: `what` happened, `where`, and the `fix`."""

    def __init__(self, what: str, *, where: str = "", fix: str = "") -> None:
        self.what = what
        self.where = where
        self.fix = fix
        super().__init__(what)

    def __str__(self) -> str:
        at = f"{self.where}: " if self.where else ""
        fix = f" Fix: {self.fix}" if self.fix else ""
        return f"{at}{self.what}{fix}"


class ConfigError(FullcountError):
    """A setting is unknown or has a bad value; `where` is its path in the file."""


class InvalidEvent(FullcountError):
    """An event cannot be taken as it is; `problems` lists why, each with its path and fix."""

    def __init__(self, problems: tuple[Problem, ...], *, where: str = "") -> None:
        self.problems = problems
        first = problems[0] if problems else None
        super().__init__(
            first.reason if first else "the event is not valid",
            where=where or (first.path if first else ""),
            fix=first.fix if first else "",
        )


class StoreUnavailable(FullcountError):
    """Nothing was stored, or it is unknown whether it was; ask again in `retry_after` seconds."""

    def __init__(self, what: str, *, where: str = "", fix: str = "", retry_after: float = 5.0) -> None:
        self.retry_after = retry_after
        super().__init__(what, where=where, fix=fix)


class StoreCorrupt(FullcountError):
    """The store's file is damaged or of an unknown version; it is left as it was found."""


class StoreOwned(FullcountError):
    """The store's file is owned by the running process `pid` (0 where it cannot be known)."""

    def __init__(self, what: str, *, where: str = "", fix: str = "", pid: int = 0) -> None:
        self.pid = pid
        super().__init__(what, where=where, fix=fix)


class DestinationError(FullcountError):
    """The destination cannot be used as it is set up (an address, a token that is missing)."""
