"""Which copies of events a request tells of, for pairing: what the pixel sent, what we send, what we would send."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from fullcount.config.settings import Browser
from fullcount.events.key import event_key
from fullcount.events.model import Event, EventSource, Half
from fullcount.events.names import canonical_name
from fullcount.events.pixel_names import name_from_pixel
from fullcount.pipeline.terms import PixelTerms, SourceTerms
from fullcount.pipeline.travel import Arrival
from fullcount.queue.copies import Channel, Copy
from fullcount.queue.entry import Entry, Fact
from fullcount.queue.outcomes import Reason
from fullcount.redact import mask_chosen
from fullcount.sources.source import Intake, PixelCopy

MOST_OF_PIXEL = 20  # of one request: a page sends few, and anybody may call
_HALVES = {Half.SERVER: Channel.SERVER, Half.BROWSER: Channel.RELAYED}


def copies_of(intake: Intake, arrivals: Sequence[Arrival], terms: SourceTerms, now: float) -> Iterator[Copy]:
    """Yield the copies to be kept; none of pixels that have no browser half, of tests, or of what no page does."""
    paired = {pixel.name: pixel for pixel in terms.pixels if pixel.browser is not Browser.NONE}
    if not paired:
        return
    for told in intake.pixel_copies[:MOST_OF_PIXEL]:
        for pixel in paired.values():
            yield _of_pixel(told, pixel, terms)
    for index, arrival in enumerate(arrivals):
        for entry in arrival.entries:
            if entry.pixel in paired and entry.claims_key and entry.lane.event_source is EventSource.WEB:
                yield _of_entry(entry, now)
        observed = [fact for fact in arrival.facts if fact.reason is Reason.OBSERVE_ONLY and fact.pixel in paired]
        if observed:
            yield from _of_observed(intake.readings[index].event, observed, now)


def _of_pixel(told: PixelCopy, pixel: PixelTerms, terms: SourceTerms) -> Copy:
    name = name_from_pixel(told.event)
    has_id = bool(told.event_id)
    return Copy(
        Channel.PIXEL,
        terms.name,
        pixel.name,
        mask_chosen(name),
        event_key(pixel.code, EventSource.WEB, None, canonical_name(name), told.event_id) if has_id else b"",
        mask_chosen(told.event_id),
        told.sent_at,
        _number(told.value),
        _currency(told.currency),
    )


def _of_entry(entry: Entry, now: float) -> Copy:
    event = entry.event
    return Copy(
        _HALVES[event.half],
        entry.source,
        entry.pixel,
        mask_chosen(event.event),
        entry.key,
        mask_chosen(event.event_id),
        now,
        _number(event.properties.value),
        _currency(event.properties.currency),
    )


def _of_observed(event: Event | None, observed: Sequence[Fact], now: float) -> Iterator[Copy]:
    if event is None or event.event_source is not EventSource.WEB:
        return
    value, currency = _number(event.properties.value), _currency(event.properties.currency)
    for fact in observed:
        name = mask_chosen(fact.event)
        yield Copy(Channel.OBSERVED, fact.source, fact.pixel, name, fact.key, fact.event_id, now, value, currency)


def _currency(code: str | None) -> str | None:
    """Return a currency's code; what a sender wrote in its place is not kept."""
    return code.upper() if code is not None and len(code) == 3 and code.isalpha() else None


def _number(value: float | None) -> float | None:
    return float(value) if value is not None and math.isfinite(value) else None
