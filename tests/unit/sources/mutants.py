"""Recorded requests with something wrong in them: each key missing, null or of another type, and any mixture."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

# What a platform may put where something else is expected.
ODD: tuple[Any, ...] = (
    *(None, "", " ", "x", "\ud800", 0, -1, 1e308, float("inf"), 10**30, True),
    *([], {}, [None], ["x"], [[]], {"x": None}, [{}]),
)
_ANY = st.recursive(
    st.sampled_from(ODD) | st.text(max_size=12) | st.integers() | st.floats(allow_nan=True),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
_MISSING = object()
Path = tuple[str | int, ...]


def paths_of(document: Any, under: Path = ()) -> Iterator[Path]:
    """Yield the path of every value in a JSON document, the outer ones first."""
    pairs = document.items() if isinstance(document, dict) else enumerate(document)
    for key, value in pairs:
        yield (*under, key)
        if isinstance(value, dict | list):
            yield from paths_of(value, (*under, key))


def changed(document: Any, path: Path, value: Any) -> Any:
    """Return a copy with another value at a path."""
    made = copy.deepcopy(document)
    _put(made, path, value)
    return made


def mutants(document: Any) -> Iterator[tuple[Path, Any]]:
    """Yield each path with a copy in which its value is missing, and copies in which it is each of the odd values."""
    for path in paths_of(document):
        for odd in (_MISSING, *ODD):
            yield path, changed(document, path, odd)


@st.composite
def mutated(draw: st.DrawFn, document: Any) -> Any:
    """Draw a copy in which some values are anything, or missing."""
    made = copy.deepcopy(document)
    for _ in range(draw(st.integers(1, 4))):
        known = list(paths_of(made))
        if not known:
            break
        _put(made, draw(st.sampled_from(known)), draw(st.just(_MISSING) | _ANY))
    return made


def _put(document: Any, path: Path, value: Any) -> None:
    *outer, last = path
    for step in outer:
        document = document[step]
    if value is _MISSING:
        del document[last]
    else:
        document[last] = copy.deepcopy(value)
