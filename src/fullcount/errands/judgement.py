"""What a platform's answer means for the errand: read it, or ask again, and when. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TypeAlias

import msgspec

from fullcount.clock import DAY_SECONDS
from fullcount.errands.asking import Answered, Reply, Unheard
from fullcount.sources.fetching import Response
from fullcount.sources.payload import seconds

GIVE_UP_SECONDS = 3 * DAY_SECONDS  # after the notice came; as long as the platforms themselves repeat theirs
FIRST_WAIT_SECONDS = 5.0
LONGEST_WAIT_SECONDS = 900.0
LONGEST_ASKED_WAIT_SECONDS = 6 * 3_600.0  # that a platform may ask for
NOT_YET_ATTEMPTS = 5  # how often a thing that is not there is asked for: a notice can come before its order can be read
_GONE = frozenset({404, 410})


class Later(msgspec.Struct, frozen=True, gc=False):
    """It is to be asked for again."""

    why: str  # for a person; names nobody
    wait_seconds: float | None = None  # as the platform asked for; nothing: by the count of attempts
    is_everywhere: bool = True  # other errands at the same platform would fare no better now


Judgement: TypeAlias = Response | Later


def judge(reply: Reply, attempts: int, now: float) -> Judgement:
    """Return the response if it says something final, or why and when to ask again.

    `attempts` have been made before; `now` is in Unix seconds.
    """
    if isinstance(reply, Unheard):
        return Later(reply.why, is_everywhere=not reply.is_oversized)
    if 200 <= reply.status < 300:
        return Response(reply.status, reply.body)
    if reply.status in _GONE:
        if attempts + 1 >= NOT_YET_ATTEMPTS:
            return Response(reply.status)
        return Later(f"HTTP {reply.status}: it is not there, perhaps not yet", is_everywhere=False)
    return Later(f"HTTP {reply.status}{_HINTS.get(reply.status, '')}", asked_wait(reply, now))


def wait_seconds(attempts: int, draw: float) -> float:
    """Return how long to wait after so many attempts (from 0): doubled each time, between half and all of it.

    >>> [wait_seconds(attempts, 1.0) for attempts in (0, 1, 4, 60)], wait_seconds(0, 0.0)
    ([5.0, 10.0, 80.0, 900.0], 2.5)
    """
    whole = min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2.0 ** min(attempts, 30))
    return whole * (0.5 + draw / 2)


def asked_wait(answer: Answered, now: float) -> float | None:
    """Return the seconds that the platform asks to be left alone for, or None if it names none that can be read.

    Retry-After has seconds or a date; BigCommerce tells milliseconds in a header of its own (its documentation,
    2026-11).
    """
    found = _number(answer.headers, "retry-after")
    if found is None and (date := seconds({"at": answer.headers.get("retry-after")}, "at")) is not None:
        found = date - now
    if found is None and (reset := _number(answer.headers, "x-rate-limit-time-reset-ms")) is not None:
        found = reset / 1_000
    return None if found is None else min(max(found, 1.0), LONGEST_ASKED_WAIT_SECONDS)


def _number(headers: Mapping[str, str], name: str) -> float | None:
    try:
        number = float(headers.get(name, ""))
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None


_HINTS = {401: ": is the token right?", 403: ": may the token read this?", 429: ": too many requests"}
