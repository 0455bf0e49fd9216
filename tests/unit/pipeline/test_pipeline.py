"""The last step: one call to the queue for a whole request, and results in the request's order."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from tests.unit.pipeline.travelling import NOW, OTHER, OUTLET, SNIPPET, STORE, purchase, terms

from fullcount.clock import ManualClock
from fullcount.errors import StoreUnavailable
from fullcount.events.hashed import HashedEvent
from fullcount.events.reading import read_event
from fullcount.pipeline.pipeline import Pipeline
from fullcount.pipeline.terms import SourceTerms
from fullcount.queue.entry import Entry, Note, Verdict
from fullcount.queue.memory import MemoryQueue
from fullcount.queue.outcomes import Outcome
from fullcount.sources.receipt import Receipt, Result
from fullcount.sources.source import Intake


class Heard:
    """An observer that remembers."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, int, int]] = []
        self.broken: list[tuple[str, str]] = []

    def stored(
        self, source: str, entries: Sequence[Entry], verdicts: Sequence[Verdict], notes: Sequence[Note], seconds: float
    ) -> None:
        """Remember how much was stored."""
        assert len(entries) == len(verdicts)
        assert seconds >= 0
        self.calls.append((source, len(entries), len(notes)))

    def event_broke(self, source: str, error: Exception) -> None:
        """Remember what broke."""
        self.broken.append((source, type(error).__name__))


class Bench:
    """A pipeline over the queue in memory."""

    def __init__(self) -> None:
        clock = ManualClock(NOW)
        self.queue = MemoryQueue(clock)
        self.heard = Heard()
        self.pipeline = Pipeline(self.queue, clock, self.heard)

    async def take(self, terms: SourceTerms, *events: dict[str, object], test: str | None = None) -> Receipt:
        """Take one request's events."""
        return await self.pipeline.take(Intake(tuple(read_event(event) for event in events), test), terms)


async def test_a_request_is_stored_in_one_call() -> None:
    """Deliveries and facts of all events travel together, and whoever listens hears once."""
    bench = Bench()
    receipt = await bench.take(
        terms(STORE, OUTLET), purchase(), purchase(event=""), purchase(consent="denied"), purchase(event_id="order-2")
    )

    assert [each.result for each in receipt.results] == ["accepted", "rejected", "withheld", "accepted"]
    assert [each.event_id for each in receipt.results] == ["order-1", None, "order-1", "order-2"]
    assert bench.heard.calls == [("backend", 4, 3)]


async def test_a_large_request_lets_others_go_on_between() -> None:
    """A thousand events are taken in stretches of a hundred, one without a pause; either is stored in one call."""
    bench = Bench()
    done = asyncio.Event()
    turns = 0

    async def count_turns() -> None:
        nonlocal turns
        while not done.is_set():
            turns += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count_turns())
    await bench.take(terms(STORE), purchase())
    assert turns == 0
    await bench.take(terms(STORE), *[purchase(event_id=f"order-{number}") for number in range(2, 1_002)])
    assert turns >= 9
    assert [entries for _, entries, _ in bench.heard.calls] == [1, 1_000]
    done.set()
    await counting


async def test_results_keep_their_order_among_duplicates() -> None:
    """Verdicts find back to their events, whatever stands between them and however many pixels they have."""
    bench = Bench()
    await bench.take(terms(STORE, OUTLET), purchase(event_id="b"))
    receipt = await bench.take(
        terms(STORE, OUTLET),
        purchase(event_id="a"),
        purchase(event=""),
        purchase(event_id="b"),
        purchase(event_id="c"),
        purchase(event_id="a"),
    )

    assert [each.result for each in receipt.results] == ["accepted", "rejected", "duplicate", "accepted", "duplicate"]
    assert receipt.counts() == {"accepted": 2, "merged": 0, "duplicate": 2, "withheld": 0, "rejected": 1}


async def test_new_at_any_pixel_is_accepted() -> None:
    """An event that one pixel has and another has not is accepted."""
    bench = Bench()
    await bench.take(terms(STORE), purchase())
    receipt = await bench.take(terms(STORE, OUTLET), purchase())

    assert [each.result for each in receipt.results] == ["accepted"]


async def test_a_held_purchase_repeated_by_the_same_half_is_a_duplicate() -> None:
    """Only the other half merges."""
    bench = Bench()
    await bench.take(terms(SNIPPET), purchase())
    receipt = await bench.take(terms(SNIPPET), purchase())

    assert [each.result for each in receipt.results] == ["duplicate"]


async def test_test_events_are_accepted_each_time() -> None:
    """A test event claims no key, so it never is a duplicate, of itself or of a live one."""
    bench = Bench()
    receipts = [await bench.take(terms(SNIPPET), purchase(), test="TEST1") for _ in range(2)]
    receipts.append(await bench.take(terms(SNIPPET), purchase()))

    assert [receipt.results[0].result for receipt in receipts] == [Result.ACCEPTED] * 3


async def test_what_is_not_stored_is_not_answered() -> None:
    """If the queue refuses, nothing is returned and nobody hears of it."""
    bench = Bench()
    bench.queue.unavailable = StoreUnavailable("the disk is full")

    with pytest.raises(StoreUnavailable):
        await bench.take(terms(), purchase())
    assert bench.heard.calls == []


async def test_a_receipt_says_whether_and_why_nothing_was_taken() -> None:
    """Refused is all rejected; not allowed is all of them for a pixel of others."""
    bench = Bench()
    foreign = await bench.take(terms(), purchase(pixel="nowhere"))
    mixed = await bench.take(terms(), purchase(pixel="nowhere"), purchase(event=""))
    withheld = await bench.take(terms(OTHER), purchase(event="AddToCart"))

    assert (foreign.is_refused, foreign.is_not_allowed) == (True, True)
    assert (mixed.is_refused, mixed.is_not_allowed) == (True, False)
    assert (withheld.is_refused, withheld.is_not_allowed) == (False, False)


async def test_an_event_that_fits_no_request_is_refused() -> None:
    """Large events are measured; one that has no room in a request to TikTok would block its lane for ever."""
    queue = MemoryQueue(ManualClock(NOW))
    pipeline = Pipeline(queue, ManualClock(NOW), fits=lambda event: event.event_id != "order-2")
    readings = tuple(read_event(purchase(event_id=f"order-{number}")) for number in (1, 2, 3))
    receipt = await pipeline.take(Intake(readings, large=frozenset({1, 2})), terms(STORE, OUTLET))

    assert [each.result for each in receipt.results] == ["accepted", "rejected", "accepted"]
    assert [problem.code for problem in receipt.results[1].problems] == ["too_large"]
    assert [(fact.outcome, fact.event_id) for fact in queue.facts] == [(Outcome.INVALID, "order-2")]


async def test_an_event_that_breaks_its_way_costs_itself_only() -> None:
    """Whatever one event raises is told to whoever listens, and its neighbours are taken."""

    def fits(_event: HashedEvent) -> bool:
        raise ZeroDivisionError

    clock, heard = ManualClock(NOW), Heard()
    pipeline = Pipeline(MemoryQueue(clock), clock, heard, fits)
    readings = tuple(read_event(purchase(event_id=f"order-{number}")) for number in (1, 2))
    receipt = await pipeline.take(Intake(readings, large=frozenset({0}), broken=(KeyError(),)), terms())

    assert [each.result for each in receipt.results] == ["rejected", "accepted"]
    assert [problem.code for problem in receipt.results[0].problems] == ["internal"]
    assert heard.broken == [("backend", "KeyError"), ("backend", "ZeroDivisionError")]
