"""Doubles for tests of your own: a clock that is moved by hand, a queue in memory, and the contract of every queue.

`QueueContract` needs Hypothesis and is loaded when it is first asked for.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from fullcount.clock import ManualClock
from fullcount.queue.memory import MemoryQueue

if TYPE_CHECKING:
    from fullcount.testing.queue_contract import QueueContract

__all__ = ["ManualClock", "MemoryQueue", "QueueContract"]


def __getattr__(name: str) -> Any:
    if name == "QueueContract":
        return importlib.import_module("fullcount.testing.queue_contract").QueueContract
    raise AttributeError(name)
