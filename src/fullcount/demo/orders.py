"""Seeded orders of a shop that does not exist, and the order in which its webhooks arrive.

Every identifier is made for examples: mail at RFC 2606 domains, addresses of RFC 5737, and phone numbers of the ranges
that regulators keep free for fiction: 555-01xx (North America), Ofcom's 07700 900xxx (United Kingdom), Arcep's
06 39 98 xx xx (France), the Bundesnetzagentur's 0171 39200xx (Germany), PTS's 070-174 06 05 to 06 99 (Sweden).
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any

import msgspec

DUPLICATE_SHARE = 0.06  # of the orders; webhook platforms promise "at least once" and mean it
PIXEL_SHARE = 0.70  # of the browsers; blockers, privacy modes and broken scripts silence 20 to 40 % of pixels
YEN_SHARE = 0.2
ZERO_DECIMAL = frozenset({"JPY"})

_GOODS = (
    ("SKU-1234", "Wireless Headphones", 8999),
    ("SKU-2001", "Rain Jacket", 12950),
    ("SKU-2002", "Wool Socks", 1190),
    ("SKU-3107", "Espresso Cup", 1450),
    ("SKU-3108", "Coffee Beans, 1 kg", 2399),
    ("SKU-4400", "Desk Lamp", 5475),
    ("SKU-5150", "Phone Case", 1999),
)
_AGENTS = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
    "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0 Safari/537.36",
)
_NETWORKS = ("192.0.2", "198.51.100", "203.0.113")  # RFC 5737
_DOMAINS = ("example.com", "example.org", "example.net")
_FIRST = ("ada", "bo", "chloe", "dmitri", "elif", "femi", "grace", "hugo", "ines", "jun", "kofi", "lena")

# Country -> currency, and the shapes in which its customers type their number.
_COUNTRIES: dict[str, tuple[str, Callable[[random.Random], str]]] = {
    "US": ("USD", lambda r: f"({r.choice((212, 312, 415))}) 555-01{r.randrange(100):02d}"),
    "GB": ("USD", lambda r: f"+44 7700 900{r.randrange(1000):03d}"),
    "FR": ("EUR", lambda r: f"0033 6 39 98 {r.randrange(100):02d} {r.randrange(100):02d}"),
    "DE": ("EUR", lambda r: f"+49 171 39200{r.randrange(100):02d}"),
    "SE": ("EUR", lambda r: f"+4670-174 06 {r.randrange(5, 100):02d}"),
}


class Item(msgspec.Struct, frozen=True):
    """One line of an order; `price_minor` is per unit, in cents or in whole yen."""

    sku: str
    name: str
    price_minor: int
    quantity: int


class Order(msgspec.Struct, frozen=True):
    """A paid order. `pixel_fires` says whether the shopper's browser lets a pixel speak."""

    order_id: str
    currency: str
    items: tuple[Item, ...]
    email: str
    phone: str
    country: str
    ip: str
    user_agent: str
    placed_at: int  # Unix seconds
    pixel_fires: bool

    @property
    def event_id(self) -> str:
        """The id that everybody who knows the order can derive."""
        return f"order-{self.order_id}-purchase"

    @property
    def value(self) -> float:
        """The total, in units of the currency."""
        return self._units(sum(item.price_minor * item.quantity for item in self.items))

    def properties(self) -> dict[str, Any]:
        """Return the order as the `properties` of a purchase event; the items' prices sum up to `value`."""
        contents = [
            {
                "content_id": item.sku,
                "content_name": item.name,
                "price": self._units(item.price_minor),
                "quantity": item.quantity,
            }
            for item in self.items
        ]
        return {
            "currency": self.currency,
            "value": self.value,
            "content_type": "product",
            "order_id": self.order_id,
            "contents": contents,
        }

    def page(self) -> dict[str, str]:
        """Return the page on which the shopper ended."""
        return {"url": f"https://shop.example.com/thanks?order={self.order_id}"}

    def _units(self, minor: int) -> float:
        return float(minor) if self.currency in ZERO_DECIMAL else round(minor / 100, 2)

    def __repr__(self) -> str:
        return f"Order({self.order_id}, {len(self.items)} items)"


def make_orders(seed: int, count: int, now: float) -> list[Order]:
    """Return `count` orders placed in the minutes before `now` (Unix seconds); the same seed gives the same orders."""
    rng = random.Random(f"orders {seed}")
    made = [_make_order(rng, seed, number, int(now) - count + number) for number in range(count)]
    rejected = pick_rejected(made)
    return [msgspec.structs.replace(order, pixel_fires=False) if order is rejected else order for order in made]


def make_arrivals(seed: int, orders: list[Order]) -> list[Order]:
    """Return the orders as webhooks bring them: each once, and some again, soon after or much later.

    The order that `pick_rejected` names comes only once, so that its fate is plain to see.
    """
    rng = random.Random(f"arrivals {seed}")
    arrivals = list(orders)
    rejected = pick_rejected(orders)
    again = [order for order in orders if order is not rejected]
    for order in rng.sample(again, k=math.ceil(DUPLICATE_SHARE * len(orders))):
        first = arrivals.index(order) + 1
        soon = min(first + 5, len(arrivals))
        arrivals.insert(rng.randint(first, soon if rng.random() < 0.5 else len(arrivals)), order)
    return arrivals


def pick_rejected(orders: list[Order]) -> Order:
    """Return the order that TikTok will refuse; its browser keeps the pixel silent, so nothing else tells of it."""
    return orders[len(orders) * 2 // 3]


def _make_order(rng: random.Random, seed: int, number: int, placed_at: int) -> Order:
    country = rng.choice(tuple(_COUNTRIES))
    currency, dial = _COUNTRIES[country]
    currency = "JPY" if rng.random() < YEN_SHARE else currency
    goods = rng.sample(_GOODS, k=rng.choice((1, 1, 2, 3)))
    name = rng.choice(_FIRST)
    return Order(
        order_id=f"{seed}{number:05d}",
        currency=currency,
        items=tuple(Item(sku, title, price, rng.choice((1, 1, 1, 2))) for sku, title, price in goods),
        email=f"{name}.{number}@{rng.choice(_DOMAINS)}",
        phone=dial(rng),
        country=country,
        ip=f"{rng.choice(_NETWORKS)}.{rng.randrange(1, 255)}",
        user_agent=rng.choice(_AGENTS),
        placed_at=placed_at,
        pixel_fires=rng.random() < PIXEL_SHARE,
    )
