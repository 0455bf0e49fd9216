"""Simulated shoppers without a browser: what pixel, snippet and shop would send of each, over plain HTTP."""

from __future__ import annotations

import functools
import itertools
import random
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, NamedTuple

import aiohttp
import msgspec
from tests.e2e.harness import PIXEL, TOKEN, House, clock

from fullcount.demo.shop_site.goods import CURRENCY, GOODS, Cart
from fullcount.demo.shop_site.orders import FIRST_ORDER, ID_TEMPLATE, TOPIC, Buyer, Order, signature_of, webhook_body

Json = dict[str, Any]

SNIPPET_KEY, WEBHOOK_SECRET = "pk-test", "test-secret"
HOLD_SECONDS = 20.0
STEP_SECONDS = 30.0  # time moves so far at once
LAST_COPY_SECONDS = 120.0  # after the order, at the latest
START_SECONDS = -7_200.0  # behind the machine's time: what is played ends before now, where `fullcount pairs` looks
USER_AGENT = "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 Chrome/142.0.0.0 Mobile Safari/537.36"
PIXEL_NAME = "CompletePayment"  # as the shipped pixel spells a purchase
PURCHASE = "Purchase"


def changes(hold_seconds: float = HOLD_SECONDS) -> Json:
    """Return the gateway's settings that differ from the harness's: one pixel, whose halves are page and webhook."""
    common = {"pixels": ["store"], "event_id": ID_TEMPLATE}
    return {
        "pixels": [
            {
                "name": "store",
                "code": PIXEL,
                "access_token": TOKEN,
                "browser": "snippet",
                "hold_seconds": hold_seconds,
            }
        ],
        "sources": [
            {"name": "pages", "kind": "browser", "key": SNIPPET_KEY, **common},
            {"name": "shop", "kind": "woocommerce", "key": WEBHOOK_SECRET, **common},
        ],
    }


class PixelId(StrEnum):
    """Under which event_id the pixel sends a purchase."""

    SHARED = "shared"
    NONE = "none"
    OWN = "own"


class Shopper(msgspec.Struct, frozen=True):
    """One person, what they buy, and what their browser lets through."""

    number: int
    cart: Cart
    is_pixel_blocked: bool
    pixel_id: PixelId = PixelId.SHARED

    @property
    def visitor(self) -> str:
        """The visitor id of their browser."""
        return f"test-visitor-{self.number:010}"

    @property
    def click_id(self) -> str:
        """The click by which they came."""
        return f"E.C.P.test-click-{self.number}"

    @property
    def ip(self) -> str:
        """Their address."""
        return f"2001:db8::{self.number:x}"

    @property
    def order_id(self) -> str:
        """Their order's number."""
        return str(FIRST_ORDER + self.number)

    @property
    def event_id(self) -> str:
        """The id that page and backend both make of the order."""
        return ID_TEMPLATE.format(order_id=self.order_id)

    @property
    def id_of_pixel(self) -> str:
        """The id that the pixel sends."""
        return {PixelId.SHARED: self.event_id, PixelId.NONE: "", PixelId.OWN: f"pixel-{self.number}"}[self.pixel_id]

    @property
    def amounts(self) -> Json:
        """What the page says of the order's sum."""
        return {"value": self.cart.total_cents / 100, "currency": CURRENCY, "order_id": self.order_id}


def shoppers(count: int, rng: random.Random, *, blocked_share: float, pixel_ids: Sequence[PixelId]) -> list[Shopper]:
    """Return so many shoppers whose orders all have sums of their own; exactly that share of them blocks the pixel."""
    carts = {
        cart.total_cents: cart
        for counts in itertools.product(range(1, 9), repeat=len(GOODS))
        for cart in [Cart(dict(zip(GOODS, counts, strict=True)))]
    }
    chosen = rng.sample(list(carts.values()), count)
    blocked = set(rng.sample(range(count), round(count * blocked_share)))
    return [
        Shopper(number, cart, number in blocked, pixel_ids[number % len(pixel_ids)])
        for number, cart in enumerate(chosen)
    ]


class Act(NamedTuple):
    """Something that happens at a time, in seconds from the start."""

    at: float
    do: Callable[[], Awaitable[None]]


