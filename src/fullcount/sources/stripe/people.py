"""Who paid, as far as Stripe and the shop's own metadata tell, and on which page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from fullcount.events.placeholders import is_unset_id
from fullcount.sources.payload import Node, as_list, at, first_text, text

# The keys of an object's metadata that a shop fills in, each with the spellings that are taken.
TOLD = {
    "event_id": ("event_id",),
    "ttclid": ("ttclid", "_ttclid", "tiktok_ttclid"),
    "ttp": ("ttp", "_ttp"),
    "ip": ("ip", "ip_address", "client_ip"),
    "user_agent": ("user_agent",),
    "page_url": ("page_url",),
    "referrer": ("referrer", "page_referrer"),
    "external_id": ("external_id",),
    "order_id": ("order_id",),
    "visitor": ("fullcount_visitor", "visitor"),
    "consent": ("fullcount_consent", "consent"),
    "content_ids": ("content_ids", "content_id"),
    "contents": ("contents",),
}
SESSION_ID = "{CHECKOUT_SESSION_ID}"  # what Stripe fills in when it sends the shopper back
_AUTOMATIC = "auto"  # a locale that was left to the browser


class Told(msgspec.Struct, frozen=True):
    """What the shop wrote into the metadata, nearest first: the object's own, then that of what it belongs to."""

    metadata: tuple[Any, ...]

    def __call__(self, what: str) -> str | None:
        """Return the first text under one of the keys that stand for `what`."""
        return first_text(*(text(each, key) for each in self.metadata for key in TOLD[what]))

    def event_id(self) -> str | None:
        """Return the event_id that the shop gave this very object; a placeholder is none."""
        given = first_text(*(text(self.metadata[0], key) for key in TOLD["event_id"]))
        return None if given is None or is_unset_id(given) else given

    def __repr__(self) -> str:
        return f"Told({len(self.metadata)})"


def told_by(thing: Node, *above: Any) -> Told:
    """Return the metadata of an object, and of those that it belongs to."""
    return Told((thing.get("metadata"), *above))


def reference(thing: Any, key: str) -> str | None:
    """Return the id of another object that this one names, whether the id alone stands there or the object."""
    return text(thing, key, "id") if isinstance(at(thing, key), dict) else text(thing, key)


def user_of(people: Sequence[Any], told: Told, external_id: str | None, landing: dict[str, str]) -> Node:
    """Return the user: `people` are objects with email, phone, name and address, `landing` a URL's parameters."""
    address = next((each for person in people if isinstance(each := at(person, "address"), dict)), {})
    first_name, last_name = _names(first_text(*(text(person, "name") for person in people)))
    return {
        "email": as_list(*(text(person, "email") for person in people)),
        "phone": as_list(*(text(person, "phone") for person in people)),
        "external_id": first_text(told("external_id"), external_id),
        "first_name": first_name,
        "last_name": last_name,
        "city": text(address, "city"),
        "state": text(address, "state"),
        "country": text(address, "country"),
        "zip_code": text(address, "postal_code"),
        "ip": told("ip"),
        "user_agent": told("user_agent"),
        "ttclid": first_text(told("ttclid"), landing.get("ttclid")),
        "ttp": first_text(told("ttp"), landing.get("ttp")),
    }


def locale_of(thing: Node) -> str | None:
    """Return the shopper's language, unless Stripe chose it by itself."""
    locale = text(thing, "locale")
    return None if locale == _AUTOMATIC else locale


def return_page(thing: Node) -> str | None:
    """Return the page that Stripe sends the shopper back to, without the parameter that holds the session's id.

    >>> return_page({"success_url": "https://shop.example/thanks?lang=en&session_id={CHECKOUT_SESSION_ID}"})
    'https://shop.example/thanks?lang=en'
    """
    page = first_text(text(thing, "success_url"), text(thing, "return_url"))
    if page is None or not page.startswith(("https://", "http://")):
        return None
    base, _, query = page.partition("?")
    kept = "&".join(pair for pair in query.split("&") if SESSION_ID not in pair)
    return f"{base}?{kept}" if kept else base


def is_id_on_page(thing: Node) -> bool:
    """Say whether the shop's own page learns the session's id, so that the browser's half can have it."""
    return any(SESSION_ID in (text(thing, key) or "") for key in ("success_url", "return_url"))


def parameters_of(url: str | None) -> dict[str, str]:
    """Return a URL's parameters.

    >>> parameters_of("https://shop.example/thanks?ttclid=E.C.P.x&session_id=cs_1")["ttclid"]
    'E.C.P.x'
    """
    return dict(parse_qsl((url or "").partition("?")[2].partition("#")[0], errors="replace"))


def _names(name: str | None) -> tuple[str | None, str | None]:
    """Return first and last name of a name that has just these two: which is which of three, nobody can tell."""
    words = (name or "").split()
    return (words[0], words[1]) if len(words) == 2 else (None, None)
