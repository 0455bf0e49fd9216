"""Delivery against the emulator over real sockets: every code and fault ends in the right outcome, counted once.

The clock stands still but where a test moves it; both sides share it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
from tests.unit.delivery.scene import NOW, OTHER, STORE, Scene, hashed

from fullcount.clock import ManualClock
from fullcount.config.settings import Browser, Delivery, Pixel, TikTok
from fullcount.delivery.destination import Kind
from fullcount.queue.delivery import Selection
from fullcount.queue.lane import Lane
from fullcount.queue.outcomes import Outcome, Reason
from fullcount.testing.emulator import Emulator, EmulatorSettings, running_emulator
from fullcount.tiktok.destination import TikTokDestination
from fullcount.tiktok.transport import AiohttpTransport, HttpAnswer

HOUR, DAY = 3_600.0, 86_400.0
TOKENS = {STORE.pixel_code: "test-store", OTHER.pixel_code: "test-other"}
PIXELS = [
    Pixel(name="store", code=STORE.pixel_code, access_token="test-store"),
    Pixel(name="other", code=OTHER.pixel_code, access_token="test-other"),
]


class WatchedTransport:
    """Real HTTP that says whether a request is out, and can keep one pixel's requests waiting."""

    def __init__(self, *, timeout_seconds: float = 30.0) -> None:
        self._inner = AiohttpTransport(timeout_seconds=timeout_seconds)
        self.out = 0
        self.stuck_pixel = ""
        self.unstuck = asyncio.Event()
        self.stuck = 0

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> HttpAnswer:
        """Post, once the pixel is not kept waiting any more."""
        if self.stuck_pixel and self.stuck_pixel.encode() in body:
            self.stuck += 1
            await self.unstuck.wait()
        self.out += 1
        try:
            return await self._inner.post(url, headers, body)
        finally:
            self.out -= 1

    async def close(self) -> None:
        """Close the connections."""
        await self._inner.close()


class Stage:
    """An emulator, a dispatcher that sends to it, and the clock of both."""

    def __init__(self, emulator: Emulator, scene: Scene, transport: WatchedTransport) -> None:
        self.emulator = emulator
        self.scene = scene
        self.transport = transport

    def counted(self) -> dict[str, int]:
        """Return what TikTok would count: event_id -> copies that it took."""
        found: dict[str, int] = {}
        for event in self.emulator.book:
            found[event.event_id] = found.get(event.event_id, 0) + event.copies
        return found

    async def delivered(self, count: int, **options: float) -> None:
        """Let time pass until so many deliveries are delivered."""
        await self.scene.until(lambda: self.scene.count(Outcome.DELIVERED) == count, **options)

    async def accept(self, count: int, lane: Lane = STORE, **options: Any) -> None:
        """Put purchases order-1 and up on a lane."""
        await self.scene.accept(*[hashed(f"order-{number}", **options) for number in range(1, count + 1)], lane=lane)


Play = Callable[..., Any]


@asynccontextmanager
async def stage(
    *, settings: EmulatorSettings | None = None, timeout_seconds: float = 30.0, **options: Any
) -> AsyncIterator[Stage]:
    """Serve an emulator and deliver to it."""
    clock = ManualClock(NOW)
    async with running_emulator(TOKENS, clock=clock, settings=settings) as tiktok:
        transport = WatchedTransport(timeout_seconds=timeout_seconds)
        destination = TikTokDestination(TikTok(base_url=tiktok.base_url), PIXELS, transport, clock)
        scene = Scene(destination, clock=clock, busy=lambda: transport.out > 0, **options)
        try:
            yield Stage(tiktok.emulator, scene, transport)
        finally:
            await scene.end()
            await destination.close()


BOTH_MANNERS = [EmulatorSettings(), EmulatorSettings(http_status_errors=True)]
both_manners = pytest.mark.parametrize("settings", BOTH_MANNERS, ids=["codes", "http_statuses"])


async def test_a_batch_is_taken_and_counted_once() -> None:
    """A hundred purchases go over the wire in one request and are each counted once."""
    async with stage() as play:
        await play.accept(100)
        await play.delivered(100)
        assert play.counted() == {f"order-{number}": 1 for number in range(1, 101)}
        assert play.emulator.requests.total == 1
        (attempt,) = play.scene.queue.attempts.values()
        assert (attempt.status, attempt.code, attempt.message, len(attempt.request_id)) == (200, 0, "OK", 34)


async def test_test_events_end_as_test() -> None:
    """Events under a test code show in Test Events and are not counted."""
    async with stage() as play:
        await play.accept(2, Lane(STORE.pixel_code, test_event_code="TEST12345"))
        await play.scene.until(lambda: play.scene.count(Outcome.TEST) == 2)
        assert play.counted() == {}
        assert len(play.emulator.test_events) == 2


