"""A lane: deliveries that may share a request."""

from __future__ import annotations

import msgspec

from fullcount.events.model import EventSource


class Lane(msgspec.Struct, frozen=True, array_like=True):
    """Same pixel, event source, token and test code. The token is the pixel's and is looked up when sending."""

    pixel_code: str  # TikTok's event_source_id
    event_source: EventSource = EventSource.WEB
    test_event_code: str | None = None

    def __str__(self) -> str:
        test = f"?test={self.test_event_code}" if self.test_event_code else ""
        return f"{self.pixel_code}/{self.event_source}{test}"
