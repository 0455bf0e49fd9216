"""Killed between a notice and its order, or between the order and the end of its errand, the gateway goes on."""

from __future__ import annotations

import json
import signal
import time
from email.utils import formatdate
from pathlib import Path

import pytest
from tests.contract.senders.bigcommerce_api import HASH, TOKEN, served_api
from tests.e2e.harness import House

from fullcount.demo.waiting import eventually

KEY = "test-key-of-the-shop-0001"
ORDERS = range(1, 13)

pytestmark = pytest.mark.crash


def settings_for(api_url: str) -> dict[str, object]:
    """Return a source that fetches from this API."""
    shop = {
        "name": "shop",
        "kind": "bigcommerce",
        "key": KEY,
        "header": "X-Fullcount-Key",
        "api_token": TOKEN,
        "store_hash": HASH,
        "api_base_url": api_url,
        "consent": "sender_vouches",
        "pixels": ["store"],
    }
    return {"sources": [shop]}


async def post_notice(house: House, order: int) -> None:
    """Post an order's notice until it is answered 200."""
    body = {"scope": "store/order/created", "data": {"id": order}, "hash": f"hash-{order}"}

    async def is_taken() -> bool:
        url, headers = f"{house.gateway.url}/webhooks/shop", {"X-Fullcount-Key": KEY}
        async with house.http.post(url, data=json.dumps(body), headers=headers) as answer:
            return answer.status == 200

    await eventually(is_taken, "the notice is taken")


@pytest.mark.parametrize("place", ["after_fetch:3", "after_fetch_stored:3"])
async def test_a_death_in_the_middle_of_an_errand_costs_nothing(tmp_path: Path, place: str) -> None:
    """The first start takes notices of orders that cannot be read yet; the next dies half way; the last ends them."""
    async with served_api() as api, House(tmp_path, settings_for(api.url)) as house:
        await house.start()
        for order in ORDERS:
            await post_notice(house, order)
        house.gateway.kill()

        for order in ORDERS:
            date = formatdate(time.time())
            api.orders[str(order)] = {"id": order, "status_id": 11, "total_inc_tax": "10.0000", "date_created": date}
        house.gateway.launch({"FULLCOUNT_FAILPOINT": place})
        assert await house.gateway.ended() == -signal.SIGKILL
        await house.start()

        async def all_counted() -> bool:
            return await house.control.counted() == len(ORDERS)

        await eventually(all_counted, "every order is counted", within_seconds=60)
        await house.operator.until_quiet()
        counted = [event["event_id"] for event in await house.control.events()]
        assert sorted(counted, key=int) == [str(order) for order in ORDERS]
