"""Named places where a test may kill the process: `FULLCOUNT_FAILPOINT=name[:n]` at the n-th pass, as `kill -9` would.

This is how the promise "nothing that was accepted is lost" is tried between each two durable steps.
"""

from __future__ import annotations

import os
import signal
from enum import StrEnum


class Failpoint(StrEnum):
    """The places, in the order of an event's way."""

    BEFORE_COMMIT = "before_commit"
    AFTER_COMMIT_BEFORE_ANSWER = "after_commit_before_answer"
    AFTER_LEASE = "after_lease"
    AFTER_SEND_BEFORE_SETTLE = "after_send_before_settle"
    MID_SETTLE = "mid_settle"
    MID_SEEN_FLUSH = "mid_seen_flush"
    MID_MIGRATION = "mid_migration"


class Trigger:
    """Counts the passes of one failpoint and fires at the n-th. `setting` is "name[:n]"; empty: never."""

    def __init__(self, setting: str) -> None:
        name, _, passes = setting.partition(":")
        self.armed = name
        self._passes_left = int(passes) if passes.isdigit() else 1

    def fires_at(self, name: Failpoint) -> bool:
        """Count this pass; return whether it is the one."""
        if self.armed != name:
            return False
        self._passes_left -= 1
        return self._passes_left == 0


_trigger = Trigger(os.environ.get("FULLCOUNT_FAILPOINT", ""))


def reach(name: Failpoint) -> None:
    """Die here at once if the environment asks for it; else do nothing."""
    if _trigger.armed and _trigger.fires_at(name):
        os.kill(os.getpid(), signal.SIGKILL)
