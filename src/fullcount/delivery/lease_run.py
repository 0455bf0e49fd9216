"""One lease from admission to its last settle: cut batches, send each once, store what each answer decided."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence

import msgspec

from fullcount.clock import elapsed_seconds
from fullcount.delivery.admission import refusal
from fullcount.delivery.alike import ALIKE, PUT_OFF_SECONDS
from fullcount.delivery.batch import cut
from fullcount.delivery.destination import Answer, Kind
from fullcount.delivery.gates import Gates
from fullcount.delivery.isolate import REFUSES_THE_BATCH, isolate
from fullcount.delivery.means import Means
from fullcount.delivery.retry import retries
from fullcount.errors import StoreCorrupt
from fullcount.queue.delivery import Attempt, Buried, Delivered, Delivery, Lease, Retry, Settlement
from fullcount.queue.failpoints import Failpoint, reach
from fullcount.queue.outcomes import Outcome, Reason

UNSENT_SHARE = 4  # no request begins in the last quarter of a lease: its answer must be settled within it
PATIENCE_SECONDS = 5.0  # a lease waits this long for its token's rate, then it is handed back
EVENTS_AT_A_STRETCH = 250  # encoded before the event loop may do something else
THROTTLE_SECONDS = 1.0  # how long a token rests if the far side does not say
_NO_ANSWER = frozenset({Kind.LOST, Kind.UNAVAILABLE})
_CANNOT_ENCODE = (TypeError, ValueError, OverflowError, msgspec.MsgspecError)

_FIX_OF_THE_LANE = (
    "correct what all events of this pixel share, such as its code or token; if these events are bad themselves, "
    "make dead letters of them with fullcount queue bury"
)


class _StaleLease(Exception):
    """The lease ended before its result was stored; its deliveries belong to somebody else now."""


class LeaseRun:
    """Carries one lease through. `refused` is awaited when the credential is not allowed, before that is settled."""

    def __init__(self, lease: Lease, means: Means, gates: Gates, refused: Callable[[Answer], Awaitable[None]]) -> None:
        self._lease = lease
        self._lane = lease.lane
        self._means = means
        self._gates = gates
        self._refused = refused
        self.admitted = 0  # deliveries that were not too late to be sent
        self._requests = 0
        self._unsaid: list[Attempt] = []  # attempts that decided nothing yet; they go with the next settle
        self._suspects: list[
            tuple[Attempt, Mapping[int, Buried], Kind]
        ] = []  # not buried before it is clear who is bad
        self._sent: set[int] = set()
        self._settled: set[int] = set()
        self._delivered = Delivered(Outcome.TEST if lease.lane.test_event_code else Outcome.DELIVERED)

    async def run(self, *, is_probe: bool = False) -> Kind | None:
        """Send what may be sent; return what the last answer meant, or None if nothing was sent.

        A probe sends one event in one request and hands back all others. Without a pixel all are handed back.
        """
        try:
            deliveries, events = await self._admitted()
            self.admitted = len(deliveries)
            if not self._means.policy_of(self._lane).has_pixel:
                await self._leave(deliveries)
                return None
            limits, destination = self._means.limits, self._means.destination
            max_bytes = min(limits.max_bytes, destination.room(self._lane))
            batches: deque[Sequence[int]] = deque(cut(events, max_events=limits.max_events, max_bytes=max_bytes))
            if is_probe and batches:
                batches = deque([range(1), range(1, len(events))])
            return await self._send_all(deliveries, events, batches, is_probe=is_probe)
        except _StaleLease:
            self._means.observer.lease_went_stale(self._lane, self._lease.id)
        except StoreCorrupt:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, nothing may wait in silence until the lease ends
            await self._give_back(error)
        return None

    async def _admitted(self) -> tuple[list[Delivery], list[bytes]]:
        """Bury what may not leave any more; return the others with their bytes."""
        now, policy = self._means.clock.now(), self._means.policy_of(self._lane)
        encode = self._means.destination.encode
        buried: dict[int, Buried] = {}
        deliveries: list[Delivery] = []
        events: list[bytes] = []
        for count, delivery in enumerate(self._lease.deliveries, start=1):
            if count % EVENTS_AT_A_STRETCH == 0:
                await asyncio.sleep(0)
            refused = refusal(delivery, now, policy)
            if refused is not None:
                buried[delivery.seq] = refused
                continue
            try:
                events.append(encode(delivery.event))
            except _CANNOT_ENCODE as error:
                words = f"it cannot be put on the wire: {type(error).__name__}"
                buried[delivery.seq] = Buried(Reason.REJECTED_BY_TIKTOK, message=words)
                continue
            deliveries.append(delivery)
        if buried:
            await self._settle(buried)
            for reason in {it.reason for it in buried.values()}:
                dead = sum(it.reason is reason for it in buried.values())
                self._means.observer.not_sent(self._lane, reason, dead)
        return deliveries, events

    async def _send_all(
        self, deliveries: Sequence[Delivery], events: Sequence[bytes], batches: deque[Sequence[int]], *, is_probe: bool
    ) -> Kind | None:
        kind: Kind | None = None
        is_lane_bad = False
        while batches and not is_lane_bad and not (is_probe and self._requests) and await self._may_send():
            batch = batches.popleft()
            sent = [deliveries[position] for position in batch]
            answer, attempt = await self._send(sent, [events[position] for position in batch])
            kind = answer.kind
            if kind in REFUSES_THE_BATCH:
                isolation = isolate(answer, len(batch))
                buried = {sent[position].seq: it for position, it in isolation.buried.items()}
                batches.extendleft([batch[place] for place in part] for part in reversed(isolation.batches))
                if isolation.is_unnamed:
                    is_lane_bad = await self._suspect(answer, attempt, buried, batches)
                else:
                    await self._conclude(attempt, buried, kind)
            elif kind is Kind.TAKEN:
                self._gates.alike.taken(self._means.clock.now())
                await self._conclude(attempt, dict.fromkeys(attempt.seqs, self._delivered), kind)
                await self._bury_suspects()
            else:
                await self._put_off(answer, attempt, sent)
                break
        if is_lane_bad or is_probe:
            await self._spare_suspects()
        await self._bury_suspects()
        await self._hand_back([deliveries[position].seq for batch in batches for position in batch])
        return kind

    async def _suspect(
        self, answer: Answer, attempt: Attempt, buried: Mapping[int, Buried], batches: deque[Sequence[int]]
    ) -> bool:
        """Keep an event that was refused alone until it is clear whether the lane is to blame; return whether it is.

        Before a lane is blamed, the event that is farthest away from the refused ones is tried alone.
        """
        alike = self._gates.alike
        count = alike.refused(answer.code, answer.message, self._means.clock.now())
        if count == 1:
            await self._bury_suspects()
        self._suspects.append((attempt, buried, answer.kind))
        if count == 0:
            await self._bury_suspects()
        if count < ALIKE:
            return False
        if count == ALIKE and batches:
            *others, farthest = batches.pop()
            if others:
                batches.append(others)
            batches.appendleft([farthest])
            return False
        alike.blame_lane()
        words = f"{answer.message.rstrip('.')} (so for one event after the other, each alone)"
        await self._refused(msgspec.structs.replace(answer, message=words, fix=_FIX_OF_THE_LANE))
        return True

    async def _bury_suspects(self) -> None:
        while self._suspects:
            await self._conclude(*self._suspects.pop(0))

    async def _spare_suspects(self) -> None:
        """Let other events be tried before those that were refused while the lane may be to blame."""
        suspects, self._suspects = self._suspects, []
        again = Retry(self._means.clock.now() + PUT_OFF_SECONDS)
        for attempt, buried, kind in suspects:
            await self._conclude(attempt, dict.fromkeys(buried, again), kind)

    async def _may_send(self) -> bool:
        """Wait for the store and for the token's rate; return whether a request may still begin under this lease."""
        await self._gates.store.ready()
        clock = self._means.clock
        while (wait := self._gates.rate.wait_seconds(clock.now())) > 0:
            if wait > PATIENCE_SECONDS or self._means.drain.is_stopping:
                return False
            await clock.sleep(wait)
        lease, now = self._lease, clock.now()
        return not self._means.drain.is_stopping and lease.expires_at - now > (
            (lease.expires_at - lease.leased_at) / UNSENT_SHARE
        )

    async def _send(self, sent: Sequence[Delivery], events: Sequence[bytes]) -> tuple[Answer, Attempt]:
        means = self._means
        started_at, started = means.clock.now(), elapsed_seconds()
        self._gates.rate.take(started_at)
        self._sent.update(delivery.seq for delivery in sent)
        try:
            answer = await means.drain.answer_unless_cut(means.destination.send(self._lane, events))
        except Exception as error:  # noqa: BLE001 - a destination must answer; what it raised instead is a loss
            means.observer.lane_failed(self._lane, error)
            answer = Answer(Kind.LOST, message=f"sending failed: {type(error).__name__}")
        self._requests += 1
        reach(Failpoint.AFTER_SEND_BEFORE_SETTLE)
        self._judge_health(answer)
        attempt = Attempt(
            id=f"{self._lease.id}.{self._requests}",
            started_at=started_at,
            seconds=elapsed_seconds() - started,
            seqs=tuple([delivery.seq for delivery in sent]),
            status=answer.status,
            code=answer.code,
            message=answer.message,
            request_id=answer.request_id,
        )
        return answer, attempt

    def _judge_health(self, answer: Answer) -> None:
        now, observer = self._means.clock.now(), self._means.observer
        if answer.kind not in _NO_ANSWER:
            if self._gates.breaker.answered():
                observer.circuit_closed(self._lane)
        elif self._gates.breaker.failed(now) and self._gates.breaker.open_until is not None:
            observer.circuit_opened(self._lane, self._gates.breaker.open_until)

    async def _put_off(self, answer: Answer, attempt: Attempt, sent: Sequence[Delivery]) -> None:
        means, now = self._means, self._means.clock.now()
        if answer.kind is Kind.NOT_ALLOWED:
            await self._refused(answer)
        elif answer.kind is Kind.THROTTLED:
            wait = THROTTLE_SECONDS if answer.retry_after_seconds is None else answer.retry_after_seconds
            if self._gates.rate.throttled(now, sent_at=attempt.started_at, wait_seconds=wait):
                means.observer.throttled(means.destination.token_name(self._lane), self._gates.rate.per_second(now))
        again = retries(answer, sent, now=now, limits=means.limits, random=means.random)
        await self._conclude(attempt, again, answer.kind)

    async def _conclude(self, attempt: Attempt, results: Mapping[int, Settlement], kind: Kind) -> None:
        self._means.observer.attempt_ended(self._lane, attempt, results, kind)
        self._unsaid.append(attempt)
        if results:
            await self._settle(results)

    async def _hand_back(self, seqs: Sequence[int]) -> None:
        if seqs:
            await self._settle(dict.fromkeys(seqs, Retry(self._means.clock.now(), attempted=False)))

    async def _leave(self, deliveries: Sequence[Delivery]) -> None:
        """Hand back what has nowhere to go, the oldest to come first, so that a later look finds what grew too old."""
        if deliveries:
            await self._settle({each.seq: Retry(each.accepted_at, attempted=False) for each in deliveries})

    async def _settle(self, results: Mapping[int, Settlement]) -> None:
        attempts, self._unsaid = self._unsaid, []
        if not await self._gates.store.settle(self._lease, results, attempts):
            raise _StaleLease
        self._settled.update(results)

    async def _give_back(self, error: Exception) -> None:
        """Hand back at once what an error that nobody expected left open; what was sent may have been taken."""
        means, now = self._means, self._means.clock.now()
        means.observer.lane_failed(self._lane, error)
        self._gates.breaker.failed(now)
        due_at = now + means.limits.retry_base_seconds
        unsent = Retry(due_at, attempted=False)
        lost = Retry(due_at, lost=True)
        left = [delivery.seq for delivery in self._lease.deliveries if delivery.seq not in self._settled]
        try:
            await self._settle({seq: lost if seq in self._sent else unsent for seq in left})
        except _StaleLease:
            means.observer.lease_went_stale(self._lane, self._lease.id)
