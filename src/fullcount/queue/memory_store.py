"""What the in-memory queue keeps, and its smallest moves."""

from __future__ import annotations

import asyncio

from fullcount.clock import Clock
from fullcount.errors import StoreUnavailable
from fullcount.queue.delivery import Attempt, DeadLetter
from fullcount.queue.entry import Entry, Fact
from fullcount.queue.lane import Lane
from fullcount.queue.memory_modes import MemoryModes
from fullcount.queue.memory_notes import Notes
from fullcount.queue.outcomes import Outcome, Reason
from fullcount.queue.waiting import Claim, LaneBook, Waiting
from fullcount.redact import mask_chosen


class MemoryStore(MemoryModes):
    """The dicts of one `MemoryQueue`."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self._waiting: dict[int, Waiting] = {}
        self._held: dict[bytes, Waiting] = {}
        self._fields_left: dict[bytes, frozenset[str]] = {}  # of what was held, when it was so no longer
        self._dead: dict[int, tuple[Waiting, DeadLetter]] = {}
        self._claimed: dict[bytes, tuple[int, int]] = {}  # key -> when it was accepted (whole seconds), seq
        self._lanes: dict[Lane, LaneBook] = {}
        self._leases: dict[int, Claim] = {}
        self._doomed: dict[int, Reason] = {}  # leased, and to be dropped when they come back
        self._last_seq = 0
        self._last_lease = 0
        self._change = asyncio.Event()
        self._heard_at = clock.now()
        self._notes = Notes()
        self.facts, self.counts = self._notes.facts, self._notes.counts
        self.refunds, self.errands, self.copies = self._notes.refunds, self._notes.errands, self._notes.copies
        self.attempts: dict[str, Attempt] = {}
        self.outcomes: dict[int, Outcome] = {}
        self.unavailable: StoreUnavailable | None = None

    def _check_available(self) -> None:
        if self.unavailable is not None:
            raise self.unavailable

    def _book(self, lane: Lane) -> LaneBook:
        return self._lanes.setdefault(lane, LaneBook(due=[]))

    def _enqueue(self, waiting: Waiting) -> None:
        self._waiting[waiting.delivery.seq] = waiting
        self._book(waiting.entry.lane).put(waiting)

    def _end(self, waiting: Waiting, outcome: Outcome) -> None:
        self._waiting.pop(waiting.delivery.seq, None)
        self.outcomes[waiting.delivery.seq] = outcome
        self.counts[outcome] += 1

    def _free_key(self, waiting: Waiting) -> None:
        """Take back the claim of a delivery, unless another one has the key by now."""
        entry = waiting.entry
        claimed = self._claimed.get(entry.key)
        if entry.claims_key and claimed is not None and claimed[1] == waiting.delivery.seq:
            del self._claimed[entry.key]

    def _fact(self, entry: Entry, outcome: Outcome, reason: Reason = Reason.NONE, detail: str = "") -> Fact:
        event_id = mask_chosen(entry.event.event_id)
        return Fact(outcome, reason, entry.source, entry.pixel, entry.event.canonical, event_id, entry.key, detail)

    def _note(self, entry: Entry, outcome: Outcome, detail: str = "") -> None:
        self.facts.append(self._fact(entry, outcome, detail=detail))
        self.counts[outcome] += 1
