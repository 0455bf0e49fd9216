"""May this delivery still leave? Asked before every send, of age and of what the far side may have forgotten. Pure."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from fullcount.clock import DAY_SECONDS
from fullcount.config.settings import Browser, Settings
from fullcount.events.model import EventSource
from fullcount.queue.delivery import Buried, Delivery
from fullcount.queue.lane import Lane
from fullcount.queue.outcomes import Reason

HOUR_SECONDS = 3_600.0


class AdmissionPolicy(msgspec.Struct, frozen=True):
    """What holds for the deliveries of one lane, in seconds."""

    max_event_age_seconds: float
    dedup_seconds: float  # how long the far side is trusted to remember an event_id
    may_have_browser_half: bool  # a copy that did not pass through us may have been counted
    has_pixel: bool = True  # False: no pixel in the settings has the lane's code, and nothing can leave


def refusal(delivery: Delivery, now: float, policy: AdmissionPolicy) -> Buried | None:
    """Return why the delivery must not leave any more, or None if it may.

    A delivery that a person overrode always leaves. The far side remembers an event_id for a while after the first
    copy: past that, a copy that may have been taken, by an attempt without an answer or from the browser, would be
    counted a second time.
    """
    if delivery.overridden:
        return None
    age = now - delivery.event.event_time
    if age > policy.max_event_age_seconds:
        return Buried(Reason.TOO_OLD, message=f"the event is {age / DAY_SECONDS:.1f} days old")
    lost_at = delivery.first_lost_at
    if lost_at is not None and now - lost_at > policy.dedup_seconds:
        hours = (now - lost_at) / HOUR_SECONDS
        return Buried(Reason.UNKNOWN_AT_TIKTOK, message=f"an attempt {hours:.1f} h ago had no answer")
    if policy.may_have_browser_half and age > policy.dedup_seconds:
        hours = age / HOUR_SECONDS
        return Buried(Reason.DEDUP_WINDOW_PASSED, message=f"the browser's half may have been counted {hours:.1f} h ago")
    return None


def policies(settings: Settings) -> Callable[[Lane], AdmissionPolicy]:
    """Return the lookup of a lane's policy.

    Only web pixels have a browser half of ours or of others; an app's may be `other`. Test events are counted nowhere.
    Of a pixel that was taken out nothing leaves: whether it had a browser half is asked when it is back.
    """
    browsers = {pixel.code: pixel.browser for pixel in settings.pixels}
    max_age = settings.tiktok.max_event_age_days * DAY_SECONDS
    dedup = settings.tiktok.dedup_hours * HOUR_SECONDS

    def policy_of(lane: Lane) -> AdmissionPolicy:
        browser = browsers.get(lane.pixel_code, Browser.NONE)
        has_half = (lane.event_source is EventSource.WEB and browser is not Browser.NONE) or (
            lane.event_source is EventSource.APP and browser is Browser.OTHER
        )
        is_test = lane.test_event_code is not None
        return AdmissionPolicy(
            max_age, float("inf") if is_test else dedup, has_half and not is_test, lane.pixel_code in browsers
        )

    return policy_of
