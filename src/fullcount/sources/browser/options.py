"""What can be set for pages, and what of it cannot be meant."""

from __future__ import annotations

import re
from typing import Annotated

import msgspec

from fullcount.browser.settings import CAPTURES, CONSENT_TOOLS
from fullcount.sources.sender import Options

TIKTOKS_COOKIES = ("ttclid", "_ttp")
Days = Annotated[float, msgspec.Meta(gt=0, le=400)]  # browsers keep no cookie for longer

_NAME = re.compile(r"[A-Za-z0-9_-]{1,40}")
_HOST = re.compile(r"(?:\*\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*(?::\d{1,5})?", re.IGNORECASE)


class BrowserOptions(Options, frozen=True, kw_only=True):
    """What can be set for pages."""

    origins: tuple[str, ...] = ()  # hosts whose pages may send; none: the host that the beacon itself is sent to
    sandboxed: bool = False  # take pages without an origin too (Origin: null), as Shopify's custom pixel has
    cookie: str = "_fc"  # the visitor cookie's name
    visitor_days: Days = 390.0  # as long as the pixel keeps its own (13 months)
    click_days: Days = 30.0  # as long as server-side tags keep it
    set_browser_id: bool = True  # give a visitor without a `_ttp` one; one that is there is never changed
    country_header: str = ""  # a header in which your CDN writes the visitor's country, such as CF-IPCountry
    capture: tuple[str, ...] = CAPTURES  # what the snippet takes up by itself
    consent_tools: tuple[str, ...] = ()  # which of the page's tools the snippet asks: tcf, gpp, usp, shopify
    hold_consent: bool = False  # let events wait in the page until the visitor has answered
    view_pages: bool = True  # the snippet tells of each page view


def mistake_in(options: BrowserOptions) -> str | None:
    """Return what cannot be meant, with its fix behind ". Fix: "; None if all of it can."""
    for host in options.origins:
        if _HOST.fullmatch(host) is None:
            return 'origins holds what is no host. Fix: write "shop.example.com", or "*.example.com" for all below it'
    if _NAME.fullmatch(options.cookie) is None or options.cookie in TIKTOKS_COOKIES:
        return "cookie is no name for a cookie of ours. Fix: letters, digits, - and _ only, and not one of TikTok's"
    if options.country_header and _NAME.fullmatch(options.country_header) is None:
        return "country_header is no name of a header. Fix: write it as CF-IPCountry"
    for key, given, known in (
        ("capture", options.capture, CAPTURES),
        ("consent_tools", options.consent_tools, CONSENT_TOOLS),
    ):
        if not set(given) <= set(known):
            return f"{key} holds a word that is not known here. Fix: use some of {', '.join(known)}"
    return None
