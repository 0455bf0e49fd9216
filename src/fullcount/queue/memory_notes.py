"""What the in-memory queue keeps beside deliveries: facts, refunds, errands, and which requests were taken."""

from __future__ import annotations

from collections import Counter

import msgspec

from fullcount.queue.copies import Copy
from fullcount.queue.entry import ONCE_SECONDS, Errand, Fact, Note, Refund
from fullcount.queue.forgetting import Match
from fullcount.queue.outcomes import Happening, Outcome


class Notes:
    """The ledger and the to-do list of one `MemoryQueue`, in plain lists and dicts."""

    def __init__(self) -> None:
        self.facts: list[Fact] = []
        self.refunds: dict[bytes, Refund] = {}
        self.errands: dict[bytes, Errand] = {}
        self.copies: list[Copy] = []
        self.counts: Counter[str] = Counter()
        self._requests: dict[bytes, int] = {}  # key -> when it was taken (whole seconds)

    def is_repeated(self, once: bytes, now: float) -> bool:
        """Return whether a request with this key was taken within its window; if not, it is from now on."""
        taken_at = self._requests.get(once)
        if taken_at is not None and int(now) - taken_at < ONCE_SECONDS:
            return True
        self._requests[once] = int(now)
        return False

    def count_repeated(self, note: Note) -> None:
        """Count what a repeated request brings beside its entries."""
        if not isinstance(note, Errand | Copy):
            self.counts[Outcome.DUPLICATE] += 1

    def take(self, note: Note) -> None:
        """Keep a note and count it."""
        match note:
            case Fact():
                self.facts.append(note)
                self.counts[note.outcome] += 1
            case Refund():
                is_new = self.refunds.setdefault(note.key, note) is note
                self.counts[Happening.REFUNDED if is_new else Outcome.DUPLICATE] += 1
            case Errand():
                self.errands.setdefault(note.key, note)
            case Copy():
                self.copies.append(note)

    def due_errands(self, now: float, limit: int) -> list[Errand]:
        """Return errands whose time has come, the longest due first."""
        due = [errand for errand in self.errands.values() if errand.due_at <= now]
        return sorted(due, key=lambda errand: (errand.due_at, errand.key))[:limit]

    def next_due_at(self, after: float) -> float | None:
        """Return when the first errand falls due after a moment."""
        return min((errand.due_at for errand in self.errands.values() if errand.due_at > after), default=None)

    def forget(self, match: Match) -> tuple[int, int, int]:
        """Let no fact, copy, refund or errand name a subject; return how many of each did."""
        facts = [
            n for n, fact in enumerate(self.facts) if fact.event_id and _is_meant(match, fact.event_id, fact.source)
        ]
        for n in facts:
            self.facts[n] = msgspec.structs.replace(self.facts[n], event_id="")
        refunds = [
            refund
            for refund in self.refunds.values()
            if refund.order_event_id and _is_meant(match, refund.order_event_id, refund.source)
        ]
        for refund in refunds:
            self.refunds[refund.key] = msgspec.structs.replace(refund, order_event_id="", refund_id="")
        errands = [key for key, it in self.errands.items() if _is_meant(match, it.event_id, it.source)]
        for key in errands:
            del self.errands[key]
        copies = [
            n for n, copy in enumerate(self.copies) if copy.event_id and _is_meant(match, copy.event_id, copy.source)
        ]
        for n in copies:
            self.copies[n] = msgspec.structs.replace(self.copies[n], event_id="")
        return len(facts) + len(copies), len(refunds), len(errands)

    def end_errand(self, key: bytes) -> None:
        """Cross an errand off."""
        self.errands.pop(key, None)

    def postpone_errand(self, key: bytes, due_at: float) -> None:
        """Let an errand wait, and count the attempt."""
        if key in self.errands:
            errand = self.errands[key]
            self.errands[key] = msgspec.structs.replace(errand, due_at=due_at, attempts=errand.attempts + 1)


def _is_meant(match: Match, event_id: str, source: str) -> bool:
    return event_id in match.event_ids or (bool(match.source) and source == match.source)
