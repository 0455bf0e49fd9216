"""Google's senders: servers by the Measurement Protocol, pages by gtag, server-side containers by their event data."""

from __future__ import annotations

from collections.abc import Sequence

from fullcount.consent.decision import ConsentRule
from fullcount.sources.ga4.access import is_allowed_origin, may_post, path_of
from fullcount.sources.ga4.answers import answer_to, preflight
from fullcount.sources.ga4.collect import collected_hits
from fullcount.sources.ga4.event_data import posted_hits
from fullcount.sources.ga4.hit import Hit
from fullcount.sources.ga4.intake import intake_of
from fullcount.sources.ga4.measurement import measured_hits
from fullcount.sources.ga4.options import (
    COLLECT_PATH,
    DATA_PATH,
    MEASUREMENT_PATH,
    VALIDATION_PATH,
    Ga4Options,
)
from fullcount.sources.ga4.validation import validated
from fullcount.sources.reply import Reply, empty_reply, json_reply
from fullcount.sources.sender import Door, Neighbour, Options, Outcome, Rules
from fullcount.sources.source import Intake, RawRequest

_READ_BY_PAGES = frozenset({"GET", "POST"})
LARGEST_COLLECT = 130_000  # bytes; Google's limit of one request


class Ga4:
    """Reads what Google's tags and Google's customers' servers send."""

    kind = "ga4"
    doors: Sequence[Door] = (
        Door(MEASUREMENT_PATH),
        Door(VALIDATION_PATH),
        Door(COLLECT_PATH, _READ_BY_PAGES, is_public=True, max_bytes=LARGEST_COLLECT),
        Door(DATA_PATH, _READ_BY_PAGES),
    )
    options: type[Options] = Ga4Options
    consent = ConsentRule.BY_REGION
    is_key_public: bool = False

    def greet(self, request: RawRequest, known: Sequence[Rules]) -> Reply | None:
        """Answer browsers' preflights, probes and the validator, and a wrong secret where that shall not show."""
        path = path_of(request)
        if request.method == "OPTIONS":
            allowed = (is_allowed_origin(request, rules.options_as(Ga4Options)) for rules in known)
            return preflight(request, is_allowed=any(allowed))
        if request.method == "HEAD":
            return empty_reply(204)
        if path == VALIDATION_PATH and request.method == "POST":
            return json_reply(200, {"validationMessages": validated(request)})
        if path == MEASUREMENT_PATH and request.method == "POST":
            is_lenient = any(not rules.options_as(Ga4Options).strict_secret for rules in known)
            if is_lenient and not any(may_post(request, rules) for rules in known):
                return empty_reply(204)
        return None

    def admits(self, request: RawRequest, rules: Rules) -> bool:
        """Check the api_secret or key of a server, or the measurement id and origin of a page."""
        return may_post(request, rules)

    def read(self, request: RawRequest, rules: Rules) -> Intake:
        """Return the request's events."""
        path = path_of(request)
        hits: Sequence[Hit | None]
        if path == COLLECT_PATH:
            hits = collected_hits(request, rules.limits)
        elif path == DATA_PATH:
            hits = posted_hits(request, rules.limits)
        else:
            hits = measured_hits(request)
        return intake_of(hits, rules)

    def answer(self, request: RawRequest, outcome: Outcome) -> Reply:
        """204, as Google answers; refusals keep their status, so that a sender who looks can repeat."""
        return answer_to(request, outcome)

    def contradiction(self, _rules: Rules, _neighbours: Sequence[Neighbour]) -> str | None:
        """Find nothing wrong."""
        return None
