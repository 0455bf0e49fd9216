"""An event's items and texts are bounded: what is over is left out, and said, so that the event itself can go."""

from __future__ import annotations

from typing import Any

from fullcount.events.problems import Problem, Severity
from fullcount.sources.payload import LONGEST_TEXT, MOST_ITEMS, Node

LONGEST_ITEM_TEXT = 1_000  # characters of a value of an item: of MOST_ITEMS items each has a name
_CUT_FIX = "nothing; TikTok takes no larger event"


def bounded(fields: Node) -> tuple[Node, tuple[Problem, ...]]:
    """Return an event in TikTok's 2.0 shape without what is over the bounds.

    >>> bounded({"event": "Search", "page": {"url": "x" * 16_385}})[0]
    {'event': 'Search', 'page': {}}
    """
    problems: list[Problem] = []
    properties = fields.get("properties")
    if isinstance(properties, dict) and isinstance(properties.get("contents"), list):
        contents = _few(properties["contents"], problems)
        if _has_long(contents, LONGEST_ITEM_TEXT):
            contents = _within(contents, LONGEST_ITEM_TEXT, "properties.contents", problems)
        fields = {**fields, "properties": {**properties, "contents": contents}}
    if _has_long(fields, LONGEST_TEXT):
        fields = _within(fields, LONGEST_TEXT, "", problems)
    return fields, tuple(problems)


def _few(contents: list[Any], problems: list[Problem]) -> list[Any]:
    if len(contents) <= MOST_ITEMS:
        return contents
    reason = f"{len(contents):,} items; the first {MOST_ITEMS} are sent, and the value stays that of all"
    problems.append(Problem("properties.contents", reason, _CUT_FIX, Severity.DROPPED, "contents_cut"))
    return contents[:MOST_ITEMS]


def _has_long(value: Any, longest: int) -> bool:
    if isinstance(value, str):
        return len(value) > longest
    if isinstance(value, dict):
        return any(_has_long(each, longest) for each in value.values())
    return isinstance(value, list) and any(_has_long(each, longest) for each in value)


def _within(value: Any, longest: int, path: str, problems: list[Problem]) -> Any:
    if isinstance(value, dict):
        inner = {key: _within(each, longest, f"{path}.{key}".lstrip("."), problems) for key, each in value.items()}
        return {key: each for key, each in inner.items() if each is not None}
    if isinstance(value, list):
        several = [_within(each, longest, f"{path}.{index}", problems) for index, each in enumerate(value)]
        return [each for each in several if each is not None]
    if isinstance(value, str) and len(value) > longest:
        reason = f"a value of more than {longest:,} characters"
        problems.append(Problem(path, reason, "shorten it", Severity.DROPPED, "value_too_long"))
        return None
    return value
