"""Every sender that Fullcount knows, by the `kind` in the settings. A new one adds its line here."""

from __future__ import annotations

from collections.abc import Mapping

from fullcount.consent.decision import ConsentRule
from fullcount.sources.adobe.sender import Adobe
from fullcount.sources.bigcommerce.sender import BigCommerce
from fullcount.sources.browser.sender import Browser
from fullcount.sources.ga4.sender import Ga4
from fullcount.sources.meta.sender import Meta
from fullcount.sources.segment.sender import Segment
from fullcount.sources.sender import Sender
from fullcount.sources.shopify.sender import Shopify
from fullcount.sources.stripe.sender import Stripe
from fullcount.sources.woocommerce import WooCommerce

# What is ours or TikTok's own: one key opens both kinds of route.
OWN_KINDS = ("json", "tiktok")

_SENDERS: tuple[Sender, ...] = (
    Browser(),
    Adobe(),
    BigCommerce(),
    Shopify(),
    Ga4(),
    Stripe(),
    WooCommerce(),
    Segment(),
    Meta(),
)

SENDERS: Mapping[str, Sender] = {sender.kind: sender for sender in _SENDERS}
KINDS = (*OWN_KINDS, *SENDERS)


def default_consent(kind: str) -> ConsentRule:
    """Return how a source of this kind reads a consent that is missing, where its table does not say it."""
    sender = SENDERS.get(kind)
    return ConsentRule.SENDER_VOUCHES if sender is None else sender.consent
