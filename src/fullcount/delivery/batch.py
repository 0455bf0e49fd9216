"""Cutting encoded events into batches by count and by exact bytes. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

SEPARATOR_BYTES = 1  # one comma between two events


def cut(events: Sequence[bytes], *, max_events: int, max_bytes: int) -> Iterator[range]:
    """Yield the positions of each batch, in order; an event larger than `max_bytes` goes alone.

    >>> list(cut([b"aa", b"bb", b"cc"], max_events=1000, max_bytes=5))
    [range(0, 2), range(2, 3)]
    """
    start, size = 0, 0
    for position, event in enumerate(events):
        added = len(event) + SEPARATOR_BYTES
        if position > start and (position - start >= max_events or size + added - SEPARATOR_BYTES > max_bytes):
            yield range(start, position)
            start, size = position, 0
        size += added
    if start < len(events):
        yield range(start, len(events))
