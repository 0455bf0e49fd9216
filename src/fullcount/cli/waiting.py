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
    ended: dict[str, list[Journey]] = {}
    with open_reader(settings) as reader:
        while True:
            open_ids = [event_id for event_id in event_ids if event_id not in ended]
            found = {event_id: timeline(reader, event_id, lanes) for event_id in open_ids}
            ended |= {each: held for each, held in found.items() if held and all(one.is_over for one in held)}
            if len(ended) == len(event_ids) or clock.now() >= until:
                return [journey for event_id in event_ids for journey in (ended | found)[event_id]]
            await clock.sleep(POLL_SECONDS)
