"""What an answer means: read it, or ask again and when."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullcount.errands.asking import Answered, Unheard
from fullcount.errands.judgement import (
    LONGEST_ASKED_WAIT_SECONDS,
    LONGEST_WAIT_SECONDS,
    NOT_YET_ATTEMPTS,
    Later,
    asked_wait,
    judge,
    wait_seconds,
)
from fullcount.sources.fetching import Response

NOW = 1_795_172_400.0  # Fri, 20 Nov 2026 11:00:00 GMT


@pytest.mark.parametrize("status", [200, 201, 204])
def test_a_2xx_is_read(status: int) -> None:
    """Whatever its body holds."""
    assert judge(Answered(status, b"{}"), 0, NOW) == Response(status, b"{}")


@pytest.mark.parametrize("status", [301, 400, 401, 403, 405, 408, 418, 429, 500, 502, 503, 504, 599])
def test_everything_else_is_asked_again_and_holds_for_the_whole_platform(status: int) -> None:
    """A refused token may be mended within three days; what is busy or broken is so for every order."""
    later = judge(Answered(status), 0, NOW)
    assert isinstance(later, Later)
    assert later.is_everywhere
    assert str(status) in later.why


@pytest.mark.parametrize("status", [404, 410])
def test_what_is_not_there_is_asked_for_a_few_times_by_itself(status: int) -> None:
    """A notice may come before its order can be read; after that the absence is the answer."""
    first = judge(Answered(status, b"nothing"), 0, NOW)
    assert isinstance(first, Later)
    assert not first.is_everywhere
    assert isinstance(judge(Answered(status), NOT_YET_ATTEMPTS - 2, NOW), Later)
    assert judge(Answered(status, b"nothing"), NOT_YET_ATTEMPTS - 1, NOW) == Response(status)


def test_silence_is_everywhere_and_a_flood_is_not() -> None:
    """A platform that does not answer is down for all; an answer that is too large is one order's."""
    assert judge(Unheard("no answer"), 7, NOW) == Later("no answer", is_everywhere=True)
    assert judge(Unheard("too large", is_oversized=True), 7, NOW) == Later("too large", is_everywhere=False)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "30"}, 30.0),
        ({"retry-after": "0"}, 1.0),
        ({"retry-after": "999999999"}, LONGEST_ASKED_WAIT_SECONDS),
        ({"retry-after": "Fri, 20 Nov 2026 11:00:45 GMT"}, 45.0),
        ({"retry-after": "Fri, 20 Nov 2026 10:00:00 GMT"}, 1.0),
        ({"retry-after": "Fri, 20 Nov 2026 11:00:45 -0000"}, 45.0),
        ({"x-rate-limit-time-reset-ms": "15000"}, 15.0),
        ({"retry-after": "soon", "x-rate-limit-time-reset-ms": "2500"}, 2.5),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({}, None),
    ],
)
def test_a_platform_may_ask_to_be_left_alone(headers: dict[str, str], seconds: float | None) -> None:
    """In seconds, by a date, or in BigCommerce's milliseconds; within bounds, and nothing else is believed."""
    assert asked_wait(Answered(429, headers=headers), NOW) == seconds


@given(text=st.text(max_size=40))
def test_no_header_breaks_it(text: str) -> None:
    """Whatever stands there, it is a number of seconds within bounds or nothing."""
    for name in ("retry-after", "x-rate-limit-time-reset-ms"):
        seconds = asked_wait(Answered(429, headers={name: text}), NOW)
        assert seconds is None or 1.0 <= seconds <= LONGEST_ASKED_WAIT_SECONDS


@given(attempts=st.integers(0, 10_000), draw=st.floats(0, 1))
def test_waits_grow_to_a_bound(attempts: int, draw: float) -> None:
    """Never none, never more than a quarter of an hour, and not shorter than half of what the count says."""
    wait = wait_seconds(attempts, draw)
    assert 2.5 <= wait <= LONGEST_WAIT_SECONDS
    assert wait_seconds(attempts + 1, draw) >= wait
