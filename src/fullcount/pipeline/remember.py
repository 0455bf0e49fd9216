"""What a request tells of visitors for later, hashed and cleaned before anything of it is remembered."""

from __future__ import annotations

from collections.abc import Iterator

from fullcount.consent.decision import Action, Circumstances, ConsentDecision, decide
from fullcount.events.model import Event
from fullcount.events.reading import Reading
from fullcount.events.tie import Tie
from fullcount.identity.identify import identify
from fullcount.pipeline.recall import several, ties_of
from fullcount.pipeline.terms import SourceTerms
from fullcount.sources.source import Intake, Sighting
from fullcount.visitors.memory import Memory

_NO_EVENT = "Pageview"  # a name is needed to identify anything; a sighting has none


def memories_of(intake: Intake, terms: SourceTerms, now: float) -> Iterator[tuple[tuple[Tie, ...], Memory]]:
    """Yield by which ties to remember what, for each sighting of a request.

    Consent decides here as it does for events: where nothing may be sent, nothing is remembered but the answer itself.
    """
    for sighting in intake.sightings:
        ties, memory = memory_of(sighting, terms, now)
        decision = decision_on(sighting, terms)
        if decision.action in (Action.SEND, Action.LIMIT):
            yield ties, memory
        elif sighting.consent is not None:
            yield (
                ties,
                Memory(
                    seen_at=memory.seen_at,
                    consent=memory.consent,
                    consent_at=memory.consent_at,
                    consent_version=memory.consent_version,
                ),
            )


def decision_on(sighting: Sighting, terms: SourceTerms) -> ConsentDecision:
    """Return what a visitor allows who is told of beside events, or without any."""
    country = sighting.user.country or terms.default_country
    circumstances = Circumstances(state=sighting.user.state, limits_opt_out=terms.limits_opt_out)
    return decide(sighting.consent, country, terms.consent, terms.regions, circumstances)


def memory_of(sighting: Sighting, terms: SourceTerms, now: float) -> tuple[tuple[Tie, ...], Memory]:
    """Return all that a sighting tells, hashed and cleaned, and by which ties its visitor may be known."""
    seen_at = now if sighting.seen_at is None else min(sighting.seen_at, now)
    event = Event(event=_NO_EVENT, user=sighting.user, page=sighting.page)
    hashed, _ = identify(event, "", terms.identity_rules)
    user, page = hashed.user, hashed.page
    memory = Memory(
        seen_at=seen_at,
        ttclid=user.ttclid,
        clicked_at=_clicked_at(sighting, seen_at) if user.ttclid else None,
        ttp=user.ttp,
        ip=user.ip,
        user_agent=user.user_agent,
        locale=user.locale,
        landing_url=page.url,
        referrer=page.referrer,
        country=user.country,
        consent=sighting.consent,
        consent_at=sighting.consent_at,
        consent_version=sighting.consent_version,
        email=several(user.email),
        phone=several(user.phone),
        external_id=several(user.external_id),
    )
    reading = Reading(None, (), "", "", ties=sighting.ties)
    return ties_of(reading, hashed), memory


def _clicked_at(sighting: Sighting, seen_at: float) -> float | None:
    if sighting.clicked_at is not None:
        return min(sighting.clicked_at, seen_at)
    return seen_at if "ttclid=" in (sighting.page.url or "") else None
