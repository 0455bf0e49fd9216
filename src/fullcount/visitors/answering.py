"""What both memories of visitors do alike: who is still remembered, what an event is told, which ties are kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce

from fullcount.visitors.kept import Kept, told
from fullcount.visitors.memory import Memory, fill_memory
from fullcount.visitors.visitors import VisitorSettings


def is_alive(seen_at: float, now: float, settings: VisitorSettings) -> bool:
    """Return whether a visitor is still remembered."""
    return seen_at + settings.ttl_seconds > now


def answer(
    digests: Sequence[bytes], found: Mapping[bytes, Kept], now: float, settings: VisitorSettings
) -> Memory | None:
    """Return what an event with these ties, the most specific first, is told; None if nobody is known by them."""
    visitors: list[Kept] = []
    for digest in digests:
        kept = found.get(digest)
        if kept is not None and is_alive(kept.seen_at, now, settings) and kept not in visitors:
            visitors.append(kept)
    if not visitors:
        return None
    return reduce(fill_memory, [told(kept, now, settings.ttl_seconds) for kept in visitors])


def ties_to_drop(ties: Mapping[bytes, float], most: int) -> list[bytes]:
    """Return which of a visitor's ties go, by when each was last used, so that `most` stay."""
    if len(ties) <= most:
        return []
    return sorted(ties, key=lambda digest: (ties[digest], digest))[: len(ties) - most]
