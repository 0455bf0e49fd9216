"""Which type each field must have, as checks that name the path and the reason in TikTok's words.

A check takes a value and returns None, or the rest of the path and the reason: `.user.email.1: Not a valid string.`
Empty text, empty lists and null count as absent everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

Check = Callable[[Any], str | None]

MISSING = ": Missing data for required field."
_NUMERIC_TEXT = re.compile(r"[+-]?\d{1,18}(\.\d{0,30})?([eE][+-]?\d{1,2})?")
_INTEGER_TEXT = re.compile(r"[+-]?\d{1,18}")
_LARGEST = 10**18
_MILLISECONDS = 100_000_000_000


def is_absent(value: Any) -> bool:
    """Say whether TikTok treats `value` as if its key were not there."""
    return value is None or value in ("", [])


def string(value: Any) -> str | None:
    """Text."""
    return None if type(value) is str or is_absent(value) else ": Not a valid string."


def string_or_strings(value: Any) -> str | None:
    """Text, or a list of texts."""
    if type(value) is list:
        for index, item in enumerate(value):
            if type(item) is not str:
                return f".{index}: Not a valid string."
        return None
    return string(value)


def string_list(value: Any) -> str | None:
    """A list of texts."""
    if type(value) is list:
        return string_or_strings(value)
    return None if is_absent(value) else ": Not a valid list."


def number(value: Any) -> str | None:
    """A number, or text that reads as one."""
    if type(value) is float or is_absent(value) or (type(value) is int and -_LARGEST < value < _LARGEST):
        return None
    if type(value) is str and _NUMERIC_TEXT.fullmatch(value):
        return None
    return ": Not a valid number."


def integer(value: Any) -> str | None:
    """A whole number, or text that reads as one."""
    if is_absent(value) or (type(value) is int and -_LARGEST < value < _LARGEST):
        return None
    if type(value) is float and value.is_integer():
        return None
    if type(value) is str and _INTEGER_TEXT.fullmatch(value):
        return None
    return ": Not a valid integer."


def boolean(value: Any) -> str | None:
    """True or false."""
    return None if type(value) is bool or is_absent(value) else ": Not a valid boolean."


def unix_seconds(value: Any) -> str | None:
    """A time in whole Unix seconds; milliseconds are refused with a hint."""
    if type(value) is float or integer(value):
        return ": Not a valid integer."
    if not is_absent(value) and int(value) > _MILLISECONDS:
        return ": Not a valid Unix time in seconds (this looks like milliseconds)."
    return None


def iso_time(value: Any) -> str | None:
    """A time in ISO 8601, as Events 1.0 wants it."""
    if is_absent(value):
        return None
    if type(value) is not str:
        return ": Not a valid string."
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return ": Not a valid datetime."
    return None


def one_of(*choices: str) -> Check:
    """One of these texts, exactly."""
    words = f": Must be one of: {', '.join(choices)}."

    def check(value: Any) -> str | None:
        return None if is_absent(value) or (type(value) is str and value in choices) else words

    return check


def list_of(item: Check, *, at_most: int | None = None) -> Check:
    """A list whose members all pass `item`."""

    def check(value: Any) -> str | None:
        if type(value) is not list:
            return None if is_absent(value) else ": Not a valid list."
        if at_most is not None and len(value) > at_most:
            return f": Longer than maximum length {at_most}."
        for index, member in enumerate(value):
            if problem := item(member):
                return f".{index}{problem}"
        return None

    return check


class Section:
    """An object with typed keys; keys that it does not know are ignored."""

    __slots__ = ("_fields", "_required")

    def __init__(self, fields: Mapping[str, Check], required: tuple[str, ...] = ()) -> None:
        self._fields = dict(fields)
        self._required = required

    def __call__(self, value: Any) -> str | None:
        """Return what is wrong with `value`, or None."""
        if type(value) is not dict:
            return None if is_absent(value) else ": Not a valid mapping type."
        fields = self._fields
        for key, item in value.items():
            check = fields.get(key)
            if check is not None and (problem := check(item)):
                return f".{key}{problem}"
        for key in self._required:
            if is_absent(value.get(key)):
                return f".{key}{MISSING}"
        return None
