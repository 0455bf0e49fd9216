"""Values of a wrong but readable type become the right one, with a warning; the unreadable is dropped, and said.

Each function takes a value from outside, the path it stood at and the problems so far, and returns the value or None.
"""

from __future__ import annotations

import math
import re
from typing import Any

from fullcount.events.model import Identifiers, Number
from fullcount.events.problem_list import ProblemList

LARGEST_IN_TEXT = 10**30
LARGEST_NUMBER = 10**15  # beyond this nothing is an amount, a count or a time, and floats lose whole units
DEEPEST_EXTRA = 16
_DECIMAL = re.compile(r"[+-]?[0-9]{1,30}(?:\.[0-9]{0,30})?")
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,39}")
_TRUE = frozenset({"true", "1", "yes"})
_FALSE = frozenset({"false", "0", "no"})


def is_empty(value: Any) -> bool:
    """Return whether a value counts as absent: None, "", [], {}."""
    return value is None or (isinstance(value, str | list | tuple | dict) and not value)


def text(value: Any, path: str, problems: ProblemList) -> str | None:
    """Return a string; a number becomes one, with a warning."""
    if isinstance(value, str):
        return well_formed(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        if not abs(value) <= LARGEST_IN_TEXT:  # of a NaN neither this nor its contrary is true
            problems.drop(path, "wrong_type", "expected a string, got a number that has no plain spelling", _AS_STRING)
            return None
        problems.warn(path, "coerced", "expected a string, got a number; it was taken as its digits", _AS_STRING)
        return str(int(value)) if value == int(value) else repr(value)
    problems.drop(path, "wrong_type", f"expected a string, got {_kind(value)}", _AS_STRING)
    return None


def identifiers(value: Any, path: str, problems: ProblemList) -> Identifiers:
    """Return one string or several; a list of one is that one."""
    if not isinstance(value, list | tuple):
        return text(value, path, problems)
    several = [
        found
        for i, each in enumerate(value)
        if not is_empty(each) and (found := text(each, f"{path}.{i}", problems)) is not None
    ]
    return tuple(several) if len(several) > 1 else several[0] if several else None


def texts(value: Any, path: str, problems: ProblemList) -> tuple[str, ...]:
    """Return a tuple of strings; a single one becomes a tuple of one."""
    found = identifiers(value, path, problems)
    return found if isinstance(found, tuple) else () if found is None else (found,)


def number(value: Any, path: str, problems: ProblemList) -> Number | None:
    """Return a finite number; "89.99" becomes one, with a warning; anything else is dropped."""
    if isinstance(value, str) and _DECIMAL.fullmatch(value.strip()):
        problems.warn(path, "coerced", "expected a number, got a string; it was read as a number", "send it unquoted")
        value = float(value) if "." in value else int(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        fix = "send a plain number such as 89.99: a dot, no currency sign, no thousands separators"
        problems.drop(path, "not_a_number", f"expected a number, got {_kind(value)}", fix)
        return None
    return storable_number(value, path, problems)


def storable_number(value: Number, path: str, problems: ProblemList) -> Number | None:
    """Return the number, or drop it if it is not finite or too large to be one of a shop's."""
    if isinstance(value, float) and not math.isfinite(value):
        problems.drop(path, "not_finite", "the number is infinite or not a number", "leave the field out if unknown")
        return None
    if not -LARGEST_NUMBER <= value <= LARGEST_NUMBER:
        problems.drop(path, "number_too_large", "the number is too large", "send units of the currency, not less")
        return None
    return value


def whole(value: Any, path: str, problems: ProblemList) -> int | None:
    """Return a whole number, under the rules of `number`."""
    found = number(value, path, problems)
    if found is None or isinstance(found, int):
        return found
    if found == int(found):
        return int(found)
    problems.drop(path, "not_whole", "expected a whole number", "send a whole number")
    return None


def truth(value: Any, path: str, problems: ProblemList) -> bool | None:
    """Return a boolean; 1, 0, "true", "false", "yes" and "no" become one, with a warning."""
    if isinstance(value, bool):
        return value
    word = value.strip().lower() if isinstance(value, str) else "1" if value == 1 else "0" if value == 0 else ""
    if word in _TRUE or word in _FALSE:
        problems.warn(path, "coerced", "expected true or false; the value was read as one", "send true or false")
        return word in _TRUE
    problems.drop(path, "wrong_type", f"expected true or false, got {_kind(value)}", "send true or false")
    return None


def storable(value: Any, path: str, problems: ProblemList, depth: int = 0) -> Any:
    """Return a value of an unlisted key as far as it can be stored and sent; what cannot be is None, and said."""
    if isinstance(value, str):
        return well_formed(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return storable_number(value, path, problems)
    if depth < DEEPEST_EXTRA:
        if isinstance(value, dict):
            return {
                well_formed(str(key)): storable(each, below(path, key), problems, depth + 1)
                for key, each in value.items()
            }
        if isinstance(value, list | tuple):
            return [storable(each, f"{path}.{i}", problems, depth + 1) for i, each in enumerate(value)]
    reason = "nested too deep" if isinstance(value, dict | list | tuple) else f"{_kind(value)} cannot be sent as JSON"
    problems.drop(path, "not_storable", reason, "send strings, numbers, booleans, or flat objects of them")
    return None


def well_formed(given: str) -> str:
    r"""Return the text with lone surrogates, which no UTF-8 can hold, replaced by "?".

    >>> well_formed("caf\udce9"), well_formed("café")
    ('caf?', 'café')
    """
    return given if given.isascii() else given.encode("utf-8", "replace").decode("utf-8")


def below(path: str, key: object) -> str:
    """Return the path of a key, without the key where it is none that a program would choose: it may be an identifier.

    >>> below("user", "email"), below("properties", "jane@example.com")
    ('user.email', 'properties.?')
    """
    name = key if isinstance(key, str) and _PLAIN_KEY.fullmatch(key) else "?"
    return f"{path}.{name}" if path else name


_AS_STRING = 'send it as a string, e.g. "1001"'


def _kind(value: Any) -> str:
    """Return what a value is, in JSON's words and without the value itself."""
    for kind, name in (
        (bool, "a boolean"),
        (str, "text"),
        (int | float, "a number"),
        (dict, "an object"),
        (list | tuple, "a list"),
    ):
        if isinstance(value, kind):
            return name
    return "null" if value is None else "something else"
