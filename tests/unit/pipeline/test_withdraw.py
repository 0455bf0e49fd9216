"""A visitor who says no: what waits of them is dropped, and only the answer is remembered."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.unit.pipeline.travelling import NOW, STORE, purchase, terms

from fullcount.clock import ManualClock
from fullcount.consent.decision import ConsentRule
from fullcount.errors import StoreUnavailable
from fullcount.events.model import Page, User
from fullcount.events.reading import read_event
from fullcount.events.tie import Tie, TieKind
from fullcount.identity.digest import sha256_hex
from fullcount.pipeline.pipeline import Pipeline
from fullcount.queue.delivery import LeaseLimits
from fullcount.queue.forgetting import Subject
from fullcount.queue.lane import Lane
from fullcount.queue.memory import MemoryQueue
from fullcount.queue.outcomes import Outcome, Reason
from fullcount.sources.source import Intake, Sighting
from fullcount.visitors.memory import Memory
from fullcount.visitors.memory_visitors import MemoryVisitors

AMERICAN = terms(STORE, consent=ConsentRule.BY_REGION, default_country="US")
JANE = Tie(TieKind.VISITOR, "test-visitor-jane-0000")
JOE = Tie(TieKind.VISITOR, "test-visitor-joe-00000")
ORDER = Tie(TieKind.ORDER_ID, "1")
CLICK = "E.C.P.test-click-of-jane"
VISIT = User(ttclid=CLICK, ttp="test-browser-of-jane", ip="203.0.113.7", user_agent="Mozilla/5.0", country="US")


class CountingQueue(MemoryQueue):
    """Counts how often it was searched."""

    searches = 0

    async def withdraw(self, subject: Subject) -> int:
        """Search, and count it."""
        self.searches += 1
        return await super().withdraw(subject)


class Bench:
    """A pipeline with a memory of visitors."""

    def __init__(self) -> None:
        self.clock = ManualClock(NOW)
        self.queue = CountingQueue(self.clock)
        self.visitors = MemoryVisitors(self.clock)
        self.pipeline = Pipeline(self.queue, self.clock, visitors=self.visitors)

    async def sees(self, *ties: Tie, **told: Any) -> None:
        """Take a page's beacon that brings no event."""
        self.clock.advance(1)
        await self.pipeline.take(Intake((), sightings=(Sighting(ties, **told),)), AMERICAN)

    async def visits(self, *ties: Tie, **user: Any) -> None:
        """Take the beacon of a landing page."""
        given = User(**{name: getattr(VISIT, name) for name in VISIT.__struct_fields__} | user)
        await self.sees(*ties, user=given, page=Page(url="https://shop.example.com/"))

    async def buys(self, event_id: str, tie: Tie | None = None, **user: Any) -> None:
        """Take an order that the shop's backend tells of."""
        self.clock.advance(1)
        given = purchase(
            event_id=event_id, user=user, properties={"currency": "USD", "value": 10, "order_id": event_id}
        )
        reading = read_event(given)
        reading = msgspec.structs.replace(reading, ties=() if tie is None else (tie,))
        await self.pipeline.take(Intake((reading,)), AMERICAN)

    async def leaves(self) -> list[str]:
        """Return the ids of all that a worker is given."""
        lease = await self.queue.lease(Lane(STORE.code), LeaseLimits(ripe_after_seconds=0))
        return sorted(delivery.event.event_id for delivery in lease.deliveries)


@pytest.mark.parametrize("said", ["denied", "opt_out"])
async def test_what_waits_of_a_visitor_who_says_no_is_dropped(said: str) -> None:
    """By the click, the browser and the hashes that they were known by; what is others' goes on."""
    bench = Bench()
    await bench.visits(JANE, email="jane.doe@example.com")
    await bench.visits(JOE, ttclid=None, ttp=None, email="joe@example.com")
    await bench.buys("order-1", JANE)
    await bench.buys("order-2", email="jane.doe@example.com")
    await bench.buys("order-3", ttclid=CLICK)
    await bench.buys("order-4", JOE)
    await bench.sees(JANE, consent=said, consent_at=NOW + 10)

    assert await bench.leaves() == ["order-4"]
    ended = [(fact.event_id, fact.reason) for fact in bench.queue.facts if fact.outcome is Outcome.WITHHELD]
    assert sorted(ended) == [(f"order-{number}", Reason.CONSENT_DENIED) for number in (1, 2, 3)]


