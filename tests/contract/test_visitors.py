"""The contract of every memory of visitors."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.visitors.test_kept import memories

from fullcount.clock import DAY_SECONDS, ManualClock
from fullcount.events.tie import Tie, TieKind
from fullcount.queue.sqlite.engine import SqliteQueue
from fullcount.queue.sqlite.settings import StoreSettings
from fullcount.visitors.memory import Memory
from fullcount.visitors.memory_visitors import MemoryVisitors
from fullcount.visitors.sqlite import SqliteVisitors
from fullcount.visitors.visitors import Visitors, VisitorSettings

STORE = StoreSettings(min_free_disk=0, poll_seconds=0.01)
SMALL = VisitorSettings(max_visitors=3, max_ties=4)
SHOPPER, CART, ORDER = (
    Tie(TieKind.VISITOR, "test-visitor"),
    Tie(TieKind.CART_TOKEN, "test-cart"),
    Tie(TieKind.ORDER_ID, "12345"),
)
ADDRESS = Tie(TieKind.EMAIL, "a" * 64)
Opener = Callable[[VisitorSettings], Awaitable[Visitors]]


@asynccontextmanager
async def opened(engine: str, clock: ManualClock, limits: VisitorSettings | None = None) -> AsyncIterator[Visitors]:
    """Open an empty memory."""
    if engine == "memory":
        yield MemoryVisitors(clock, limits)
        return
    with TemporaryDirectory() as folder:
        queue = SqliteQueue.open(Path(folder) / "test.db", clock, STORE)
        visitors = SqliteVisitors(queue, clock, limits)
        yield visitors
        await visitors.close()
        await queue.close()


@pytest.fixture(params=["memory", "sqlite"])
async def opener(request: pytest.FixtureRequest, clock: ManualClock) -> AsyncIterator[Opener]:
    """Opens an empty memory with settings of the test's choice."""
    async with AsyncExitStack() as stack:

        async def open_memory(limits: VisitorSettings) -> Visitors:
            return await stack.enter_async_context(opened(request.param, clock, limits))

        yield open_memory


@pytest.fixture
async def visitors(opener: Opener) -> Visitors:
    """An empty memory."""
    return await opener(VisitorSettings())


@pytest.fixture
def clock() -> ManualClock:
    """A clock that the test moves."""
    return ManualClock()


async def told(visitors: Visitors, *ties: Tie) -> Memory:
    """Return what one event is told, which must be something."""
    (memory,) = await visitors.recall([ties])
    assert memory is not None
    return memory


async def test_an_empty_memory_knows_nobody(visitors: Visitors) -> None:
    """Each event gets an answer, and it is none."""
    assert await visitors.recall([[SHOPPER], [], [CART, ORDER]]) == [None, None, None]
    assert await visitors.recall([]) == []


async def test_a_visitor_is_recalled_by_any_of_their_ties(visitors: Visitors) -> None:
    """The landing knows the browser and the cart, the webhook only the cart."""
    await visitors.remember([SHOPPER, CART], Memory(ttclid="E.C.P.test", ip="203.0.113.1"))
    found = await visitors.recall([[CART], [ORDER], [SHOPPER, ORDER]])
    assert [memory and memory.ttclid for memory in found] == ["E.C.P.test", None, "E.C.P.test"]


async def test_a_call_that_ties_two_visitors_makes_them_one(visitors: Visitors) -> None:
    """From then on what either knew is found by the ties of both."""
    await visitors.remember([SHOPPER], Memory(ttclid="E.C.P.test"))
    await visitors.remember([ADDRESS], Memory(email=(ADDRESS.value,)))
    await visitors.remember([SHOPPER, ADDRESS, ORDER], Memory())
    for tie in (SHOPPER, ADDRESS, ORDER):
        memory = await told(visitors, tie)
        assert (memory.ttclid, memory.email) == ("E.C.P.test", (ADDRESS.value,))


async def test_the_most_specific_tie_comes_first_and_the_others_fill(visitors: Visitors) -> None:
    """An event that brings two visitors together is told the nearer one's browser; the strictest consent counts."""
    await visitors.remember([ADDRESS], Memory(ip="203.0.113.1", ttclid="E.C.P.test", consent="denied"))
    await visitors.remember([CART], Memory(ip="203.0.113.2", consent="granted"))
    memory = await told(visitors, ADDRESS, CART)
    assert (memory.ip, memory.ttclid, memory.consent) == ("203.0.113.2", "E.C.P.test", "denied")


async def test_nothing_is_remembered_without_a_tie(visitors: Visitors) -> None:
    """Nobody could ask for it, and visitors without a token are not one visitor."""
    await visitors.remember([], Memory(ip="203.0.113.1"))
    await visitors.remember([Tie(TieKind.CART_TOKEN, "")], Memory(ip="203.0.113.1"))
    assert await visitors.recall([[Tie(TieKind.CART_TOKEN, "")]]) == [None]


async def test_a_visitor_is_forgotten_after_their_time(visitors: Visitors, clock: ManualClock) -> None:
    """Thirty days after they were last seen, and what comes then under an old tie is a new visitor."""
    await visitors.remember([SHOPPER, CART], Memory(ip="203.0.113.1", ttclid="E.C.P.test"))
    clock.advance(30 * DAY_SECONDS - 1)
    assert (await told(visitors, CART)).ttclid == "E.C.P.test"
    clock.advance(1)
    assert await visitors.recall([[CART]]) == [None]
    await visitors.remember([SHOPPER], Memory(country="DE"))
    memory = await told(visitors, SHOPPER)
    assert (memory.country, memory.ip) == ("DE", None)
    assert await visitors.recall([[CART]]) == [None]


