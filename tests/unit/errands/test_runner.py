"""The runner: what becomes of a notice when the platform answers, is silent, refuses, or the store does."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from tests.unit.errands.scene import DOWN, ORDER, Scene, ScriptedAsker, found, settings_of
from tests.unit.sources.fixtures import NOW

from fullcount.clock import DAY_SECONDS, ManualClock
from fullcount.errands.asking import Answered, Reply, Unheard
from fullcount.errands.owner import owners_of
from fullcount.errands.runner import AT_A_LOOK, AT_ONCE, LOOK_SECONDS, REST_SECONDS
from fullcount.errors import StoreCorrupt, StoreUnavailable
from fullcount.queue.delivery import LeaseLimits
from fullcount.queue.entry import Entry, Errand, Note, Verdict
from fullcount.queue.memory import MemoryQueue
from fullcount.sources.fetching import Question


async def sold(scene: Scene) -> list[str]:
    """Return the event_ids of the deliveries that wait."""
    limits = LeaseLimits(ripe_after_seconds=0.0)
    leases = [await scene.queue.lease(state.lane, limits) for state in await scene.queue.lanes()]
    return [delivery.event.event_id for lease in leases for delivery in lease.deliveries]


async def test_what_a_notice_names_is_fetched_stored_and_crossed_off() -> None:
    """One question for the order, one for its products, one purchase, and nothing more to do."""
    scene = Scene()
    scene.sell()
    await scene.notice()

    assert not await scene.runner.look()
    assert await sold(scene) == ["250"]
    assert scene.waiting == []
    assert [url.partition("/v2/")[2] for url in scene.asker.asked] == ["orders/250", "orders/250/products?limit=250"]
    assert scene.heard.lines == [("ended", "shop", 1)]


async def test_a_platform_that_is_down_is_asked_ever_more_rarely_until_it_answers() -> None:
    """The notice waits in the store with its attempts counted, and is asked for neither early nor late."""
    scene = Scene()
    key = await scene.notice()
    waits = [5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 320.0, 640.0, 900.0, 900.0]
    for attempts, wait in enumerate(waits):
        asked = len(scene.asker.asked)
        await scene.runner.look()
        assert len(scene.asker.asked) == asked + 2
        (errand,) = scene.waiting
        assert (errand.key, errand.attempts, errand.due_at) == (key, attempts + 1, scene.clock.now() + wait)
        scene.clock.advance(wait - 0.1)
        await scene.runner.look()
        assert len(scene.asker.asked) == asked + 2, "not yet"
        scene.clock.advance(0.1)
    scene.sell()
    await scene.runner.look()
    assert await sold(scene) == ["250"]
    assert scene.heard.lines[-1] == ("ended", "shop", len(waits) + 1)


async def test_after_three_days_a_notice_is_told_as_unreadable_with_the_reason() -> None:
    """Nothing disappears: it is counted as ignored, under the order's id, and why."""
    scene = Scene()
    scene.asker.answer("/orders/", Answered(401))
    await scene.notice()
    while scene.waiting:
        await scene.runner.look()
        scene.clock.advance(900.0)

    assert NOW + 3 * DAY_SECONDS - 1_800 < scene.clock.now() <= NOW + 3 * DAY_SECONDS + 900
    (fact,) = scene.queue.facts
    assert (fact.outcome.value, fact.reason.value, fact.source) == ("ignored", "unreadable_notice", "shop")
    assert (fact.event_id, fact.detail) == ("250", "HTTP 401: is the token right?")
    assert scene.heard.lines[-1] == ("gave up", "shop", "HTTP 401: is the token right?")


async def test_a_gateway_that_was_down_for_days_still_asks_once() -> None:
    """A notice that is older than three days when it is first looked into is asked for before it is given up."""
    scene = Scene()
    scene.sell()
    await scene.notice()
    scene.clock.advance(5 * DAY_SECONDS)
    await scene.runner.look()
    assert await sold(scene) == ["250"]