class Mall:
    """Plays shoppers against one house, in the emulator's time."""

    def __init__(self, house: House, http: aiohttp.ClientSession) -> None:
        self._house = house
        self._http = http
        self._offset = 0.0  # of the emulator's time

    async def open(self) -> None:
        """Start the gateway in a time that lies behind the machine's."""
        await self.pass_time(START_SECONDS)
        await self._house.start(**self._house.moved_clock())

    async def pass_time(self, seconds: float) -> None:
        """Let time pass for everybody."""
        self._offset += seconds
        await self._house.control.move_clock(seconds)

    async def play(self, acts: Sequence[Act]) -> None:
        """Let everything happen in the order of its time, some seconds at once."""
        played = 0.0
        for act in sorted(acts, key=lambda act: act.at):
            if (steps := (act.at - played) // STEP_SECONDS) > 0:
                played += steps * STEP_SECONDS
                await self.pass_time(steps * STEP_SECONDS)
            await act.do()

    def visits(self, people: Sequence[Shopper], rng: random.Random) -> Iterator[Act]:
        """Yield what happens of each: the landing, the order, then page and webhook in any order, with any delay."""
        for shopper in people:
            landed = rng.uniform(0.0, 600.0)
            ordered = landed + rng.uniform(60.0, 600.0)
            yield Act(landed, functools.partial(self.land, shopper))
            for last in (self.open_thank_you_page, self.send_webhook):
                yield Act(ordered + rng.uniform(0.0, LAST_COPY_SECONDS), functools.partial(last, shopper))

    async def land(self, shopper: Shopper) -> None:
        """The first page: the snippet tells the click."""
        url = f"{self._house.gateway.url}/products/headphones?ttclid={shopper.click_id}"
        await self._beacon(shopper, {"page": {"url": url}, "ttclid": shopper.click_id, "events": []})

    async def open_thank_you_page(self, shopper: Shopper) -> None:
        """The last page: the pixel sends the purchase if it can, and the snippet tells of it and of the pixel."""
        if not shopper.is_pixel_blocked:
            await self._hit(shopper)
        await self.tell_purchase(shopper)

    async def tell_purchase(self, shopper: Shopper) -> None:
        """The thank-you page's beacon.

        Where the snippet gives the pixel no event_id, it tells what the pixel sent, and nothing to send: under an id
        that nobody shares it would only count once more.
        """
        is_shared = shopper.pixel_id is PixelId.SHARED
        bought = {
            "event": PURCHASE,
            "event_id": shopper.event_id,
            "age": 5,
            "properties": shopper.amounts,
            "by": "call",
        }
        paired = {"event": PIXEL_NAME, "event_id": shopper.id_of_pixel, "at": 5, **shopper.amounts}
        await self._beacon(
            shopper,
            {
                "page": {"url": f"{self._house.gateway.url}/thanks/{shopper.order_id}"},
                "events": [bought] if is_shared else [],
                "paired": [] if shopper.is_pixel_blocked else [paired],
            },
        )

    async def send_webhook(self, shopper: Shopper) -> None:
        """The shop's backend tells of the order, signed."""
        buyer = Buyer("Ada", "Beispiel", f"shopper-{shopper.number}@example.com", "", "DE", shopper.ip, USER_AGENT)
        notes = {"fullcount_consent": "granted", "fullcount_visitor": shopper.visitor}
        body = webhook_body(Order(shopper.order_id, self._now(), shopper.cart.lines, buyer, notes))
        headers = {
            "Content-Type": "application/json",
            "X-WC-Webhook-Topic": TOPIC,
            "X-WC-Webhook-Signature": signature_of(body, WEBHOOK_SECRET),
        }
        async with self._http.post(f"{self._house.gateway.url}/webhooks/shop", data=body, headers=headers) as answer:
            assert answer.status < 300, await answer.text()

    async def _beacon(self, shopper: Shopper, told: Json) -> None:
        beacon = {
            "key": SNIPPET_KEY,
            "v": 1,
            "visitor": shopper.visitor,
            "consent": {"said": "granted"},
            "pixel": {"state": "blocked" if shopper.is_pixel_blocked else "loaded", "code": PIXEL},
            **told,
        }
        headers = {
            "Content-Type": "text/plain;charset=UTF-8",
            "Origin": self._house.gateway.url,
            "Cookie": f"_fc={shopper.visitor}",
            **_browser_of(shopper),
        }
        body = msgspec.json.encode(beacon)
        async with self._http.post(f"{self._house.gateway.url}/fc/e", data=body, headers=headers) as answer:
            assert answer.status == 204, await answer.text()

    async def _hit(self, shopper: Shopper) -> None:
        hit = {
            "event": PIXEL_NAME,
            "event_id": shopper.id_of_pixel,
            "timestamp": datetime.fromtimestamp(self._now(), UTC).isoformat(),
            "context": {
                "ad": {"callback": shopper.click_id},
                "pixel": {"code": PIXEL},
                "page": {"url": f"{self._house.gateway.url}/thanks/{shopper.order_id}"},
            },
            "properties": shopper.amounts,
        }
        body, headers = msgspec.json.encode(hit), _browser_of(shopper)
        async with self._http.post(f"{self._house.emulator.url}/api/v2/pixel", data=body, headers=headers) as answer:
            assert answer.status == 200

    def _now(self) -> float:
        return clock.now() + self._offset


def _browser_of(shopper: Shopper) -> dict[str, str]:
    return {"User-Agent": USER_AGENT, "X-Forwarded-For": shopper.ip}
