"""What one request brings, once its top level has been read."""

from __future__ import annotations

from typing import Any

import msgspec


class Submission(msgspec.Struct, kw_only=True):
    """The events of one request, in 2.0 shape, with the pixel that they are for."""

    event_source: str
    pixel_code: str
    test_event_code: str
    events: list[Any]
    generation: str = "2.0"  # or "1.0", "1.0 batch": which words a refusal uses


class Copy(msgspec.Struct, kw_only=True):
    """One arrival of one event: the server's or the browser's."""

    channel: str  # server, pixel
    event_source: str
    pixel_code: str
    event: str
    counted_as: str
    key_name: str  # the name inside the deduplication key
    event_id: str
    event_time: int
    at: float
    user: dict[str, Any]
    properties: dict[str, Any]
    page: dict[str, Any]
    request_id: str
    test_event_code: str = ""
    time_was_text: bool = False
