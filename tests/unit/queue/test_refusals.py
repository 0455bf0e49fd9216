"""A visitor's no ends what waits of the same event, and a withdrawal all that waits of the visitor."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from tests.unit.queue.engines import Engine, counts, everything, reopened, sent, story
from tests.unit.queue.entries import AT_ONCE, LANE, OTHER_LANE, key_of, purchase

from fullcount.clock import ManualClock
from fullcount.events.hashed import HashedUser
from fullcount.events.model import Half, Identifiers
from fullcount.queue.delivery import Attempt, Buried, Delivered, LeaseLimits, Retry, Selection, Settlement
from fullcount.queue.entry import Entry, Fact, Verdict
from fullcount.queue.forgetting import Forgotten, Subject
from fullcount.queue.outcomes import Outcome, Reason
from fullcount.queue.sqlite.engine import SqliteQueue
from fullcount.queue.sqlite.settings import StoreSettings

ACCEPTED, MERGED, DUPLICATE = Verdict.ACCEPTED, Verdict.MERGED, Verdict.DUPLICATE
JANE = "1a" * 32
OF_JANE = Subject(emails=(JANE,))


def refusal(number: int = 1, reason: Reason = Reason.CONSENT_DENIED) -> Fact:
    """Return what is noted of a copy whose visitor said no."""
    return Fact(Outcome.WITHHELD, reason, "web", "store", "Purchase", f"order-{number}", key_of(number))


def of_jane(number: int, *, hold_seconds: float | None = None, email: Identifiers = JANE) -> Entry:
    """Return a numbered purchase of one person's."""
    entry = purchase(number, hold_seconds=hold_seconds)
    return msgspec.structs.replace(entry, event=msgspec.structs.replace(entry.event, user=HashedUser(email=email)))


@pytest.mark.parametrize("hold_seconds", [None, 20.0])
@pytest.mark.parametrize("reason", [Reason.CONSENT_DENIED, Reason.OPT_OUT_SIGNAL])
async def test_a_refusal_ends_what_is_held_or_queued(
    engine: Engine, path: Path, clock: ManualClock, hold_seconds: float | None, reason: Reason
) -> None:
    """In the same commit, with the refusal's own reason; its body is gone, and what stands beside it is not touched."""
    await engine.accept([of_jane(1, hold_seconds=hold_seconds), purchase(2, hold_seconds=hold_seconds)])
    await engine.accept([], [refusal(1, reason)])
    clock.advance(20)
    await engine.release_held()
    assert [event.event_id for event in await sent(engine)] == ["order-2"]
    assert counts(engine, path, clock) == {"accepted": 2, "withheld": 2, "delivered": 1}
    if isinstance(engine, SqliteQueue):
        arrival = "accepted" if hold_seconds is None else "held"
        assert sorted(story(path)) == sorted([(arrival, ""), ("withheld", reason), ("withheld", reason)])
        assert JANE.encode() not in everything(path)


async def test_a_refusal_counts_whatever_came_in_the_same_request(
    engine: Engine, path: Path, clock: ManualClock
) -> None:
    """A request with two copies of an event, one refused, sends none; a later copy with an answer is a new event."""
    assert (
        await engine.accept([purchase(1), purchase(2, hold_seconds=20.0)], [refusal(1), refusal(2)]) == [ACCEPTED] * 2
    )
    assert await sent(engine) == []
    assert await engine.accept([purchase(1), purchase(2)]) == [ACCEPTED] * 2
    assert len(await sent(engine)) == 2
    assert counts(engine, path, clock) == {"accepted": 4, "withheld": 4, "delivered": 2}


async def test_refusals_and_copies_of_one_commit_are_taken_in_their_order(queue: SqliteQueue, path: Path) -> None:
    """Many requests share a commit: what came before a refusal ends, what came after it is new."""
    verdicts = await asyncio.gather(
        queue.accept([purchase(1), purchase(2, half=Half.BROWSER, hold_seconds=20.0)]),
        queue.accept([purchase(2, hold_seconds=20.0)]),
        queue.accept([], [refusal(1), refusal(2)]),
        queue.accept([], [refusal(3)]),
        queue.accept([purchase(1), purchase(3)]),
        queue.accept([purchase(1)], [refusal(3)]),
        queue.accept([purchase(2, hold_seconds=20.0)]),
    )
    assert verdicts == [[ACCEPTED] * 2, [MERGED], [], [], [ACCEPTED] * 2, [DUPLICATE], [ACCEPTED]]
    assert [event.event_id for event in await sent(queue)] == ["order-1"]
    told = [what for what, _ in story(path)]
    assert sorted(told) == ["accepted", "accepted", "delivered", "duplicate", "withheld", "withheld"]


RETRY, LOST = Retry(5.0), Retry(5.0, lost=True)


