"""When a delivery is tried again, as one table."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.delivery.scene import NOW, hashed

from fullcount.config.settings import Delivery as Limits
from fullcount.delivery.destination import Answer, Kind
from fullcount.delivery.retry import decide, retries
from fullcount.queue.delivery import Delivery, Retry

LIMITS = Limits(retry_base_seconds=1.0, retry_cap_seconds=300.0)


@pytest.mark.parametrize(
    ("kind", "retry_after", "attempts", "draw", "delay", "lost"),
    [
        (Kind.LOST, None, 0, 0.0, 0.0, True),
        (Kind.LOST, None, 0, 0.5, 0.5, True),
        (Kind.LOST, None, 3, 0.5, 4.0, True),
        (Kind.LOST, None, 9, 0.5, 150.0, True),
        (Kind.LOST, None, 100_000, 0.5, 150.0, True),
        (Kind.UNAVAILABLE, None, 3, 0.5, 4.0, False),
        (Kind.UNAVAILABLE, 60.0, 3, 0.5, 60.0, False),
        (Kind.UNAVAILABLE, 1.0, 3, 0.5, 4.0, False),
        (Kind.THROTTLED, 7.0, 0, 0.5, 7.0, False),
        (Kind.THROTTLED, 600.0, 0, 0.5, 600.0, False),
        (Kind.NOT_ALLOWED, None, 50, 0.9, 0.0, False),
    ],
)
def test_the_delay_is_full_jitter_under_a_doubling_bound(
    *, kind: Kind, retry_after: float | None, attempts: int, draw: float, delay: float, lost: bool
) -> None:
    """The bound doubles with each attempt up to the cap; what the far side asked for is the least."""
    decision = decide(Answer(kind, retry_after_seconds=retry_after), attempts=attempts, limits=LIMITS, draw=draw)
    assert (decision.delay_seconds, decision.lost) == (delay, lost)


@given(attempts=st.integers(0, 10**9), draw=st.floats(0, 1, exclude_max=True))
def test_the_delay_never_leaves_its_bounds(attempts: int, draw: float) -> None:
    """However many attempts, the delay lies between nothing and the cap."""
    assert 0 <= decide(Answer(Kind.LOST), attempts=attempts, limits=LIMITS, draw=draw).delay_seconds <= 300


def test_deliveries_with_equally_many_attempts_stay_together() -> None:
    """One draw for each number of attempts, so that a batch comes back as a batch."""
    draws = iter([0.5, 0.25])
    deliveries = [
        Delivery(seq=seq, key=b"k", event=hashed(), accepted_at=NOW, attempts=attempts)
        for seq, attempts in [(1, 0), (2, 2), (3, 0)]
    ]
    found = retries(Answer(Kind.LOST), deliveries, now=NOW, limits=LIMITS, random=lambda: next(draws))
    assert found == {1: Retry(NOW + 0.5, lost=True), 2: Retry(NOW + 1.0, lost=True), 3: Retry(NOW + 0.5, lost=True)}
