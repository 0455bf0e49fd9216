"""Shopify's web pixel: one standard event of a shopper's browser, as an event with the webhook's own event_id.

Source: @shopify/web-pixels-extension 2.18.0 and shopify.dev's standard events (2026-10). An event tells no IP; the
click ID stands in the page's address. Amounts are numbers in the shopper's currency, ids are texts.
"""

from __future__ import annotations

import msgspec

from fullcount.events.model import Half
from fullcount.events.reading import Reading
from fullcount.events.tie import TieKind
from fullcount.sources.carried import named_values, visit_of
from fullcount.sources.catalogue import Catalogue, Value
from fullcount.sources.mapped import e164, event_reading, purchase_id, tied
from fullcount.sources.payload import Node, amount, as_list, at, first_text, plain_id, rows, seconds, text
from fullcount.sources.sender import Rules
from fullcount.sources.source import Ignored

# Pixel event -> TikTok's name; an empty one is an event that TikTok has no name for.
NAMES: dict[str, str] = {
    "page_viewed": "Pageview",
    "product_viewed": "ViewContent",
    "product_added_to_cart": "AddToCart",
    "search_submitted": "Search",
    "checkout_started": "InitiateCheckout",
    "payment_info_submitted": "AddPaymentInfo",
    "checkout_completed": "Purchase",
    "collection_viewed": "",
    "cart_viewed": "",
    "product_removed_from_cart": "",
    "checkout_contact_info_submitted": "",
    "checkout_address_info_submitted": "",
    "checkout_shipping_info_submitted": "",
    "visitorConsentCollected": "",  # our custom pixel's: an answer alone
}


def pixel_event(body: Node, rules: Rules) -> Reading | Ignored:
    """Return the browser's half of a standard event, or why it makes none.

    An order's number, a checkout's token and a payment's make the ids that the webhooks make of them. A purchase that
    cannot be named as its webhook names it is left to that: under another id it would count twice.
    """
    said = text(body, "name") or ""
    name = rules.names.get(said, NAMES.get(said))
    if not name:
        return Ignored("unknown_topic" if name is None else "no_event", said)
    event_id = _event_id(said, body, rules)
    if said == "checkout_completed" and event_id is None:
        return Ignored("event_id_missing", said, detail="the order's webhook makes this purchase")
    checkout = at(body, "data", "checkout")
    visit = visit_of(named_values(body, "data", "checkout", "attributes", key="key"), None)
    token, order_id = plain_id(checkout, "token"), plain_id(checkout, "order", "id")
    moment = seconds(body, "timestamp")
    where = at(body, "context", "document")
    fields: Node = {
        "event": name,
        "event_id": event_id,
        "event_time": None if moment is None else int(moment),
        "consent": visit.consent,
        "user": _user(checkout)
        | {
            "ttclid": visit.ttclid,
            "ttp": visit.ttp,
            "user_agent": text(body, "context", "navigator", "userAgent"),
            "locale": text(body, "context", "navigator", "language"),
        },
        "properties": _properties(at(body, "data"), rules.catalogue) | {"order_id": order_id},
        "page": {
            "url": first_text(text(where, "location", "href"), text(body, "context", "window", "location", "href")),
            "referrer": text(where, "referrer"),
        },
    }
    ties = tied(
        [
            (TieKind.VISITOR, visit.visitor),
            (TieKind.CHECKOUT_TOKEN, token),
            (TieKind.ORDER_ID, order_id),
            (TieKind.CLIENT_ID, text(body, "clientId")),
        ]
    )
    return msgspec.structs.replace(event_reading(fields, ties), half=Half.BROWSER)


def _event_id(said: str, body: Node, rules: Rules) -> str | None:
    checkout = at(body, "data", "checkout")
    token, order_id = plain_id(checkout, "token"), plain_id(checkout, "order", "id")
    if said == "checkout_completed":
        return purchase_id(rules, order_id=order_id, checkout_token=token)
    if said == "checkout_started":
        return first_text(token, text(body, "id"))
    if said == "payment_info_submitted" and token:
        return f"{token}-pay"
    return text(body, "id")


def _user(checkout: object) -> Node:
    """Return the shopper as far as the checkout tells; Shopify nulls it for apps without its approval."""
    places = [place for key in ("billingAddress", "shippingAddress") if isinstance(place := at(checkout, key), dict)]
    home: Node = places[0] if places else {}
    country = first_text(text(home, "countryCode"), text(checkout, "localization", "country", "isoCode"))
    numbers = [
        (text(checkout, "phone"), country),
        *((text(each, "phone"), text(each, "countryCode")) for each in places),
    ]
    return {
        "email": as_list(text(checkout, "email")),
        "phone": as_list(*(e164(number, owner) for number, owner in dict.fromkeys(numbers))),
        "external_id": plain_id(checkout, "order", "customer", "id"),
        "first_name": text(home, "firstName"),
        "last_name": text(home, "lastName"),
        "city": text(home, "city"),
        "state": first_text(text(home, "provinceCode"), text(home, "province")),
        "zip_code": text(home, "zip"),
        "country": country,
    }


def _properties(data: object, catalogue: Catalogue) -> Node:
    checkout, line = at(data, "checkout"), at(data, "cartLine")
    variant, found = at(data, "productVariant"), at(data, "searchResult")
    said: Node = {"content_type": catalogue.content_type}
    if isinstance(checkout, dict):
        items = [
            _content(row.get("variant"), row.get("quantity"), catalogue, row) for row in rows(checkout, "lineItems")
        ]
        currency = first_text(text(checkout, "totalPrice", "currencyCode"), text(checkout, "currencyCode"))
        return said | {"contents": items, "value": _value(checkout, catalogue), "currency": currency}
    if isinstance(line, dict):
        item = _content(line.get("merchandise"), line.get("quantity"), catalogue)
        return said | {"contents": [item], **_money(at(line, "cost", "totalAmount"))}
    if isinstance(variant, dict):
        return said | {"contents": [_content(variant, 1, catalogue)], **_money(variant.get("price"))}
    if isinstance(found, dict):
        items = [_content(each, None, catalogue) for each in rows(found, "productVariants")]
        return said | {"contents": items, "query": text(found, "query"), "search_string": text(found, "query")}
    return {}


def _content(variant: object, quantity: object, catalogue: Catalogue, line: object = None) -> Node:
    ids = {
        "variant_id": plain_id(variant, "id"),
        "product_id": plain_id(variant, "product", "id"),
        "sku": text(variant, "sku"),
    }
    return {
        "content_id": catalogue.item_id(ids),
        "content_name": first_text(text(variant, "product", "title"), text(line, "title"), text(variant, "title")),
        "content_category": text(variant, "product", "type"),
        "brand": text(variant, "product", "vendor"),
        "price": amount(variant, "price", "amount"),
        "quantity": amount({"quantity": quantity}, "quantity"),
    }


def _money(price: object) -> Node:
    return {"value": amount(price, "amount"), "currency": text(price, "currencyCode")}


def _value(checkout: Node, catalogue: Catalogue) -> float | None:
    total, subtotal = amount(checkout, "totalPrice", "amount"), amount(checkout, "subtotalPrice", "amount")
    if catalogue.value is Value.TOTAL or total is None:
        return total
    if catalogue.value is Value.SUBTOTAL:
        return subtotal
    shipping = amount(checkout, "shippingLine", "price", "amount") or 0.0
    return round(max(0.0, total - shipping - (amount(checkout, "totalTax", "amount") or 0.0)), 4)
