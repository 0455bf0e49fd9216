"""The embedded engine's front: the `Queue` protocol on one SQLite file, called from an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import apsw

from fullcount.clock import Clock
from fullcount.events.codec import encode_stored
from fullcount.queue.delivery import (
    Attempt,
    DeadLetter,
    Delivery,
    LaneState,
    Lease,
    LeaseLimits,
    Selection,
    Settlement,
)
from fullcount.queue.entry import Entry, Errand, Note, Verdict
from fullcount.queue.forgetting import Forgotten, Subject
from fullcount.queue.lane import Lane
from fullcount.queue.outcomes import Reason
from fullcount.queue.sqlite.commands import Command, Work
from fullcount.queue.sqlite.intake import Offer
from fullcount.queue.sqlite.leases import Grant
from fullcount.queue.sqlite.reader import Reader
from fullcount.queue.sqlite.settings import StoreSettings, StoreStats
from fullcount.queue.sqlite.store import Part
from fullcount.queue.sqlite.unreadable import SET_ASIDE, readable
from fullcount.queue.sqlite.writer import Writer
from fullcount.queue.switch import Switch, Switches


class SqliteQueue:
    """A `Queue` in one SQLite file, owned by this process. Made by `open`."""

    def __init__(self, path: Path, clock: Clock, settings: StoreSettings) -> None:
        self._path = path
        self._change = asyncio.Event()
        self._writer = Writer(path, clock, settings, self._change.set)

    @classmethod
    def open(cls, path: Path, clock: Clock, settings: StoreSettings | None = None) -> SqliteQueue:
        """Take over the store at `path`; it is made if it is not there. Blocks for as long as that takes.

        Raises:
            StoreOwned: another process has it.
            StoreCorrupt: the file cannot be trusted; it is left as it was found.
            StoreUnavailable: it cannot be used now.
        """
        return cls(path, clock, settings or StoreSettings())

    async def accept(
        self, entries: Sequence[Entry], facts: Sequence[Note] = (), *, once: bytes | None = None
    ) -> list[Verdict]:
        """Store the entries and notes together; return a verdict for each entry, in order, after the commit.

        An accept of nothing goes the same way, so that it tells whether the store would take something.
        """
        stored = [encode_stored(entry.event) for entry in entries]
        verdicts: list[Verdict] = await self._ask(offer=Offer(entries, stored, facts, once))
        return verdicts

    async def lease(self, lane: Lane, limits: LeaseLimits) -> Lease:
        """Claim due deliveries of a lane, the longest due first. A stored event that cannot be read is set aside."""
        while True:
            grant: Grant = await self._ask(lambda store: store.lease(lane, limits))
            deliveries = []
            unreadable: dict[int, Settlement] = {}
            for history, rows in grant.bodies:
                for row in rows:
                    event = readable(row.event)
                    if event is None:
                        unreadable[row.seq] = SET_ASIDE
                    else:
                        deliveries.append(
                            Delivery(
                                row.seq,
                                row.key,
                                event,
                                row.accepted_at,
                                history.attempts,
                                history.first_lost_at,
                                history.overridden,
                            )
                        )
            if unreadable:
                await self._set_aside(grant, unreadable)
            if deliveries or not unreadable:
                return Lease(grant.id, lane, tuple(deliveries), grant.leased_at, grant.expires_at, grant.ask_again_at)

    async def _set_aside(self, grant: Grant, unreadable: Mapping[int, Settlement]) -> None:
        try:
            await self._ask(lambda store: store.settle(grant.id, unreadable, ()))
        except BaseException:
            self._writer.give_back(grant.id)  # its caller never hears of this lease
            raise

    async def settle(self, lease: Lease, results: Mapping[int, Settlement], attempts: Sequence[Attempt] = ()) -> bool:
        """End some or all deliveries of a lease, by `seq`; False if the lease is stale."""
        is_live: bool = await self._ask(lambda store: store.settle(lease.id, results, attempts))
        return is_live

    async def release_held(self) -> int:
        """Let go of held deliveries whose time has come; return how many."""
        count: int = await self._ask(lambda store: store.release_held())
        return count

    async def bury(self, selection: Selection, reason: Reason = Reason.PURGED) -> int:
        """Take waiting and held deliveries out, in steps of a few hundred; return how many."""
        count: int = await self._ask(lambda store: store.bury(selection, reason))
        return count

    async def redrive(self, selection: Selection, *, overridden: bool = False) -> int:
        """Put dead letters back on their lane, in steps of a few hundred; return how many."""
        count: int = await self._ask(lambda store: store.redrive(selection, overridden=overridden))
        return count

    async def pause(self, lane: Lane, why: str, *, by_person: bool = False) -> None:
        """Stop leasing from a lane."""
        await self._ask(lambda store: store.pause(lane, why, by_person=by_person))

    async def resume(self, lane: Lane, *, unless_by_person: bool = False) -> None:
        """Lease from it again; `unless_by_person` leaves a person's pause as it is."""
        await self._ask(lambda store: store.resume(lane, unless_by_person=unless_by_person))

    async def lanes(self) -> list[LaneState]:
        """Return every lane that holds something or is paused."""
        states: list[LaneState] = await self._ask(lambda store: store.lane_states())
        return states

    async def dead_letters(self, selection: Selection, limit: int = 100) -> list[DeadLetter]:
        """Return the newest dead letters that match."""
        return await asyncio.to_thread(self._read_dead_letters, selection, limit)

    def _read_dead_letters(self, selection: Selection, limit: int) -> list[DeadLetter]:
        with Reader(self._path) as reader:
            return reader.dead_letters(selection, limit)

    async def forget(self, subject: Subject) -> Forgotten:
        """Drop or blank all that names a subject, in steps."""
        forgotten: Forgotten = await self._ask(lambda store: store.forget(subject))
        return forgotten

    async def withdraw(self, subject: Subject) -> int:
        """Withhold what waits of a subject, in steps; return how many."""
        count: int = await self._ask(lambda store: store.withdraw(subject))
        return count

    async def due_errands(self, limit: int = 100) -> list[Errand]:
        """Return errands whose time has come, the longest due first."""
        errands: list[Errand] = await self._ask(lambda store: store.due_errands(limit))
        return errands

    async def end_errand(self, key: bytes) -> None:
        """Cross an errand off."""
        await self._ask(lambda store: store.errands.end(key))

    async def postpone_errand(self, key: bytes, due_at: float) -> None:
        """Let an errand wait until `due_at` and count the attempt."""
        await self._ask(lambda store: store.postpone_errand(key, due_at))

    def modes(self) -> Switches:
        """Return the sources that a person switched, as of the last commit."""
        return self._writer.modes

    async def switch_mode(self, source: str, switch: Switch | None) -> None:
        """Let a person's word for a source stand, or forget it."""
        await self._ask(lambda store: store.modes.put(source, switch))

    async def changed(self) -> None:
        """Wait until something was accepted, released, redriven, resumed or settled since the last call returned."""
        self._writer.listen(asyncio.get_running_loop())
        await self._change.wait()
        self._change.clear()

    async def close(self) -> None:
        """Commit what is under way and let go of the store."""
        await asyncio.to_thread(self._writer.close)

    @property
    def path(self) -> Path:
        """Where the store lies."""
        return self._path

    def attach(self, make: Callable[[apsw.Connection], Part]) -> None:
        """Let the store keep this part from now on, and sweep it daily."""
        self._writer.attach(make)

    async def do(self, work: Work) -> Any:
        """Do other work that stores something with the writer's next group; return its result after the commit.

        Raises:
            StoreUnavailable: nothing was stored, or that is not certain.
        """
        future = asyncio.get_running_loop().create_future()
        self._writer.ask(Command(future, work, needs_room=True))
        return await future

    def stats(self) -> StoreStats:
        """Return how the store is."""
        writer = self._writer
        return StoreStats(
            commits=writer.commits,
            last_commit_seconds=writer.last_seconds,
            mean_commit_seconds=writer.total_seconds / max(1, writer.commits),
            longest_commit_seconds=writer.longest_seconds,
            wal_bytes=writer.disk.wal_bytes(),
            pending_keys=writer.pending_keys(),
            free_disk_bytes=writer.disk.free_bytes(),
            failure=writer.failure,
            background_failure=writer.background_failure(),
        )

    async def _ask(self, work: Work | None = None, offer: Offer | None = None) -> Any:
        future = asyncio.get_running_loop().create_future()
        self._writer.ask(Command(future, work, offer))
        return await future
