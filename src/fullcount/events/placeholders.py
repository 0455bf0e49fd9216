"""What programs write where a value should be: worse than nothing, since it makes strangers, or two orders, one."""

from __future__ import annotations

import re

LONGEST_UNSET = 1_000  # characters; no program puts so many around nothing
# All in lower case.
WORDS = frozenset(
    {
        "",
        "0",
        "-",
        "n/a",
        "na",
        "nan",
        "none",
        "null",
        "(null)",
        "(not set)",
        "not set",
        "undefined",
        "unknown",
        "anonymous",
        "guest",
        "[object object]",
        "true",
        "false",
    }
)
# TikTok's own macro, and the ways in which other tools mark one that nobody replaced.
_MACRO = re.compile(r"_{1,2}[A-Za-z][A-Za-z_]*_{1,2}|\$?\{+[^{}]*\}+|%+[A-Za-z_]+%+|\[[A-Za-z_]+\]")
# Within an id the marks must be unmistakable: "{3F25...}" is an id, and so is "a_b_1".
_MACRO_WITHIN = re.compile(
    r"\{\{|\}\}|\$\{|\{[A-Za-z_. ]+\}|<[A-Za-z_.%= ]+>|%[A-Za-z]+_[A-Za-z_]+%|\[[A-Za-z_ ]+\]"
    r"|(?<![A-Za-z0-9])__[A-Za-z]+(?:_[A-Za-z]+)*__(?![A-Za-z0-9])"
)
# Two digits, and neither a mark of a macro nor the n that most of the words above have: what nearly all ids are like.
is_surely_set = re.compile(r"[A-MO-Za-mo-z0-9.:/#-]{0,60}[1-9][0-9][A-MO-Za-mo-z0-9.:/#-]{0,60}").fullmatch
_PHRASE = re.compile(r"\(?not set\)?|n/a", re.IGNORECASE)
_SEPARATOR = re.compile(r"[-_.:/|# ]")


def is_macro(text: str) -> bool:
    """Return whether the whole text is a macro that nobody replaced.

    >>> is_macro("__CLICKID__"), is_macro("{{ttclid}}"), is_macro("E.C.P.token")
    (True, True, False)
    """
    return _MACRO.fullmatch(text) is not None


def is_unset_id(text: str) -> bool:
    """Return whether an id was put together from nothing: it would be every order's.

    A word such as null, or an empty place between separators, makes an id none only if no number beside it tells
    orders apart: "order-null" and "order--purchase" are none, "NONE-1001" is one.

    >>> [is_unset_id(text) for text in (" ", "{{order_id}}", "order--purchase", "order-undefined-1")]
    [True, True, True, True]
    >>> [is_unset_id(text) for text in ("1001", "NONE-1001", "2026-nan", "checkout", "{3F2504E0-4F89}")]
    [False, False, False, False, False]
    >>> is_unset_id("null-" * 200), is_unset_id("null-" * 300)
    (True, False)
    """
    if is_surely_set(text) is not None or len(text) > LONGEST_UNSET:
        return False
    low = text.strip().lower()
    if low in WORDS or "undefined" in low or _MACRO_WITHIN.search(text) is not None:
        return True
    words = _SEPARATOR.split(_PHRASE.sub("null", text.strip()))
    told = [word for word in words if not _is_nothing(word)]
    if len(told) == len(words) or any(char.isdigit() for word in told for char in word):
        return False
    # Random text may have two separators in a row, too, but is not made of words.
    return any(word.isalnum() for word in words if _is_nothing(word)) or all(
        word == word.lower() or word.istitle() or word.isupper() for word in told
    )


def _is_nothing(word: str) -> bool:
    return word.lower() in WORDS or not any(char.isalnum() for char in word)