@both_manners
@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (20001, Kind.TAKEN),
        (40016, Kind.THROTTLED),
        (40100, Kind.THROTTLED),
        (40133, Kind.THROTTLED),
        (51021, Kind.THROTTLED),
        (50000, Kind.UNAVAILABLE),
        (50001, Kind.UNAVAILABLE),
        (50002, Kind.UNAVAILABLE),
        (51001, Kind.LOST),
        (60001, Kind.UNAVAILABLE),
        (40001, Kind.NOT_ALLOWED),
        (40101, Kind.NOT_ALLOWED),
        (40102, Kind.NOT_ALLOWED),
        (40103, Kind.NOT_ALLOWED),
        (40104, Kind.NOT_ALLOWED),
        (40105, Kind.NOT_ALLOWED),
        (40107, Kind.NOT_ALLOWED),
        (40000, Kind.INVALID),
        (40002, Kind.INVALID),
        (40999, Kind.UNKNOWN_REFUSAL),
    ],
)
async def test_after_one_bad_answer_everything_is_delivered(settings: EmulatorSettings, code: int, kind: Kind) -> None:
    """Whatever code comes once, it is understood, and all events are counted once in the end."""
    async with stage(settings=settings) as play:
        play.emulator.add_faults({"kind": "code", "code": code})
        await play.accept(4)
        await play.delivered(4)
        assert play.scene.notes.attempts[0][1] is kind
        assert play.counted() == {f"order-{number}": 1 for number in range(1, 5)}


@pytest.mark.parametrize(
    ("fault", "kind", "copies"),
    [
        ({"kind": "drop_answer"}, Kind.LOST, 2),
        ({"kind": "reset"}, Kind.LOST, 1),
        ({"kind": "garbage"}, Kind.LOST, 1),
        ({"kind": "http", "status": 502}, Kind.LOST, 1),
        ({"kind": "http", "status": 401}, Kind.UNAVAILABLE, 1),
        ({"kind": "http", "status": 403}, Kind.UNAVAILABLE, 1),
        ({"kind": "http", "status": 429, "retry_after": 3}, Kind.THROTTLED, 1),
        ({"kind": "http", "status": 413}, Kind.TOO_LARGE, 1),
        ({"kind": "down", "seconds": 100}, Kind.LOST, 1),
    ],
    ids=lambda value: "_".join(str(it) for it in value.values()) if isinstance(value, dict) else str(value),
)
async def test_after_one_fault_everything_is_counted_once(fault: dict[str, Any], kind: Kind, copies: int) -> None:
    """Broken answers and gateways' pages cost time; a second copy goes only where the answer was lost."""
    async with stage() as play:
        play.emulator.add_faults(fault)
        await play.accept(4)
        await play.delivered(4)
        assert play.scene.notes.attempts[0][1] is kind
        assert play.counted() == {f"order-{number}": copies for number in range(1, 5)}
        assert len(play.emulator.book) == 4


async def test_an_answer_that_comes_too_late_is_counted_once() -> None:
    """A batch that TikTok took but did not answer in time goes again, and is counted once."""
    async with stage(timeout_seconds=0.25) as play:
        play.emulator.add_faults({"kind": "delay", "seconds": 0.6})
        await play.accept(3)
        await play.delivered(3)
        assert play.scene.notes.attempts[0][1] is Kind.LOST
        assert len(play.emulator.book) == 3


@both_manners
@pytest.mark.parametrize("index", [True, False], ids=["index", "no_index"])
@pytest.mark.parametrize("code", [40002, 40999])
async def test_one_bad_event_does_not_take_its_batch_down(
    settings: EmulatorSettings, *, index: bool, code: int
) -> None:
    """The event that TikTok refuses is buried with TikTok's words; the others are each counted, in one copy."""
    async with stage(settings=settings) as play:
        play.emulator.add_faults(
            {"kind": "reject_event", "event_id": "order-7", "index": index, "code": code, "message": "Not so."}
        )
        await play.accept(16)
        await play.delivered(15)
        ((event_id, reason, words),) = await play.scene.dead()
        assert (event_id, reason) == ("order-7", Reason.REJECTED_BY_TIKTOK)
        assert words.endswith("Not so.")
        assert play.counted() == {f"order-{number}": 1 for number in range(1, 17) if number != 7}


async def test_a_throttled_token_goes_slower_and_loses_nothing() -> None:
    """More requests than TikTok allows: the rate halves, and in the end everything is counted, in one copy."""
    limits = Delivery(max_events=1, max_in_flight=4, requests_per_second=50)
    async with stage(settings=EmulatorSettings(requests_per_second=5), limits=limits) as play:
        await play.accept(40)
        await play.delivered(40, step=0.05)
        assert any(it.startswith("throttled access_token of pixel store 25") for it in play.scene.notes.said)
        assert play.counted() == {f"order-{number}": 1 for number in range(1, 41)}


