"""Named places where a test may kill the process: `FULLCOUNT_FAILPOINT=name[:n]` at the n-th pass, as `kill -9` would.

This is how the promise "nothing that was accepted is lost" is tried between each two durable steps.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from enum import StrEnum

from fullcount.errors import ConfigError

VARIABLE = "FULLCOUNT_FAILPOINT"


class Failpoint(StrEnum):
    """The places, in the order of an event's way."""

    BEFORE_COMMIT = "before_commit"
    AFTER_COMMIT_BEFORE_ANSWER = "after_commit_before_answer"
    AFTER_LEASE = "after_lease"
    AFTER_SEND_BEFORE_SETTLE = "after_send_before_settle"
    MID_SETTLE = "mid_settle"
    MID_SEEN_FLUSH = "mid_seen_flush"
    MID_MIGRATION = "mid_migration"
    AFTER_FETCH = "after_fetch"
    AFTER_FETCH_STORED = "after_fetch_stored"


class Trigger:
    """Counts the passes of one failpoint and fires at the n-th. `setting` is "name[:n]"; empty: never."""

    def __init__(self, setting: str = "") -> None:
        """Read the setting.

        Raises:
            ConfigError: there is no such failpoint, or n is not a number from 1.
        """
        name, colon, passes = setting.partition(":")
        if setting and name not in set(Failpoint):
            known = f"name one of {', '.join(Failpoint)}, or unset it"
            raise ConfigError(f"there is no failpoint {name!r}", where=VARIABLE, fix=known)
        if colon and not (passes.isdecimal() and int(passes) > 0):
            raise ConfigError(f"{passes!r} is no count of passes", where=VARIABLE, fix=f"say {name}:1 or {name}")
        self.armed = name
        self._passes_left = int(passes) if colon else 1

    def fires_at(self, name: Failpoint) -> bool:
        """Count this pass; return whether it is the one."""
        if self.armed != name:
            return False
        self._passes_left -= 1
        return self._passes_left == 0


_trigger = Trigger()


def arm(environ: Mapping[str, str]) -> None:
    """Let this process die where the environment says, if it says so.

    Raises:
        ConfigError: what it says is no failpoint.
    """
    global _trigger  # noqa: PLW0603 - one for the process, as there is one process to kill
    _trigger = Trigger(environ.get(VARIABLE, ""))


def reach(name: Failpoint) -> None:
    """Die here at once if the armed failpoint is this one; else do nothing."""
    if _trigger.armed and _trigger.fires_at(name):
        os.kill(os.getpid(), signal.SIGKILL)
