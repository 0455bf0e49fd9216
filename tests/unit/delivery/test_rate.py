"""A token's rate: even, halved when told, recovering."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fullcount.delivery.rate import TokenRate


def test_requests_are_spread_evenly_after_a_small_burst() -> None:
    """At ten a second the next request waits a tenth of a second once the burst is used up."""
    rate = TokenRate(10.0)
    went = 0
    while rate.wait_seconds(1_000.0) == 0:
        rate.take(1_000.0)
        went += 1
    assert went == 2
    assert round(rate.wait_seconds(1_000.0), 6) == 0.1


def test_throttling_halves_it_and_a_tenth_comes_back_every_ten_seconds() -> None:
    """From 1,000 to 500, then 600, 700, … until it is whole again; never beyond."""
    rate = TokenRate(1_000.0)
    assert rate.throttled(5_000.0, sent_at=4_999.0, wait_seconds=0.0) is True
    seen = [rate.per_second(5_000.0 + after) for after in (0, 9.9, 10, 25, 50, 1_000)]
    assert seen == [500, 500, 600, 700, 1_000, 1_000]


def test_answers_to_requests_of_before_the_halving_do_not_halve_again() -> None:
    """Four requests in flight that are all throttled halve the rate once."""
    rate = TokenRate(1_000.0)
    halved = [rate.throttled(5_000.0 + late, sent_at=4_999.0, wait_seconds=1.0) for late in (0.0, 0.1, 0.2, 0.3)]
    assert halved == [True, False, False, False]
    assert rate.per_second(5_001.0) == 500


def test_nothing_goes_before_the_far_side_said() -> None:
    """A Retry-After holds the token back, and a shorter one that comes later does not shorten it."""
    rate = TokenRate(1_000.0)
    rate.throttled(5_000.0, sent_at=5_000.0, wait_seconds=60.0)
    rate.throttled(5_001.0, sent_at=5_001.0, wait_seconds=1.0)
    assert rate.wait_seconds(5_010.0) == 50.0
    assert rate.wait_seconds(5_060.0) == 0.0


def test_a_clock_that_was_set_back_does_not_stop_it() -> None:
    """The next request waits one interval at most, and a Retry-After no longer than it said."""
    rate = TokenRate(10.0)
    rate.take(9_000.0)
    assert rate.wait_seconds(1_000.0) <= 0.1
    rate.throttled(9_000.0, sent_at=9_000.0, wait_seconds=60.0)
    assert rate.wait_seconds(1_000.0) <= 60.0


@given(st.lists(st.tuples(st.floats(0, 30), st.booleans()), max_size=60))
def test_it_stays_within_its_bounds(steps: list[tuple[float, bool]]) -> None:
    """Whatever happens, the rate is above nothing and at most the full one."""
    rate, now = TokenRate(100.0), 1_000.0
    for seconds, is_throttled in steps:
        now += seconds
        if is_throttled:
            rate.throttled(now, sent_at=now, wait_seconds=0.0)
        assert 0 < rate.per_second(now) <= 100.0
