"""What is remembered of ads: who clicked or saw one, and when."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

import msgspec


class Touch(msgspec.Struct, frozen=True, kw_only=True):
    """One ad click or ad view, by the emulator's clock; `person` is a name, or made up for a click of nobody known."""

    kind: str  # click, view
    at: float
    person: str
    click_id: str = ""


class Touches:
    """The latest touches, at most `keep` of them."""

    def __init__(self, keep: int) -> None:
        self._kept: deque[Touch] = deque(maxlen=keep)
        self.clicks = 0
        self.views = 0

    def __iter__(self) -> Iterator[Touch]:
        return iter(tuple(self._kept))

    def add_click(self, at: float, person: str, click_id: str) -> None:
        """Remember a click."""
        self.clicks += 1
        self._kept.append(Touch(kind="click", at=at, person=person or f"clicker-{self.clicks}", click_id=click_id))

    def add_view(self, at: float, person: str) -> None:
        """Remember that somebody saw an ad."""
        self.views += 1
        self._kept.append(Touch(kind="view", at=at, person=person))
