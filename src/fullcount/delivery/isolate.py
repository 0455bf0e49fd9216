"""What to do with a batch that was refused as it is: bury the bad event, send the others in other company. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from fullcount.delivery.destination import Answer, Kind
from fullcount.queue.delivery import Buried
from fullcount.queue.outcomes import Reason

REFUSES_THE_BATCH = frozenset({Kind.INVALID, Kind.UNKNOWN_REFUSAL, Kind.TOO_LARGE})


class Isolation(msgspec.Struct, frozen=True):
    """Positions in the refused batch: those that are given up, and the smaller batches that go next, in order."""

    buried: Mapping[int, Buried]
    batches: tuple[Sequence[int], ...]
    is_unnamed: bool = False  # the one that is given up was alone, not named: the lane may be to blame


def isolate(answer: Answer, size: int) -> Isolation:
    """Return how a refused batch of `size` events goes on; it never goes unchanged.

    An event that the answer names is buried and the rest goes as one. Without a name the batch is halved, until the
    bad one is alone. One that is alone is buried with the far side's words.
    """
    bad = {position: words for position, words in answer.bad.items() if 0 <= position < size}
    if answer.kind is Kind.INVALID and bad:
        rest = [position for position in range(size) if position not in bad]
        buried = {position: _buried(answer, words) for position, words in bad.items()}
        return Isolation(buried, (rest,) if rest else ())
    if size == 1:
        return Isolation({0: _buried(answer, answer.message)}, (), is_unnamed=answer.kind is not Kind.TOO_LARGE)
    middle = size // 2
    return Isolation({}, (range(middle), range(middle, size)))


def _buried(answer: Answer, words: str) -> Buried:
    if answer.kind is Kind.TOO_LARGE:
        words = f"this event alone is too large: {words}"
    return Buried(Reason.REJECTED_BY_TIKTOK, code=answer.code, message=words)
