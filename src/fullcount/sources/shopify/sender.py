"""Shopify's webhooks: signed with the app's or the store's secret, answered within five seconds.

Sources: shopify.dev (webhook reference, delivery structure, verification, privacy law compliance; 2026-10) and
@shopify/shopify-api 13.1.0. Only the body is signed: what the headers say of topic, shop and time is not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from fullcount.sources.manners import WebhookManners, plain_refusal
from fullcount.sources.payload import Node, is_signed, read_object
from fullcount.sources.reply import Reply
from fullcount.sources.sender import Options, Refused, Rules
from fullcount.sources.shopify import privacy
from fullcount.sources.shopify.carts import read_cart
from fullcount.sources.shopify.checkouts import read_checkout
from fullcount.sources.shopify.customers import read_customer
from fullcount.sources.shopify.decisions import CREATE, PAID, UPDATED
from fullcount.sources.shopify.intakes import ignored
from fullcount.sources.shopify.options import ShopifyOptions
from fullcount.sources.shopify.orders import read_order
from fullcount.sources.shopify.refunds import read_refund
from fullcount.sources.source import Intake, RawRequest

Read = Callable[[Node, str, RawRequest, Rules], Intake]

_TOPICS: dict[str, Read] = {
    CREATE: read_order,
    PAID: read_order,
    UPDATED: read_order,
    "checkouts/create": read_checkout,
    "checkouts/update": read_checkout,
    "carts/create": read_cart,
    "carts/update": read_cart,
    "customers/create": read_customer,
    "refunds/create": read_refund,
} | dict.fromkeys(privacy.TOPICS, privacy.read_privacy)

# "Events", a developer preview of 2026: the same signature, header names without X-, and a body without the order.
_NEWER = Refused(
    400,
    "shopify_events",
    "this is a delivery of Shopify's newer Events, which carry no order",
    "subscribe to the same topics as webhooks, whose headers begin with X-Shopify-",
)


class Shopify(WebhookManners):
    """Reads a Shopify shop's webhooks."""

    kind = "shopify"
    options: type[Options] = ShopifyOptions

    def greet(self, request: RawRequest, _known: Sequence[Rules]) -> Reply | None:
        """Refuse the newer Events with a message that says what to change; everything else needs its signature."""
        if request.header("shopify-hmac-sha256") and not request.header("x-shopify-hmac-sha256"):
            return plain_refusal(_NEWER)
        return None

    def admits(self, request: RawRequest, rules: Rules) -> bool:
        """Check the signature over the exact body, and that it is this shop's."""
        is_authentic = is_signed(request.body, rules.keys, request.header("x-shopify-hmac-sha256"))
        if not is_authentic or not request.body or not _is_of_shop(request, rules):
            return False
        topic = _topic(request)
        return topic not in privacy.TOPICS or privacy.is_meant(request, topic, rules)

    def read(self, request: RawRequest, rules: Rules) -> Intake:
        """Return what the topic means; one that means nothing to TikTok is counted and answered like the others."""
        body = read_object(request.body)
        topic = _topic(request)
        read = _TOPICS.get(topic)
        intake = ignored("unknown_topic", topic) if read is None else read(body, topic, request, rules)
        return msgspec.structs.replace(intake, request_id=request.header("x-shopify-webhook-id").strip())


def _topic(request: RawRequest) -> str:
    return request.header("x-shopify-topic").strip().lower()


def _is_of_shop(request: RawRequest, rules: Rules) -> bool:
    """Say whether the delivery names the shop that the settings name; one app's secret signs those of many shops."""
    wanted = rules.options_as(ShopifyOptions).shop_domain
    return wanted is None or request.header("x-shopify-shop-domain").strip().lower() == wanted.lower()
