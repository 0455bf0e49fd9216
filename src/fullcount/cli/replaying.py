"""A saved request through every step of a source, up to the queue's door: what each step made of it. Sends nothing."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from fullcount.cli.checking import AGELESS_DAYS
from fullcount.config.rules import rules_of
from fullcount.config.settings import Settings, Source
from fullcount.errors import InvalidEvent
from fullcount.events.hashed import HashedEvent
from fullcount.events.problems import Problem
from fullcount.events.reading import Reading
from fullcount.pipeline.steps import ask_consent, may_be_answered
from fullcount.pipeline.terms import SourceTerms, terms_of
from fullcount.pipeline.travel import Arrival, Identified, concluded, identified
from fullcount.sources.registry import SENDERS
from fullcount.sources.sender import Rules, Sender
from fullcount.sources.source import Ignored, Intake, RawRequest, Refund
from fullcount.tiktok.mapping import encode_event

_IDENTIFIERS = (
    "email", "phone", "external_id", "first_name", "last_name", "zip_code", "city", "state", "country",
    "ttclid", "ttp", "ip", "user_agent", "locale",
)  # fmt: skip


class Went(msgspec.Struct, frozen=True):
    """Where an event would go: to which pixel, under which name and id; or why it would not."""

    pixel: str
    event: str
    event_id: str
    withheld: str = ""  # the reason, if it would not be sent
    held_seconds: float | None = None  # how long it would wait for its other half, or for an answer


class EventSteps(msgspec.Struct, frozen=True):
    """What each step made of one event."""

    event: str
    event_id: str
    problems: tuple[Problem, ...]
    identifiers: tuple[str, ...] = ()  # the names of what TikTok could match by; never the values
    consent: str = ""  # send, limit, withhold, or hold until an answer comes
    consent_basis: str = ""
    went: tuple[Went, ...] = ()
    would_get: tuple[msgspec.Raw, ...] = ()  # TikTok's event, one for each pixel

    @property
    def is_refused(self) -> bool:
        """Whether the sender would be told that it cannot be taken."""
        return not self.went


class Replay(msgspec.Struct, frozen=True):
    """What became of a request, step by step."""

    source: str
    kind: str
    signature: str  # valid, wrong, or not checked
    refused: str = ""  # why nothing of it can be read
    events: tuple[EventSteps, ...] = ()
    ignored: tuple[Ignored, ...] = ()
    refunds: tuple[Refund, ...] = ()
    remembered: int = 0  # visitors that are known better afterwards
    erased: int = 0  # people who are forgotten
    fetched_later: int = 0  # notices whose order is fetched after the answer

    @property
    def is_fruitless(self) -> bool:
        """Whether something of it was refused, or nothing in it was understood."""
        return bool(self.refused) or any(event.is_refused for event in self.events)


def replay(request: RawRequest, source: Source, settings: Settings, *, has_secrets: bool) -> Replay:
    """Return what each step makes of the request; an event's age does not count against it here."""
    sender = SENDERS[source.kind]
    rules = rules_of(source, settings)
    signature = _signature(sender, request, rules, has_secrets=has_secrets)
    try:
        intake = sender.read(request, rules)
    except InvalidEvent as error:
        problem = error.problems[0]
        return Replay(source.name, source.kind, signature, f"{problem.reason}. Fix: {problem.fix}")
    terms = terms_of(settings, request.received_at)[source.name]
    ageless = msgspec.structs.replace(terms.check_rules, max_event_age_days=AGELESS_DAYS)
    terms = msgspec.structs.replace(terms, check_rules=ageless)
    return Replay(
        source.name,
        source.kind,
        signature,
        events=tuple(_steps(reading, intake, terms, request.received_at) for reading in intake.readings),
        ignored=intake.ignored,
        refunds=intake.refunds,
        remembered=len(intake.sightings),
        erased=len(intake.erasures),
        fetched_later=len(intake.notices),
    )


def _signature(sender: Sender, request: RawRequest, rules: Rules, *, has_secrets: bool) -> str:
    if not has_secrets:
        return "not checked: the source's key is not at hand"
    return "valid" if sender.admits(request, rules) else "wrong or missing: the gateway would answer 401"


def _steps(reading: Reading, intake: Intake, terms: SourceTerms, now: float) -> EventSteps:
    found = identified(reading, intake.pixel_code, terms, now)
    if isinstance(found, Arrival):
        return EventSteps(reading.name, reading.event_id, found.result.problems)
    test_code = terms.test_code(intake.test_event_code, now)
    is_answerable = any(may_be_answered(found.hashed, pixel, test_code) for pixel in found.pixels)
    decision, _ = ask_consent(found.event, intake.consent, terms, may_be_answered=is_answerable)
    arrival = concluded(found, intake, terms, now)
    willing = msgspec.structs.replace(terms, is_observed=False)
    entries = arrival.entries or concluded(found, intake, willing, now).entries
    return EventSteps(
        event=found.hashed.canonical,
        event_id=found.hashed.event_id,
        problems=arrival.result.problems,
        identifiers=tuple(_held(found.hashed)),
        consent=decision.action.value,
        consent_basis=decision.basis,
        went=tuple(_went(found, arrival)),
        would_get=tuple(msgspec.Raw(encode_event(entry.event)) for entry in entries),
    )


def _went(found: Identified, arrival: Arrival) -> Iterable[Went]:
    for entry in arrival.entries:
        yield Went(entry.pixel, entry.event.event, entry.event.event_id, held_seconds=entry.hold_seconds)
    for fact in arrival.facts:
        yield Went(fact.pixel, fact.event, found.hashed.event_id, str(fact.reason.value))


def _held(event: HashedEvent) -> Iterable[str]:
    for name in _IDENTIFIERS:
        value = getattr(event.user, name)
        if value:
            yield name if isinstance(value, str) else f"{name} x{len(value)}"
