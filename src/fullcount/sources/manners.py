"""What most senders have in common: a webhook that wants a 2xx, an honest status otherwise, and nothing to greet."""

from __future__ import annotations

import math
from collections.abc import Sequence

from fullcount.consent.decision import ConsentRule
from fullcount.sources.reply import Headers, Reply, json_reply
from fullcount.sources.sender import Door, Neighbour, Options, Outcome, Refused, Rules
from fullcount.sources.source import RawRequest


class WebhookManners:
    """The defaults of a sender that posts to /webhooks/{source}."""

    kind = ""
    doors: Sequence[Door] = ()
    options: type[Options] = Options
    consent = ConsentRule.BY_REGION
    is_key_public: bool = False

    def greet(self, _request: RawRequest, _known: Sequence[Rules]) -> Reply | None:
        """Answer nothing without a signature."""
        return None

    def answer(self, _request: RawRequest, outcome: Outcome) -> Reply:
        """200 with an empty object; a refusal with its status, and without a hint why a signature was wrong."""
        if isinstance(outcome, Refused):
            return plain_refusal(outcome)
        return json_reply(200, {})

    def contradiction(self, _rules: Rules, _neighbours: Sequence[Neighbour]) -> str | None:
        """Find nothing wrong."""
        return None


def plain_refusal(refused: Refused) -> Reply:
    """Return a refusal in our own shape, with Retry-After where it is only for now."""
    error = {"code": refused.code, "path": refused.path, "reason": refused.reason, "fix": refused.fix}
    return json_reply(refused.status, {"error": error}, retry_after(refused))


def retry_after(refused: Refused) -> Headers:
    """Return the header that says when to come again, if that is known."""
    if refused.retry_after_seconds is None:
        return ()
    return ((b"retry-after", b"%d" % max(1, math.ceil(refused.retry_after_seconds))),)
