"""Moments as platforms write them are the same moments wherever this machine stands."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from fullcount.sources.payload import moment, seconds

AT = 1_795_169_744


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This machine's own time is Tokyo's."""
    with monkeypatch.context() as changed:
        changed.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("elsewhere")
@pytest.mark.parametrize(
    "written",
    [
        "2026-11-20T10:15:44Z",
        "2026-11-20T10:15:44",
        "2026-11-20 10:15:44",
        "2026-11-20T19:15:44+09:00",
        "Fri, 20 Nov 2026 10:15:44 GMT",
        "Fri, 20 Nov 2026 10:15:44 -0000",
        "Fri, 20 Nov 2026 10:15:44",
        " 2026-11-20T10:15:44Z ",
        AT,
        float(AT),
    ],
)
def test_a_moment_without_a_zone_is_utc(written: object) -> None:
    """Never this machine's own zone: a shop's server writes UTC where it says none."""
    assert time.localtime(AT).tm_hour == 19
    assert moment({"at": written}, "at") == AT


@pytest.mark.parametrize(
    ("written", "offset"), [("2026-10-25T02:30:00+02:00", 0), ("2026-10-25T02:30:00+01:00", 3_600)]
)
def test_the_hour_that_clocks_repeat_is_told_apart_by_its_offset(written: str, offset: int) -> None:
    """Both halves of the night in which summer time ends."""
    assert seconds({"at": written}, "at") == 1_792_888_200 + offset


@pytest.mark.parametrize(
    "written", [0, -1, "", "soon", "0000-00-00 00:00:00", 1e300, 1_795_169_744_000, True, {}, None]
)
def test_what_no_clock_shows_is_no_moment(written: object) -> None:
    """Zero, milliseconds, words."""
    assert moment({"at": written}, "at") is None
