"""A sender's own id of a request: a repetition is taken once, but what was only withheld may come again."""

from __future__ import annotations

import msgspec
from tests.unit.pipeline.test_recall import Scene
from tests.unit.pipeline.travelling import purchase, terms

from fullcount.consent.decision import ConsentRule
from fullcount.events.reading import read_event
from fullcount.sources.receipt import Result
from fullcount.sources.source import Ignored, Intake, Refund


def asked(event_id: str, consent: str | None = None) -> Intake:
    """Return a request with the same id of its own, whatever it brings."""
    reading = read_event(purchase(event_id=event_id, consent=consent))
    return Intake((reading,), request_id="webhook-1")


async def test_a_repeated_request_is_taken_once() -> None:
    """The sender's id alone makes it a duplicate, even where the event got another id meanwhile."""
    scene = Scene()
    first = await scene.pipeline.take(asked("order-1"), scene.rules)
    again = await scene.pipeline.take(asked("order-1-changed"), scene.rules)

    assert [each.result for each in (*first.results, *again.results)] == [Result.ACCEPTED, Result.DUPLICATE]


async def test_one_id_at_two_sources_is_two_requests() -> None:
    """An id is its sender's own: another shop that counts its webhooks alike loses nothing."""
    scene = Scene()
    other = msgspec.structs.replace(scene.rules, name="other-shop")
    first = await scene.pipeline.take(asked("order-1"), scene.rules)
    second = await scene.pipeline.take(asked("order-2"), other)

    assert [each.result for each in (*first.results, *second.results)] == [Result.ACCEPTED] * 2


async def test_one_refund_number_at_two_sources_is_two_refunds() -> None:
    """Shops count their refunds from 1: the same number of another shop is money of another order."""
    scene = Scene()
    refund = Intake((), refunds=(Refund("1", "order-1", 20.0, "EUR"),))
    for name in ("shop", "shop", "other-shop"):
        await scene.pipeline.take(refund, msgspec.structs.replace(scene.rules, name=name))

    assert sorted(each.source for each in scene.queue.refunds.values()) == ["other-shop", "shop"]


async def test_what_was_withheld_may_come_again() -> None:
    """A delivery that a missing grant stopped is taken when it is sent again with one."""
    scene = Scene(terms(consent=ConsentRule.REQUIRED))
    first = await scene.pipeline.take(asked("order-1"), scene.rules)
    again = await scene.pipeline.take(asked("order-1", "granted"), scene.rules)

    assert [each.result for each in (*first.results, *again.results)] == [Result.WITHHELD, Result.ACCEPTED]


async def test_what_is_ignored_is_counted_once() -> None:
    """A topic that means nothing is counted for its first delivery; a repetition counts as a duplicate."""
    scene = Scene()
    for _ in range(3):
        await scene.pipeline.take(
            Intake((), ignored=(Ignored("unknown_topic", "themes/update"),), request_id="webhook-2"), scene.rules
        )

    assert sum(fact.outcome == "ignored" for fact in scene.queue.facts) == 1
