"""One lane's worker: when to lease, how many at once, and how to come back from a pause."""

from __future__ import annotations

import asyncio

from fullcount.delivery.breaker import Breaker, Circuit
from fullcount.delivery.destination import Answer, Kind
from fullcount.delivery.gates import Gates
from fullcount.delivery.lane_store import LaneStore
from fullcount.delivery.lease_run import LeaseRun
from fullcount.delivery.means import Means
from fullcount.delivery.rate import TokenRate
from fullcount.delivery.wake import Wake
from fullcount.errors import StoreCorrupt, StoreUnavailable
from fullcount.queue.delivery import LaneState, Lease, LeaseLimits
from fullcount.queue.failpoints import Failpoint, reach
from fullcount.queue.lane import Lane

SWEEP_SECONDS = 3_600.0  # between two looks for what grew too old on a lane whose pixel is gone
SHORTEST_WAIT_SECONDS = 0.01  # between two looks at a lane that had nothing


class LaneWorker:
    """Leases from one lane, at most `max_in_flight` at once, until the drain begins. No other lane waits for it."""

    def __init__(self, lane: Lane, means: Means, rate: TokenRate) -> None:
        self._lane = lane
        self._means = means
        self._wake = Wake()
        self._gates = Gates(
            LaneStore(lane, means.queue, means.clock, means.observer, self._wake.ring),
            Breaker(failures=means.limits.breaker_failures, open_seconds=means.limits.breaker_seconds),
            rate,
        )
        self._leases: set[asyncio.Task[Kind | None]] = set()
        self._holds_something = False
        self._paused = ""
        self._is_paused_by_person = False
        self._probe_at = 0.0
        self._state: LaneState | None = None
        self._awaits_queue = False  # the sleep is for something on the lane, not for a gate, a probe or a lease's end
        self._wakes_at: float | None = None  # when the sleep ends by itself; None while awake
        self._is_retired = False
        self._corrupt: StoreCorrupt | None = None

    @property
    def is_idle(self) -> bool:
        """Whether it holds no lease and remembers nothing that a new worker would have to learn again."""
        gates = self._gates
        # A test lane's refusals are not worth a worker: nobody loses anything by its events.
        is_blank = gates.breaker.open_until is None and (
            self._lane.test_event_code is not None or gates.alike.is_blank(self._means.clock.now())
        )
        return not self._leases and not self._paused and gates.store.is_ready and is_blank

    def observe(self, state: LaneState | None) -> None:
        """Take note of what the store says of the lane (None: it holds nothing); look again if that is news."""
        seen = (self._holds_something, self._paused, self._is_paused_by_person)
        before, self._state = self._state, state
        self._holds_something = state is not None and bool(state.queued or state.leased or state.held)
        self._paused = state.paused if state else ""
        self._is_paused_by_person = state is not None and state.paused_by_person
        has_turned = seen != (self._holds_something, self._paused, self._is_paused_by_person)
        if self._wakes_at is None or has_turned or (self._awaits_queue and self._is_sooner(before, state)):
            self._wake.ring()

    def _is_sooner(self, before: LaneState | None, state: LaneState | None) -> bool:
        """Return whether the lane may have something before the worker wakes; a change may have filled a batch."""
        if state is None or state.next_due_at is None or self._wakes_at is None:
            return False
        ripe_at = state.next_due_at + self._means.limits.max_wait_ms / 1_000
        return state != before or ripe_at + SHORTEST_WAIT_SECONDS < self._wakes_at

    def retire(self) -> None:
        """End when idle."""
        self._is_retired = True
        self._wake.ring()

    def ring(self) -> None:
        """Look again."""
        self._wake.ring()

    async def run(self) -> None:
        """Work until the drain begins and every lease has ended.

        Raises:
            StoreCorrupt: the store cannot be trusted any more.
        """
        try:
            while not (self._means.drain.is_stopping or self._is_retired or self._corrupt):
                wait = await self._step()
                if wait != 0:
                    self._wakes_at = float("inf") if wait is None else self._means.clock.now() + wait
                    await self._wake.sleep(self._means.clock, wait)
                    self._wakes_at = None
            if self._leases and not self._corrupt:
                await asyncio.wait(self._leases)
        finally:
            for task in self._leases:
                task.cancel()
        if self._corrupt is not None:
            raise self._corrupt

    async def _step(self) -> float | None:
        """Do one thing; return how long to wait for the next (None: until rung)."""
        now, limits, gates = self._means.clock.now(), self._means.limits, self._gates
        self._awaits_queue = False
        if not gates.store.is_ready:
            return None
        if not self._means.policy_of(self._lane).has_pixel:
            return await self._step_without_pixel(now)
        if self._paused:
            return await self._step_while_paused(now, limits.probe_seconds)
        at_once = gates.leases_at_once(now, limits.max_in_flight)
        if len(self._leases) >= at_once:
            return None
        if (wait := gates.wait_seconds(now)) > 0:
            return wait
        is_trial = gates.breaker.circuit(now) is not Circuit.CLOSED
        lease, wait_longer = await self._lease(1 if is_trial else limits.max_events)
        if lease is not None:
            task = asyncio.create_task(self._run_of(lease).run())
            self._leases.add(task)
            task.add_done_callback(self._lease_ended)
        return wait_longer

    async def _lease(self, max_events: int, *, even_if_paused: bool = False) -> tuple[Lease | None, float | None]:
        """Return a lease with something in it, or none and how long to wait for one."""
        limits, clock = self._means.limits, self._means.clock
        wanted = LeaseLimits(
            max_events=max_events,
            max_bytes=limits.max_bytes,
            ripe_after_seconds=0.0 if even_if_paused else limits.max_wait_ms / 1_000,
            lease_seconds=limits.lease_seconds,
            even_if_paused=even_if_paused,
        )
        try:
            lease = await self._means.queue.lease(self._lane, wanted)
        except StoreUnavailable as error:
            self._means.observer.store_refused(self._lane, error)
            return None, max(error.retry_after, SHORTEST_WAIT_SECONDS)
        if lease.deliveries:
            reach(Failpoint.AFTER_LEASE)
            return lease, 0
        self._awaits_queue = True
        if lease.ask_again_at is None:
            return None, None
        return None, max(lease.ask_again_at - clock.now(), SHORTEST_WAIT_SECONDS)

    def _run_of(self, lease: Lease) -> LeaseRun:
        return LeaseRun(lease, self._means, self._gates, self._pause)

    def _lease_ended(self, task: asyncio.Task[Kind | None]) -> None:
        self._leases.discard(task)
        self._wake.ring()
        error = None if task.cancelled() else task.exception()
        if isinstance(error, StoreCorrupt):
            self._corrupt = error
        elif error is not None:
            self._means.observer.lane_failed(self._lane, error)
            self._gates.breaker.failed(self._means.clock.now())

    async def _step_without_pixel(self, now: float) -> float | None:
        """Keep everything under a pause that says so, until it is too old; an empty lane needs no pause."""
        if self._is_paused_by_person:
            return None
        if not self._holds_something:
            if self._paused:
                await self._gates.store.resume()
                self._paused = ""
            return None
        await self._pause_because(
            f"no pixel in the settings has the code {self._lane.pixel_code}. Fix: put the pixel back and restart, "
            "and it is sent by itself; or make dead letters of what waits: "
            f"fullcount queue bury --pixel {self._lane.pixel_code} --reason source_removed --yes. All is kept."
        )
        return await self._step_while_paused(now, SWEEP_SECONDS)

    async def _step_while_paused(self, now: float, probe_seconds: float) -> float | None:
        if self._leases or self._is_paused_by_person:
            return None
        if (wait := max(self._probe_at - now, self._gates.rate.wait_seconds(now))) > 0:
            return wait
        self._probe_at = now + probe_seconds
        await self._probe()
        return 0

    async def _probe(self) -> None:
        """Send one event although the lane is paused; if it is taken, lift the pause."""
        size = 1
        while not self._means.drain.is_stopping:
            lease, _ = await self._lease(size, even_if_paused=True)
            if lease is None:
                return
            run = self._run_of(lease)
            kind = await run.run(is_probe=True)
            if kind is Kind.TAKEN:
                await self._resume()
            if run.admitted > 0:
                return
            # All of it was too late to be sent, and there may be a long tail of that age: bury it in whole leases.
            size = self._means.limits.max_events

    async def _resume(self) -> None:
        """Lift the pause, unless a person has set one since."""
        state = await self._gates.store.state()
        if state is None or not state.paused_by_person:
            await self._gates.store.resume()
            self._paused = ""
            self._means.observer.lane_resumed(self._lane)

    async def _pause(self, answer: Answer) -> None:
        """Pause the lane for a refused credential."""
        self._probe_at = self._means.clock.now() + self._means.limits.probe_seconds
        await self._pause_because(self._why(answer))

    async def _pause_because(self, why: str) -> None:
        """Pause the lane, unless it is paused for that already or by a person."""
        if self._paused == why:
            return
        self._paused = why
        state = await self._gates.store.state()
        if state is None or not (state.paused_by_person or state.paused == why):
            await self._gates.store.pause(why)
            self._means.observer.lane_paused(self._lane, why)

    def _why(self, answer: Answer) -> str:
        """Return the reason of the pause for a person: which token, in whose words, and what to do."""
        means = self._means
        said = f"code {answer.code}" if answer.code is not None else f"HTTP {answer.status}"
        refused = f" ({said})" if answer.status is not None else ""
        fix = f" Fix: {answer.fix}." if answer.fix else ""
        return (
            f"{means.destination.token_name(self._lane)} was refused{refused}: {answer.message.rstrip('.')}.{fix} "
            f"All is kept; one event is tried every {means.limits.probe_seconds:g} s, and sending resumes by itself."
        )
