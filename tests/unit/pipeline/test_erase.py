"""Whoever asks to be forgotten is: waiting events, the ledger's ids and visitor memory name them no more."""

from __future__ import annotations

from tests.unit.pipeline.test_recall import TOKEN, Scene
from tests.unit.pipeline.travelling import STORE, purchase

from fullcount.events.model import User
from fullcount.events.reading import read_event
from fullcount.queue.delivery import LeaseLimits
from fullcount.queue.lane import Lane
from fullcount.sources.source import Erasure, Intake

PERSON = User(email="Customer@Example.com", external_id="42")


async def waiting(scene: Scene) -> list[str]:
    """Return the ids of what waits."""
    lease = await scene.queue.lease(Lane(STORE.code), LeaseLimits(ripe_after_seconds=0))
    return [delivery.event.event_id for delivery in lease.deliveries]


async def bring(scene: Scene, event_id: str, email: str) -> None:
    """Take a purchase of somebody."""
    reading = read_event(purchase(event_id=event_id, user={"email": email}))
    await scene.pipeline.take(Intake((reading,)), scene.rules)


async def test_a_persons_waiting_events_are_dropped_by_their_address() -> None:
    """The plain address of the request is hashed as events' are, and only that person's events go."""
    scene = Scene()
    await bring(scene, "order-1", "customer@example.com")
    await bring(scene, "order-2", "other@example.com")
    await scene.pipeline.take(Intake((), erasures=(Erasure(PERSON),)), scene.rules)

    assert await waiting(scene) == ["order-2"]


async def test_orders_are_dropped_by_their_id() -> None:
    """An order is named by its id alone, whoever bought it."""
    scene = Scene()
    await bring(scene, "order-1", "customer@example.com")
    await scene.pipeline.take(Intake((), erasures=(Erasure(event_ids=("order-1",)),)), scene.rules)

    assert await waiting(scene) == []


async def test_visitor_memory_forgets_too() -> None:
    """What was remembered of the person is gone with every tie that led to it."""
    scene = Scene()
    await scene.sees(TOKEN, user=User(email="customer@example.com", ttclid="E.C.P.test-click"))
    await scene.pipeline.take(Intake((), erasures=(Erasure(PERSON),)), scene.rules)

    assert await scene.visitors.recall([[TOKEN]]) == [None]


async def test_a_whole_shops_events_go() -> None:
    """When a shop left, everything that came by its source is dropped."""
    scene = Scene()
    await bring(scene, "order-1", "customer@example.com")
    await scene.pipeline.take(Intake((), erasures=(Erasure(is_everything=True),)), scene.rules)

    assert await waiting(scene) == []


async def test_a_repeated_request_is_erased_again() -> None:
    """A repetition may follow an erasing that did not come to its end."""
    scene = Scene()
    asked = Intake((), erasures=(Erasure(PERSON),), request_id="webhook-1")
    await scene.pipeline.take(asked, scene.rules)
    await bring(scene, "order-1", "customer@example.com")
    await scene.pipeline.take(asked, scene.rules)

    assert await waiting(scene) == []
