"""When the event happened: missing, in milliseconds, too old, or in the future."""

from __future__ import annotations

from msgspec.structs import replace

from fullcount.events.checks.rules import CheckRules
from fullcount.events.model import Event
from fullcount.events.problem_list import ProblemList

DAY_SECONDS = 86_400
_FIRST_MILLISECONDS = 10**11  # as seconds this would be the year 5138
_FIRST_SECOND = -(10**11)  # before the year 1; much beyond it seconds do not fit a float


def check_time(event: Event, rules: CheckRules, now: float, problems: ProblemList) -> Event:
    """Check `event_time`; milliseconds and finer become seconds, a missing time becomes now."""
    at = event.event_time
    if at is None:
        problems.warn("event_time", "time_missing", "no event_time was sent; now was taken", "send Unix seconds")
        return replace(event, event_time=int(now))
    if at >= _FIRST_MILLISECONDS:
        while at >= _FIRST_MILLISECONDS:
            at //= 1000
        problems.warn("event_time", "time_unit", "event_time was not in seconds; it was converted", "send Unix seconds")
        event = replace(event, event_time=at)
    elif at < _FIRST_SECOND:
        problems.refuse("event_time", "too_old", "too_old: the time is before all calendars", "send Unix seconds")
        return event
    age = now - at
    if age > rules.max_event_age_days * DAY_SECONDS:
        problems.refuse(
            "event_time",
            "too_old",
            f"too_old: the event is {age / DAY_SECONDS:.0f} days old, and TikTok matches none"
            f" older than {rules.max_event_age_days:g} days",
            "send events as they happen, with event_time in Unix seconds (UTC)",
        )
    elif age > rules.warn_event_age_days * DAY_SECONDS:
        problems.warn(
            "event_time",
            "old",
            f"the event is {age / DAY_SECONDS:.0f} days old, and most click windows are"
            f" {rules.warn_event_age_days:g} days",
            "send events as they happen",
        )
    elif -age > rules.future_tolerance_seconds:
        _judge_future(-age, rules, problems)
    return event


def _judge_future(ahead_seconds: float, rules: CheckRules, problems: ProblemList) -> None:
    days = ahead_seconds / DAY_SECONDS
    ahead = f"{days:.0f} days" if days >= 2 else f"{ahead_seconds / 60:.0f} minutes"
    reason = f"the event is {ahead} in the future"
    fix = "check the clock and the time zone: event_time is in Unix seconds, UTC"
    if ahead_seconds > rules.max_future_seconds:
        problems.refuse("event_time", "in_future", reason, fix)
    else:
        problems.warn("event_time", "in_future", reason, fix)
