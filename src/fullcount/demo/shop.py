"""A shop's backend in front of Fullcount: it posts each paid order and comes back with what was not answered 2xx."""

from __future__ import annotations

from typing import Any

import aiohttp

from fullcount.clock import Clock
from fullcount.demo.orders import Order
from fullcount.errors import FullcountError

RESEND_SECONDS = 0.2  # real platforms wait minutes; the order of things is the same
MAX_TRIES = 300
ANSWER_SECONDS = aiohttp.ClientTimeout(total=10)


def purchase(order: Order) -> dict[str, Any]:
    """Return the order as a shop's backend posts it: plain identifiers, one id that it can derive again."""
    return {
        "event": "Purchase",
        "event_id": order.event_id,
        "event_time": order.placed_at,
        "user": {
            "email": order.email,
            "phone": order.phone,
            "country": order.country.lower(),
            "ip": order.ip,
            "user_agent": order.user_agent,
        },
        "page": order.page(),
        "properties": order.properties(),
    }


class Shop:
    """Posts orders to `/v1/events` until each is answered 2xx, always with the same event_id."""

    def __init__(self, http: aiohttp.ClientSession, gateway_url: str, key: str, clock: Clock) -> None:
        self._http = http
        self._url = f"{gateway_url}/v1/events"
        self._headers = {"Authorization": f"Bearer {key}"}
        self._clock = clock
        self.accepted: set[str] = set()  # event_ids that a 2xx named accepted, merged or duplicate
        self.duplicates = 0  # how often a 2xx said duplicate
        self.unanswered = 0  # posts that had to be repeated

    async def send(self, order: Order) -> None:
        """Post one order, again and again until it is answered 2xx.

        Raises:
            FullcountError: the gateway called the order wrong, or did not answer for minutes.
        """
        body = purchase(order)
        for _ in range(MAX_TRIES):
            try:
                async with self._http.post(
                    self._url, json=body, headers=self._headers, timeout=ANSWER_SECONDS
                ) as answer:
                    if answer.status < 300:
                        self._note(order, await answer.json())
                        return
                    if answer.status < 500:
                        raise FullcountError(
                            f"the gateway refused order {order.order_id} with HTTP {answer.status}",
                            where=self._url,
                            fix="this is a mistake of the demo: please report it",
                        )
            except (aiohttp.ClientError, TimeoutError):
                pass  # not answered: whether it was stored is unknown, so it is sent again
            self.unanswered += 1
            await self._clock.sleep(RESEND_SECONDS)
        raise FullcountError(
            f"order {order.order_id} was not answered in {MAX_TRIES} tries",
            where=self._url,
            fix="read the gateway's log",
        )

    def _note(self, order: Order, answer: dict[str, Any]) -> None:
        if answer["accepted"] + answer["merged"] + answer["duplicates"]:
            self.accepted.add(order.event_id)
        self.duplicates += int(answer["duplicates"])
