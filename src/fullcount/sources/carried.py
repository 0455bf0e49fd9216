"""What a cart or an order carries of the visit that it began with: attributes that themes and apps write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import unquote

import msgspec

from fullcount.events.model import names_only
from fullcount.events.placeholders import WORDS, is_macro
from fullcount.sources.payload import Node, first_text, rows, text

# Where themes and apps keep what the landing page brought, and where our theme snippet does.
CLICK_ID_KEYS = ("ttclid", "_ttclid", "tiktok_ttclid")
BROWSER_ID_KEYS = ("_ttp", "ttp")
VISITOR_KEYS = ("fullcount_visitor", "_fullcount_visitor")
CONSENT_KEYS = ("fullcount_consent", "_fullcount_consent")


class Visit(msgspec.Struct, frozen=True):
    """What cart attributes and the landing page say."""

    ttclid: str | None
    ttp: str | None
    visitor: str | None
    consent: str | None

    __repr__ = names_only


def visit_of(attributes: Mapping[str, str], landing: str | None) -> Visit:
    """Return what is known of the visit; the landing page's click ID counts before a cart attribute's."""
    clicks = [click_in(landing), *(attributes.get(key) for key in CLICK_ID_KEYS)]
    return Visit(
        ttclid=next((click for click in clicks if click and _is_set(click)), None),
        ttp=_first(attributes, BROWSER_ID_KEYS),
        visitor=_first(attributes, VISITOR_KEYS),
        consent=_first(attributes, CONSENT_KEYS),
    )


def named_values(node: Node, *path: str, key: str) -> dict[str, str]:
    """Return the texts of a list of {key, value}; of a name that comes twice the last."""
    return {
        name: value
        for row in rows(node, *path)
        if (name := text(row, key)) is not None and (value := text(row, "value")) is not None
    }


def click_in(address: str | None) -> str | None:
    """Return the click ID of an address's query, decoded once, as a browser's own script reads it.

    >>> click_in("/ja/products/matcha?ttclid=E.C.P.abc%252Fdef")
    'E.C.P.abc%2Fdef'
    """
    for pair in (address or "").partition("?")[2].partition("#")[0].split("&"):
        name, _, value = pair.partition("=")
        if name == "ttclid" and value:
            return unquote(value).strip() or None
    return None


def _first(attributes: Mapping[str, str], keys: Sequence[str]) -> str | None:
    return first_text(*(attributes.get(key) for key in keys))


def _is_set(click: str) -> bool:
    return click.lower() not in WORDS and not is_macro(click)
