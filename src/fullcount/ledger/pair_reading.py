"""Reading pairs from a store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from fullcount.ledger.dedup import FORGETS_AFTER_SECONDS
from fullcount.queue.copies import OURS, Channel, Copies, Copy
from fullcount.queue.outcomes import Outcome
from fullcount.queue.records import TimelineRow


class PairsReader(Protocol):
    """What pairs are read from."""

    def copies(self, since: float, until: float, pixel: str = "") -> Copies:
        """Return the copies of events between two moments (Unix seconds), at one pixel or (empty) at all."""
        ...

    def ended_unsent(self, keys: Sequence[bytes]) -> Mapping[bytes, float]:
        """Return those of these keys that were given up or withheld, and when."""
        ...

    def timeline_rows(self, keys: Sequence[bytes]) -> Mapping[bytes, Sequence[TimelineRow]]:
        """Return what is known of the events with these keys."""
        ...


class Kept(msgspec.Struct, frozen=True):
    """What a store knows of how events reached TikTok."""

    copies: tuple[Copy, ...]
    unsent: frozenset[bytes]  # keys of deliveries that never left
    is_cut: bool  # there was more than is kept or read

    @property
    def known_pixels(self) -> frozenset[str]:
        """The names of the pixels whose pages told what their pixel sends."""
        return frozenset(copy.pixel for copy in self.copies if copy.channel is Channel.PIXEL)


def read_pairs(reader: PairsReader, since: float, until: float, pixel: str = "") -> Kept:
    """Return what pairs are made of, from two days before `since` (Unix seconds) on: ids may come again after it.

    Raises:
        StoreUnavailable: the store cannot be read now.
    """
    found = reader.copies(since - FORGETS_AFTER_SECONDS, until, pixel)
    sent_at: dict[bytes, float] = {}
    for copy in found.rows:
        if copy.channel in OURS:
            sent_at.setdefault(copy.key, copy.at)
    ended = [key for key, at in reader.ended_unsent(sorted(sent_at)).items() if at >= sent_at[key]]
    # A refusal that came later withheld another copy: what was delivered by then had left.
    left = {
        key
        for key, rows in reader.timeline_rows(ended).items()
        if any(row.what == Outcome.DELIVERED.value for row in rows)
    }
    return Kept(found.rows, frozenset(ended) - left, found.is_cut)
