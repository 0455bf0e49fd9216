"""What Segment's and RudderStack's calls are called, and what they are at TikTok.

Sources: Segment's e-commerce specification v2 with the older names that it lists beside them, and RudderStack's
e-commerce events (both read November 2026).
"""

from __future__ import annotations

from fullcount.events.names import STANDARD
from fullcount.sources.sender import Rules

# `page` and `screen` are kinds of calls; all others are names of `track` calls.
NAMES: dict[str, str] = {
    "page": "Pageview",  # Segment's own preset for TikTok says ViewContent
    "Product Viewed": "ViewContent",
    "Viewed Product": "ViewContent",
    "Products Searched": "Search",
    "Searched Products": "Search",
    "Product Added to Wishlist": "AddToWishlist",
    "Added Product to Wishlist": "AddToWishlist",
    "Product Added": "AddToCart",
    "Added Product": "AddToCart",
    "Checkout Started": "InitiateCheckout",
    "Started Checkout": "InitiateCheckout",
    "Payment Info Entered": "AddPaymentInfo",
    "Entered Payment Info": "AddPaymentInfo",
    "Order Completed": "Purchase",  # RudderStack's own preset says PlaceAnOrder, Segment's CompletePayment
    "Completed Order": "Purchase",
    "Signed Up": "CompleteRegistration",
}
REFUNDS = ("Order Refunded", "Refunded Order", "Order Cancelled", "Order Canceled", "Cancelled Order")

# How the destinations for TikTok are called under `integrations`.
INTEGRATIONS = ("TikTok Conversions", "TikTok Ads", "TIKTOK_ADS", "Fullcount")

# Path -> the kind of call that it takes; an empty one takes batches. The short ones are Analytics.js's.
KINDS: dict[str, str] = {
    "/v1/track": "track",
    "/v1/page": "page",
    "/v1/screen": "screen",
    "/v1/identify": "identify",
    "/v1/group": "group",
    "/v1/alias": "alias",
    "/v1/batch": "",
    "/v1/import": "",
    "/v1/t": "track",
    "/v1/p": "page",
    "/v1/s": "screen",
    "/v1/i": "identify",
    "/v1/g": "group",
    "/v1/a": "alias",
    "/v1/b": "",
}


def _folded(name: str) -> str:
    return "".join(char for char in name.lower() if char.isalnum())


_FOLDED = {_folded(name): found for name, found in NAMES.items()}
_REFUNDS = frozenset(_folded(name) for name in REFUNDS)


def tiktok_name(said: str, rules: Rules, *, takes_custom: bool) -> str | None:
    """Return TikTok's name for a call's, however the sender spells its case and blanks.

    The settings' own table comes first, and an empty name there leaves the call out. TikTok's own names stay. None: it
    means nothing to TikTok; with `takes_custom` it goes out under its own name.

    >>> [tiktok_name(said, Rules(name="cdp"), takes_custom=False) for said in ("order_completed", "Lead", "Clicked")]
    ['Purchase', 'Lead', None]
    """
    if said in rules.names:
        return rules.names[said]
    if said in STANDARD:
        return said
    return _FOLDED.get(_folded(said)) or (said if takes_custom else None)


def is_refund(said: str, rules: Rules) -> bool:
    """Return whether a track call tells of money that went back."""
    return said not in rules.names and _folded(said) in _REFUNDS
