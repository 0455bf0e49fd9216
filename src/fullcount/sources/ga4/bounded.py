"""Texts that are longer than any of Google's values may be are left out, and said."""

from __future__ import annotations

from typing import Any

from fullcount.events.problems import Problem, Severity
from fullcount.sources.payload import Node


def bounded(fields: Node, most: int) -> tuple[Node, tuple[Problem, ...]]:
    """Return an event without texts of more than `most` characters.

    >>> bounded({"page": {"url": "x" * 9}, "event": "Search"}, 8)[0]
    {'page': {}, 'event': 'Search'}
    """
    problems: list[Problem] = []
    return _within(fields, most, "", problems), tuple(problems)


def _within(value: Any, most: int, path: str, problems: list[Problem]) -> Any:
    if isinstance(value, dict):
        inner = {key: _within(each, most, f"{path}.{key}".lstrip("."), problems) for key, each in value.items()}
        return {key: each for key, each in inner.items() if each is not None}
    if isinstance(value, list):
        several = [_within(each, most, f"{path}.{index}", problems) for index, each in enumerate(value)]
        return [each for each in several if each is not None]
    if isinstance(value, str) and len(value) > most:
        reason = f"a value of {len(value):,} characters; {most:,} are the most"
        problems.append(Problem(path, reason, "shorten it", Severity.DROPPED, "value_too_long"))
        return None
    return value
