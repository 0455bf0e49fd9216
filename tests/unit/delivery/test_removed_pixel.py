"""A pixel that was taken out of the settings while deliveries wait for it."""

from __future__ import annotations

from tests.unit.delivery.scene import NOW, OTHER, STORE, Scene, always, events, hashed, playing

from fullcount.config.settings import Browser
from fullcount.delivery.destination import Kind
from fullcount.queue.delivery import Selection
from fullcount.queue.memory import MemoryQueue
from fullcount.queue.outcomes import Outcome, Reason
from fullcount.testing.destination import ScriptedDestination

DAY = 86_400.0
ALONE = (OTHER,)  # the settings know this lane's pixel only


async def test_nothing_is_tried_and_the_pause_says_what_to_do() -> None:
    """Its lane pauses at once, with both ways out; nothing is sent, and no attempt is written, for however long."""
    tiktok = ScriptedDestination()
    async with playing(tiktok, lanes=ALONE) as scene:
        await scene.accept(*events(5))
        await scene.accept(*events(2), lane=OTHER)
        await scene.pass_time(3 * DAY, step=600)

        reason = await scene.pause_reason()
        assert "no pixel in the settings has the code CEXAMPLE0PIXEL000001" in reason
        assert "put the pixel back and restart" in reason
        assert "fullcount queue bury --pixel CEXAMPLE0PIXEL000001" in reason
        assert [lane for lane, _ in tiktok.sent] == [OTHER]
        assert len(scene.queue.attempts) == len(scene.notes.attempts) == 1
        assert [it.split()[0] for it in scene.notes.said] == ["lane_paused"]
        (state,) = await scene.queue.lanes()
        assert (state.queued, scene.count(Outcome.DEAD)) == (5, 0)


async def test_what_waits_ends_with_its_age() -> None:
    """Only age ends it, the oldest first; then the lane is gone."""
    tiktok = ScriptedDestination()
    async with playing(tiktok, lanes=ALONE) as scene:
        await scene.accept(*[hashed(f"order-{days}", event_time=NOW - days * DAY) for days in (20, 10)])
        await scene.pass_time(9 * DAY, step=1_800)
        assert [(event_id, reason) for event_id, reason, _ in await scene.dead()] == [("order-20", Reason.TOO_OLD)]

        await scene.pass_time(10 * DAY, step=1_800)
        assert scene.count(Outcome.DEAD) == 2
        assert (tiktok.sent, scene.queue.attempts, await scene.queue.lanes()) == ([], {}, [])


async def test_what_a_person_buries_leaves_no_pause_behind() -> None:
    """With nothing left to wait, the lane is neither paused nor shown."""
    async with playing(ScriptedDestination(), lanes=ALONE) as scene:
        await scene.accept(*events(3))
        await scene.pass_time(10)
        assert await scene.queue.bury(Selection(pixel_code=STORE.pixel_code), Reason.SOURCE_REMOVED) == 3
        await scene.pass_time(3)

        assert await scene.queue.lanes() == []
        assert {reason for _, reason, _ in await scene.dead()} == {Reason.SOURCE_REMOVED}


async def test_a_persons_resume_does_not_make_it_try() -> None:
    """Resumed without its pixel, the lane pauses again for the same reason."""
    tiktok = ScriptedDestination()
    async with playing(tiktok, lanes=ALONE) as scene:
        await scene.accept(*events(3))
        await scene.pass_time(10)
        await scene.queue.resume(STORE)
        await scene.pass_time(10)

        assert "no pixel in the settings" in await scene.pause_reason()
        assert (tiktok.sent, scene.queue.attempts) == ([], {})


async def test_a_persons_pause_stays_the_persons() -> None:
    """A lane that a person paused keeps that pause while its pixel is gone."""
    async with playing(ScriptedDestination(), lanes=ALONE) as scene:
        await scene.queue.pause(STORE, "moving house", by_person=True)
        await scene.accept(*events(3))
        await scene.pass_time(600, step=5)

        assert await scene.pause_reason() == "moving house"
        assert scene.notes.said == []


async def _after_days_without_its_pixel(days: int) -> tuple[Scene, MemoryQueue]:
    scene = Scene(ScriptedDestination(), lanes=ALONE)
    await scene.accept(*events(4))
    await scene.pass_time(days * DAY, step=1_800)
    await scene.end()
    return scene, scene.queue


async def test_with_the_pixel_back_it_is_sent_by_itself() -> None:
    """After a restart with the pixel in the settings again, all is delivered once, though days went by."""
    before, queue = await _after_days_without_its_pixel(3)
    tiktok = ScriptedDestination()
    async with playing(tiktok, clock=before.clock, queue=queue) as scene:
        await scene.until(lambda: scene.count(Outcome.DELIVERED) == 4)

        assert await scene.pause_reason() == ""
        assert sorted(event_id for _, ids in tiktok.sent for event_id in ids) == [f"order-{n}" for n in (1, 2, 3, 4)]


async def test_with_the_pixel_back_the_windows_count_again() -> None:
    """A pixel that has a browser half does not send what TikTok may have counted and forgotten."""
    before, queue = await _after_days_without_its_pixel(3)
    tiktok = ScriptedDestination()
    async with playing(tiktok, clock=before.clock, queue=queue, browser=Browser.OTHER) as scene:
        await scene.until(lambda: scene.count(Outcome.DEAD) == 4)

        assert {reason for _, reason, _ in await scene.dead()} == {Reason.DEDUP_WINDOW_PASSED}
        assert tiktok.sent == []


async def test_with_the_pixel_back_and_its_token_refused_the_reason_is_the_token() -> None:
    """The pause does not go on saying that the pixel is gone."""
    before, queue = await _after_days_without_its_pixel(1)
    refusing = ScriptedDestination(always(Kind.NOT_ALLOWED, code=40105, message="Access token is incorrect."))
    async with playing(refusing, clock=before.clock, queue=queue) as scene:
        await scene.pass_time(5)

        assert "was refused" in await scene.pause_reason()
