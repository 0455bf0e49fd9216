"""The simulated browsers speak once for each order, at both TikToks, and differ in nothing but the event_id."""

from __future__ import annotations

import aiohttp
import msgspec

from fullcount.demo.browser import Browsers
from fullcount.demo.control import EmulatorControl
from fullcount.demo.orders import make_orders
from fullcount.emulator.serving import DEFAULT_PIXEL, running_emulator

ORDER = msgspec.structs.replace(make_orders(1, 10, 1_795_000_000.0)[0], pixel_fires=True)


async def test_a_pixel_fires_once_for_an_order_with_two_webhooks() -> None:
    """The page is shown once; beside Fullcount its pixel has the order's event_id, beside the loop its own."""
    async with running_emulator() as one, running_emulator() as other, aiohttp.ClientSession() as http:
        ours, theirs = EmulatorControl(http, one.base_url), EmulatorControl(http, other.base_url)
        browsers = Browsers(ours, theirs, DEFAULT_PIXEL)
        await browsers.buy(ORDER)
        await browsers.buy(ORDER)

        [shared] = await ours.events()
        [alone] = await theirs.events()
    assert (shared["event_id"], shared["channels"]) == (ORDER.event_id, ["pixel"])
    assert alone["event_id"] != ORDER.event_id
    assert browsers.naive_order_of == {alone["event_id"]: ORDER.order_id}


async def test_a_blocked_pixel_stays_silent() -> None:
    """An order whose browser blocks the pixel is known to neither TikTok."""
    async with running_emulator() as one, running_emulator() as other, aiohttp.ClientSession() as http:
        ours, theirs = EmulatorControl(http, one.base_url), EmulatorControl(http, other.base_url)
        await Browsers(ours, theirs, DEFAULT_PIXEL).buy(msgspec.structs.replace(ORDER, pixel_fires=False))

        assert (await ours.counted(), await theirs.counted()) == (0, 0)
