"""The seam: what any durable queue does. Three hot calls, and what a person or the clock asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from fullcount.queue.delivery import Attempt, DeadLetter, LaneState, Lease, LeaseLimits, Selection, Settlement
from fullcount.queue.entry import Entry, Errand, Note, Verdict
from fullcount.queue.forgetting import Forgotten, Subject
from fullcount.queue.lane import Lane
from fullcount.queue.outcomes import Reason
from fullcount.queue.switch import Switch, Switches


class Queue(Protocol):
    """A durable queue. Every call is atomic and may be repeated; nothing is promised about order across lanes.

    Each raises StoreUnavailable if it is not certain that the change is stored, and StoreCorrupt if the store cannot
    be trusted any more. The engine owns dedupe, merge and order. Ledger facts travel inside `accept` and `settle`.
    """

    async def accept(
        self, entries: Sequence[Entry], facts: Sequence[Note] = (), *, once: bytes | None = None
    ) -> list[Verdict]:
        """Store the entries and notes together; return a verdict for each entry, in order, after the commit.

        What is held and what a further copy does to it is `fullcount.queue.holding`'s to say. A fact that is a refusal
        ends, after the entries beside it, the delivery that has its key: what is held or waits is withheld for the
        fact's reason, and a dead letter of the key is dropped. What is leased ends so when it comes back, unless it
        was delivered. The key is free then, but where TikTok may have had the delivery.

        `once` (16 bytes, see `fullcount.queue.keys`) is the sender's own key of the whole request: if a request with it
        was taken within 7 days, nothing is stored again, each event is counted as a duplicate, and all verdicts say so.
        """
        ...

    async def lease(self, lane: Lane, limits: LeaseLimits) -> Lease:
        """Claim due deliveries of a lane, the longest due first. Empty while the lane is paused or nothing is ripe."""
        ...

    async def settle(self, lease: Lease, results: Mapping[int, Settlement], attempts: Sequence[Attempt] = ()) -> bool:
        """End some or all deliveries of a lease, by `seq`; those not named stay leased.

        False if the lease is stale: then nothing was changed. The attempts are written to the ledger once.
        """
        ...

    async def release_held(self) -> int:
        """Let go of held deliveries whose time has come, or withhold those that may not go; return how many."""
        ...

    async def bury(self, selection: Selection, reason: Reason = Reason.PURGED) -> int:
        """Take waiting and held deliveries (never leased ones) out and keep them as dead letters; return how many.

        What waits for its visitor's answer leaves no letter: nobody may put it back.
        """
        ...

    async def redrive(self, selection: Selection, *, overridden: bool = False) -> int:
        """Put dead letters back on their lane with their key; `overridden` skips the age and window rules."""
        ...

    async def pause(self, lane: Lane, why: str, *, by_person: bool = False) -> None:
        """Stop leasing from a lane; what is accepted for it waits.

        A paused lane gets the new reason and stays paused since it was; a person's pause is changed by persons alone.
        """
        ...

    async def resume(self, lane: Lane, *, unless_by_person: bool = False) -> None:
        """Lease from it again; `unless_by_person` leaves a person's pause as it is."""
        ...

    async def lanes(self) -> list[LaneState]:
        """Return every lane that holds something or is paused."""
        ...

    async def dead_letters(self, selection: Selection, limit: int = 100) -> list[DeadLetter]:
        """Return the newest dead letters that match."""
        ...

    async def forget(self, subject: Subject) -> Forgotten:
        """Let nothing that is kept name a subject any more; return how much there was.

        Waiting and held deliveries end as dead, purged, without a letter. A leased one does so when it comes back
        and would wait again or become a letter; if it is delivered, it ends so. Dead letters and errands are dropped,
        rows of the ledger lose their event_id. Keys, which are digests, stay: a late copy is a duplicate.
        """
        ...

    async def withdraw(self, subject: Subject) -> int:
        """Withhold what still waits of a subject, consent_denied; return how many deliveries, leased ones included.

        As with `forget`, a leased one ends so when it comes back, unless it is delivered, and dead letters are
        dropped; but the ledger goes on to name what was.
        """
        ...

    async def due_errands(self, limit: int = 100) -> list[Errand]:
        """Return errands whose time has come, the longest due first. They stay until they are ended or postponed."""
        ...

    async def end_errand(self, key: bytes) -> None:
        """Cross an errand off; one that is not there is no error. The same one may be added again later."""
        ...

    async def postpone_errand(self, key: bytes, due_at: float) -> None:
        """Let an errand wait until `due_at` (Unix seconds) and count the attempt."""
        ...

    def modes(self) -> Switches:
        """Return the sources that a person switched, by name. It costs a look: every request asks."""
        ...

    async def switch_mode(self, source: str, switch: Switch | None) -> None:
        """Let a person's word for a source stand from now on, or (None) forget the one that stands."""
        ...

    async def changed(self) -> None:
        """Wait until something was accepted, released, redriven, resumed or settled since the last call returned.

        An errand that was added or became due is such a thing, too. This is for one caller: of two, one may miss a
        change, so that it looks now and then as well.
        """
        ...

    async def close(self) -> None:
        """Commit what is under way and let go of the store."""
        ...
