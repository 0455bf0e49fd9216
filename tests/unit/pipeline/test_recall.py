"""Recall: visitor memory fills what this half of an event lacks, and never speaks against what it says itself."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from tests.unit.pipeline.travelling import NOW, STORE, purchase, terms

from fullcount.clock import ManualClock
from fullcount.consent.decision import ConsentRule
from fullcount.events.model import Page, User
from fullcount.events.reading import Reading, read_event
from fullcount.events.tie import Tie, TieKind
from fullcount.pipeline.pipeline import Pipeline
from fullcount.pipeline.terms import SourceTerms
from fullcount.queue.delivery import LeaseLimits
from fullcount.queue.lane import Lane
from fullcount.queue.memory import MemoryQueue
from fullcount.queue.outcomes import Reason
from fullcount.sources.source import Intake, Sighting
from fullcount.visitors.memory import Memory
from fullcount.visitors.memory_visitors import MemoryVisitors

TOKEN = Tie(TieKind.CHECKOUT_TOKEN, "checkout-token-1")
SEEN = User(ttclid="E.C.P.test-click", ttp="test-browser-id", ip="203.0.113.9", user_agent="Phone", locale="en")


class Scene:
    """A pipeline with a memory of visitors, over the queue in memory."""

    def __init__(self, rules: SourceTerms | None = None) -> None:
        clock = ManualClock(NOW)
        self.queue = MemoryQueue(clock)
        self.visitors = MemoryVisitors(clock)
        self.pipeline = Pipeline(self.queue, clock, visitors=self.visitors)
        self.rules = rules or terms()

    async def sees(self, *ties: Tie, user: User = SEEN, url: str | None = None, consent: str | None = None) -> None:
        """Take a request that only tells of a visitor."""
        sighting = Sighting(ties, user, Page(url=url), consent)
        await self.pipeline.take(Intake((), sightings=(sighting,)), self.rules)

    async def takes(self, *ties: Tie, lost: bool = False, **changes: Any) -> Any:
        """Take one event with these ties; return what is delivered of it, or None."""
        reading = msgspec.structs.replace(read_event(purchase(**changes)), ties=ties, is_lost_alone=lost)
        await self.pipeline.take(Intake((reading,)), self.rules)
        lease = await self.queue.lease(Lane(STORE.code), LeaseLimits(ripe_after_seconds=0))
        return lease.deliveries[0].event if lease.deliveries else None


BARE: dict[str, Any] = {"user": {"email": "customer@example.com"}, "page": None}


async def test_a_webhook_gets_the_click_its_visitor_came_with() -> None:
    """Click ID, browser ID, IP with user agent and the landing page are filled in, found by the checkout token."""
    scene = Scene()
    await scene.sees(TOKEN, url="https://shop.example.com/landing")
    event = await scene.takes(TOKEN, **BARE)

    assert (event.user.ttclid, event.user.ttp) == ("E.C.P.test-click", "test-browser-id")
    assert (event.user.ip, event.user.user_agent) == ("203.0.113.9", "Phone")
    assert event.page.url == "https://shop.example.com/landing"


async def test_what_the_event_says_itself_stands() -> None:
    """Its own IP, user agent and page are not replaced, and not completed by those of another moment."""
    scene = Scene()
    await scene.sees(TOKEN, url="https://shop.example.com/landing")
    event = await scene.takes(TOKEN, user={"email": "customer@example.com", "ip": "203.0.113.42"})

    assert (event.user.ip, event.user.user_agent) == ("203.0.113.42", None)
    assert event.page.url == "https://shop.example.com/thanks"


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ({"url": "https://shop.example.com/?ttclid=E.C.P.of-the-url"}, "E.C.P.of-the-url"),
        ({"url": "https://shop.example.com/"}, "E.C.P.test-click"),
    ],
)
async def test_the_click_of_the_url_comes_before_memorys_and_that_before_the_field(page: Any, expected: str) -> None:
    """The order of the click IDs: the event's own URL, visitor memory, the sender's field."""
    scene = Scene()
    await scene.sees(TOKEN)
    event = await scene.takes(TOKEN, user={"email": "customer@example.com", "ttclid": "E.C.P.of-the-field"}, page=page)

    assert event.user.ttclid == expected


async def test_a_hashed_address_finds_the_visitor_too() -> None:
    """A backend call weeks later has only the e-mail, which finds the click that came with a sign-in."""
    scene = Scene()
    await scene.sees(TOKEN, user=msgspec.structs.replace(SEEN, email="Customer@Example.com "))
    event = await scene.takes(**BARE)

    assert event.user.ttclid == "E.C.P.test-click"


async def test_traits_of_an_identify_call_reach_later_events() -> None:
    """E-mail and phone that were told once are sent, hashed, with an event that has only the tie."""
    scene = Scene()
    await scene.sees(TOKEN, user=User(email="customer@example.com", phone="+15550100142"))
    event = await scene.takes(TOKEN, user={"external_id": "42"})

    assert event.user.email
    assert event.user.phone


async def test_an_event_that_names_nobody_waits_for_nobody() -> None:
    """A cart without a known visitor is withheld as no_shared_event_id; with one it is sent."""
    scene = Scene()
    assert await scene.takes(TOKEN, lost=True, user=None) is None
    assert [fact.reason for fact in scene.queue.facts] == [Reason.NO_SHARED_EVENT_ID]

    await scene.sees(TOKEN)
    assert await scene.takes(TOKEN, lost=True, user=None, event_id="order-2") is not None


async def test_an_answer_alone_is_nobody() -> None:
    """Remembering only that somebody agreed does not tell TikTok who filled the cart."""
    scene = Scene()
    await scene.sees(TOKEN, user=User(), consent="granted")

    assert await scene.takes(TOKEN, lost=True, user=None) is None


@pytest.mark.parametrize(("said", "remembered", "sent"), [(None, "granted", True), ("granted", "denied", False)])
async def test_the_stricter_of_both_consents_counts(said: str | None, remembered: str, *, sent: bool) -> None:
    """A remembered grant lets a silent webhook go; a remembered refusal stops one that claims a grant."""
    scene = Scene(terms(consent=ConsentRule.REQUIRED))
    await scene.sees(TOKEN, consent=remembered)
    event = await scene.takes(TOKEN, consent=said)

    assert (event is not None) is sent


class CountingVisitors(MemoryVisitors):
    """A memory that counts how many calls to remember are under way at once."""

    def __init__(self, clock: ManualClock) -> None:
        super().__init__(clock)
        self.under_way = self.most = 0

    async def remember(self, ties: Sequence[Tie], memory: Memory) -> None:
        """Remember it once everybody else had a turn."""
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        await asyncio.sleep(0)
        await super().remember(ties, memory)
        self.under_way -= 1


async def test_the_visitors_of_a_batch_wait_for_one_commit() -> None:
    """Whoever sends fifty calls in a batch is not kept waiting for fifty commits, one after the other."""
    clock = ManualClock(NOW)
    visitors = CountingVisitors(clock)
    sightings = tuple(Sighting((Tie(TieKind.CLIENT_ID, f"visitor-{number}"),), SEEN) for number in range(50))
    await Pipeline(MemoryQueue(clock), clock, visitors=visitors).take(Intake((), sightings=sightings), terms())

    assert visitors.most == 50
    known = await visitors.recall([sighting.ties for sighting in sightings])
    assert all(memory is not None for memory in known)


async def test_nothing_plain_is_remembered() -> None:
    """What memory holds of e-mail, phone and external_id are digests."""
    scene = Scene()
    await scene.sees(TOKEN, user=User(email="customer@example.com", phone="+15550100142", external_id="42"))
    (memory,) = await scene.visitors.recall([[TOKEN]])

    assert memory is not None
    values = (*memory.email, *memory.phone, *memory.external_id)
    assert [len(value) for value in values] == [64, 64, 64]


def test_a_reading_has_no_ties_of_its_own_accord() -> None:
    """JSON that names ties is just JSON: only a sender's file makes them."""
    assert read_event(purchase(ties=["x"])).ties == Reading(None, (), "", "").ties


