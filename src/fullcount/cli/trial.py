"""Test events straight to TikTok, without a gateway: the same steps as a gateway's, one request for each event."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from fullcount.clock import Clock
from fullcount.config.settings import Settings
from fullcount.delivery.destination import Answer, Kind
from fullcount.events.problems import Problem
from fullcount.events.reading import read_event
from fullcount.pipeline.terms import terms_of
from fullcount.pipeline.travel import travel
from fullcount.queue.entry import Entry
from fullcount.sources.receipt import Result
from fullcount.sources.source import Intake
from fullcount.tiktok.destination import TikTokDestination
from fullcount.tiktok.transport import AiohttpTransport


class Tried(msgspec.Struct, frozen=True):
    """One event at one pixel, and what TikTok said of it; without a pixel it did not get that far."""

    place: str
    event: str = ""
    event_id: str = ""
    pixel: str = ""
    taken: bool = False
    status: int | None = None
    code: int | None = None
    message: str = ""
    request_id: str = ""
    fix: str = ""
    problems: tuple[Problem, ...] = ()


async def try_events(
    events: Iterable[tuple[str, bytes]], settings: Settings, source: str, test_event_code: str, clock: Clock
) -> list[Tried]:
    """Send each (place, JSON) of `events` as a test event under the rules of a source; return what came of it."""
    transport = AiohttpTransport(timeout_seconds=settings.tiktok.timeout_seconds, gzip_body=settings.tiktok.gzip)
    destination = TikTokDestination(settings.tiktok, settings.pixels, transport, clock)
    terms = terms_of(settings, clock.now())[source]
    tried: list[Tried] = []
    try:
        for place, event in events:
            reading = read_event(event)
            arrival = travel(reading, Intake((reading,), test_event_code), terms, clock.now())
            problems = arrival.result.problems
            if not arrival.entries:
                is_withheld = arrival.result.result is Result.WITHHELD
                why = f"withheld: {arrival.result.reason}" if is_withheld else "not a valid event"
                tried.append(Tried(place, reading.name, reading.event_id, message=why, problems=problems))
            for entry in arrival.entries:
                answer = await destination.send(entry.lane, [destination.encode(entry.event)])
                tried.append(_tried(place, entry, answer, problems))
    finally:
        await destination.close()
    return tried


def _tried(place: str, entry: Entry, answer: Answer, problems: tuple[Problem, ...]) -> Tried:
    return Tried(
        place=place,
        event=entry.event.event,
        event_id=entry.event.event_id,
        pixel=entry.pixel,
        taken=answer.kind is Kind.TAKEN,
        status=answer.status,
        code=answer.code,
        message=answer.message,
        request_id=answer.request_id,
        fix=answer.fix,
        problems=problems,
    )
