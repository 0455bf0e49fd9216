"""Three hundred shoppers, of whom some block the pixel: what TikTok counts, and what `fullcount pairs` says of it.

The shop, its gateway and its TikTok are real processes. A shopper here is what a browser sends: the order at the shop,
the pixel's hit unless it is blocked, and the snippet's beacon.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import uuid
from pathlib import Path
from typing import Any, Literal

import aiohttp
import msgspec
import pytest
from tests.contract.test_emulator_pixel import hit

from fullcount.demo.processes import COMMAND
from fullcount.demo.shop_stage import HOLD_SECONDS, PIXEL, SNIPPET_KEY, RunningShop, ShopOptions, start_shop
from fullcount.demo.waiting import eventually

SHOPPERS, BLOCKED_SHARE = 300, 0.3
AT_ONCE = 12
AGENT = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Version/18.1 Safari/604.1"
OPTIONS = ShopOptions(webhook_delay_seconds=0.0, follows_emulator_clock=True)
# The pixel's id is the order's, as the snippet sees to; or made up by the page; or missing, and nothing is mirrored.
Ids = Literal["shared", "own", "none"]


class Shopper:
    """One browser, at an address of its own."""

    def __init__(self, number: int, shop: RunningShop, http: aiohttp.ClientSession, ids: Ids) -> None:
        self._number = number
        self._shop = shop
        self._http = http
        self._ids = ids
        self.is_blocked = False

    async def buy(self) -> None:
        """Order at the shop, and send what the thank-you page sends, in one order or the other."""
        form = {"first_name": "Ada", "last_name": "Beispiel", "email": f"shopper-{self._number}@example.com"}
        async with self._http.post(f"{self._shop.url}/cart", data={"slug": "headphones"}) as answer:
            assert answer.status == 200
        async with self._http.post(f"{self._shop.url}/checkout", data={**form, "country": "DE"}) as answer:
            order_id = answer.url.path.rpartition("/")[2]
        event_id = {"shared": f"order-{order_id}-purchase", "own": f"page-{uuid.uuid4()}", "none": ""}[self._ids]
        told = (
            [self._beacon(event_id, order_id)]
            if self.is_blocked
            else [self._hit(event_id), self._beacon(event_id, order_id)]
        )
        for send in told if self._number % 2 else told[::-1]:
            await send

    async def _hit(self, event_id: str) -> None:
        body = hit("CompletePayment", event_id, properties={"value": 89.99, "currency": "EUR"})
        body["context"]["pixel"]["code"] = PIXEL
        async with self._http.post(f"{self._shop.emulator.url}/api/v2/pixel", data=msgspec.json.encode(body)) as answer:
            assert answer.status == 200

    async def _beacon(self, event_id: str, order_id: str) -> None:
        money = {"value": 89.99, "currency": "EUR"}
        event = {"event": "Purchase", "event_id": event_id, "age": 5, "properties": {**money, "order_id": order_id}}
        sent = {"event": "CompletePayment", "event_id": event_id, "at": 5, **money}
        body = {
            "key": SNIPPET_KEY,
            "v": 1,
            "visitor": f"test-visitor-{self._number:016}",
            "page": {"url": f"{self._shop.url}/thanks/{order_id}"},
            "consent": {"said": "granted"},
            "ties": {"order_id": order_id},
            "pixel": {"state": "blocked" if self.is_blocked else "loaded", "code": PIXEL},
            "events": [event] if event_id else [],
            "paired": [] if self.is_blocked else [sent],
        }
        headers = {"X-Forwarded-For": f"198.51.{100 + self._number // 250}.{1 + self._number % 250}"}
        url = f"{self._shop.gateway.url}/fc/e"
        async with self._http.post(url, data=msgspec.json.encode(body), headers=headers) as answer:
            assert answer.status == 204


async def crowd(shop: RunningShop, ids: Ids) -> int:
    """Let everybody buy, and let the time of holding pass; return how many pixels were blocked."""
    chance = random.Random(7)
    connector, gate, blocked = aiohttp.TCPConnector(limit=AT_ONCE), asyncio.Semaphore(AT_ONCE), 0

    async def one(number: int, *, is_blocked: bool) -> None:
        jar = aiohttp.CookieJar(unsafe=True)  # keeps cookies of an IP address
        http = aiohttp.ClientSession(
            connector=connector, connector_owner=False, cookie_jar=jar, headers={"User-Agent": AGENT}
        )
        async with gate, http:
            shopper = Shopper(number, shop, http, ids)
            shopper.is_blocked = is_blocked
            await shopper.buy()

    async with connector, asyncio.TaskGroup() as everybody:
        for number in range(SHOPPERS):
            is_blocked = chance.random() < BLOCKED_SHARE
            blocked += is_blocked
            everybody.create_task(one(number, is_blocked=is_blocked))
    await shop.control.move_clock(HOLD_SECONDS)
    return blocked


async def counted_at_last(shop: RunningShop, expected: int) -> int:
    """Return how many events TikTok counts once all webhooks have come and nothing waits any more."""

    async def are_there() -> bool:
        return await shop.control.counted() >= expected

    with contextlib.suppress(TimeoutError):  # the caller's assertion shows what is wrong
        await eventually(are_there, f"{expected} events are counted", within_seconds=60)
    await shop.operator.until_quiet()
    return await shop.control.counted()


async def pairs(shop: RunningShop) -> tuple[int, dict[str, Any], dict[str, Any]]:
    """Return the exit status of `fullcount pairs`, its totals of purchases, and its findings by their code."""
    command = [*COMMAND, "pairs", "--event", "Purchase", "--json", "--config", str(shop.gateway.settings_path)]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    output, _ = await process.communicate()
    document = msgspec.json.decode(output)
    (total,) = document["totals"]
    return process.returncode or 0, total, {finding["code"]: finding for finding in document["findings"]}


@pytest.mark.parametrize("ids", ["shared", "own", "none"])
async def test_three_hundred_shoppers(ids: Ids, tmp_path: Path) -> None:
    """With the snippet's ids each order counts once, blocked or not; without them some count twice, and pairs says why.

    Where the page makes an id up, the page's half is sent under it, too: all orders count twice. Where it has none,
    those do whose pixel ran.
    """
    async with start_shop(tmp_path, OPTIONS) as shop:
        blocked = await crowd(shop, ids)
        loaded = SHOPPERS - blocked
        too_many = {"shared": 0, "own": SHOPPERS, "none": loaded}[ids]
        counted = await counted_at_last(shop, SHOPPERS + too_many)
        status, total, findings = await pairs(shop)
    assert 60 < blocked < 120
    assert counted == SHOPPERS + too_many
    assert (total["counted"], total["happened"], total["too_many"]) == (counted, SHOPPERS, too_many)
    assert status == bool(too_many)
    expected = {"shared": {}, "own": {"ids_differ": SHOPPERS}, "none": {"without_id": loaded}}[ids]
    assert {code: finding["count"] for code, finding in findings.items() if finding["is_double"]} == expected
    if ids == "shared":
        assert (total["both"], total["server_only"]) == (loaded, blocked)
