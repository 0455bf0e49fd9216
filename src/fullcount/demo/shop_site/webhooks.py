"""The shop's webhooks: each paid order is told of once, a moment later, signed; never again, as WooCommerce does it."""

from __future__ import annotations

import asyncio

import aiohttp
import msgspec

from fullcount.clock import Clock
from fullcount.demo.shop_site.orders import TOPIC, Order, signature_of, webhook_body
from fullcount.demo.shop_site.settings import ShopSettings

ANSWER_SECONDS = aiohttp.ClientTimeout(total=10)


class Sent(msgspec.Struct, frozen=True):
    """How far one order's webhook is."""

    state: str  # off, waiting, answered, unanswered
    times: int = 0  # how often it was posted
    status: int = 0  # of the last answer


class Webhooks:
    """Posts orders to the gateway."""

    def __init__(self, http: aiohttp.ClientSession, settings: ShopSettings, clock: Clock) -> None:
        self._http = http
        self._url = settings.gateway_url + settings.webhook_path
        self._secret = settings.webhook_secret
        self._delay_seconds = settings.webhook_delay_seconds
        self._clock = clock
        self._sent: dict[str, Sent] = {}
        self._underway: set[asyncio.Task[None]] = set()

    def sent(self, order: Order) -> Sent:
        """Return how far an order's webhook is."""
        return self._sent.get(order.order_id, Sent("off"))

    def plan(self, order: Order, shop_url: str) -> None:
        """Let an order be told of a moment later."""
        self._sent[order.order_id] = Sent("waiting")
        task = asyncio.create_task(self._send_later(order, shop_url))
        self._underway.add(task)
        task.add_done_callback(self._underway.discard)

    async def send(self, order: Order, shop_url: str) -> Sent:
        """Tell of an order now, also of one that was told of before; return how it went."""
        body = webhook_body(order)
        headers = {
            "Content-Type": "application/json",
            "X-WC-Webhook-Source": f"{shop_url}/",
            "X-WC-Webhook-Topic": TOPIC,
            "X-WC-Webhook-Signature": signature_of(body, self._secret),
        }
        times = self.sent(order).times + 1
        try:
            async with self._http.post(self._url, data=body, headers=headers, timeout=ANSWER_SECONDS) as answer:
                sent = Sent("answered", times, answer.status)
        except (aiohttp.ClientError, TimeoutError):
            sent = Sent("unanswered", times)
        self._sent[order.order_id] = sent
        return sent

    async def close(self) -> None:
        """Drop what was not told yet."""
        for task in tuple(self._underway):
            task.cancel()
        await asyncio.gather(*self._underway, return_exceptions=True)

    async def _send_later(self, order: Order, shop_url: str) -> None:
        await self._clock.sleep(self._delay_seconds)
        await self.send(order, shop_url)