@pytest.mark.parametrize(
    ("url", "told", "expected"),
    [
        ("https://shop.example.com/?ttclid=E.C.P.new", None, NOW),
        ("https://shop.example.com/", None, None),
        ("https://shop.example.com/", NOW - 3600, NOW - 3600),
        ("https://shop.example.com/", NOW + 3600, NOW),
    ],
)
async def test_a_click_has_the_time_at_which_its_page_was_seen(
    url: str, told: float | None, expected: float | None
) -> None:
    """Only a URL that carries the click ID tells when the click was; a cookie's is as old as the page says."""
    scene = Scene()
    user = SEEN if "ttclid" not in url else msgspec.structs.replace(SEEN, ttclid=None)
    await scene.pipeline.take(
        Intake((), sightings=(Sighting((TOKEN,), user, Page(url=url), clicked_at=told),)), terms()
    )
    (memory,) = await scene.visitors.recall([[TOKEN]])

    assert memory is not None
    assert memory.clicked_at == expected


@pytest.mark.parametrize(
    ("said", "rule", "is_kept", "answer"),
    [
        (None, ConsentRule.SENDER_VOUCHES, True, None),
        (None, ConsentRule.REQUIRED, False, None),
        ("granted", ConsentRule.REQUIRED, True, "granted"),
        ("denied", ConsentRule.SENDER_VOUCHES, False, "denied"),
    ],
)
async def test_what_may_not_be_sent_is_not_remembered(
    said: str | None, rule: ConsentRule, answer: str | None, *, is_kept: bool
) -> None:
    """Without the grant that the source needs nothing of a visitor is kept but the answer itself."""
    scene = Scene(terms(consent=rule))
    await scene.sees(TOKEN, consent=said)
    (memory,) = await scene.visitors.recall([[TOKEN]])

    assert (memory is not None and memory.ttclid is not None) is is_kept
    assert (memory.consent if memory else None) == answer


async def test_a_refusal_is_remembered_with_its_time_and_version() -> None:
    """What the visitor was asked when they refused can be shown later."""
    scene = Scene(terms(consent=ConsentRule.REQUIRED))
    sighting = Sighting((TOKEN,), SEEN, consent="denied", consent_at=NOW - 5, consent_version="banner-2")
    await scene.pipeline.take(Intake((), sightings=(sighting,)), scene.rules)
    (memory,) = await scene.visitors.recall([[TOKEN]])

    assert memory == Memory(seen_at=NOW, consent="denied", consent_at=NOW - 5, consent_version="banner-2")
