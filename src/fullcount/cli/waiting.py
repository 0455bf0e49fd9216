"""Waits until events have ended, by looking into the store."""

from __future__ import annotations

from collections.abc import Sequence

from fullcount.cli.store import open_reader
from fullcount.clock import Clock
from fullcount.config.settings import Settings
from fullcount.events.model import EventSource
from fullcount.ledger.journey import Journey
from fullcount.ledger.timeline import timeline
from fullcount.queue.lane import Lane

POLL_SECONDS = 0.2


async def wait_for_outcomes(
    settings: Settings, event_ids: Sequence[str], seconds: float, clock: Clock
) -> list[Journey]:
    """Return the journeys of these events once all have ended, or as they are after `seconds`.

    Raises:
        StoreUnavailable: the store is not on this machine, or cannot be read.
    """
    until = clock.now() + seconds
    lanes = [Lane(pixel.code, EventSource.WEB) for pixel in settings.pixels]
    journeys: list[Journey] = []
    with open_reader(settings) as reader:
        for event_id in event_ids:
            found = timeline(reader, event_id, lanes)
            while not (found and all(journey.is_over for journey in found)) and clock.now() < until:
                await clock.sleep(POLL_SECONDS)
                found = timeline(reader, event_id, lanes)
            journeys += found
    return journeys
