"""Segment and RudderStack: the SDKs' own calls, by their own paths, keys and answers.

Sources of the format: Segment's HTTP API and e-commerce v2 documentation, and the code of segment-analytics-python
2.4.0, @segment/analytics-node 3.1.0, @segment/analytics-next 1.84.3 and rudder-sdk-python 2.1.9 (read November 2026).
"""

from __future__ import annotations

from collections.abc import Sequence

from fullcount.consent.decision import ConsentRule
from fullcount.sources.manners import WebhookManners
from fullcount.sources.reply import Reply
from fullcount.sources.segment.access import shows_write_key
from fullcount.sources.segment.answers import greeting, refusal, result
from fullcount.sources.segment.mapping import Collector
from fullcount.sources.segment.names import KINDS
from fullcount.sources.segment.options import SegmentOptions
from fullcount.sources.sender import Door, Options, Outcome, Refused, Rules
from fullcount.sources.source import Intake, RawRequest


class Segment(WebhookManners):
    """Reads the calls of Segment's and RudderStack's SDKs."""

    kind = "segment"
    doors: Sequence[Door] = (
        *(Door(path) for path in KINDS),
        Door("/v1/m"),
        Door("/v1/projects/[^/]{1,128}/settings/?", frozenset({"GET"}), True, "/v1/projects/{key}/settings"),
    )
    options: type[Options] = SegmentOptions
    consent = ConsentRule.SENDER_VOUCHES

    def greet(self, request: RawRequest, known: Sequence[Rules]) -> Reply | None:
        """Answer preflights, the SDK's metrics, and the settings that Analytics.js loads."""
        return greeting(request, known)

    def admits(self, request: RawRequest, rules: Rules) -> bool:
        """Look for the write key where SDKs put it."""
        return shows_write_key(request, rules.keys)

    def read(self, request: RawRequest, rules: Rules) -> Intake:
        """Return the events, refunds and sightings of one call or a batch."""
        return Collector(request, rules).intake()

    def answer(self, request: RawRequest, outcome: Outcome) -> Reply:
        """Exactly 200 for what is stored, 503 for what is to be repeated, other refusals for what never can be."""
        return refusal(request, outcome) if isinstance(outcome, Refused) else result(request, outcome)