async def test_a_busy_platform_says_when_to_come_again() -> None:
    """Its own wait counts if it is longer than ours."""
    scene = Scene()
    scene.asker.answer("/orders/", Answered(429, headers={"retry-after": "120"}))
    await scene.notice()
    await scene.runner.look()
    assert scene.waiting[0].due_at == NOW + 120
    scene.asker.answer("/orders/", Answered(429, headers={"x-rate-limit-time-reset-ms": "1500"}))
    scene.clock.advance(120)
    await scene.runner.look()
    assert scene.waiting[0].due_at == NOW + 120 + 10.0


async def test_a_platform_that_is_down_costs_one_round_however_much_waits() -> None:
    """The first few are asked for; the others of that source wait as long, and another source's go on at once."""
    scene = Scene("down", "up")
    for order in range(50):
        await scene.notice(order, "down")
    await scene.notice(900, "up")
    scene.sell(900)
    await scene.runner.look()

    assert len(scene.asker.asked) == 2 * (AT_ONCE + 1)
    assert await sold(scene) == ["900"]
    assert {errand.due_at for errand in scene.waiting} == {NOW + 5.0}
    assert len(scene.waiting) == 50
    assert ("postponed", "down", 46, "as others of the source", 5.0) in scene.heard.lines


async def test_a_long_list_of_notices_costs_no_more() -> None:
    """Of hundreds that wait a few are asked for, look after look, until the platform's rest is over."""
    scene = Scene()
    for order in range(250):
        await scene.notice(order)
    while await scene.runner.look():
        pass
    assert len(scene.asker.asked) == 2 * AT_ONCE
    assert {errand.due_at for errand in scene.waiting} == {NOW + 5.0}

    for order in range(250):
        scene.sell(order)
    scene.clock.advance(5.0)
    while await scene.runner.look():
        pass
    assert len(await sold(scene)) == 250


async def test_a_fresh_notice_finds_out_early_that_a_platform_is_back() -> None:
    """One notice waits long after many attempts; a new one is tried as soon as the platform's short rest is over."""
    scene = Scene()
    await scene.notice(1)
    for _ in range(8):
        await scene.runner.look()
        scene.clock.advance(scene.waiting[0].due_at - scene.clock.now())
    await scene.runner.look()
    assert scene.waiting[0].due_at - scene.clock.now() == 900.0
    scene.sell(2)
    await scene.notice(2)
    await scene.runner.look()
    assert await sold(scene) == []
    scene.clock.advance(REST_SECONDS)
    await scene.runner.look()
    assert await sold(scene) == ["2"]


async def test_one_order_that_cannot_be_read_does_not_hold_up_the_others() -> None:
    """A page instead of JSON, an order that is not there yet, and a flood are that order's alone."""
    scene = Scene()
    for order in (1, 2, 3, 4, 5, 6):
        scene.sell(order)
        await scene.notice(order)
    scene.asker.answer("/orders/1", Answered(200, b"<html>please wait</html>"))
    scene.asker.answer("/orders/2", Answered(404))
    scene.asker.answer("/orders/3", Unheard("too large", is_oversized=True))
    await scene.runner.look()

    assert sorted(await sold(scene)) == ["4", "5", "6"]
    assert sorted(errand.event_id for errand in scene.waiting) == ["1", "2", "3"]


async def test_an_order_that_never_comes_to_be_is_told_after_five_attempts() -> None:
    """Its absence is then the answer."""
    scene = Scene()
    scene.asker.answer("/orders/", Answered(404))
    await scene.notice()
    for _ in range(5):
        assert scene.queue.facts == []
        await scene.runner.look()
        scene.clock.advance(900)
    assert [fact.reason.value for fact in scene.queue.facts] == ["unreadable_notice"]
    assert scene.waiting == []


async def test_what_the_order_says_is_counted_though_it_is_no_sale() -> None:
    """An order that is not paid yet ends its errand as ignored; the notice of its payment is another errand."""
    scene = Scene()
    scene.sell(status_id=7)
    await scene.notice()
    await scene.runner.look()
    assert ([fact.reason.value for fact in scene.queue.facts], scene.waiting) == (["not_paid"], [])
    scene.sell(status_id=11)
    await scene.notice(scope="store/order/statusUpdated")
    await scene.runner.look()
    assert await sold(scene) == ["250"]


