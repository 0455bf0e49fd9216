"""Google's event names and what TikTok calls them: data, read 2026-11.

Sources: TikTok's own template for server-side containers (s2s_0_2_01) for the names it knows; Google's list of
recommended events for `generate_lead` and `view_search_results`; Google's lists of automatic events for what is left
out. A name in neither table goes out as it came, as a custom event.
"""

from __future__ import annotations

# An empty name leaves the event out. The article's variant, a page view as ViewContent, is `names.page_view`.
NAMES: dict[str, str] = {
    "add_payment_info": "AddPaymentInfo",
    "add_to_cart": "AddToCart",
    "add_to_wishlist": "AddToWishlist",
    "begin_checkout": "InitiateCheckout",
    "contact": "Contact",
    "file_download": "Download",
    "generate_lead": "Lead",
    "page_view": "Pageview",
    "purchase": "Purchase",
    "search": "Search",
    "sign_up": "CompleteRegistration",
    "subscribe": "Subscribe",
    "view_item": "ViewContent",
    "view_search_results": "Search",
    # What Google's tags send by themselves, and no ad is measured by.
    "click": "",
    "first_visit": "",
    "form_start": "",
    "form_submit": "",
    "scroll": "",
    "session_start": "",
    "user_engagement": "",
    "video_complete": "",
    "video_progress": "",
    "video_start": "",
}

# Where TikTok calls an app's event otherwise (`fullcount.events.names.APP`), and what Firebase sends by itself.
APP_NAMES: dict[str, str] = {
    **NAMES,
    "begin_checkout": "Checkout",
    "first_open": "InstallApp",
    "generate_lead": "GenerateLead",
    "in_app_purchase": "Purchase",
    "join_group": "JoinGroup",
    "login": "Login",
    "sign_up": "Registration",
    "tutorial_complete": "CompleteTutorial",
    "app_remove": "",
    "app_update": "",
    "os_update": "",
    "screen_view": "",
}

REFUND = "refund"
PURCHASE = "Purchase"
