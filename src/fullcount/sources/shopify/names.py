"""What Shopify's topics and our decisions are called at TikTok; the source's `names` go before this table."""

from __future__ import annotations

from fullcount.sources.sender import Rules
from fullcount.sources.shopify.decisions import Becomes

# Our reading of Shopify's webhook topics (shopify.dev, 2026-10).
NAMES: dict[str, str] = {
    Becomes.PURCHASE.value: "Purchase",
    Becomes.OFFLINE.value: "Purchase",
    Becomes.PLACE_AN_ORDER.value: "PlaceAnOrder",
    "checkouts/create": "InitiateCheckout",
    "checkouts/update": "InitiateCheckout",
    "carts/create": "AddToCart",
    "carts/update": "AddToCart",
    "customers/create": "CompleteRegistration",
}


def name_of(rules: Rules, said: str) -> str | None:
    """Return TikTok's name for a topic or a decision; None: the source's `names` leave it out.

    `names` may speak of one topic ("checkouts/create") or of all that go by one name ("InitiateCheckout").
    """
    usual = NAMES[said]
    return rules.names.get(said, rules.names.get(usual, usual)) or None