async def test_several_notices_of_one_order_are_one_sale() -> None:
    """Created, updated and its status: each is fetched, and the queue counts one."""
    scene = Scene()
    scene.sell()
    for scope in ("store/order/created", "store/order/updated", "store/order/statusUpdated"):
        await scene.notice(scope=scope)
    await scene.runner.look()
    assert await sold(scene) == ["250"]
    assert scene.queue.counts["duplicate"] == 2


class Store(MemoryQueue):
    """A queue whose calls can be made to fail, by their names."""

    def __init__(self, clock: ManualClock) -> None:
        super().__init__(clock)
        self.refuses: dict[str, Exception] = {}

    async def accept(
        self, entries: Sequence[Entry], facts: Sequence[Note] = (), *, once: bytes | None = None
    ) -> list[Verdict]:
        """Store them, unless it is to fail."""
        self._fail("accept")
        return await super().accept(entries, facts, once=once)

    async def due_errands(self, limit: int = 100) -> list[Errand]:
        """Return what is due, unless it is to fail."""
        self._fail("due_errands")
        return await super().due_errands(limit)

    async def end_errand(self, key: bytes) -> None:
        """Cross it off, unless it is to fail."""
        self._fail("end_errand")
        await super().end_errand(key)

    def _fail(self, call: str) -> None:
        if call in self.refuses:
            raise self.refuses[call]


def store_scene() -> tuple[Scene, Store]:
    """Return a scene over a store that can be made to fail."""
    clock = ManualClock(NOW)
    store = Store(clock)
    return Scene(queue=store, clock=clock), store


@pytest.mark.parametrize("call", ["accept", "end_errand", "due_errands"])
async def test_what_the_store_refuses_is_done_again_and_counted_once(call: str) -> None:
    """Before or after the event was stored: the errand is still there, and one sale comes of it."""
    scene, store = store_scene()
    scene.sell()
    await scene.notice()
    store.refuses[call] = StoreUnavailable("the disk is full")
    assert not await scene.runner.look(), "it waits before it looks again"
    assert len(scene.waiting) == 1
    store.refuses.clear()
    await scene.runner.look()

    assert await sold(scene) == ["250"]
    assert scene.waiting == []


async def test_a_crash_before_the_errand_is_crossed_off_counts_nothing_twice() -> None:
    """Facts and refunds that were stored are not stored again either: the errand's key goes with them."""
    scene, store = store_scene()
    listed = found({"data": [{"id": 5, "total_amount": 10}]})
    scene.asker.answer("/orders/250", found({**ORDER, "status_id": 14}))
    scene.asker.answer("/payment_actions/refunds", listed)
    scene.asker.answer("/orders/251", found({**ORDER, "id": 251, "status_id": 7}))
    await scene.notice(scope="store/order/refund/created")
    await scene.notice(251)
    store.refuses["end_errand"] = StoreUnavailable("gone")
    await scene.runner.look()
    store.refuses.clear()
    await scene.runner.look()

    assert len(scene.queue.refunds) == 1
    assert [fact.reason.value for fact in scene.queue.facts] == ["not_paid"]
    assert scene.waiting == []


async def test_a_store_that_cannot_be_trusted_ends_the_run() -> None:
    """Nothing goes on over a damaged file."""
    scene, store = store_scene()
    store.refuses["due_errands"] = StoreCorrupt("damaged")
    with pytest.raises(StoreCorrupt):
        await scene.runner.run()
    assert scene.asker.is_closed


async def test_what_nobody_expected_costs_that_errand_a_wait() -> None:
    """An asker that breaks is heard of, the errand stays, and its neighbour is done."""
    scene = Scene()

    def explode() -> Answered:
        raise RuntimeError("nobody expected this")

    scene.sell(1)
    scene.asker.answer("/orders/2", explode)
    await scene.notice(1)
    await scene.notice(2)
    await scene.runner.look()

    assert await sold(scene) == ["1"]
    assert [errand.event_id for errand in scene.waiting] == ["2"]
    assert ("broke", "shop", "RuntimeError") in scene.heard.lines


