"""What a check may be told by the settings, and its shape."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from fullcount.events.model import Event
from fullcount.events.problem_list import ProblemList


class CheckRules(msgspec.Struct, frozen=True, kw_only=True):
    """The limits that the settings can move."""

    max_event_age_days: float = 28.0  # TikTok's longest click window; older is refused
    warn_event_age_days: float = 7.0  # TikTok's default click window; older is warned of
    future_tolerance_seconds: float = 600.0  # a clock may be this much ahead
    max_future_seconds: float = 86_400.0  # no time zone explains more


# A check takes the event, the rules, now in Unix seconds and the problems so far; it returns the event, mended where
# it dropped or corrected a field.
Check = Callable[[Event, CheckRules, float, ProblemList], Event]
