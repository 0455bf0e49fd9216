"""From an order as Magento keeps it to an event. Amounts come twice: `base_` ones are the shop's own currency."""

from __future__ import annotations

from typing import NamedTuple

from fullcount.consent.decision import stricter
from fullcount.events.reading import Reading
from fullcount.events.tie import Tie, TieKind
from fullcount.identity.ip import normalize_ip
from fullcount.identity.phones import normalize_phone
from fullcount.sources.adobe.envelope import Told
from fullcount.sources.adobe.options import AdobeOptions
from fullcount.sources.catalogue import Catalogue, Money, Value
from fullcount.sources.mapped import event_reading, items_of, tied
from fullcount.sources.payload import Node, amount, as_list, at, first_text, moment, rows, set_id, text
from fullcount.sources.sender import Rules
from fullcount.sources.source import Refund

_CODES = {"base_": "base_currency_code", "": "order_currency_code"}


class Amounts(NamedTuple):
    """Which of an order's two currencies is told: the prefix of its amounts' keys, and its code."""

    prefix: str
    currency: str | None


def amounts_of(order: Node, money: Money) -> Amounts:
    """Return the currency that the source wants, or the other one where that has no total; they are never mixed."""
    wanted = ("base_", "") if money is Money.SHOP else ("", "base_")
    found = [Amounts(prefix, text(order, _CODES[prefix])) for prefix in wanted]
    whole = (each for each in found if each.currency and amount(order, f"{each.prefix}grand_total") is not None)
    return next(whole, found[0])


def order_event(name: str, event_id: str | None, told: Told, order: Node, rules: Rules) -> Reading:
    """Return an order's event."""
    amounts, catalogue = amounts_of(order, rules.catalogue.money), rules.catalogue
    fields: Node = {
        "event": name,
        "event_id": event_id,
        "event_time": moment(order, "created_at") or told.told_at,
        "consent": _consent(order),
        "user": _user(order),
        "properties": {
            "order_id": text(order, "increment_id"),
            "value": _value(order, amounts.prefix, catalogue),
            "currency": amounts.currency,
            "content_type": catalogue.content_type,
            "contents": _contents(order, amounts.prefix, catalogue),
        },
        "page": {"url": _page(rules)},
    }
    return event_reading(fields, _ties(order))


def refund_event(name: str, refund: Refund, memo: Node, rules: Rules) -> Reading:
    """Return a refund's event, with what the credit memo tells of the shopper."""
    held = at(memo, "order")
    order: Node = held if isinstance(held, dict) else {}
    fields: Node = {
        "event": name,
        "event_id": f"refund-{refund.refund_id}",
        "event_time": refund.refunded_at,
        "consent": stricter(_consent(order), _consent(memo)),
        "user": _user({**order, **memo}),
        "properties": {"order_id": refund.order_id, "value": refund.amount, "currency": refund.currency},
        "page": {"url": _page(rules)},
    }
    ties = [(TieKind.ORDER_ID, refund.order_id), (TieKind.VISITOR, _custom(order, "fullcount_visitor"))]
    return event_reading(fields, tied(ties), is_id_private=True)


def _page(rules: Rules) -> str | None:
    return rules.options_as(AdobeOptions).shop_url.strip() or None


def _ties(order: Node) -> tuple[Tie, ...]:
    return tied(
        [
            (TieKind.VISITOR, _custom(order, "fullcount_visitor")),
            (TieKind.ORDER_ID, text(order, "increment_id")),
        ]
    )


def _consent(order: Node) -> str | None:
    return _custom(order, "fullcount_consent")


def _custom(order: Node, *names: str) -> str | None:
    """Return an attribute that a shop added to its orders, wherever Magento puts it."""
    added = at(order, "extension_attributes")
    listed = {text(row, "attribute_code"): text(row, "value") for row in rows(order, "custom_attributes")}
    return first_text(*(found for name in names for found in (text(order, name), text(added, name), listed.get(name))))


