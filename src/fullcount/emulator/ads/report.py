"""Counted, matched, attributed: what Ads Manager would show of the events, as far as it can be guessed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

from fullcount.emulator.ads.attribution import Windows, attribute
from fullcount.emulator.ads.recognition import Directory
from fullcount.emulator.counting import Counted

ESTIMATE = "Counting follows TikTok's published rules; matching and attribution are this emulator's estimate."


def judge(counted: Counted, directory: Directory, windows: Windows) -> dict[str, Any]:
    """Return what became of one counted event: who it is about, by which keys, and which touch gets the credit."""
    user = counted.read_details().user
    found = directory.recognise(user, counted.pixel_code)
    click_id = user.get("ttclid")
    touch = None
    if found is not None:
        own = click_id if isinstance(click_id, str) else ""
        touch = attribute(counted.event_time, own, directory.touches_of(found.person), windows)
    return {
        "pixel_code": counted.pixel_code,
        "event": counted.event,
        "counted_as": counted.counted_as,
        "event_id": counted.event_id,
        "event_time": counted.event_time,
        "channel": counted.channels[0] if len(counted.channels) == 1 else "both",
        "user": found.person if found else None,
        "matched_by": list(found.keys) if found else [],
        "attributed_to": {"kind": touch.kind, "at": touch.at, "ttclid": touch.click_id or None} if touch else None,
    }


def make_report(events: Iterable[Counted], directory: Directory, windows: Windows) -> dict[str, Any]:
    """Return the sums, and `events` with what became of each, in the order of arrival."""
    judged = [judge(one, directory, windows) for one in events]
    channels: defaultdict[str, Counter[str]] = defaultdict(Counter)
    names: defaultdict[str, Counter[str]] = defaultdict(Counter)
    total: Counter[str] = Counter()
    for one in judged:
        for sums in (total, channels[one["channel"]], names[one["counted_as"]]):
            sums.update(counted=1, matched=int(bool(one["matched_by"])), attributed=int(bool(one["attributed_to"])))
    return {
        **_sums(total),
        "by_channel": {channel: _sums(channels[channel]) for channel in ("pixel", "server", "both")},
        "by_event": {name: _sums(names[name]) for name in sorted(names)},
        "by_best_key": dict(Counter(one["matched_by"][0] for one in judged if one["matched_by"])),
        "by_touch": dict(Counter(one["attributed_to"]["kind"] for one in judged if one["attributed_to"])),
        "windows": {"click_days": windows.click_days, "view_days": windows.view_days},
        "estimate": ESTIMATE,
        "events": judged,
    }


def _sums(counter: Counter[str]) -> dict[str, int]:
    return {name: counter[name] for name in ("counted", "matched", "attributed")}
