"""What a request's events come to: readings, refunds, what is left out, and what is remembered of the visitor."""

from __future__ import annotations

from collections.abc import Sequence

from fullcount.consent.decision import Signal, read_signal
from fullcount.events.problems import Problem
from fullcount.events.reading import Reading
from fullcount.sources.ga4.hit import Hit
from fullcount.sources.ga4.mapping import name_of, reading_of
from fullcount.sources.ga4.names import REFUND
from fullcount.sources.ga4.options import Ga4Options
from fullcount.sources.ga4.refunds import refund_of
from fullcount.sources.sender import Rules
from fullcount.sources.source import Ignored, Intake, Refund, Sighting

_NO_OBJECT = Problem("", "the event is no object", 'send {"name": "purchase", "params": {}}', code="not_an_object")
# Of a visitor who answered so, the answer alone is remembered.
_REFUSALS = frozenset({Signal.DENIED, Signal.OPT_OUT, Signal.UNREADABLE})


def intake_of(hits: Sequence[Hit | None], rules: Rules) -> Intake:
    """Return what a request's events come to, in their order; None is an event that could not be read."""
    readings: list[Reading] = []
    ignored: list[Ignored] = []
    refunds: list[Refund] = []
    sightings: dict[Sighting, None] = {}
    for hit in hits:
        if hit is None:
            readings.append(Reading(None, (_NO_OBJECT,), "", ""))
            continue
        refund = refund_of(hit, rules) if hit.name == REFUND else None
        name = name_of(hit, rules)
        reading = reading_of(hit, name or hit.name or "?", rules, refund)
        sightings |= dict.fromkeys(_sightings(reading, hit))
        if refund is not None:
            refunds.append(refund)
        if name is None and refund is None:
            ignored.append(_left_out(hit, rules))
        elif name is not None:
            readings.append(reading)
    options = rules.options_as(Ga4Options)
    # One request is one browser's: who debugs one of its events debugs them all.
    is_debug = any(hit is not None and hit.is_debug for hit in hits)
    return Intake(
        tuple(readings),
        test_event_code=options.debug_test_code if is_debug else None,
        are_names_mapped=True,
        ignored=tuple(ignored),
        refunds=tuple(refunds),
        sightings=tuple(sightings),
    )


def _left_out(hit: Hit, rules: Rules) -> Ignored:
    if not hit.name:
        return Ignored("no_event", detail="a request without an event's name")
    if hit.name in rules.names:
        return Ignored("switched_off", hit.name)
    if hit.name == REFUND:
        return Ignored("no_event", hit.name, detail="a refund without a transaction_id")
    return Ignored("unknown_topic", hit.name)


def _sightings(reading: Reading, hit: Hit) -> list[Sighting]:
    event = reading.event
    if event is None or not reading.ties:
        return []
    if read_signal(event.consent) in _REFUSALS:
        return [Sighting(reading.ties, consent=event.consent, seen_at=hit.moment, consent_at=hit.moment)]
    if reading.is_lost_alone:
        return []  # it tells of nobody, and must not be taken for knowledge of somebody
    return [Sighting(reading.ties, event.user, event.page, event.consent, hit.moment, consent_at=hit.moment)]
