"""Waits until events have ended, by looking into the store."""

from __future__ import annotations

from collections.abc import Sequence

from fullcount.cli.store import open_reader
from fullcount.clock import Clock
from fullcount.config.settings import Settings
from fullcount.events.model import EventSource
from fullcount.ledger.journey import Journey
from fullcount.ledger.timeline import TimelineReader, timeline, told_again
from fullcount.queue.lane import Lane

POLL_SECONDS = 0.2
LONGEST_POLL_SECONDS = 5.0


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
            journeys += await _outcome(reader, event_id, lanes, until, clock)
    return journeys


async def _outcome(
    reader: TimelineReader, event_id: str, lanes: Sequence[Lane], until: float, clock: Clock
) -> list[Journey]:
    found = timeline(reader, event_id, lanes)
    pause = POLL_SECONDS
    while not (found and all(journey.is_over for journey in found)) and clock.now() < until:
        await clock.sleep(pause)
        if found:
            found = told_again(reader, found)
        else:
            # The whole search looks for a key of every lane and name, so it is repeated ever more seldom.
            pause = min(2 * pause, LONGEST_POLL_SECONDS)
            found = timeline(reader, event_id, lanes)
    return found
