"""Whether a delivery may still leave, as one table."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from tests.unit.delivery.scene import NOW, STORE, hashed

from fullcount.config.settings import Browser, Pixel, Settings
from fullcount.delivery.admission import AdmissionPolicy, policies, refusal
from fullcount.events.model import EventSource
from fullcount.queue.delivery import Delivery
from fullcount.queue.lane import Lane
from fullcount.queue.outcomes import Reason

HOUR, DAY = 3_600.0, 86_400.0
ALONE = AdmissionPolicy(28 * DAY, 47 * HOUR, may_have_browser_half=False)
PAIRED = AdmissionPolicy(28 * DAY, 47 * HOUR, may_have_browser_half=True)


@pytest.mark.parametrize(
    ("age", "lost", "policy", "overridden", "reason"),
    [
        (0, None, PAIRED, False, None),
        (47 * HOUR, None, PAIRED, False, None),
        (47 * HOUR + 1, None, PAIRED, False, Reason.DEDUP_WINDOW_PASSED),
        (47 * HOUR + 1, None, PAIRED, True, None),
        (47 * HOUR + 1, None, ALONE, False, None),
        (28 * DAY, None, ALONE, False, None),
        (28 * DAY + 1, None, ALONE, False, Reason.TOO_OLD),
        (28 * DAY + 1, None, ALONE, True, None),
        (50 * HOUR, 47 * HOUR, ALONE, False, None),
        (50 * HOUR, 47 * HOUR + 1, ALONE, False, Reason.UNKNOWN_AT_TIKTOK),
        (50 * HOUR, 47 * HOUR + 1, ALONE, True, None),
        (29 * DAY, 48 * HOUR, PAIRED, False, Reason.TOO_OLD),
        (50 * HOUR, 48 * HOUR, PAIRED, False, Reason.UNKNOWN_AT_TIKTOK),
        (-60, None, PAIRED, False, None),
    ],
)
def test_a_delivery_leaves_only_if_it_cannot_be_counted_twice(
    *, age: float, lost: float | None, policy: AdmissionPolicy, overridden: bool, reason: Reason | None
) -> None:
    """Age, a lost attempt and the browser's half decide, in this order; a person's override lets everything go."""
    delivery = Delivery(
        seq=1,
        key=b"k",
        event=hashed(event_time=NOW - age),
        accepted_at=NOW,
        first_lost_at=None if lost is None else NOW - lost,
        overridden=overridden,
    )
    found = refusal(delivery, NOW, policy)
    assert (found.reason if found else None) is reason


@pytest.mark.parametrize(
    ("browser", "lane", "may_have_half"),
    [
        (Browser.NONE, STORE, False),
        (Browser.SNIPPET, STORE, True),
        (Browser.OTHER, STORE, True),
        (Browser.OTHER, Lane(STORE.pixel_code, EventSource.APP), True),
        (Browser.SNIPPET, Lane(STORE.pixel_code, EventSource.APP), False),
        (Browser.OTHER, Lane(STORE.pixel_code, EventSource.OFFLINE), False),
        (Browser.OTHER, Lane(STORE.pixel_code, EventSource.CRM), False),
        (Browser.OTHER, Lane("CEXAMPLE0PIXEL000009"), False),
        (Browser.OTHER, Lane(STORE.pixel_code, test_event_code="TEST12345"), False),
    ],
)
def test_the_settings_say_which_lane_may_have_a_browser_half(
    *, browser: Browser, lane: Lane, may_have_half: bool
) -> None:
    """Web pixels with a browser half, and apps that we do not control; of a pixel that is gone nothing is assumed."""
    pixel = Pixel(name="store", code=STORE.pixel_code, access_token="test-store", browser=browser)
    policy = policies(Settings(pixels=(pixel,)))(lane)
    assert policy.may_have_browser_half is may_have_half
    assert policy.has_pixel is (lane.pixel_code == STORE.pixel_code)


def test_the_windows_come_from_the_settings() -> None:
    """`max_event_age_days` and `dedup_hours` are the limits, and a test event is never forgotten."""
    settings = Settings()
    settings = replace(settings, tiktok=replace(settings.tiktok, max_event_age_days=2.0, dedup_hours=3.0))
    policy = policies(settings)(STORE)
    assert (policy.max_event_age_seconds, policy.dedup_seconds) == (2 * DAY, 3 * HOUR)
    assert policies(settings)(Lane("C", test_event_code="TEST1")).dedup_seconds == float("inf")
