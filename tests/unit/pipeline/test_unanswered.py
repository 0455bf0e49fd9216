"""Where a visitor has not answered yet: what is held for the answer, what becomes of it, and that it is never sent."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.unit.pipeline.travelling import NOW, OTHER, SNIPPET, STORE, arrive, purchase, terms

from fullcount.clock import ManualClock
from fullcount.config.settings import MissingHalf
from fullcount.consent.decision import Action, ConsentRule
from fullcount.events.model import Half
from fullcount.events.reading import read_event
from fullcount.pipeline.pipeline import Pipeline
from fullcount.pipeline.steps import ask_consent
from fullcount.pipeline.terms import PixelTerms, SourceTerms
from fullcount.pipeline.travel import Arrival, travel
from fullcount.queue.delivery import LeaseLimits, Selection
from fullcount.queue.holding import Alone
from fullcount.queue.lane import Lane
from fullcount.queue.memory import MemoryQueue
from fullcount.queue.outcomes import Outcome, Reason
from fullcount.sources.receipt import Result
from fullcount.sources.source import Intake

BY_REGION = {"consent": ConsentRule.BY_REGION, "default_country": "DE"}
LANE = Lane(SNIPPET.code)


def on(pixel: PixelTerms, **changes: Any) -> PixelTerms:
    """Return a pixel with changes."""
    return msgspec.structs.replace(pixel, **changes)


def seen(event: dict[str, Any], terms: SourceTerms, half: Half = Half.BROWSER, state: str = "") -> Arrival:
    """Take one event of a page to the queue's door."""
    reading = msgspec.structs.replace(read_event(event), half=half)
    return travel(reading, Intake((reading,), pixel_state=state), terms, NOW)


@pytest.mark.parametrize("rule", [ConsentRule.BY_REGION, ConsentRule.REQUIRED])
@pytest.mark.parametrize("name", ["Purchase", "AddToCart"])
def test_an_unknown_consent_waits_where_our_snippet_may_bring_the_answer(rule: ConsentRule, name: str) -> None:
    """Of any web event, whether it has another half or not; it is taken, and held as long as halves are."""
    arrival = arrive(purchase(event=name), terms(SNIPPET, consent=rule, default_country="DE"))
    (entry,) = arrival.entries

    assert arrival.result.result is Result.ACCEPTED
    assert (entry.needs_answer, entry.hold_seconds, entry.claims_key) == (True, 15.0, True)


@pytest.mark.parametrize(
    ("pixel", "changes", "test"),
    [
        (STORE, {}, None),
        (OTHER, {}, None),
        (on(SNIPPET, hold_seconds=0.0), {}, None),
        (SNIPPET, {"event_source": "offline"}, None),
        (SNIPPET, {}, "TEST1"),
        (SNIPPET, {"consent": "limited"}, None),
        (SNIPPET, {"consent": "no idea"}, None),
    ],
)
def test_elsewhere_an_unknown_consent_is_withheld_at_once(
    pixel: PixelTerms, changes: dict[str, Any], test: str | None
) -> None:
    """Nobody would bring an answer, or there was one that allows nothing."""
    arrival = arrive(purchase(**changes), terms(pixel, **BY_REGION), test=test)

    assert arrival.entries == ()
    assert [fact.reason for fact in arrival.facts] == [Reason.CONSENT_UNKNOWN]


def test_each_pixel_decides_for_itself() -> None:
    """Beside a pixel with our snippet, one without it withholds; with a grant both are sent to."""
    both = terms(STORE, SNIPPET, **BY_REGION)
    unknown, granted = arrive(purchase(), both), arrive(purchase(consent="granted"), both)
    (entry,), (fact,) = unknown.entries, unknown.facts

    assert (entry.pixel, entry.needs_answer) == ("snippet", True)
    assert (fact.pixel, fact.outcome, fact.reason) == ("store", Outcome.WITHHELD, Reason.CONSENT_UNKNOWN)
    assert fact.detail == "DE needs a grant and there is none"
    assert [entry.needs_answer for entry in granted.entries] == [False, False]


def test_an_answer_that_is_not_needed_is_not_waited_for() -> None:
    """In the US an event goes on as ever, and a refusal is one."""
    american = terms(SNIPPET, consent=ConsentRule.BY_REGION, default_country="US")
    (sent,) = arrive(purchase(), american).entries
    refused = arrive(purchase(consent="denied"), american)

    assert sent.needs_answer is False
    assert (refused.entries, [fact.is_refusal for fact in refused.facts]) == ((), [True])


def test_limited_data_use_is_told_to_the_queue() -> None:
    """So that a half that joins is limited, too."""
    american = terms(SNIPPET, consent=ConsentRule.BY_REGION, default_country="US")
    (entry,) = arrive(purchase(consent="limited"), american).entries

    assert (entry.is_limited, entry.event.user.email, entry.event.limited_data_use) == (True, None, True)


def test_an_observed_source_holds_nothing() -> None:
    """It is recorded only, as everything that it brings."""
    arrival = arrive(purchase(), terms(SNIPPET, is_observed=True, **BY_REGION))

    assert (arrival.entries, [fact.reason for fact in arrival.facts]) == ((), [Reason.OBSERVE_ONLY])


