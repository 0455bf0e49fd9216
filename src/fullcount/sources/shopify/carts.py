"""carts/create and carts/update: lines, and nothing that says whose. Visitor memory may know it by the cart's token."""

from __future__ import annotations

from fullcount.events.reading import Reading
from fullcount.events.tie import TieKind
from fullcount.sources.mapped import event_reading, tied
from fullcount.sources.payload import MOST_ITEMS, Node, first_text, moment, plain_id, rows, text
from fullcount.sources.sender import Rules
from fullcount.sources.shopify.intakes import ignored, is_test
from fullcount.sources.shopify.money import content_of, purse_of
from fullcount.sources.shopify.names import name_of
from fullcount.sources.shopify.options import ShopifyOptions
from fullcount.sources.source import Ignored, Intake, RawRequest


def read_cart(body: Node, topic: str, request: RawRequest, rules: Rules) -> Intake:
    """Return an AddToCart for each line, named by cart, variant and quantity.

    So a line that is told again unchanged is a duplicate, and one whose quantity changed is another AddToCart:
    Shopify sends the whole cart each time, and nothing is kept here to compare it with.
    """
    token = first_text(plain_id(body, "token"), plain_id(body, "id"))
    lines = rows(body, "line_items")
    if not lines:
        return ignored("empty_cart", topic, token)
    name = name_of(rules, topic)
    if name is None or not rules.options_as(ShopifyOptions).carts:
        return ignored("switched_off", topic, token)
    is_trial = is_test(request, body)
    if is_trial and rules.test_event_code is None:
        return ignored("test_order", topic, token)
    most = min(MOST_ITEMS, rules.limits.max_events)
    more = len(lines) - most
    return Intake(
        tuple(_added(line, name, token, body, rules) for line in lines[:most]),
        test_event_code=rules.test_event_code if is_trial else None,
        are_names_mapped=True,
        ignored=(Ignored("no_event", topic, token or "", f"{more:,} more lines than {most}"),) if more > 0 else (),
    )


def _added(line: Node, name: str, token: str | None, body: Node, rules: Rules) -> Reading:
    purse = purse_of(line, rules.catalogue, "price")
    content = content_of(line, rules.catalogue, purse)
    price, quantity = content["price"], content["quantity"]
    thing = first_text(plain_id(line, "variant_id"), plain_id(line, "product_id"), plain_id(line, "id"))
    fields: Node = {
        "event": name,
        "event_id": f"{token}-{thing}-{text(line, 'quantity') or 1}" if token and thing else None,
        "event_time": moment(body, "updated_at") or moment(body, "created_at"),
        "properties": {
            "value": None if price is None or quantity is None else round(price * quantity, 4),
            "currency": purse.currency,
            "content_type": rules.catalogue.content_type,
            "contents": [content],
        },
    }
    return event_reading(fields, tied([(TieKind.CART_TOKEN, token)]), is_lost_alone=True)
