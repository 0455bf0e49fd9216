"""Everything that plays in the demo, and the hour in which the orders arrive."""

from __future__ import annotations

import asyncio

import aiohttp

from fullcount.clock import SystemClock, elapsed_seconds
from fullcount.demo.browser import Browsers
from fullcount.demo.control import EmulatorControl
from fullcount.demo.naive import TRIES, Account, NaiveLoop, naive_event_id
from fullcount.demo.orders import make_arrivals, make_orders, pick_rejected
from fullcount.demo.processes import Emulator, Gateway
from fullcount.demo.screen import Progress, Screen
from fullcount.demo.script import Script
from fullcount.demo.shop import Shop

PIXEL = "CEXAMPLE0PIXEL000001"
TOKEN = "test-token-of-the-demo"  # noqa: S105 - opens nothing but the demo's emulators
KEY = "test-key-of-the-demo"
PACE_SECONDS = 0.02  # between two webhooks
LONGEST_SECONDS = 12.0  # for all webhooks to arrive
LOOK_SECONDS = 0.25  # between two looks at the counters


class Stage:
    """The gateway with its TikTok and its shop; beside them the naive loop with a TikTok of its own."""

    def __init__(  # noqa: PLR0913 - the processes, and what is played on them
        self,
        http: aiohttp.ClientSession,
        emulator: Emulator,
        naive_emulator: Emulator,
        gateway: Gateway,
        screen: Screen,
        *,
        seed: int,
        orders: int,
    ) -> None:
        clock = SystemClock()
        self.seed = seed
        self.orders = make_orders(seed, orders, clock.now())
        self.rejected = pick_rejected(self.orders)
        self.control = EmulatorControl(http, emulator.url)
        self.naive_control = EmulatorControl(http, naive_emulator.url)
        self.gateway = gateway
        self.shop = Shop(http, gateway.url, KEY, clock)
        self.naive = NaiveLoop(http, Account(naive_emulator.url, PIXEL, TOKEN), clock, seed)
        self.browsers = Browsers(self.control, self.naive_control, PIXEL)
        naive_ids = [naive_event_id(seed, self.rejected.order_id, attempt + 1) for attempt in range(TRIES)]
        self.script = Script(
            (self.control, self.naive_control),
            clock,
            kill_and_restart=self._kill_and_restart,
            rejected=([self.rejected.event_id], naive_ids),
            say=screen.say,
        )
        self._arrivals = make_arrivals(seed, self.orders)
        self._http = http
        self._clock = clock
        self._screen = screen
        self._progress = Progress(arrivals=len(self._arrivals))

    async def offer_orders(self) -> None:
        """Let the orders arrive, at both loops and in the browsers, while the script plays; wait for all answers."""
        watching = asyncio.create_task(self._watch())
        pace = min(PACE_SECONDS, LONGEST_SECONDS / len(self._arrivals))
        try:
            async with asyncio.TaskGroup() as everything:
                everything.create_task(self.script.play())
                for number, order in enumerate(self._arrivals, 1):
                    await self.script.reach(number / len(self._arrivals))
                    if order is self.rejected:
                        await self.script.is_rejecting.wait()
                    for happening in (self.shop.send(order), self.naive.handle(order), self.browsers.buy(order)):
                        everything.create_task(happening)
                    self._progress.arrived = number
                    await self._clock.sleep(pace)
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
        await self.look()

    async def look(self) -> None:
        """Bring the screen up to date."""
        state, naive_state = await asyncio.gather(self.control.state(), self.naive_control.state())
        progress = self._progress
        progress.naive_believed = len(self.naive.successes)
        progress.naive_requests = naive_state["requests_total"]
        progress.naive_counted = naive_state["counted"]
        progress.accepted = len(self.shop.accepted)
        progress.requests = state["requests_total"]
        progress.counted = state["counted"]
        self._screen.show(progress)

    async def _watch(self) -> None:
        began = elapsed_seconds()
        while True:
            self._progress.seconds = elapsed_seconds() - began
            await self.look()
            await self._clock.sleep(LOOK_SECONDS)

    async def _kill_and_restart(self) -> None:
        self.gateway.kill()
        await self.gateway.start(self._http)
        self._screen.say("the gateway is back, and goes on with what it had stored")