@pytest.mark.parametrize(
    ("state", "hold_seconds"),
    [("", 15.0), ("loaded", 15.0), ("absent", 15.0), ("blocked", 600.0), ("refused", 600.0)],
)
def test_where_the_pixel_was_blocked_a_half_waits_longer(state: str, hold_seconds: float) -> None:
    """TikTok then gets no copy from the page, so its own five minutes do not matter; no other event waits for it."""
    patient = terms(on(SNIPPET, hold_blocked_seconds=600.0))

    assert [entry.hold_seconds for entry in seen(purchase(), patient, state=state).entries] == [hold_seconds]
    assert [entry.hold_seconds for entry in seen(purchase(event="AddToCart"), patient, state=state).entries] == [None]


def test_a_blocked_pixel_never_shortens_the_wait() -> None:
    """`hold_seconds` is the least."""
    (entry,) = seen(purchase(), terms(on(SNIPPET, hold_seconds=60.0)), state="blocked").entries

    assert entry.hold_seconds == 60.0


@pytest.mark.parametrize(
    ("half", "name", "setting", "alone"),
    [
        (Half.BROWSER, "Purchase", MissingHalf.SEND, Alone.MARK),
        (Half.BROWSER, "Purchase", MissingHalf.WITHHOLD, Alone.WITHHOLD),
        (Half.BROWSER, "AddToCart", MissingHalf.WITHHOLD, Alone.SEND),
        (Half.SERVER, "Purchase", MissingHalf.WITHHOLD, Alone.SEND),
    ],
)
def test_only_a_browser_half_misses_the_server_half(half: Half, name: str, setting: MissingHalf, alone: Alone) -> None:
    """Of an event whose truth is the server's; the server's half goes alone as ever."""
    (entry,) = seen(purchase(event=name), terms(on(SNIPPET, server_half_missing=setting)), half).entries

    assert entry.alone is alone


class Bench:
    """A pipeline over the queue in memory."""

    def __init__(self) -> None:
        self.clock = ManualClock(NOW)
        self.queue = MemoryQueue(self.clock)
        self.pipeline = Pipeline(self.queue, self.clock)

    async def take(
        self, half: Half, *, consent: str | None = None, rules: SourceTerms | None = None, **changes: Any
    ) -> Result:
        """Take one half of an order."""
        reading = msgspec.structs.replace(read_event(purchase(consent=consent, **changes)), half=half)
        receipt = await self.pipeline.take(Intake((reading,)), rules or terms(SNIPPET, **BY_REGION))
        return receipt.results[0].result

    async def leaves(self) -> list[str]:
        """Return the ids of all that a worker is given, once every time is over."""
        self.clock.advance(1_000)
        await self.queue.release_held()
        lease = await self.queue.lease(LANE, LeaseLimits(ripe_after_seconds=0))
        return [delivery.event.event_id for delivery in lease.deliveries]


@pytest.mark.parametrize("half", Half)
async def test_what_is_held_for_an_answer_is_never_sent_without_one(half: Half) -> None:
    """Alone, joined by another that has none, taken out and put back, across a crash: nothing ever leaves."""
    other = Half.BROWSER if half is Half.SERVER else Half.SERVER
    bench = Bench()
    event = read_event(purchase()).event
    assert event is not None
    assert ask_consent(event, None, terms(SNIPPET, **BY_REGION), may_be_answered=True)[0].action is Action.HOLD
    assert await bench.take(half) is Result.ACCEPTED
    assert await bench.take(half) is Result.DUPLICATE
    assert await bench.leaves() == []
    assert await bench.take(half) is Result.ACCEPTED
    assert await bench.take(other) is Result.MERGED
    assert await bench.leaves() == []
    assert await bench.take(half) is Result.ACCEPTED
    await bench.queue.bury(Selection())
    await bench.queue.redrive(Selection(), overridden=True)
    assert await bench.leaves() == []
    assert await bench.take(half, event_id="order-2") is Result.ACCEPTED
    bench.queue = bench.queue.crash()
    assert await bench.leaves() == []
    assert {fact.reason for fact in bench.queue.facts if fact.outcome is Outcome.WITHHELD} == {Reason.CONSENT_UNKNOWN}


@pytest.mark.parametrize("half", Half)
@pytest.mark.parametrize(("consent", "left"), [("granted", ["order-1"]), ("denied", []), ("opt_out", [])])
async def test_the_other_half_decides(half: Half, consent: str, left: list[str]) -> None:
    """A webhook is often faster than the thank-you page: the page's answer lets both go, or neither."""
    other = Half.BROWSER if half is Half.SERVER else Half.SERVER
    bench = Bench()
    await bench.take(half)
    await bench.take(other, consent=consent)

    assert await bench.leaves() == left


async def test_a_vouching_backend_answers_for_its_shopper() -> None:
    """What one half's source may send is sent with both."""
    bench = Bench()
    await bench.take(Half.BROWSER)
    assert await bench.take(Half.SERVER, rules=terms(SNIPPET)) is Result.MERGED
    assert await bench.leaves() == ["order-1"]
