"""Which ad gets the credit for an event: the last click inside its window, else the last view inside its own."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from fullcount.clock import DAY_SECONDS
from fullcount.emulator.ads.touches import Touch


class Windows(msgspec.Struct, frozen=True, kw_only=True):
    """How many days after a touch an event still counts for it; 0: never."""

    click_days: float = 7.0
    view_days: float = 1.0

    def seconds_after(self, kind: str) -> float:
        """Return the window of a kind of touch, in seconds."""
        return (self.click_days if kind == "click" else self.view_days) * DAY_SECONDS


def attribute(event_time: int, click_id: str, touches: Iterable[Touch], windows: Windows) -> Touch | None:
    """Return the touch that an event is attributed to: its own click, else the person's last click, else last view.

    `event_time` is in whole Unix seconds, so a touch in the same second counts as earlier; both ends of a window
    belong to it.
    """
    inside = [touch for touch in touches if _is_inside(event_time, touch, windows)]
    return max(inside, key=lambda touch: (touch.kind == "click", _is_own(touch, click_id), touch.at), default=None)


def _is_own(touch: Touch, click_id: str) -> bool:
    return bool(click_id) and touch.click_id == click_id


def _is_inside(event_time: int, touch: Touch, windows: Windows) -> bool:
    window = windows.seconds_after(touch.kind)
    return window > 0 and int(touch.at) <= event_time <= touch.at + window
