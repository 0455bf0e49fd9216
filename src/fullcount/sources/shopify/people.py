"""Who a Shopify order, checkout or customer is: every address and number, each with its own country."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fullcount.sources.mapped import e164
from fullcount.sources.payload import Node, as_list, at, first_text, plain_id, rows, text


def person(body: Node) -> Node:
    """Return the `user` of an order or a checkout as far as its contact data tell it; any of it may be missing.

    Shops see null here while an app lacks the approval for protected customer data (shopify.dev, 2026).
    """
    return _user(body, at(body, "customer"), [at(body, "billing_address"), at(body, "shipping_address")])


def customer(body: Node) -> Node:
    """Return the `user` of a customers/* body."""
    return _user({}, body, rows(body, "addresses")[:1])


def _user(body: Node, buyer: object, places: Sequence[object]) -> Node:
    known = [place for place in (*places, at(buyer, "default_address")) if isinstance(place, dict) and place]
    home: Node = known[0] if known else {}
    return {
        "email": as_list(text(body, "email"), text(body, "contact_email"), text(buyer, "email")),
        "phone": as_list(*_phones(body, buyer, known)),
        "external_id": plain_id(buyer, "id"),
        "first_name": first_text(text(home, "first_name"), text(buyer, "first_name")),
        "last_name": first_text(text(home, "last_name"), text(buyer, "last_name")),
        "city": text(home, "city"),
        "state": _state(home),
        "zip_code": text(home, "zip"),
        "country": _country(home),
        "locale": text(body, "customer_locale"),
    }


def _phones(body: Node, buyer: object, places: Sequence[Node]) -> Iterator[str | None]:
    """Yield each number once for each country that it may be of; one without a country is the pipeline's to read."""
    owned = [(text(place, "phone"), _country(place)) for place in places]
    buyers = _country(at(buyer, "default_address"))
    unowned = [(text(body, "phone"), None), (text(buyer, "phone"), buyers), (text(body, "sms_marketing_phone"), None)]
    for number, country in dict.fromkeys((*unowned, *owned)):
        yield e164(number, country)


def _country(place: object) -> str | None:
    return first_text(text(place, "country_code"), text(place, "country"))


def _state(place: Node) -> str | None:
    """Return the short code that TikTok wants of the US and Canada; elsewhere codes are numbers, and names say more."""
    code, name = text(place, "province_code"), text(place, "province")
    return code if code and len(code) <= 3 and code.isalpha() else name or code
