"""The shoppers' browsers: some keep the pixel silent, the others tell TikTok of each purchase once."""

from __future__ import annotations

from fullcount.demo.control import EmulatorControl
from fullcount.demo.orders import Order


class Browsers:
    """Fires the same pixels at both TikToks; only the event_id differs."""

    def __init__(self, fullcount_side: EmulatorControl, naive_side: EmulatorControl, pixel_code: str) -> None:
        self._fullcount_side = fullcount_side
        self._naive_side = naive_side
        self._pixel_code = pixel_code
        self._seen: set[str] = set()
        self.naive_order_of: dict[str, str] = {}  # event_id of the pixel beside the naive loop -> order id

    async def buy(self, order: Order) -> None:
        """Show the thank-you page, once for each order however often its webhook comes."""
        if order.order_id in self._seen or not order.pixel_fires:
            return
        self._seen.add(order.order_id)
        # Beside Fullcount the page gives its pixel the id that the order has anyway.
        await self._fullcount_side.fire_pixel(self._pixel_code, "Purchase", order.event_id)
        # Beside the naive loop the pixel makes one up, as snippets do: nobody told it of the server's.
        own_id = f"pixel-{order.placed_at}-{order.order_id}"
        self.naive_order_of[own_id] = order.order_id
        await self._naive_side.fire_pixel(self._pixel_code, "Purchase", own_id)
