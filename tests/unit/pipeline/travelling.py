"""What the pipeline's tests share: terms, pixels and readings."""

from __future__ import annotations

from typing import Any

from fullcount.config.settings import Browser
from fullcount.events.checks import CheckRules
from fullcount.events.reading import read_event
from fullcount.identity.identify import IdentityRules
from fullcount.pipeline.terms import PixelTerms, SourceTerms
from fullcount.pipeline.travel import Arrival, travel
from fullcount.sources.source import Intake

NOW = 1_775_053_900.0

STORE = PixelTerms("store", "CEXAMPLE0PIXEL000001")
OUTLET = PixelTerms("outlet", "CEXAMPLE0PIXEL000002")
SNIPPET = PixelTerms("snippet", "CEXAMPLE0PIXEL000003", Browser.SNIPPET, hold_seconds=15.0)
OTHER = PixelTerms("other", "CEXAMPLE0PIXEL000004", Browser.OTHER)


def terms(*pixels: PixelTerms, **changes: Any) -> SourceTerms:
    """Return a source's terms with these pixels (the plain one if none is named)."""
    given: dict[str, Any] = {"check_rules": CheckRules(), "identity_rules": IdentityRules(), **changes}
    return SourceTerms("backend", pixels or (STORE,), **given)


def purchase(**changes: Any) -> dict[str, Any]:
    """Return a right purchase with changes; None takes a key out."""
    event = {
        "event": "Purchase",
        "event_id": "order-1",
        "event_time": int(NOW) - 60,
        "user": {"email": "customer@example.com", "ip": "203.0.113.42", "user_agent": "UA"},
        "page": {"url": "https://shop.example.com/thanks"},
        "properties": {"currency": "USD", "value": 10, "order_id": "1"},
    } | changes
    return {key: value for key, value in event.items() if value is not None}


def arrive(event: dict[str, Any], terms: SourceTerms, *, test: str | None = None, code: str | None = None) -> Arrival:
    """Take one event to the queue's door."""
    reading = read_event(event)
    return travel(reading, Intake((reading,), test, code), terms, NOW)
