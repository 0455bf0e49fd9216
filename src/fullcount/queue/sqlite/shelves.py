"""The parts of the store that accept, lease and settle share."""

from __future__ import annotations

import msgspec

from fullcount.queue.sqlite.chunks import Chunks
from fullcount.queue.sqlite.copies import CopyBook
from fullcount.queue.sqlite.errands import Errands
from fullcount.queue.sqlite.facts import Facts
from fullcount.queue.sqlite.held import Held
from fullcount.queue.sqlite.labels import Labels
from fullcount.queue.sqlite.lanes import Lanes
from fullcount.queue.sqlite.oblivion import Oblivion
from fullcount.queue.sqlite.refunds import Refunds
from fullcount.queue.sqlite.seen import Seen


class Shelves(msgspec.Struct, frozen=True):
    """Where things are kept."""

    lanes: Lanes
    labels: Labels
    chunks: Chunks
    seen: Seen
    held: Held
    facts: Facts
    refunds: Refunds
    errands: Errands
    oblivion: Oblivion
    copies: CopyBook
