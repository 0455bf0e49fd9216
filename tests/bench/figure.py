"""A figure of the bench: what was measured, its median and spread, and the budget it is held against."""

from __future__ import annotations

import msgspec
from tests.bench.machine import spread


class Figure(msgspec.Struct, frozen=True):
    """One line of the table."""

    what: str
    values: list[float]
    unit: str
    budget: str = ""
    met: bool | None = None
    note: str = ""

    @property
    def median(self) -> float:
        """The figure to quote."""
        return spread(self.values)[0]

    def text(self) -> str:
        """Return the median with its lowest and highest."""
        middle, low, high = spread(self.values)
        return f"{_short(middle)} {self.unit}" + (f" ({_short(low)} to {_short(high)})" if len(self.values) > 1 else "")


def held_to(figure: Figure, *, at_least: float | None = None, at_most: float | None = None) -> Figure:
    """Return the figure with its verdict against a budget."""
    median = figure.median
    met = (at_least is None or median >= at_least) and (at_most is None or median <= at_most)
    words = f">= {_short(at_least)}" if at_least is not None else f"<= {_short(at_most or 0.0)}"
    return msgspec.structs.replace(figure, budget=f"{words} {figure.unit}".strip(), met=met)


def _short(value: float) -> str:
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"
