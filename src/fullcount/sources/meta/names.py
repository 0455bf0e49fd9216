"""Meta's words and what they are at TikTok. Source: Meta's documentation of server events (read November 2026)."""

from __future__ import annotations

# What is not here is spelled alike at both: AddToCart, ViewContent, Lead, Purchase and others; custom names stay.
NAMES: dict[str, str] = {"PageView": "Pageview"}

# Anything else happened on no page and in no app that TikTok knows: it goes as a web event, as `website` does.
EVENT_SOURCES: dict[str, str] = {
    "website": "web",
    "app": "app",
    "physical_store": "offline",
    "phone_call": "offline",
}
