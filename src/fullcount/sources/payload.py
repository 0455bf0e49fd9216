"""Reading other people's JSON: what is missing, null or of the wrong type is absent, and never an exception."""

from __future__ import annotations

import hmac
import json
import math
from base64 import b64encode
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from hashlib import sha256
from typing import Any

from fullcount.errors import InvalidEvent
from fullcount.events.coercion import well_formed
from fullcount.events.problems import Problem
from fullcount.events.reading import read_fields

Node = dict[str, Any]
_EARLIEST, _LATEST = 1_000_000_000, 100_000_000_000  # Unix seconds: the years 2001 to 5138
LONGEST_TEXT = 16_384  # characters of one value; the longest that any sender means is a page's address
MOST_ITEMS = 500  # of one event; an order with more keeps its value, and TikTok takes no event over a request's size


def read_object(body: bytes) -> Node:
    """Return the body's JSON object.

    Raises:
        InvalidEvent: it is no JSON object.
    """
    found = read_fields(body.removeprefix(b"\xef\xbb\xbf"))
    if found is None:
        problem = Problem("", "the body is no JSON object", "send what the platform sends, unchanged", code="not_json")
        raise InvalidEvent((problem,), where="body")
    return found


def at(node: Any, *path: str) -> Any:
    """Return what stands at a path of keys, or None.

    >>> at({"customer": {"id": 7}}, "customer", "id"), at({"customer": None}, "customer", "id")
    (7, None)
    """
    for key in path:
        if not isinstance(node, dict):
            return None
        node = node.get(key)
    return node


def text(node: Any, *path: str) -> str | None:
    """Return a value as text without blanks around it: numbers as their digits, and what is blank as None.

    It is cut one character after LONGEST_TEXT: nothing that is done with it takes long, and that it was too long shows.

    >>> text({"id": 5511001001}, "id"), text({"email": " "}, "email"), text({"id": True}, "id")
    ('5511001001', None, None)
    """
    found = at(node, *path)
    if isinstance(found, str):
        return well_formed(found[: LONGEST_TEXT + 1]).strip() or None
    if isinstance(found, bool) or not isinstance(found, int | float):
        return None
    if isinstance(found, float):
        if not math.isfinite(found):
            return None
        found = int(found) if found.is_integer() else found
    return str(found)


def plain_id(node: object, *path: str) -> str | None:
    """Return what follows the last slash of a Shopify id, so that every spelling of one thing is the same.

    Ids are numbers in its webhooks, and sometimes addresses elsewhere.

    >>> plain_id({"id": "gid://shopify/Order/5511001001?key=x"}, "id"), plain_id({"id": 5511001001}, "id")
    ('5511001001', '5511001001')
    """
    found = text(node, *path)
    return found and (found.partition("?")[0].rstrip("/").rpartition("/")[2] or None)


def set_id(node: object, *path: str) -> str | None:
    """Return an id, or None for the 0 that shops write for a guest, and for an item without variants.

    >>> set_id({"customer_id": 0}, "customer_id"), set_id({"customer_id": "77"}, "customer_id")
    (None, '77')
    """
    found = text(node, *path)
    return None if found == "0" else found


def first_text(*candidates: str | None) -> str | None:
    """Return the first that is there."""
    return next((each for each in candidates if each), None)


def first_amount(*candidates: float | None) -> float | None:
    """Return the first that is there; 0 is one."""
    return next((each for each in candidates if each is not None), None)


def amount(node: Any, *path: str) -> float | None:
    """Return a number that may be written as text, as shops write money; NaN and infinities are absent.

    >>> amount({"total": "72.40"}, "total"), amount({"total": "n/a"}, "total")
    (72.4, None)
    """
    found = at(node, *path)
    if isinstance(found, bool) or not isinstance(found, str | int | float):
        return None
    try:
        number = float(found)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def rows(node: Any, *path: str) -> list[Node]:
    """Return the objects of a list; what is no list, or no object in it, is left out."""
    found = at(node, *path)
    return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []


def seconds(node: Any, *path: str) -> float | None:
    """Return a moment in Unix seconds: a number, ISO 8601, or as e-mails write it; UTC where it names no zone."""
    if not isinstance(at(node, *path), str):
        return amount(node, *path)
    written = text(node, *path) or ""
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            found = read(written)
            return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
        except (ValueError, OverflowError):
            continue
    return None


def moment(node: Any, *path: str) -> int | None:
    """Return a moment in whole Unix seconds, unless it is one that no clock of today shows.

    >>> moment({"at": "2026-11-20T11:15:44+01:00"}, "at"), moment({"at": "Fri, 20 Nov 2026 10:15:44 -0000"}, "at")
    (1795169744, 1795169744)
    """
    return plausible_time(seconds(node, *path))


def plausible_time(found: float | None) -> int | None:
    """Return a moment in whole Unix seconds; what no clock of today shows (0, -1, milliseconds) is absent.

    >>> plausible_time(1795169744.5), plausible_time(0), plausible_time(None)
    (1795169744, None, None)
    """
    return int(found) if found is not None and _EARLIEST < found < _LATEST else None


def as_list(*values: str | None) -> list[str]:
    """Return those that are there, each once, in their order."""
    return list(dict.fromkeys(value for value in values if value))


def without_gaps(fields: Node) -> Node:
    """Return an object without its empty values, all the way down; 0 and False are values.

    >>> without_gaps({"value": 0, "currency": None, "user": {"email": []}})
    {'value': 0}
    """
    kept: Node = {}
    for key, value in fields.items():
        held = without_gaps(value) if isinstance(value, dict) else value
        if held is not None and held not in ("", [], {}, ()):
            kept[key] = held
    return kept


def encode(fields: Any) -> bytes:
    """Return compact JSON."""
    return json.dumps(fields, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace")


def is_signed(body: bytes, keys: tuple[str, ...], shown: str) -> bool:
    """Say whether `shown` is the base64 HMAC-SHA256 of the body under one of the keys; all of them are tried.

    An empty key signs nothing: anybody has it.
    """
    found = False
    for key in filter(None, keys):
        made = b64encode(hmac.new(key.encode(), body, sha256).digest())
        found |= hmac.compare_digest(made, shown.strip().encode("latin-1", "replace"))
    return found


def is_key(shown: str | None, keys: tuple[str, ...]) -> bool:
    """Say whether `shown` is one of the keys, in a time that tells nothing of them; all of them are tried."""
    digest = sha256((shown or "").encode("utf-8", "replace")).digest()
    found = False
    for key in keys:
        found |= hmac.compare_digest(digest, sha256(key.encode()).digest())
    return found and bool(shown)