async def test_a_source_that_was_removed_is_waited_for_and_then_told() -> None:
    """A source that was renamed by mistake finds its notices again; after three days they are in the ledger."""
    scene = Scene()
    await scene.notice(source="gone")
    await scene.notice(source="backend")
    await scene.runner.look()
    assert len(scene.waiting) == 2
    scene.clock.advance(3 * DAY_SECONDS)
    await scene.runner.look()

    assert scene.waiting == []
    assert {(fact.source, fact.reason.value, fact.event_id) for fact in scene.queue.facts} == {
        ("gone", "unreadable_notice", "250"),
        ("backend", "unreadable_notice", "250"),
    }
    assert list(scene.asker.asked) == []


async def test_a_notice_that_cannot_be_read_any_more_is_told_at_once() -> None:
    """What another version kept in another shape ends with its reason."""
    scene = Scene()
    await scene.notice(body=b"?")
    await scene.runner.look()
    assert [fact.reason.value for fact in scene.queue.facts] == ["unreadable_notice"]
    assert scene.waiting == []


async def test_more_than_a_look_holds_is_taken_in_the_next_one() -> None:
    """A look that was full says that there may be more."""
    scene = Scene()
    for order in range(AT_A_LOOK + 1):
        scene.sell(order)
        await scene.notice(order)
    assert await scene.runner.look()
    assert len(scene.waiting) == 1
    assert not await scene.runner.look()
    assert len(await sold(scene)) == AT_A_LOOK + 1


async def until(scene: Scene, is_so: str) -> None:
    """Let the loop go on until the scene's list of that name is empty (waiting) or not (asked)."""
    for _ in range(200):
        await asyncio.sleep(0)
        if (not scene.waiting) if is_so == "nothing waits" else scene.asker.asked:
            return
    raise AssertionError(is_so)


async def test_it_looks_every_second_until_it_is_drained() -> None:
    """A notice that comes while it sleeps is found at the next look; draining ends it and closes connections."""
    scene = Scene()
    running = asyncio.create_task(scene.runner.run())
    await asyncio.sleep(0)
    scene.sell()
    await scene.notice()
    for _ in range(20):
        await asyncio.sleep(0)
    scene.clock.advance(LOOK_SECONDS)
    await until(scene, "nothing waits")
    assert await sold(scene) == ["250"]

    draining = asyncio.create_task(scene.runner.drain(5.0))
    await draining
    await running
    assert scene.asker.is_closed


class SilentAsker(ScriptedAsker):
    """A platform that takes questions and never answers."""

    async def ask(self, question: Question, /) -> Reply:
        """Wait for ever."""
        self.asked.append(question.url)
        await asyncio.Event().wait()
        raise AssertionError


async def test_a_drain_does_not_wait_for_a_platform_that_is_silent() -> None:
    """When the time to drain in is over the question is broken off, and the notice stays for the next start."""
    scene = Scene(asker=SilentAsker())
    await scene.notice()
    running = asyncio.create_task(scene.runner.run())
    await until(scene, "asked")
    draining = asyncio.create_task(scene.runner.drain(5.0))
    for _ in range(20):
        await asyncio.sleep(0)
    assert not draining.done()
    scene.clock.advance(5.0)
    await draining
    await running

    assert len(scene.waiting) == 1
    assert scene.asker.is_closed


async def test_a_runner_that_was_never_started_drains_at_once() -> None:
    """As when the gateway could not start."""
    await Scene().runner.drain(5.0)


def test_only_sources_whose_sender_fetches_own_errands() -> None:
    """A backend has none."""
    assert set(owners_of(settings_of("shop", "second"), NOW)) == {"shop", "second"}


async def test_silence_is_the_default() -> None:
    """Without a rule the scripted platform is not there, so that no test is answered by accident."""
    scene = Scene()
    await scene.notice()
    await scene.runner.look()
    assert scene.heard.lines == [("postponed", "shop", 1, DOWN.why, 5.0)]
