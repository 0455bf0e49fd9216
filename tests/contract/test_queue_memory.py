from __future__ import annotations

from collections.abc import Mapping, Sequence

from hypothesis import HealthCheck, settings

from fullcount.clock import ManualClock
from fullcount.queue.copies import Copy
from fullcount.queue.memory import MemoryQueue
from fullcount.queue.protocol import Queue
from fullcount.testing import QueueContract


class MemoryContract(QueueContract):
    """The public double, by the rules of every engine."""

    def opened(self, clock: ManualClock) -> Queue:
        """Begin empty."""
        return MemoryQueue(clock)

    def reopened(self, queue: Queue, *, killed: bool) -> Queue:
        """Let a new owner have what the old one stored."""
        del killed
        assert isinstance(queue, MemoryQueue)
        return queue.crash()

    def counted(self, queue: Queue) -> Mapping[str, int]:
        """Add up what was counted."""
        assert isinstance(queue, MemoryQueue)
        return {outcome: n for outcome, n in queue.counts.items() if n}

    def copied(self, queue: Queue) -> Sequence[Copy]:
        """Return what it keeps."""
        assert isinstance(queue, MemoryQueue)
        return queue.copies


TestMemoryQueue = MemoryContract.TestCase
TestMemoryQueue.settings = settings(
    max_examples=100, stateful_step_count=60, deadline=None, suppress_health_check=list(HealthCheck)
)
