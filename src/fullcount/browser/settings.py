"""What one source's snippet is told."""

from __future__ import annotations

import re

import msgspec

from fullcount.browser.data_layer import DATA_LAYER_NAMES
from fullcount.errors import ConfigError
from fullcount.events.event_id import parse_template

CAPTURES = ("pixel", "data_layer", "attributes")
CONSENT_TOOLS = ("tcf", "gpp", "usp", "shopify")
PURCHASE = "Purchase"

_COOKIE_NAME = re.compile(r"[A-Za-z0-9_-]{1,40}")


class SnippetSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that differs from one shop's snippet to another's; public, like the snippet itself."""

    key: str  # the source's public key
    endpoint: str = "/fc/e"  # of the beacons; relative ("e"): beside wherever the script was fetched from
    template: str = "{order_id}"  # event_id of the events in `merge`
    merge: tuple[str, ...] = (PURCHASE,)  # canonical names whose id both halves make of the order
    content_id: str = "{variant_id|product_id|sku}"  # the data layer's one item id stands for every field
    content_type: str = "product"
    names: tuple[tuple[str, str], ...] = DATA_LAYER_NAMES  # event of the data layer -> TikTok's name
    capture: tuple[str, ...] = CAPTURES  # what is taken up from the page by itself
    consent_tools: tuple[str, ...] = ()  # which of the page's tools are asked
    pages: bool = True  # page views by themselves
    pixel: str = ""  # the code of the page's pixel; nothing: this shop has none in the browser
    purchase_name: str = "CompletePayment"  # as the pixel is told it
    lead_name: str = "Lead"
    click_days: float = 30.0  # of a click ID's cookie that a script had to set
    cookie: str = "_fc"  # of the visitor id; storage keys begin with it, too
    hold_consent: bool = False  # let nothing leave before the visitor agrees

    def __post_init__(self) -> None:
        """Refuse what cannot be put into a script.

        Raises:
            ConfigError: a name is unknown, the template cannot be parsed, or the cookie's name is none.
        """
        parse_template(self.template)
        _check(self.capture, CAPTURES, "capture")
        _check(self.consent_tools, CONSENT_TOOLS, "consent_tools")
        if _COOKIE_NAME.fullmatch(self.cookie) is None:
            raise ConfigError("the cookie has a name that no cookie may have", where="cookie", fix='use "_fc"')


def _check(given: tuple[str, ...], known: tuple[str, ...], where: str) -> None:
    for name in given:
        if name not in known:
            raise ConfigError(f"{name!r} is unknown", where=where, fix=f"use {', '.join(known)}")
