"""When to try again: full jitter under a growing bound, as a value that someone else carries out. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec

from fullcount.config.settings import Delivery as Limits
from fullcount.delivery.destination import Answer, Kind
from fullcount.queue.delivery import Delivery, Retry

MOST_DOUBLINGS = 30  # beyond any cap; keeps the power small


class RetryDecision(msgspec.Struct, frozen=True):
    """Try again after this long; `lost`: the attempt may have been taken."""

    delay_seconds: float
    lost: bool


def decide(answer: Answer, *, attempts: int, limits: Limits, draw: float) -> RetryDecision:
    """Return when a delivery with that many earlier attempts is due again; `draw` is a random number in [0, 1).

    The delay is anywhere between nothing and `retry_base_seconds` doubled with each attempt, at most
    `retry_cap_seconds` (full jitter), and never less than what the far side asked for. A refused credential costs no
    delay, as the lane waits instead.

    >>> from fullcount.delivery.destination import Answer, Kind
    >>> decide(Answer(Kind.LOST), attempts=3, limits=Limits(), draw=0.5)
    RetryDecision(delay_seconds=4.0, lost=True)
    """
    if answer.kind is Kind.NOT_ALLOWED:
        return RetryDecision(0.0, lost=False)
    bound = min(limits.retry_cap_seconds, limits.retry_base_seconds * 2.0 ** min(attempts, MOST_DOUBLINGS))
    return RetryDecision(max(draw * bound, answer.retry_after_seconds or 0.0), lost=answer.kind is Kind.LOST)


def retries(
    answer: Answer, deliveries: Sequence[Delivery], *, now: float, limits: Limits, random: Callable[[], float]
) -> Mapping[int, Retry]:
    """Return each delivery's retry by `seq`; those with equally many attempts stay together."""
    by_attempts: dict[int, Retry] = {}
    found: dict[int, Retry] = {}
    for delivery in deliveries:
        retry = by_attempts.get(delivery.attempts)
        if retry is None:
            decision = decide(answer, attempts=delivery.attempts, limits=limits, draw=random())
            retry = by_attempts[delivery.attempts] = Retry(now + decision.delay_seconds, lost=decision.lost)
        found[delivery.seq] = retry
    return found
