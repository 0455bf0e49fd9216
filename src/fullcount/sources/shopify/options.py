"""What can be set for a Shopify shop."""

from __future__ import annotations

from typing import Annotated

import msgspec

from fullcount.sources.sender import Options, Rules
from fullcount.sources.shopify.decisions import Channel

Host = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]*$")]


class ShopifyOptions(Options, frozen=True, kw_only=True):
    """The keys of a source of kind shopify alone."""

    shop_domain: Host | None = None  # "name.myshopify.com": what another shop signs with the same secret is refused
    domain: Host | None = None  # the shop's own, "shop.example.com": makes an address of an order's landing page
    authorized_is_paid: bool = True  # the shopper is done; many shops take the money only with the parcel
    pending_is_paid: bool = False  # cash on delivery, bank transfers and deposits count when they are ordered
    place_an_order: bool = True  # an order that waits for its payment is a PlaceAnOrder
    drafts: bool = True  # orders that the shop wrote itself: invoices, by telephone
    offline: bool = False  # the till's paid orders are purchases of the event source offline
    online: bool = True  # all but the till's; false where the till has a source of its own
    renewals: bool = False  # a subscription's later orders are purchases
    zero_total: bool = True  # an order over nothing is a purchase of the value 0
    source_names: dict[str, Channel] = msgspec.field(default_factory=dict)  # what an app's number stands for
    carts: bool = False  # each line of a cart is an AddToCart, if the visitor is known
    registrations: bool = False  # a new customer is a CompleteRegistration; checkouts and staff make customers, too


def switches_of(rules: Rules) -> dict[str, bool]:
    """Return how the settings stand that the table of decisions asks for."""
    options = rules.options_as(ShopifyOptions)
    switches = {key: value for key in options.__struct_fields__ if isinstance(value := getattr(options, key), bool)}
    return {**switches, "test_event_code": rules.test_event_code is not None}
