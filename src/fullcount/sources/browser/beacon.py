"""The body of a beacon: our snippet's own, or events as any page can post them, one or a list."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

from fullcount.consent.decision import consent_of, stricter
from fullcount.sources.payload import Node, at, read_object, rows, text
from fullcount.sources.source import RawRequest

BEACON_BYTES = 65_536  # what browsers themselves let a page send while it is left


def read_beacon(request: RawRequest) -> Node:
    """Return what a page posted, in the shape of the snippet's beacon.

    Raises:
        InvalidEvent: it is neither a JSON object nor a list.
    """
    body = request.body.removeprefix(b"\xef\xbb\xbf").strip()
    if body.startswith(b"["):
        return _with_visitor(read_object(b'{"events":' + body + b"}"))
    found = read_object(body)
    if "event" not in found or "events" in found:
        return found
    return _with_visitor({"events": [found], "key": found.get("key")})


def key_in(request: RawRequest, beacon: Node) -> str | None:
    """Return the public key: of the address, else of the beacon."""
    return request.parameters().get("key") or text(beacon, "key")


def _with_visitor(beacon: Node) -> Node:
    """Return a list of events with what they say of their visitor beside it, as the snippet writes it."""
    listed = rows(beacon, "events")
    user = _first(listed, "user")
    said = [row["consent"] for row in listed if row.get("consent") is not None]
    return {
        "page": _first(listed, "page"),
        "user": user,
        "ttclid": at(user, "ttclid"),
        "ttp": at(user, "ttp"),
        "consent": said[0] if len(said) == 1 else reduce(stricter, map(consent_of, said), None),
        **beacon,
    }


def _first(listed: Sequence[Node], key: str) -> Any:
    return next((row[key] for row in listed if row.get(key)), None)
