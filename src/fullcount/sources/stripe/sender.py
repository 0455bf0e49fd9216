"""The sender: whose events these are, which of them are meant for this source, and what stands in the way."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from fullcount.sources.manners import WebhookManners
from fullcount.sources.payload import read_object, text
from fullcount.sources.sender import Neighbour, Options, Rules
from fullcount.sources.source import Ignored, Intake, RawRequest
from fullcount.sources.stripe.mapping import TOPICS
from fullcount.sources.stripe.options import StripeOptions
from fullcount.sources.stripe.signature import is_authentic
from fullcount.sources.stripe.snapshot import Snapshot, envelope_of, ignored

SHOP_KINDS = frozenset({"shopify", "woocommerce", "bigcommerce", "adobe"})
_THIN = "a thin event names an object and holds none. Let the endpoint send snapshots"


class Stripe(WebhookManners):
    """Reads a Stripe account's webhook endpoint."""

    kind = "stripe"
    options: type[Options] = StripeOptions

    def admits(self, request: RawRequest, rules: Rules) -> bool:
        """Check the signature over the exact body, and that it is not too old."""
        tolerance = rules.options_as(StripeOptions).tolerance_seconds
        header = request.header("stripe-signature")
        return is_authentic(request.body, header, rules.keys, request.received_at, tolerance)

    def read(self, request: RawRequest, rules: Rules) -> Intake:
        """Return the sale or the refund that a snapshot event tells of, or why it tells of none."""
        envelope = read_object(request.body)
        topic, thing = envelope_of(envelope)
        if (text(envelope, "object") or "").startswith("v2."):
            return Intake((), ignored=(Ignored("unreadable_notice", topic, detail=_THIN),))
        if topic not in TOPICS:
            return Intake((), ignored=(Ignored("unknown_topic", topic),))
        if thing is None:
            return Intake((), ignored=(Ignored("unreadable_notice", topic, detail="there is no object in its data"),))
        said = Snapshot(topic, thing, envelope, rules, rules.options_as(StripeOptions))
        accounts = said.options.accounts
        if accounts and text(envelope, "account") not in accounts:
            return ignored(said, "switched_off", "it belongs to no account that the source names")
        return _tested(said) if said.is_test else TOPICS[topic](said)

    def contradiction(self, rules: Rules, neighbours: Sequence[Neighbour]) -> str | None:
        """Refuse what counts one order twice: the shop platform's notice of it, and Stripe's of its payment."""
        shop = next((each for each in neighbours if each.kind in SHOP_KINDS), None)
        if shop is None or rules.options_as(StripeOptions).event_id_required:
            return None
        return (
            f"{shop.name} ({shop.kind}) feeds the same pixel: an order paid with Stripe would count twice. "
            "Fix: take one of the two out; or set event_id_required = true, and give each Stripe object the event_id "
            "of its order in metadata.event_id"
        )


def _tested(said: Snapshot) -> Intake:
    """Return what came of the test mode: never live, and only if there is a test code to send it under."""
    if said.rules.test_event_code is None:
        return ignored(said, "test_order", "Stripe's test mode: give the source a test_event_code to see it")
    intake = TOPICS[said.topic](said)
    if not intake.readings and not intake.ignored:
        return ignored(said, "test_order", "a refund in Stripe's test mode")
    code = said.rules.test_event_code
    return msgspec.structs.replace(intake, test_event_code=code, refunds=(), sightings=(), request_id="")
