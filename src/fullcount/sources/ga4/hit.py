"""One of Google's events, whichever way it came, in one shape: that of the Measurement Protocol."""

from __future__ import annotations

from typing import Any

import msgspec

from fullcount.consent.signals import Signals
from fullcount.events.model import names_only
from fullcount.events.problems import Problem
from fullcount.sources.payload import Node, amount


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """What an event says, and what its request says of the visitor; plain values, never stored."""

    name: str
    params: Node  # the event's parameters under Google's names; `items` is a list of objects
    client_ids: tuple[str, ...] = ()  # of the browser or app, the request's own first
    user_id: str | None = None
    user_data: Node = {}  # as in the Measurement Protocol; what is hashed stands under sha256_*
    location: Node = {}  # user_location
    ttclid: str | None = None
    ttp: str | None = None
    ip: str | None = None
    user_agent: str | None = None
    locale: str | None = None
    signals: Signals = Signals()
    moment: float | None = None  # Unix seconds
    seed: tuple[str, ...] = ()  # what tells this event from the visitor's others each time it is sent; nothing: no such
    app_id: str | None = None
    is_debug: bool = False
    problems: tuple[Problem, ...] = ()

    __repr__ = names_only


def moment_of(node: Node, *path: str) -> float | None:
    """Return the Unix seconds of a time in microseconds, as a number or its digits.

    Senders confuse the units, so what would be a moment of 1970 is taken as milliseconds or as seconds.

    >>> [moment_of({"t": given}, "t") for given in ("1795169744000000", 1795169744000, 1795169744, None)]
    [1795169744.0, 1795169744.0, 1795169744.0, None]
    """
    given = amount(node, *path)
    if given is None or given <= 0:
        return None
    if given >= 1e14:
        return given / 1e6
    return given / 1e3 if given >= 1e11 else given


def is_on(value: Any) -> bool:
    """Return whether a flag is set, as JSON or a query writes it.

    >>> is_on("1"), is_on(True), is_on("false"), is_on(0)
    (True, True, False, False)
    """
    return bool(value) and str(value).strip().lower() not in ("", "0", "false")