async def test_beyond_the_bound_the_oldest_go_first(opener: Opener, clock: ManualClock) -> None:
    """Whoever was not seen for longest is forgotten; whoever came again stays."""
    visitors = await opener(SMALL)
    shoppers = [Tie(TieKind.VISITOR, f"test-{number}") for number in range(5)]
    for shopper in (*shoppers[:3], shoppers[0], *shoppers[3:]):
        clock.advance(1)
        await visitors.remember([shopper], Memory(country="DE"))
    known = await visitors.recall([[shopper] for shopper in shoppers])
    assert [memory is not None for memory in known] == [True, False, False, True, True]


async def test_of_one_visitors_many_ties_the_newest_stay(opener: Opener, clock: ManualClock) -> None:
    """A visitor with hundreds of orders keeps the last ones."""
    visitors = await opener(SMALL)
    orders = [Tie(TieKind.ORDER_ID, str(number)) for number in range(6)]
    for order in orders:
        clock.advance(1)
        await visitors.remember([SHOPPER, order], Memory(country="DE"))
    known = await visitors.recall([[SHOPPER], *([order] for order in orders)])
    assert [memory is not None for memory in known] == [True, False, False, False, True, True, True]


async def test_forgetting_takes_all_ties_of_a_visitor(visitors: Visitors) -> None:
    """Asked for by address, the browser and the order are forgotten, too; others stay."""
    other = Tie(TieKind.VISITOR, "test-other")
    await visitors.remember([SHOPPER, ADDRESS, ORDER], Memory(ip="203.0.113.1"))
    await visitors.remember([other], Memory(ip="203.0.113.2"))
    assert await visitors.forget([ADDRESS, CART]) == 1
    assert await visitors.forget([ADDRESS]) == await visitors.forget([]) == 0
    assert [memory is not None for memory in await visitors.recall([[SHOPPER], [ORDER], [other]])] == [
        False,
        False,
        True,
    ]


async def test_of_an_emptied_visitor_the_answer_stays_and_the_ties(visitors: Visitors) -> None:
    """By any of their ties they are known as one who refused, and by nothing else; others stay as they are."""
    other = Tie(TieKind.VISITOR, "test-other")
    await visitors.remember(
        [SHOPPER, ADDRESS, ORDER], Memory(ip="203.0.113.1", ttclid="E.C.P.test", email=("ab" * 32,))
    )
    await visitors.remember([SHOPPER], Memory(consent="denied", consent_at=5.0))
    await visitors.remember([other], Memory(ip="203.0.113.2"))
    assert await visitors.empty([SHOPPER, CART]) == 1
    assert await visitors.empty([]) == await visitors.empty([CART]) == 0
    by_shopper, by_address, by_order, by_other = await visitors.recall([[SHOPPER], [ADDRESS], [ORDER], [other]])
    assert by_shopper == by_address == by_order
    assert by_shopper == Memory(seen_at=by_shopper.seen_at if by_shopper else 0.0, consent="denied", consent_at=5.0)
    assert by_other is not None
    assert by_other.ip == "203.0.113.2"


async def test_a_request_of_many_events_gets_an_answer_for_each(visitors: Visitors) -> None:
    """In the order of the events, whatever they share."""
    shoppers = [Tie(TieKind.VISITOR, f"test-{number}") for number in range(300)]
    for number in range(0, 300, 2):
        await visitors.remember([shoppers[number]], Memory(user_agent=f"browser {number}"))
    found = await visitors.recall([[shopper, ADDRESS] for shopper in shoppers])
    expected = [f"browser {number}" if number % 2 == 0 else None for number in range(300)]
    assert [memory and memory.user_agent for memory in found] == expected


_ties = st.lists(
    st.builds(
        Tie,
        st.sampled_from([TieKind.VISITOR, TieKind.CART_TOKEN, TieKind.EMAIL]),
        st.sampled_from(["test-1", "test-2", "test-3"]),
    ),
    min_size=1,
    max_size=3,
)


@pytest.mark.parametrize("engine", ["memory", "sqlite"])
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(said=st.lists(st.tuples(_ties, memories), max_size=6), data=st.data())
def test_the_order_of_what_is_said_makes_no_difference(
    engine: str, said: list[tuple[list[Tie], Memory]], data: st.DataObject
) -> None:
    """However requests overtake each other, in the end the same is recalled."""
    shuffled = data.draw(st.permutations(said))

    async def recalled(calls: Sequence[tuple[list[Tie], Memory]]) -> list[Memory | None]:
        async with opened(engine, ManualClock()) as visitors:
            for ties, memory in calls:
                await visitors.remember(ties, memory)
            kinds = (TieKind.VISITOR, TieKind.CART_TOKEN, TieKind.EMAIL)
            return await visitors.recall([[Tie(kind, f"test-{number}")] for kind in kinds for number in (1, 2, 3)])

    assert asyncio.run(recalled(said)) == asyncio.run(recalled(shuffled))
