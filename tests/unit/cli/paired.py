"""A shop whose pixel has a browser half that we do not control, with what its pages and its backend told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from tests.unit.cli.filled_store import owned_store
from tests.unit.cli.shop import Shop, purchase

from fullcount.clock import SystemClock
from fullcount.config.load import load_settings
from fullcount.config.settings import Settings
from fullcount.events.reading import read_event
from fullcount.pipeline.pipeline import Pipeline
from fullcount.pipeline.terms import terms_of
from fullcount.sources.source import Intake, PixelCopy

CLOCK = SystemClock()


def foreign(shop: Shop, *more: str) -> Shop:
    """Let another pixel send the browser half, so that the source observes first; `more` are lines of the source."""
    text = shop.file.read_text(encoding="utf-8")
    code = 'code = "CEXAMPLE0PIXEL000001"'
    shop.write(text.replace(code, f'{code}\nbrowser = "other"') + "".join(f"{line}\n" for line in more))
    return shop


def settings_of(shop: Shop) -> Settings:
    """Return the shop's settings, without secrets."""
    return load_settings(shop.file, {}, with_secrets=False).settings


def page(event_id: str, name: str = "Purchase", value: float | None = 20.0) -> PixelCopy:
    """Return what a page says that its pixel sent."""
    return PixelCopy(name, event_id, CLOCK.now() - 1, value, "USD" if value else None)


def order(event_id: str, value: float = 20.0, name: str = "CompletePayment", **more: Any) -> dict[str, Any]:
    """Return a purchase as the backend posts it."""
    event = purchase(event_id, int(CLOCK.now()) - 5, **more)
    return {**event, "event": name, "properties": {**event["properties"], "value": value}}


async def told(shop: Shop, orders: Iterable[dict[str, Any]] = (), pages: Sequence[PixelCopy] = ()) -> None:
    """Let the backend post orders and the pages tell of their pixel, into a store that nobody owns afterwards."""
    terms = terms_of(settings_of(shop), CLOCK.now())["backend"]
    async with owned_store(shop.store, CLOCK) as queue:
        pipeline = Pipeline(queue, CLOCK)
        for copy in pages:
            await pipeline.take(Intake((), pixel_copies=(copy,)), terms)
        for event in orders:
            await pipeline.take(Intake((read_event(event),)), terms)
