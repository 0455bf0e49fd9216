"""What can be set for a Stripe source alone."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec

from fullcount.sources.sender import Options


class Checkout(StrEnum):
    """Which of Stripe's objects is a sale: a Checkout Session makes a payment intent too, and only one may count."""

    SESSIONS = "sessions"
    PAYMENT_INTENTS = "payment_intents"


class SubscriptionEvent(StrEnum):
    """What a new subscription is at TikTok."""

    SUBSCRIBE = "Subscribe"
    PURCHASE = "Purchase"


class StripeOptions(Options, frozen=True, kw_only=True):
    """What can be set for a Stripe account."""

    checkout: Checkout = Checkout.SESSIONS  # payment_intents: where the site has no Checkout Sessions
    subscription_event: SubscriptionEvent = SubscriptionEvent.SUBSCRIBE  # what a new subscription is sent as
    first_invoices: bool = False  # a subscription's first invoice is the sale: where it is made without Checkout
    renewals: bool = False  # later invoices of a subscription are purchases, too
    one_off_invoices: bool = False  # invoices without a subscription are purchases; Checkout can make such, too
    client_reference_as_event_id: bool = False  # client_reference_id is the event_id where metadata has none
    event_id_required: bool = False  # without metadata.event_id nothing counts: where a shop platform counts the rest
    accounts: tuple[str, ...] = ()  # Connect: only these connected accounts count; none named: all
    shop_url: str = ""  # the page of what Stripe and the metadata name no page for
    tolerance_seconds: Annotated[int, msgspec.Meta(ge=0)] = 300  # how old a signature may be; 0: any age
