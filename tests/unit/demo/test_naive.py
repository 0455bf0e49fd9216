"""The usual loop's mistakes are real ones: they show against an emulator that knows nothing of the demo."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest

from fullcount.clock import SystemClock
from fullcount.demo.control import EmulatorControl
from fullcount.demo.naive import Account, NaiveLoop, naive_event_id
from fullcount.demo.orders import Order, make_orders
from fullcount.emulator.serving import DEFAULT_PIXEL, DEFAULT_TOKEN, running_emulator

ORDER = make_orders(1, 10, 1_795_000_000.0)[0]


class Played:
    """A naive loop and the control plane of its TikTok."""

    def __init__(self, http: aiohttp.ClientSession, base_url: str) -> None:
        self.control = EmulatorControl(http, base_url)
        self.loop = NaiveLoop(http, Account(base_url, DEFAULT_PIXEL, DEFAULT_TOKEN), SystemClock(), seed=1)

    async def handle(self, order: Order) -> None:
        """Let one webhook come."""
        await self.loop.handle(order)

    async def event_ids(self) -> list[str]:
        """Return the ids that TikTok counted."""
        return [event["event_id"] for event in await self.control.events()]


@pytest.fixture
async def played() -> AsyncIterator[Played]:
    """A naive loop in front of an emulator of its own."""
    async with running_emulator() as emulator, aiohttp.ClientSession() as http:
        yield Played(http, emulator.base_url)


async def test_on_a_good_day_an_order_counts_once(played: Played) -> None:
    """Without faults and duplicates the usual loop is right."""
    await played.handle(ORDER)

    assert await played.event_ids() == [naive_event_id(1, ORDER.order_id, 1)]
    assert played.loop.successes == {ORDER.order_id}


@pytest.mark.parametrize("code", [40002, 40100, 60001])
async def test_a_refusal_inside_http_200_is_taken_for_success(played: Played, code: int) -> None:
    """TikTok's code says no, the loop reads the status and says yes: the order is lost."""
    await played.control.add_faults([{"kind": "code", "code": code}])
    await played.handle(ORDER)

    assert await played.event_ids() == []
    assert played.loop.successes == {ORDER.order_id}


async def test_a_lost_answer_counts_twice(played: Played) -> None:
    """TikTok took the first try; the second has another event_id."""
    await played.control.add_faults([{"kind": "drop_answer"}])
    await played.handle(ORDER)

    assert len(set(await played.event_ids())) == 2


async def test_a_webhook_that_comes_again_counts_twice(played: Played) -> None:
    """Each delivery of the webhook makes up an id of its own."""
    await played.handle(ORDER)
    await played.handle(ORDER)

    assert len(set(await played.event_ids())) == 2


async def test_a_broken_connection_is_tried_again(played: Played) -> None:
    """Fair is fair: the loop survives connections that break before anything was taken."""
    await played.control.add_faults([{"kind": "reset", "times": 2}, {"kind": "http", "status": 502}])
    await played.handle(ORDER)

    assert len(await played.event_ids()) == 1
    assert played.loop.successes == {ORDER.order_id}
