"""Meta's Conversions API: server events as they are posted to graph.facebook.com.

Sources of the format: Meta's documentation of the Conversions API, and the code of facebook_business 26.0.3 and
facebook-nodejs-business-sdk 24.0.1 (read November 2026).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from fullcount.consent.decision import ConsentRule
from fullcount.errors import InvalidEvent
from fullcount.sources.bounds import check_count, envelope_text
from fullcount.sources.manners import WebhookManners
from fullcount.sources.meta.answers import refusal, success
from fullcount.sources.meta.encodings import items_of, read_envelope
from fullcount.sources.meta.options import MetaOptions
from fullcount.sources.meta.reading import read_all
from fullcount.sources.payload import is_key
from fullcount.sources.reply import Reply
from fullcount.sources.sender import Door, Options, Outcome, Refused, Rules
from fullcount.sources.source import Intake, RawRequest

# Ids at Meta are digits, so that no other path of ours that ends in /events is taken for one.
_PATH = r"(?:/v[0-9]{1,3}\.[0-9]{1,3})?/([0-9]{1,32})/events/?"
_is_ours = re.compile(_PATH).fullmatch


class Meta(WebhookManners):
    """Reads server events of Meta's Conversions API."""

    kind = "meta"
    doors: Sequence[Door] = (Door(_PATH, is_pattern=True, route="/v{version}/{id}/events"),)
    options: type[Options] = MetaOptions
    consent = ConsentRule.SENDER_VOUCHES

    def admits(self, request: RawRequest, rules: Rules) -> bool:
        """Compare the access token: of the query, else the header, else the body; and the id, if one is set."""
        dataset_id = rules.options_as(MetaOptions).dataset_id
        asked = _is_ours(request.path)
        is_right_id = not dataset_id or (asked is not None and asked[1] == dataset_id)
        return is_key(_token(request), rules.keys) and is_right_id

    def read(self, request: RawRequest, rules: Rules) -> Intake:
        """Return a reading for each event; what is wrong with one costs that one, and not the request as at Meta."""
        envelope = read_envelope(request)
        items = items_of(envelope)
        check_count(len(items), rules.limits, "data")
        return read_all(items, rules, envelope_text(envelope.test_event_code, "test_event_code"))

    def answer(self, request: RawRequest, outcome: Outcome) -> Reply:
        """Say what was received, or a Graph error."""
        return refusal(request, outcome) if isinstance(outcome, Refused) else success(request, outcome)


def _token(request: RawRequest) -> str | None:
    in_query = request.parameters().get("access_token")
    scheme, _, shown = request.header("authorization").strip().partition(" ")
    if in_query or scheme.lower() == "bearer":
        return in_query or shown.strip()
    try:
        found = read_envelope(request).access_token
    except InvalidEvent:
        return None
    return found if isinstance(found, str) else None
