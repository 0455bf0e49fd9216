"""Which touch gets the credit, at the edges of its window and among others."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullcount.clock import DAY_SECONDS
from fullcount.emulator.ads.attribution import Windows, attribute
from fullcount.emulator.ads.touches import Touch, Touches

AT = 1_795_000_000.4
DEFAULT = Windows()


def click(at: float = AT, click_id: str = "C1") -> Touch:
    """Return a click."""
    return Touch(kind="click", at=at, person="user-00001", click_id=click_id)


def view(at: float = AT) -> Touch:
    """Return a view."""
    return Touch(kind="view", at=at, person="user-00001")


@pytest.mark.parametrize(
    ("touch", "event_time", "windows", "counts"),
    [
        (click(), int(AT), DEFAULT, True),  # the same second, which event_time rounds down
        (click(), int(AT) - 1, DEFAULT, False),
        (click(), int(AT) + 7 * DAY_SECONDS, DEFAULT, True),
        (click(), int(AT) + 7 * DAY_SECONDS + 1, DEFAULT, False),
        (click(), int(AT) + 28 * DAY_SECONDS, Windows(click_days=28), True),
        (click(), int(AT) + DAY_SECONDS + 1, Windows(click_days=1), False),
        (click(), int(AT), Windows(click_days=0), False),
        (view(), int(AT) + DAY_SECONDS, DEFAULT, True),
        (view(), int(AT) + DAY_SECONDS + 1, DEFAULT, False),
        (view(), int(AT) + 2 * DAY_SECONDS, Windows(view_days=7), True),
        (view(), int(AT), Windows(view_days=0), False),
    ],
)
def test_the_edges_of_the_windows(touch: Touch, event_time: int, windows: Windows, *, counts: bool) -> None:
    """An event counts from the second of the touch to the end of the window, and a window of 0 days is none."""
    assert attribute(event_time, "", [touch], windows) == (touch if counts else None)


@pytest.mark.parametrize(
    ("click_id", "touches", "credited"),
    [
        ("", [click(AT), click(AT + 50, "C2"), view(AT + 90)], click(AT + 50, "C2")),
        ("C1", [click(AT), click(AT + 50, "C2"), view(AT + 90)], click(AT)),
        ("C1", [click(AT - 8 * DAY_SECONDS), click(AT + 50, "C2")], click(AT + 50, "C2")),
        ("", [view(AT), view(AT + 50)], view(AT + 50)),
        ("C9", [], None),
    ],
)
def test_which_of_several_touches(click_id: str, touches: list[Touch], credited: Touch | None) -> None:
    """The event's own click, else the last click, else the last view; one that is too old stands back."""
    assert attribute(int(AT) + 100, click_id, touches, DEFAULT) == credited


@given(st.lists(st.floats(min_value=0, max_value=30 * DAY_SECONDS), max_size=8), st.booleans())
def test_the_credit_is_inside_its_window(ages: list[float], is_click: bool) -> None:  # noqa: FBT001 - a parameter
    """Whatever touches there are, the credited one is the youngest inside the window, or there is none."""
    now = int(AT) + 40 * DAY_SECONDS
    touches = [click(now - age) if is_click else view(now - age) for age in ages]
    window = (7 if is_click else 1) * DAY_SECONDS
    youngest = min((age for age in ages if now - (now - age) <= window), default=None)
    found = attribute(now, "", touches, DEFAULT)
    assert (found.at if found else None) == (None if youngest is None else now - youngest)


def test_touches_are_bounded_and_counted() -> None:
    """Only the latest are kept; a click of nobody named gets a clicker of its own."""
    touches = Touches(keep=2)
    touches.add_click(1.0, "user-00001", "C1")
    touches.add_click(2.0, "", "C2")
    touches.add_view(3.0, "user-00002")
    assert [(touch.kind, touch.person) for touch in touches] == [("click", "clicker-2"), ("view", "user-00002")]
    assert (touches.clicks, touches.views) == (2, 1)
