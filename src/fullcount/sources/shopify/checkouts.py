"""checkouts/create and checkouts/update: a checkout begins once, and tells later events who it is."""

from __future__ import annotations

from fullcount.sources.carried import visit_of
from fullcount.sources.mapped import event_reading, waiting_if_lost
from fullcount.sources.payload import Node, moment, plain_id, text
from fullcount.sources.sender import Rules
from fullcount.sources.shopify.intakes import ignored, is_test
from fullcount.sources.shopify.money import contents_of, purse_of, value_of
from fullcount.sources.shopify.names import name_of
from fullcount.sources.shopify.options import ShopifyOptions
from fullcount.sources.shopify.people import person
from fullcount.sources.shopify.visit import attributes_of, page_of, sightings_of, ties_of
from fullcount.sources.source import Intake, RawRequest


def read_checkout(body: Node, topic: str, request: RawRequest, rules: Rules) -> Intake:
    """Return an InitiateCheckout under the checkout's token, so that each further step is a duplicate.

    The body has no IP and no user agent; without contact data and click ID it names nobody.
    """
    token = plain_id(body, "token")
    if text(body, "completed_at") is not None:
        return ignored("completed_checkout", topic, token)
    if is_test(request, body) and rules.test_event_code is None:
        return ignored("test_order", topic, token)
    name = name_of(rules, topic)
    if name is None:
        return ignored("switched_off", topic, token)
    visit = visit_of(attributes_of(body), text(body, "landing_site"))
    user = person(body) | {"ttclid": visit.ttclid, "ttp": visit.ttp}
    purse = purse_of(body, rules.catalogue)
    domain = rules.options_as(ShopifyOptions).domain
    fields: Node = {
        "event": name,
        "event_id": token,
        "event_time": moment(body, "created_at"),
        "consent": visit.consent,
        "user": user,
        "properties": {
            "value": value_of(body, rules.catalogue, purse),
            "currency": purse.currency,
            "content_type": rules.catalogue.content_type,
            "contents": contents_of(body, rules.catalogue, purse),
        },
        "page": page_of(body, domain),
    }
    reading = waiting_if_lost(event_reading(fields, ties_of(body, visit, checkout_token=token)))
    if is_test(request, body):
        return Intake((reading,), test_event_code=rules.test_event_code, are_names_mapped=True)
    return Intake((reading,), are_names_mapped=True, sightings=sightings_of(reading, body, domain))