def _user(order: Node) -> Node:
    billing, shipping = _address(order, "billing"), _address(order, "shipping")
    where = billing or shipping
    return {
        "email": as_list(text(order, "customer_email"), text(billing, "email")),
        "phone": _phones(where, shipping),
        "external_id": set_id(order, "customer_id"),
        "first_name": first_text(text(where, "firstname"), text(order, "customer_firstname")),
        "last_name": first_text(text(where, "lastname"), text(order, "customer_lastname")),
        "city": text(where, "city"),
        "state": first_text(text(where, "region_code"), text(where, "region"), text(where, "region", "region_code")),
        "zip_code": text(where, "postcode"),
        "country": text(where, "country_id"),
        "ip": _shopper_ip(order),
        "user_agent": _custom(order, "user_agent"),
        "ttclid": _custom(order, "ttclid"),
        "ttp": _custom(order, "_ttp", "ttp"),
    }


def _address(order: Node, kind: str) -> Node:
    held = order.get(f"{kind}_address")
    if isinstance(held, dict):
        return held
    return next((row for row in rows(order, "addresses") if text(row, "address_type") == kind), {})


def _phones(first: Node, other: Node) -> list[str]:
    """Return both addresses' numbers; the second in full where its country is another."""
    number, country = text(other, "telephone"), text(other, "country_id")
    if number and country and country != text(first, "country_id"):
        number = normalize_phone(number, country)[0] if country.isalpha() and len(country) == 2 else None
    return as_list(text(first, "telephone"), number)


def _shopper_ip(order: Node) -> str | None:
    """Return the first public address: behind a proxy of the shop's `remote_ip` is that proxy's."""
    seen = [*(text(order, "x_forwarded_for") or "").split(","), text(order, "remote_ip") or ""]
    return next((each.strip() for each in seen if normalize_ip(each.strip())[0]), None)


def _lines(order: Node) -> list[Node]:
    held = order.get("items")
    return rows({"items": list(held.values())} if isinstance(held, dict) else order, "items")


def _contents(order: Node, prefix: str, catalogue: Catalogue) -> list[Node]:
    """Return what was bought; a product of options has its chosen variant below it, which is no item of its own."""
    lines = _lines(order)
    variants = {parent: text(line, "product_id") for line in lines if (parent := text(line, "parent_item_id"))}

    def content(line: Node) -> Node:
        is_of_options = text(line, "product_type") == "configurable"
        ids = {
            "variant_id": variants.get(text(line, "item_id") or "") if is_of_options else None,
            "product_id": text(line, "product_id"),
            "sku": text(line, "sku"),
        }
        return {
            "content_id": catalogue.item_id(ids),
            "content_name": text(line, "name"),
            "price": _unit_price(line, prefix),
            "quantity": amount(line, "qty_ordered"),
        }

    return items_of([line for line in lines if not _is_below_another(line)], content)


def _is_below_another(line: Node) -> bool:
    return text(line, "parent_item_id") is not None or isinstance(line.get("parent_item"), dict)


def _unit_price(line: Node, prefix: str) -> float | None:
    """Return what one piece cost after discounts, without tax."""
    quantity, total = amount(line, "qty_ordered"), amount(line, f"{prefix}row_total")
    if not quantity or total is None:
        return amount(line, f"{prefix}price") if f"{prefix}price" in line else amount(line, "price")
    return round(max(0.0, total - abs(amount(line, f"{prefix}discount_amount") or 0.0)) / quantity, 4)


def _value(order: Node, prefix: str, catalogue: Catalogue) -> float | None:
    def held(key: str) -> float:
        return amount(order, f"{prefix}{key}") or 0.0

    total = amount(order, f"{prefix}grand_total")
    if total is None or catalogue.value is Value.TOTAL:
        return total
    if catalogue.value is Value.SUBTOTAL:
        return round(max(0.0, held("subtotal") - abs(held("discount_amount"))), 4)
    return round(max(0.0, total - held("tax_amount") - held("shipping_amount")), 4)
