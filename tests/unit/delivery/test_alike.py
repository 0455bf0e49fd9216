"""When every event of a lane is refused alone in the same words, the lane is to blame, and nothing more is buried."""

from __future__ import annotations

from tests.unit.delivery.scene import always, events, playing

from fullcount.config.settings import Delivery
from fullcount.delivery.alike import ALIKE, CLEARED_SECONDS, MEMORY_SECONDS, PUT_OFF_SECONDS, AlikeRefusals
from fullcount.delivery.destination import Answer, Kind
from fullcount.queue.lane import Lane
from fullcount.queue.outcomes import Outcome
from fullcount.testing.destination import ScriptedDestination, take_all

NOW = 1_795_000_000.0
WORDS = "event_source_id: not found"
WRONG = Answer(Kind.INVALID, status=200, code=40002, message=WORDS)


def test_refusals_are_counted_while_they_are_alike() -> None:
    """Another code, other words, or anything taken starts the count anew."""
    alike = AlikeRefusals()
    assert [alike.refused(40002, "a", NOW) for _ in range(3)] == [1, 2, 3]
    assert [alike.refused(40000, "a", NOW), alike.refused(40000, "b", NOW)] == [1, 1]
    alike.taken(NOW)
    assert alike.refused(40000, "b", NOW) == 1


def test_a_refusal_counts_for_an_hour() -> None:
    """What was refused longer ago says nothing of the lane as it is now, and need not be remembered."""
    alike = AlikeRefusals()
    assert alike.is_blank(NOW)
    alike.refused(40002, "a", NOW)
    assert not alike.is_blank(NOW + MEMORY_SECONDS)
    assert alike.is_blank(NOW + MEMORY_SECONDS + 1)
    assert alike.refused(40002, "a", NOW + MEMORY_SECONDS + 1) == 1


def test_words_that_were_said_of_a_lane_in_vain_are_an_events_own_for_a_while() -> None:
    """If a lane that was blamed takes something, the same words do not make it suspect again at once."""
    alike = AlikeRefusals()
    alike.refused(40002, "a", NOW)
    alike.blame_lane()
    alike.taken(NOW)
    assert alike.refused(40002, "a", NOW + CLEARED_SECONDS - 1) == 0
    assert alike.refused(40002, "b", NOW) == 1
    assert alike.refused(40002, "a", NOW + CLEARED_SECONDS) == 1


async def test_a_lane_that_is_refused_as_a_whole_is_paused_and_loses_nothing() -> None:
    """A wrong event_source_id under a code for bad events buries none of a thousand and costs few requests."""
    tiktok = ScriptedDestination(always(Kind.INVALID, status=200, code=40002, message=WORDS))
    async with playing(tiktok) as scene:
        await scene.accept(*events(1_000))
        await scene.until(lambda: bool(scene.notes.said))

        assert len(tiktok.sent) <= 30
        assert tiktok.sent[-1][1] == ["order-1000"]
        assert await scene.dead() == []
        reason = await scene.pause_reason()
        assert "(code 40002)" in reason
        assert WORDS in reason
        await scene.pass_time(600, step=5)
        assert await scene.dead() == []

        tiktok.rule = take_all
        await scene.until(lambda: scene.count(Outcome.DELIVERED) == 1_000)


async def test_single_events_refused_alike_pause_the_lane_too() -> None:
    """Where events come one by one, the lane is paused at the eighth refused alike; it and the next are kept."""
    tiktok = ScriptedDestination(always(Kind.INVALID, status=200, code=40002, message=WORDS))
    async with playing(tiktok) as scene:
        for event in events(ALIKE + 2):
            await scene.accept(event)
            await scene.pass_time(2, step=0.5)

        assert [it.split()[0] for it in scene.notes.said] == ["lane_paused"]
        assert len(tiktok.sent) == ALIKE
        assert scene.count(Outcome.DEAD) == ALIKE - 1


async def test_many_bad_events_beside_good_ones_are_buried_without_a_pause() -> None:
    """Twenty bad events in a row do not pause a lane that takes an event from farther away."""

    async def rule(lane: Lane, event_ids: list[str]) -> Answer:
        is_bad = any(int(event_id.removeprefix("order-")) <= 20 for event_id in event_ids)
        return WRONG if is_bad else await take_all(lane, event_ids)

    async with playing(ScriptedDestination(rule)) as scene:
        await scene.accept(*events(100))
        await scene.until(lambda: scene.count(Outcome.DELIVERED) == 80)
        assert scene.count(Outcome.DEAD) == 20
        assert scene.notes.said == []


async def test_bad_events_do_not_keep_a_paused_lane_from_coming_back() -> None:
    """What was refused while the lane was suspect steps back behind others; a good one lifts the pause."""

    async def rule(lane: Lane, event_ids: list[str]) -> Answer:
        is_bad = any(int(event_id.removeprefix("order-")) <= 10 for event_id in event_ids)
        return WRONG if is_bad else await take_all(lane, event_ids)

    async with playing(ScriptedDestination(rule), limits=Delivery(probe_seconds=60.0)) as scene:
        await scene.accept(*events(10))
        await scene.until(lambda: bool(scene.notes.said))
        await scene.accept(*events(5, first=11))

        await scene.until(lambda: scene.count(Outcome.DELIVERED) == 5, at_most=300)
        await scene.until(lambda: scene.count(Outcome.DEAD) == 10, at_most=3 * PUT_OFF_SECONDS)
        assert [it.split()[0] for it in scene.notes.said] == ["lane_paused", "lane_resumed"]
