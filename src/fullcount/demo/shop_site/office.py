"""The shop's backend: it takes orders, writes into them what its plugins would, and has them told of."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import msgspec

from fullcount.clock import Clock
from fullcount.demo.shop_site.goods import Cart
from fullcount.demo.shop_site.orders import FIRST_ORDER, Buyer, Order
from fullcount.demo.shop_site.visits import Visit
from fullcount.demo.shop_site.webhooks import Webhooks

VISITOR_COOKIE = "_fc"


class Office:
    """Turns carts into paid orders."""

    def __init__(self, webhooks: Webhooks, clock: Clock) -> None:
        self.webhooks = webhooks
        self._clock = clock
        self._numbers = itertools.count(FIRST_ORDER)

    def place(self, visit: Visit, buyer: Buyer, cookies: Mapping[str, str], shop_url: str) -> Order:
        """Take the order of what is in the visit's cart, paid at once, and empty the cart."""
        order = Order(
            order_id=str(next(self._numbers)),
            placed_at=self._clock.now(),
            lines=visit.cart.lines,
            buyer=buyer,
            notes=notes_of(visit, cookies),
        )
        visit.orders.append(order)
        visit.cart = Cart()
        if visit.switches.webhook == "sent":
            self.webhooks.plan(order, shop_url)
        return order


def notes_of(visit: Visit, cookies: Mapping[str, str]) -> dict[str, str]:
    """Return an order's meta data: the visitor's answer, the visitor id, and where the order attribution saw them land.

    >>> notes_of(Visit("v", landing_url="https://shop.example.com/?ttclid=E.C.P.test"), {})
    {'fullcount_consent': 'granted', '_wc_order_attribution_session_entry': 'https://shop.example.com/?ttclid=E.C.P.test'}
    """
    notes = {
        "fullcount_consent": visit.consent,
        "fullcount_visitor": cookies.get(VISITOR_COOKIE, ""),
        "_wc_order_attribution_session_entry": visit.landing_url,
        "_wc_order_attribution_referrer": visit.landing_referrer,
    }
    return {key: value for key, value in notes.items() if value}


def buyer_of(form: Mapping[str, object], ip: str, user_agent: str) -> Buyer:
    """Return who filled the checkout's form in; what is missing is empty."""
    typed = {name: str(form.get(name, "")).strip()[:200] for name in Buyer.__struct_fields__ if name not in _SEEN}
    return msgspec.convert({**typed, "ip": ip, "user_agent": user_agent}, Buyer)


_SEEN = ("ip", "user_agent")
