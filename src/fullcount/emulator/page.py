"""The page at `/`: what Test Events and Diagnostics would show, refreshed by the browser itself."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import jinja2

from fullcount.emulator.emulator import Emulator
from fullcount.emulator.traffic import Sighting

_CHANNEL_NAMES = {"server": "Server", "pixel": "Browser"}
_TEMPLATES = jinja2.Environment(
    loader=jinja2.PackageLoader("fullcount.emulator"), autoescape=True, undefined=jinja2.StrictUndefined
)

# No script, no outside resource, and no frame: the page shows text that strangers sent.
HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "cache-control": "no-store",
}


def render_page(emulator: Emulator) -> str:
    """Return the page as HTML; it names identifiers that came along and shows none of them."""
    state = emulator.state()
    return _TEMPLATES.get_template("test_events.html").render(
        state=state,
        now=_clock_time(state["now"]),
        sightings=[_row(sighting) for sighting in reversed(tuple(emulator.sightings))],
        diagnostics=emulator.diagnostics(),
        faults=[type(fault).__struct_config__.tag for fault in emulator.waiting_faults()],
    )


def _row(sighting: Sighting) -> dict[str, Any]:
    copy = sighting.copy
    return {
        "at": _clock_time(copy.at),
        "channel": _CHANNEL_NAMES[copy.channel],
        "pixel_code": copy.pixel_code,
        "event": copy.event,
        "counted_as": copy.counted_as if copy.counted_as != copy.event else "",
        "event_id": copy.event_id,
        "match_keys": [name for name, value in copy.user.items() if value],
        "value": copy.properties.get("value", ""),
        "currency": copy.properties.get("currency", ""),
        "verdict": sighting.verdict,
        "why": sighting.why or copy.test_event_code,
    }


def _clock_time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%H:%M:%S")
