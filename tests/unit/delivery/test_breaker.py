"""The circuit breaker's states."""

from __future__ import annotations

from fullcount.delivery.breaker import Breaker, Circuit


def _opened(now: float = 100.0) -> Breaker:
    breaker = Breaker(failures=3, open_seconds=30.0)
    assert [breaker.failed(now) for _ in range(3)] == [False, False, True]
    return breaker


def test_it_opens_after_enough_failures_in_a_row() -> None:
    """The third failure of three opens it; an answer in between starts the count again."""
    breaker = Breaker(failures=3, open_seconds=30.0)
    breaker.failed(0)
    breaker.failed(0)
    assert breaker.answered() is False
    breaker.failed(0)
    assert breaker.circuit(0) is Circuit.CLOSED
    assert _opened().circuit(100) is Circuit.OPEN


def test_it_lets_one_try_when_its_time_is_up() -> None:
    """After its seconds it is half open; a failure opens it at once, an answer closes it."""
    breaker = _opened()
    assert (breaker.circuit(129.9), breaker.circuit(130)) == (Circuit.OPEN, Circuit.HALF_OPEN)
    assert breaker.failed(130) is True
    assert (breaker.circuit(159.9), breaker.circuit(160)) == (Circuit.OPEN, Circuit.HALF_OPEN)
    assert breaker.answered() is True
    assert breaker.circuit(160) is Circuit.CLOSED


def test_failures_of_requests_that_left_before_it_opened_change_nothing() -> None:
    """While it is open, a late failure neither counts nor keeps it open longer."""
    breaker = _opened()
    assert breaker.failed(120) is False
    assert breaker.circuit(130) is Circuit.HALF_OPEN


def test_a_clock_that_was_set_back_does_not_keep_it_open() -> None:
    """It is never open longer than it was opened for, whatever the machine's clock does."""
    assert _opened(now=10_000.0).circuit(100.0) is Circuit.HALF_OPEN