@both_manners
async def test_a_revoked_token_pauses_the_lane_and_heals_by_itself(settings: EmulatorSettings) -> None:
    """While the token is refused nothing is lost and little is asked; when it works again all is delivered."""
    async with stage(settings=settings) as play:
        play.emulator.set_tokens(STORE.pixel_code)
        await play.accept(20)
        await play.scene.pass_time(300)
        assert play.emulator.requests.total <= 6
        why = await play.scene.pause_reason()
        assert why.startswith("access_token of pixel store was refused (code 40105)")
        assert "test-store" not in why

        play.emulator.set_tokens(STORE.pixel_code, "test-store")
        await play.delivered(20, step=1.0)
        assert play.counted() == {f"order-{number}": 1 for number in range(1, 21)}
        assert await play.scene.pause_reason() == ""


async def test_a_right_that_is_missing_pauses_only_its_own_pixel() -> None:
    """A token without rights on one pixel pauses that lane; the other pixel's events are delivered meanwhile."""
    async with stage() as play:
        play.emulator.set_tokens(STORE.pixel_code, "test-another")
        play.emulator.set_tokens(OTHER.pixel_code, "test-other", "test-store")
        await play.accept(5)
        await play.accept(5, OTHER)
        await play.delivered(5)
        assert "(code 40001)" in await play.scene.pause_reason()
        assert await play.scene.pause_reason(OTHER) == ""


@pytest.mark.parametrize("browser", [Browser.OTHER, Browser.SNIPPET])
async def test_three_days_without_a_token_and_an_unknown_browser_half(browser: Browser) -> None:
    """What TikTok may have counted from the browser and forgotten is not sent; a person can put it back."""
    async with stage(browser=browser) as play:
        play.emulator.set_tokens(STORE.pixel_code)
        await play.accept(30)
        await play.scene.pass_time(3 * DAY, step=HOUR)
        play.emulator.set_tokens(STORE.pixel_code, "test-store")
        await play.scene.until(lambda: play.scene.count(Outcome.DEAD) == 30, step=5.0)
        assert {reason for _, reason, _ in await play.scene.dead()} == {Reason.DEDUP_WINDOW_PASSED}
        assert play.counted() == {}

        await play.accept(1, event_time=play.scene.clock.now())
        await play.scene.queue.redrive(Selection(), overridden=True)
        await play.delivered(30)
        assert play.counted() == {f"order-{number}": 1 for number in range(1, 31)}


async def test_three_days_without_a_token_and_no_browser_half() -> None:
    """On a pixel without a browser half, everything is delivered when the token works again."""
    async with stage(browser=Browser.NONE) as play:
        play.emulator.set_tokens(STORE.pixel_code)
        await play.accept(30)
        await play.scene.pass_time(3 * DAY, step=HOUR)
        play.emulator.set_tokens(STORE.pixel_code, "test-store")
        await play.delivered(30, step=5.0)
        assert play.counted() == {f"order-{number}": 1 for number in range(1, 31)}
        assert await play.scene.dead() == []


async def test_a_copy_that_tiktok_forgot_is_not_sent_again() -> None:
    """A batch that was taken without an answer is not sent after 47 h, when it would be counted twice."""
    async with stage() as play:
        play.emulator.add_faults({"kind": "drop_answer"}, {"kind": "code", "code": 50000, "times": 10_000})
        await play.accept(3)
        await play.scene.pass_time(49 * HOUR, step=HOUR)
        play.emulator.clear_faults()
        await play.scene.until(lambda: play.scene.count(Outcome.DEAD) == 3, step=5.0)
        assert {reason for _, reason, _ in await play.scene.dead()} == {Reason.UNKNOWN_AT_TIKTOK}
        assert play.counted() == {f"order-{number}": 1 for number in range(1, 4)}


async def test_an_outage_of_hours_loses_nothing() -> None:
    """Six hours of broken connections: the circuit keeps the requests few, and then everything is counted once."""
    async with stage() as play:
        play.emulator.add_faults({"kind": "down", "seconds": 6 * HOUR})
        await play.accept(50)
        await play.scene.pass_time(6 * HOUR, step=10)
        assert play.emulator.requests.total < 6 * HOUR / 30 + 10
        await play.delivered(50, step=1.0)
        assert play.counted() == {f"order-{number}": 1 for number in range(1, 51)}


async def test_a_stuck_pixel_does_not_delay_another() -> None:
    """While one pixel's requests get no answer, another's events are delivered as ever."""
    async with stage(limits=Delivery(max_events=1)) as play:
        play.transport.stuck_pixel = STORE.pixel_code
        await play.accept(10)
        await play.accept(10, OTHER)
        await play.delivered(10, at_most=5)
        assert play.transport.stuck == 4

        play.transport.unstuck.set()
        await play.delivered(20, at_most=5)
        assert len(play.emulator.book) == 20
