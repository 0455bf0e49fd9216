"""orders/create, orders/paid and orders/updated: a purchase, once, whichever of them comes first."""

from __future__ import annotations

from fullcount.sources.carried import Visit, visit_of
from fullcount.sources.mapped import event_reading, purchase_id
from fullcount.sources.payload import Node, first_text, moment, plain_id, rows, text
from fullcount.sources.sender import Rules
from fullcount.sources.shopify.decisions import (
    PAID,
    UNSAID,
    Becomes,
    Decision,
    OrderFacts,
    channel_of,
    decide,
)
from fullcount.sources.shopify.intakes import ignored, is_test
from fullcount.sources.shopify.money import SHOP, contents_of, purse_of, value_of
from fullcount.sources.shopify.names import name_of
from fullcount.sources.shopify.options import ShopifyOptions, switches_of
from fullcount.sources.shopify.people import person
from fullcount.sources.shopify.refunds import refunds_of_order
from fullcount.sources.shopify.visit import attributes_of, page_of, sightings_of, ties_of
from fullcount.sources.source import Intake, RawRequest

_REFUNDED = ("partially_refunded", "refunded")


def read_order(body: Node, topic: str, request: RawRequest, rules: Rules) -> Intake:
    """Return what an order becomes, and the refunds that it lists."""
    order_id = order_id_of(body)
    event_id = order_event_id(body, rules)
    refunds = refunds_of_order(body, event_id)
    user = person(body)
    decision = decide(_facts(body, topic, request, rules, user), switches_of(rules))
    if decision.becomes is Becomes.IGNORED:
        return ignored(decision.reason, topic, event_id, refunds=refunds)
    name = name_of(rules, decision.becomes.value)
    if name is None:
        return ignored("switched_off", topic, event_id, refunds=refunds)
    visit = visit_of(attributes_of(body), text(body, "landing_site"))
    reading = event_reading(
        _fields(body, decision, rules, visit, user) | {"event": name, "event_id": event_id},
        ties_of(body, visit, checkout_token=text(body, "checkout_token"), order_id=order_id),
    )
    return Intake(
        (reading,),
        test_event_code=rules.test_event_code if decision.is_test else None,
        are_names_mapped=True,
        refunds=refunds,
        sightings=() if decision.is_test else sightings_of(reading, body, rules.options_as(ShopifyOptions).domain),
    )


def order_id_of(body: Node) -> str | None:
    """Return an order's number, the digits that its gid ends with."""
    return plain_id(body, "id") or plain_id(body, "admin_graphql_api_id")


def order_event_id(body: Node, rules: Rules) -> str | None:
    """Return the event_id of an order's events: by the template, or its number where it lacks what that asks for."""
    order_id, token = order_id_of(body), text(body, "checkout_token")
    made = purchase_id(rules, order_id=order_id, order_name=text(body, "name"), checkout_token=token)
    return made or order_id


def _facts(body: Node, topic: str, request: RawRequest, rules: Rules, user: Node) -> OrderFacts:
    status = (text(body, "financial_status") or ("paid" if topic == PAID else UNSAID)).lower()
    return OrderFacts(
        topic=topic,
        status=status,
        channel=channel_of(text(body, "source_name"), rules.options_as(ShopifyOptions).source_names),
        is_test=is_test(request, body),
        is_cancelled=text(body, "cancelled_at") is not None,
        is_refunded=status in _REFUNDED or bool(rows(body, "refunds")),
        is_zero=SHOP.amount(body, "total_price") == 0,
        is_anonymous=not user["email"] and not user["phone"],
    )


def _fields(body: Node, decision: Decision, rules: Rules, visit: Visit, user: Node) -> Node:
    purse = purse_of(body, rules.catalogue)
    is_offline = decision.becomes is Becomes.OFFLINE
    return {
        "event_time": moment(body, "processed_at") or moment(body, "created_at"),
        "event_source": "offline" if is_offline else None,
        "consent": visit.consent,
        "user": user
        | {
            "ip": first_text(text(body, "client_details", "browser_ip"), text(body, "browser_ip")),
            "user_agent": text(body, "client_details", "user_agent"),
            "ttclid": visit.ttclid,
            "ttp": visit.ttp,
        },
        "properties": {
            "order_id": order_id_of(body),
            "value": value_of(body, rules.catalogue, purse),
            "currency": purse.currency,
            "content_type": rules.catalogue.content_type,
            "contents": contents_of(body, rules.catalogue, purse),
        },
        "page": None if is_offline else page_of(body, rules.options_as(ShopifyOptions).domain),
    }