async def test_only_the_answer_is_remembered_and_by_every_tie() -> None:
    """Click ID, browser ID, address, user agent, page and hashes are gone; an order that comes later is refused."""
    bench = Bench()
    await bench.visits(JANE, ORDER, email="jane.doe@example.com")
    await bench.sees(JANE, consent="denied", consent_at=NOW + 1)
    by_mail = Tie(TieKind.EMAIL, sha256_hex("jane.doe@example.com"))
    for memory in await bench.visitors.recall([[JANE], [ORDER], [by_mail]]):
        assert memory == Memory(seen_at=NOW + 2, consent="denied", consent_at=NOW + 1)
    await bench.buys("1")

    assert await bench.leaves() == []


async def test_a_later_grant_counts_from_then_on_and_brings_nothing_back() -> None:
    """What was dropped stays so, and what was forgotten too."""
    bench = Bench()
    await bench.visits(JANE)
    await bench.buys("order-1", JANE)
    await bench.sees(JANE, consent="denied", consent_at=NOW + 3)
    await bench.sees(JANE, consent="granted", consent_at=NOW + 4)
    await bench.buys("order-2", JANE)
    (memory,) = await bench.visitors.recall([[JANE]])

    assert memory is not None
    assert (memory.consent, memory.ttclid) == ("granted", None)
    assert await bench.leaves() == ["order-2"]


async def test_a_refusal_on_every_page_searches_once() -> None:
    """Of a visitor of whom nothing is known but the refusal there is nothing to drop; nor of one nobody knows."""
    bench = Bench()
    await bench.visits(JANE)
    for _ in range(5):
        await bench.sees(JANE, consent="denied")
        await bench.sees(JOE, consent="denied")
    assert bench.queue.searches == 1
    await bench.visits(JANE)
    await bench.sees(JANE, consent="denied")
    assert bench.queue.searches == 2


async def test_nobodys_events_are_dropped_since_a_page_named_their_order() -> None:
    """An order's number can be guessed; a visitor's own id cannot."""
    bench = Bench()
    await bench.visits(JANE, ORDER)
    await bench.buys("order-7", JANE)
    await bench.sees(JOE, ORDER, consent="denied")

    assert (bench.queue.searches, await bench.leaves()) == (0, ["order-7"])


async def test_a_sender_who_names_a_person_is_believed() -> None:
    """A backend's refusal with an address beside it needs no memory of that person."""
    bench = Bench()
    await bench.buys("order-1", email="jane.doe@example.com")
    await bench.buys("order-2", email="joe@example.com")
    await bench.sees(Tie(TieKind.CLIENT_ID, "1.2"), consent="denied", user=User(email="jane.doe@example.com"))

    assert await bench.leaves() == ["order-2"]


async def test_an_objection_that_the_shop_sends_limited_is_no_withdrawal() -> None:
    """Where the law of a US state knows limited data use and the shop chose it, nothing is dropped."""
    bench = Bench()
    limiting = terms(STORE, consent=ConsentRule.BY_REGION, default_country="US", limits_opt_out=True)
    await bench.visits(JANE)
    await bench.buys("order-1", JANE)
    told = Sighting((JANE,), user=User(country="US", state="CA"), consent="opt_out")
    await bench.pipeline.take(Intake((), sightings=(told,)), limiting)

    assert (bench.queue.searches, await bench.leaves()) == (0, ["order-1"])


async def test_a_withdrawal_that_could_not_be_stored_is_repeated_whole() -> None:
    """The page is told so, and memory still knows by what to search when it says it again."""
    bench = Bench()
    await bench.visits(JANE)
    await bench.buys("order-1", JANE)
    bench.queue.unavailable = StoreUnavailable("the disk is full")
    with pytest.raises(StoreUnavailable):
        await bench.sees(JANE, consent="denied")
    bench.queue.unavailable = None
    await bench.sees(JANE, consent="denied")

    assert await bench.leaves() == []
    assert (await bench.visitors.recall([[JANE]]))[0] is not None


async def test_without_visitor_memory_a_refusal_is_taken_all_the_same() -> None:
    """There is nobody to find."""
    clock = ManualClock(NOW)
    pipeline = Pipeline(MemoryQueue(clock), clock)
    receipt = await pipeline.take(Intake((), sightings=(Sighting((JANE,), consent="denied"),)), AMERICAN)

    assert receipt.results == ()