@pytest.mark.parametrize(
    ("result", "ending", "is_key_free"),
    [
        (Delivered(), ("delivered", ""), False),
        (RETRY, ("withheld", Reason.CONSENT_DENIED), True),
        (LOST, ("withheld", Reason.CONSENT_DENIED), False),
        (Retry(5.0, attempted=False), ("withheld", Reason.CONSENT_DENIED), True),
        (Buried(Reason.REJECTED_BY_TIKTOK, 40002), ("withheld", Reason.CONSENT_DENIED), True),
        (Buried(Reason.TOO_OLD), ("withheld", Reason.CONSENT_DENIED), True),
    ],
)
async def test_what_is_leased_is_not_sent_again(
    engine: Engine, path: Path, result: Settlement, ending: tuple[str, str], *, is_key_free: bool
) -> None:
    """It ends when it comes back, unless it was delivered; where TikTok may have it, its key stays taken."""
    await engine.accept([of_jane(1), purchase(2)])
    lease = await engine.lease(LANE, AT_ONCE)
    first, second = lease.deliveries
    await engine.accept([], [refusal()])
    await engine.accept([], [refusal()])
    attempt = Attempt("1:1", 1.0, 0.1, (first.seq, second.seq))
    assert await engine.settle(lease, {first.seq: result, second.seq: Retry(5.0)}, [attempt])
    assert [event.event_id for event in await sent(engine)] == ["order-2"]
    assert await engine.dead_letters(Selection()) == []
    if isinstance(engine, SqliteQueue):
        assert ending in story(path)
        assert JANE.encode() not in everything(path)
    assert await engine.accept([purchase(1)]) == [ACCEPTED if is_key_free else DUPLICATE]


async def test_a_new_owner_sends_no_refused_delivery_again(engine: Engine, path: Path, clock: ManualClock) -> None:
    """What was under way when its owner was killed may be at TikTok: it ends, and its key stays taken."""
    await engine.accept([purchase(1)])
    assert (await engine.lease(LANE, AT_ONCE)).deliveries
    await engine.accept([], [refusal()])
    heir = await reopened(engine, path, clock)
    assert await sent(heir) == []
    assert await heir.accept([purchase(1)]) == [DUPLICATE]
    await heir.close()


async def test_what_may_be_at_tiktok_keeps_its_key_when_it_is_refused(engine: Engine) -> None:
    """A delivery whose answer was lost and that waits to be repeated is not repeated, and its copies are duplicates."""
    await engine.accept([purchase(1), purchase(2), purchase(3)])
    lease = await engine.lease(LANE, AT_ONCE)
    seqs = [delivery.seq for delivery in lease.deliveries]
    await engine.settle(lease, {seqs[0]: LOST, seqs[1]: RETRY, seqs[2]: LOST})
    await engine.accept([], [refusal(1), refusal(2)])
    assert [event.event_id for event in await sent(engine)] == ["order-3"]
    assert await engine.accept([purchase(1), purchase(2)]) == [DUPLICATE, ACCEPTED]


async def test_no_letter_of_a_refused_event_can_be_put_back(engine: Engine) -> None:
    """Whether its key was free by then or not."""
    await engine.accept([purchase(1), purchase(2), purchase(3)])
    await engine.bury(Selection(event_id="order-1"))
    await engine.bury(Selection(event_id="order-2"), Reason.SOURCE_REMOVED)
    await engine.bury(Selection(event_id="order-3"))
    await engine.accept([], [refusal(1), refusal(2)])
    assert [letter.event.event_id for letter in await engine.dead_letters(Selection())] == ["order-3"]
    assert await engine.redrive(Selection()) == 1


async def test_a_refusal_of_what_was_delivered_changes_nothing(engine: Engine, path: Path, clock: ManualClock) -> None:
    """It came too late to be honoured here; the key stays taken, so that nothing is counted twice."""
    await engine.accept([purchase(1), purchase(2)])
    lease = await engine.lease(LANE, LeaseLimits(max_events=1, ripe_after_seconds=0))
    await engine.settle(lease, {delivery.seq: Delivered() for delivery in lease.deliveries})
    await engine.accept([], [refusal(1)])
    assert await engine.accept([purchase(1)]) == [DUPLICATE]
    assert counts(engine, path, clock) == {"accepted": 2, "delivered": 1, "withheld": 1, "duplicate": 1}
    assert [event.event_id for event in await sent(engine)] == ["order-2"]


async def test_a_refused_delivery_is_found_wherever_its_chunk_begins(
    opened: Callable[[StoreSettings], SqliteQueue],
) -> None:
    """Among retries that were put together from far apart, behind many others, after its key left the log."""
    queue = opened(StoreSettings(min_free_disk=0, flush_keys=10, poll_seconds=0.01))
    await queue.accept([purchase(number) for number in range(60)])
    for number in range(60, 90):
        await queue.accept([purchase(number)])
    lease = await queue.lease(LANE, LeaseLimits(ripe_after_seconds=0, max_events=60))
    late = {delivery.seq: Retry(9.0 if number % 20 else 7.0) for number, delivery in enumerate(lease.deliveries)}
    await queue.settle(lease, late)
    while queue.stats().pending_keys >= 10:
        await queue.lanes()
    refused = (0, 20, 39, 40, 41, 59, 60, 75, 89)
    await queue.accept([], [refusal(number) for number in refused])
    gone = {f"order-{number}" for number in refused}
    left = {event.event_id for _ in range(3) for event in await sent(queue)}
    assert left == {f"order-{number}" for number in range(90)} - gone


