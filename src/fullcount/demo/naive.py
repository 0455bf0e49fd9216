"""The loop that most people write, kept as good as such loops are, to be measured beside Fullcount.

What it does well: it hashes what TikTok wants hashed, waits ten seconds for an answer, and tries again with growing
pauses while the connection breaks or the answer is not HTTP 200. What it does wrong stands beside each line.
"""

from __future__ import annotations

import hashlib
import random
import uuid
from collections import Counter
from typing import Any

import aiohttp
import msgspec

from fullcount.clock import Clock
from fullcount.demo.orders import Order

TRIES = 6
FIRST_PAUSE_SECONDS = 0.25  # doubled each time: six tries outlast seven seconds without a connection
ANSWER_SECONDS = aiohttp.ClientTimeout(total=10)


def naive_event_id(seed: int, order_id: str, attempt: int) -> str:
    """Return the random id of one attempt (from 1), random as `uuid4()` is but the same for the same seed.

    >>> naive_event_id(1, "100001", 1) == naive_event_id(1, "100001", 2)
    False
    """
    return str(uuid.UUID(int=random.Random(f"{seed} {order_id} {attempt}").getrandbits(128), version=4))


class Account(msgspec.Struct, frozen=True):
    """Where the loop posts, and with which credentials."""

    base_url: str
    pixel_code: str
    token: str


class NaiveLoop:
    """A webhook handler that posts each order by itself as it comes."""

    def __init__(self, http: aiohttp.ClientSession, account: Account, clock: Clock, seed: int) -> None:
        self._http = http
        self._url = f"{account.base_url}/open_api/v1.3/event/track/"
        self._pixel_code = account.pixel_code
        self._headers = {"Access-Token": account.token}
        self._clock = clock
        self._seed = seed
        self._attempts: Counter[str] = Counter()
        self.order_of: dict[str, str] = {}  # event_id -> order id: for the measuring; the loop never looks at it
        self.successes: set[str] = set()  # ids of the orders that it believes sent
        self.failures: set[str] = set()

    async def handle(self, order: Order) -> None:
        """Post one order the way the usual snippet does, and note what the loop believes became of it."""
        pause = FIRST_PAUSE_SECONDS
        for _ in range(TRIES):
            try:
                # Wrong: the body is built again for each try, so a try whose answer was lost counts a second time.
                async with self._http.post(
                    self._url, json=self._body(order), headers=self._headers, timeout=ANSWER_SECONDS
                ) as answer:
                    # Wrong: TikTok says no with HTTP 200 and a `code` in the body, which nobody reads here.
                    if answer.status == 200:
                        self.successes.add(order.order_id)
                        return
            except (aiohttp.ClientError, TimeoutError):
                pass
            # Wrong: what waits here is in memory only; a restart forgets it. (The demo spares this loop the kill.)
            await self._clock.sleep(pause)
            pause *= 2
        self.failures.add(order.order_id)

    def _body(self, order: Order) -> dict[str, Any]:
        self._attempts[order.order_id] += 1
        # Wrong: an id of its own. The pixel has another, and a webhook that comes twice gets a new one each time.
        event_id = naive_event_id(self._seed, order.order_id, self._attempts[order.order_id])
        self.order_of[event_id] = order.order_id
        return {
            "event_source": "web",
            "event_source_id": self._pixel_code,
            "data": [
                {
                    "event": "Purchase",
                    # Wrong: the hour of sending, not of the purchase.
                    "event_time": int(self._clock.now()),
                    "event_id": event_id,
                    "user": {
                        "email": _sha256(order.email),
                        # Wrong: without E.164 this is the hash of a number that TikTok has never seen.
                        "phone": _sha256(order.phone),
                        "ip": order.ip,
                        "user_agent": order.user_agent,
                    },
                    "page": order.page(),
                    "properties": order.properties(),
                }
            ],
        }


def _sha256(text: str) -> str:
    return hashlib.sha256(text.strip().lower().encode()).hexdigest()
