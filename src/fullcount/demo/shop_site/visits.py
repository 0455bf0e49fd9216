"""Who is in the shop: each browser by a cookie of the shop's own, in memory."""

from __future__ import annotations

import secrets
from collections import OrderedDict

import msgspec

from fullcount.demo.shop_site.goods import Cart
from fullcount.demo.shop_site.orders import Order
from fullcount.demo.shop_site.switches import Switches

COOKIE = "shop_visit"
MOST_VISITS = 5_000  # beyond it the one who was longest away is forgotten


class Visit(msgspec.Struct):
    """One browser in the shop."""

    visit_id: str
    switches: Switches = Switches()
    answer: str = ""  # what the visitor said to the shop's consent banner: granted, denied, or nothing yet
    cart: Cart = Cart()
    orders: list[Order] = []
    landing_url: str = ""  # where the browser came in; a later ad click is a new landing
    landing_referrer: str = ""

    @property
    def consent(self) -> str:
        """What the shop knows of the visitor's consent: granted, denied, or nothing."""
        return self.answer if self.switches.consent == "ask" else self.switches.consent

    def order(self, order_id: str) -> Order | None:
        """Return an order of this visitor's, or None."""
        return next((order for order in self.orders if order.order_id == order_id), None)

    def land(self, url: str, referrer: str) -> None:
        """Note where the browser came in, as a shop's order attribution does: the first page, and each ad click."""
        if not self.landing_url or "ttclid=" in url:
            self.landing_url, self.landing_referrer = url, referrer

    def __repr__(self) -> str:
        return f"Visit({len(self.orders)} orders)"


class Visits:
    """Every browser that came."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, Visit] = OrderedDict()

    def of(self, visit_id: str) -> Visit:
        """Return the visit that a cookie names, or a new one; whoever asks with a made-up id gets another."""
        visit = self._known.get(visit_id)
        if visit is None:
            visit = Visit(secrets.token_urlsafe(16))
            self._known[visit.visit_id] = visit
            if len(self._known) > MOST_VISITS:
                self._known.popitem(last=False)
        self._known.move_to_end(visit.visit_id)
        return visit
