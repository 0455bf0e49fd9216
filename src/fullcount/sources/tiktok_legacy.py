"""One event of TikTok's Events 1.0: read as a 2.0 event, without warning of what is right in 1.0.

Where the keys went is known to `fullcount.events`; here is what only the 1.0 body has: an envelope around each event,
and a `content_type` in each item. Source: TikTok's own SDK (`PixelTrackBody`, `PixelContent`; 2026-02).
"""

from __future__ import annotations

from typing import Any

import msgspec

from fullcount.events.reading import Reading, read_event

# Of the envelope and not of the event.
_ENVELOPE_KEYS = frozenset({"pixel_code", "event_set_id", "event_source", "event_source_id", "partner_name", "type"})
# What a 1.0 event cannot spell otherwise.
_RIGHT_IN_1_0 = frozenset({"old_shape", "old_spelling"})


def read_legacy(fields: dict[str, Any]) -> Reading:
    """Return the reading of a 1.0 event, or of a mix of 1.0 and 2.0; unknown keys are kept."""
    event = {key: value for key, value in fields.items() if key not in _ENVELOPE_KEYS}
    if isinstance(event.get("properties"), dict):
        event["properties"] = lift_content_type(event["properties"])
    reading = read_event(event)
    problems = tuple(
        problem
        for problem in reading.problems
        if problem.code not in _RIGHT_IN_1_0 and (problem.path, problem.code) != ("timestamp", "coerced")
    )
    return msgspec.structs.replace(reading, problems=problems)


def lift_content_type(properties: dict[str, Any]) -> dict[str, Any]:
    """Return properties with the items' `content_type`, where 2.0 has it; an item that differs keeps its own.

    >>> lift_content_type({"contents": [{"content_id": "SKU-1", "content_type": "product"}]})
    {'contents': [{'content_id': 'SKU-1'}], 'content_type': 'product'}
    """
    contents = properties.get("contents")
    if not isinstance(contents, list):
        return properties
    types = [item["content_type"] for item in contents if isinstance(item, dict) and item.get("content_type")]
    content_type = properties.get("content_type") or (types[0] if types else None)
    if content_type is None:
        return properties
    lifted = [
        {key: value for key, value in item.items() if key != "content_type" or value != content_type}
        if isinstance(item, dict)
        else item
        for item in contents
    ]
    return {**properties, "contents": lifted, "content_type": content_type}
