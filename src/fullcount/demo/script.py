"""What goes wrong, and when: the same faults, at the same moments, for both TikToks of the demo."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec

from fullcount.clock import Clock, elapsed_seconds
from fullcount.demo.control import EmulatorControl
from fullcount.demo.waiting import eventually

DARK_SECONDS = 1.0  # nobody answers at all
HANGING_SECONDS = 1.5  # how long the answer to the batch hangs in which the gateway dies
FOREVER = 1_000_000

Say = Callable[[str], None]


class Measured(msgspec.Struct):
    """What the script did, measured while it did it."""

    kills: int = 0
    outage_seconds: float = 0.0


class Script:
    """Plays the faults as the arrivals go by; `kill_and_restart` is the gateway's part."""

    def __init__(
        self,
        controls: Sequence[EmulatorControl],
        clock: Clock,
        *,
        kill_and_restart: Callable[[], Awaitable[None]],
        rejected: Sequence[Sequence[str]],
        say: Say,
    ) -> None:
        self._controls = controls
        self._clock = clock
        self._kill_and_restart = kill_and_restart
        self._rejected = rejected  # for each TikTok, the event_ids that it refuses
        self._say = say
        self.measured = Measured()
        # From which share of the arrivals on. What ends by clearing all faults comes before the fault that stays.
        self._steps = (
            (0.08, self._throttle),
            (0.25, self._outage),
            (0.55, self._reject),
            (0.72, self._lose_an_answer),
            (0.80, self._kill),
        )
        self._started = 0
        self._share = 0.0
        self._moved = asyncio.Condition()
        self.is_rejecting = asyncio.Event()

    async def play(self) -> None:
        """Play the steps one after the other, each when its share of the orders has arrived."""
        for number, (at, step) in enumerate(self._steps):
            await self._begin(number, at)
            await step()

    async def reach(self, share: float) -> None:
        """Say that this share of the orders has arrived; wait until the step that belongs here has begun.

        So each fault meets orders on their way, however slow the machine is.
        """
        due = sum(at <= share for at, _ in self._steps)
        async with self._moved:
            self._share = share
            self._moved.notify_all()
            await self._moved.wait_for(lambda: self._started >= due)

    async def _begin(self, number: int, at: float) -> None:
        async with self._moved:
            await self._moved.wait_for(lambda: self._share >= at)
            self._started = number + 1
            self._moved.notify_all()

    async def _throttle(self) -> None:
        self._say("TikTok throttles: HTTP 200, code 40100")
        await self._answer_until(0.16, 40100, "Too many requests. Please retry in some time.")

    async def _outage(self) -> None:
        self._say("TikTok is down: HTTP 200, code 60001")
        began = elapsed_seconds()
        await self._answer_until(0.45, 60001, "The service is under maintenance.")
        self._say(f"TikTok is silent: every connection breaks for {DARK_SECONDS:g} s")
        await self._everywhere({"kind": "down", "seconds": DARK_SECONDS})
        await self._clock.sleep(DARK_SECONDS)
        self.measured.outage_seconds += elapsed_seconds() - began
        self._say("TikTok is back")

    async def _reject(self) -> None:
        self._say("TikTok will reject one order: HTTP 200, code 40002")
        for control, event_ids in zip(self._controls, self._rejected, strict=True):
            message = "Not a valid string."
            await control.add_faults(
                [{"kind": "reject_event", "event_id": event_id, "message": message} for event_id in event_ids]
            )
        self.is_rejecting.set()

    async def _lose_an_answer(self) -> None:
        self._say("TikTok takes a request, and its answer is lost on the way")
        await self._everywhere({"kind": "drop_answer"})

    async def _kill(self) -> None:
        """Let TikTok take a batch and answer late; kill the gateway while that answer is on its way."""
        gateway_side = self._controls[0]
        before = len(await gateway_side.requests())
        await self._everywhere({"kind": "delay", "seconds": HANGING_SECONDS})

        async def has_a_batch_in_flight() -> bool:
            return any(request["fault"] == "delay" for request in await gateway_side.requests(before))

        await eventually(has_a_batch_in_flight, "a batch is in flight")
        self._say("kill -9 the gateway, with a batch in flight; start it again")
        await self._kill_and_restart()
        self.measured.kills += 1

    async def _answer_until(self, share: float, code: int, message: str) -> None:
        """Let both TikToks refuse everything until this share of the orders has arrived."""
        await self._everywhere({"kind": "code", "code": code, "message": message, "times": FOREVER})
        async with self._moved:
            await self._moved.wait_for(lambda: self._share >= share)
        await asyncio.gather(*(control.clear_faults() for control in self._controls))

    async def _everywhere(self, fault: dict[str, Any]) -> None:
        await asyncio.gather(*(control.add_faults([fault]) for control in self._controls))
