"""What the shop sells, and what a page says of it to TikTok."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

CURRENCY = "EUR"
MOST_OF_ONE = 9


class Good(msgspec.Struct, frozen=True):
    """Something to buy; `price_cents` includes tax."""

    slug: str
    product_id: str
    sku: str
    name: str
    words: str
    price_cents: int

    @property
    def price(self) -> float:
        """The price of one, in units of the currency."""
        return self.price_cents / 100


GOODS = {
    good.slug: good
    for good in (
        Good("headphones", "301", "HP-1", "Wireless Headphones", "Thirty hours, no wires.", 8999),
        Good("case", "302", "CS-1", "Travel Case", "Hard outside, soft inside.", 1950),
        Good("cushions", "303", "EC-2", "Ear Cushions", "A pair, in velour.", 1490),
    )
}


class Cart(msgspec.Struct, frozen=True):
    """How many of what, by slug."""

    counts: Mapping[str, int] = {}

    def with_one_more(self, slug: str) -> Cart:
        """Return the cart with one more of a good; of a good that is not sold, nothing.

        >>> Cart().with_one_more("case").with_one_more("case").total_cents
        3900
        """
        if slug not in GOODS:
            return self
        count = min(self.counts.get(slug, 0) + 1, MOST_OF_ONE)
        return Cart({**self.counts, slug: count})

    @property
    def lines(self) -> tuple[tuple[Good, int], ...]:
        """Each good with how many of it."""
        return tuple((GOODS[slug], count) for slug, count in self.counts.items())

    @property
    def total_cents(self) -> int:
        """What all of it costs."""
        return sum(good.price_cents * count for good, count in self.lines)


def properties_of(lines: tuple[tuple[Good, int], ...]) -> dict[str, Any]:
    """Return goods as the properties of an event.

    >>> properties_of(((GOODS["case"], 2),))["value"]
    39.0
    """
    return {
        "content_type": "product",
        "contents": [
            {"content_id": good.product_id, "content_name": good.name, "price": good.price, "quantity": count}
            for good, count in lines
        ],
        "value": sum(good.price_cents * count for good, count in lines) / 100,
        "currency": CURRENCY,
    }


def price_text(cents: int) -> str:
    """Return an amount as a page shows it.

    >>> price_text(8999)
    '89.99 EUR'
    """
    return f"{cents / 100:.2f} {CURRENCY}"
