"""Doubles for tests of your own: a clock that is moved by hand, and a queue in memory."""

from __future__ import annotations

from fullcount.clock import ManualClock
from fullcount.queue.memory import MemoryQueue

__all__ = ["ManualClock", "MemoryQueue"]
