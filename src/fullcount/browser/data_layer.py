"""GA4's e-commerce events, as shops push them to `dataLayer`, and what TikTok calls them: data, read 2026-11.

Source: TikTok's own template for web containers (0_2_01) for these names. `sources/ga4/names.py` has the table of all
of Google's events, for those that reach the gateway by Google's own tags.
"""

from __future__ import annotations

DATA_LAYER_NAMES: tuple[tuple[str, str], ...] = (
    ("add_payment_info", "AddPaymentInfo"),
    ("add_to_cart", "AddToCart"),
    ("begin_checkout", "InitiateCheckout"),
    ("purchase", "Purchase"),
    ("view_item", "ViewContent"),
)