async def test_a_refusal_without_a_key_or_of_another_kind_ends_nothing(engine: Engine) -> None:
    """What was withheld for other reasons says nothing of other copies."""
    await engine.accept([purchase(1)])
    others = [refusal(1, reason) for reason in (Reason.CONSENT_UNKNOWN, Reason.BOT, Reason.OBSERVE_ONLY)]
    await engine.accept([], [*others, msgspec.structs.replace(refusal(1), key=b"")])
    assert len(await sent(engine)) == 1


async def test_a_repeated_request_refuses_nothing(engine: Engine) -> None:
    """What it said was said before; a copy that came since with another answer stands."""
    once = b"request-of-a-shop"[:16]
    await engine.accept([], [refusal()], once=once)
    await engine.accept([purchase(1)])
    await engine.accept([], [refusal()], once=once)
    assert len(await sent(engine)) == 1


async def test_a_withdrawal_drops_all_that_waits_of_a_visitor(engine: Engine, path: Path, clock: ManualClock) -> None:
    """Held, queued on any lane, under way and given up; what is others' stays, and the ledger names the orders."""
    await engine.accept([of_jane(1), of_jane(2, hold_seconds=20.0), purchase(3), of_jane(4, email=("ff" * 32, JANE))])
    elsewhere = msgspec.structs.replace(of_jane(5), lane=OTHER_LANE)
    await engine.accept([elsewhere, of_jane(6), of_jane(7)])
    await engine.bury(Selection(event_id="order-6"))
    lease = await engine.lease(OTHER_LANE, AT_ONCE)
    assert await engine.withdraw(OF_JANE) == 5
    assert await engine.withdraw(OF_JANE) == 0
    assert await engine.settle(lease, {delivery.seq: RETRY for delivery in lease.deliveries})
    clock.advance(20)
    assert await engine.release_held() == 0
    assert [event.event_id for lane in (LANE, OTHER_LANE) for event in await sent(engine, lane)] == ["order-3"]
    assert await engine.dead_letters(Selection()) == []
    assert counts(engine, path, clock) == {"accepted": 7, "dead": 1, "withheld": 5, "delivered": 1}
    if isinstance(engine, SqliteQueue):
        assert story(path, 2) == [("held", ""), ("withheld", Reason.CONSENT_DENIED)]
        assert JANE.encode() not in everything(path)
    assert await engine.accept([purchase(1)]) == [ACCEPTED]


@pytest.mark.parametrize("subject", [Subject(click_ids=("E.C.P.test",)), Subject(browser_ids=("test-browser",))])
async def test_a_visitor_without_a_name_is_found_by_the_click_or_the_browser(engine: Engine, subject: Subject) -> None:
    """Compared as they are, since they are sent in the clear."""
    users = (HashedUser(ttclid="E.C.P.test", ttp="test-browser"), HashedUser(ttclid="e.c.p.TEST", ttp="test-browser-2"))
    entries = [purchase(number) for number in (1, 2)]
    await engine.accept(
        [
            msgspec.structs.replace(entry, event=msgspec.structs.replace(entry.event, user=user))
            for entry, user in zip(entries, users, strict=True)
        ]
    )
    assert await engine.withdraw(subject) == 1
    assert [event.event_id for event in await sent(engine)] == ["order-2"]


async def test_who_is_forgotten_after_a_refusal_is_forgotten(engine: Engine, path: Path, clock: ManualClock) -> None:
    """A delivery under way that was refused, and whose person then asks to be forgotten, is purged; not the reverse."""
    await engine.accept([of_jane(1), of_jane(2)])
    lease = await engine.lease(LANE, AT_ONCE)
    await engine.accept([], [refusal(1)])
    assert await engine.forget(OF_JANE) == Forgotten(leased=2)
    assert await engine.withdraw(OF_JANE) == 0
    assert await engine.settle(lease, {delivery.seq: RETRY for delivery in lease.deliveries})
    assert counts(engine, path, clock) == {"accepted": 2, "withheld": 1, "dead": 2}


async def test_a_withdrawal_misses_nothing_that_moves_meanwhile(queue: SqliteQueue, clock: ManualClock) -> None:
    """What is released, redriven, leased or handed back between two of its steps is found all the same."""
    await queue.accept([of_jane(number) for number in range(6_000)])
    await queue.accept([of_jane(number, hold_seconds=20.0) for number in range(6_000, 6_400)])
    clock.advance(20)
    withdrawal = asyncio.ensure_future(queue.withdraw(OF_JANE))
    leases = []
    while not withdrawal.done():
        await queue.release_held()
        leases.append(await queue.lease(LANE, LeaseLimits(ripe_after_seconds=0, max_events=100)))
        await queue.settle(leases[-1], {delivery.seq: RETRY for delivery in leases[-1].deliveries})
        await queue.redrive(Selection())
    assert await withdrawal + sum(len(lease.deliveries) for lease in leases) >= 6_400
    assert await sent(queue) == []
    assert [state for state in await queue.lanes() if state.queued or state.held or state.leased] == []
