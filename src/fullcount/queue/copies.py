"""The copies of one event that reach TikTok on their different ways: what pairing is made of."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Channel(StrEnum):
    """On which way a copy goes."""

    PIXEL = "pixel"  # the pixel in the browser sent it, as a page told us
    SERVER = "server"  # we send what the shop's server said
    RELAYED = "relayed"  # we send what the page said
    OBSERVED = "observed"  # we would send it, if its source were live


OURS = frozenset({Channel.SERVER, Channel.RELAYED})


class Copy(msgspec.Struct, frozen=True, gc=False):
    """One copy of one event at one pixel that has a browser half. Without identifiers."""

    channel: Channel
    source: str
    pixel: str  # the pixel's name in the settings
    event: str  # the name, as TikTok gets it
    key: bytes  # 16 bytes as in `Entry.key`; empty for a copy without an event_id
    event_id: str  # masked where it looks like a person's; empty if it had none, or was forgotten
    at: float  # Unix seconds: when it was sent, or taken to be sent
    value: float | None = None
    currency: str | None = None


class Copies(msgspec.Struct, frozen=True):
    """What a store kept of a stretch of time."""

    rows: tuple[Copy, ...]
    is_cut: bool = False  # there were more than are kept or read
