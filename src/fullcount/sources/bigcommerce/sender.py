"""The sender: which notices are the shop's, which of them are to be looked into, and what it is answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec

from fullcount.events.tie import TieKind
from fullcount.sources.bigcommerce.fetched import (
    CUSTOMER_SCOPE,
    REFUND_SCOPE,
    Named,
    questions_about,
    read_answers,
)
from fullcount.sources.bigcommerce.options import BigCommerceOptions, misfit
from fullcount.sources.bigcommerce.orders import listed_products, order_event_id, read_order, refusal_of
from fullcount.sources.bigcommerce.signature import is_authentic
from fullcount.sources.fetching import Question, Response
from fullcount.sources.manners import WebhookManners, plain_refusal
from fullcount.sources.mapped import event_reading, mapped_name, tied
from fullcount.sources.payload import Node, amount, at, moment, read_object, text
from fullcount.sources.reply import Reply, empty_reply
from fullcount.sources.sender import Neighbour, Options, Outcome, Refused, Rules
from fullcount.sources.source import Ignored, Intake, Notice, RawRequest, Sighting

_WHOLE_ORDER = ("billing_address", "total_inc_tax", "status_id")  # one of these, and the body has the order in it
_NO_TOKEN = "the notice only names it: set api_token and store_hash, so that it can be fetched"  # noqa: S105 - words


class BigCommerce(WebhookManners):
    """Reads a BigCommerce shop's webhooks."""

    kind = "bigcommerce"
    options: type[Options] = BigCommerceOptions

    def admits(self, request: RawRequest, rules: Rules) -> bool:
        """Check the custom header, if the settings name one, or the signature over the exact body."""
        options = rules.options_as(BigCommerceOptions)
        return is_authentic(request, rules.keys, options.header, options.tolerance_seconds)

    def read(self, request: RawRequest, rules: Rules) -> Intake:
        """Return the notice to look into, or what a body with the whole order in it brings."""
        body = read_object(request.body)
        intake = _read(text(body, "scope") or "", body, rules)
        if not intake.readings and not intake.notices:
            return intake  # what a setting leaves out is to be read afresh when it is sent again
        return msgspec.structs.replace(intake, request_id=text(body, "hash") or "")

    def questions(self, notice: bytes, rules: Rules) -> Sequence[Question]:
        """Return what to ask the shop's API for."""
        return questions_about(notice, rules)

    def resolve(self, notice: bytes, responses: Sequence[Response], rules: Rules) -> Intake:
        """Return what the API's answers bring."""
        return read_answers(notice, responses, rules)

    def answer(self, _request: RawRequest, outcome: Outcome) -> Reply:
        """200 without a body; a refusal with its status."""
        return plain_refusal(outcome) if isinstance(outcome, Refused) else empty_reply(200)

    def contradiction(self, rules: Rules, _neighbours: Sequence[Neighbour]) -> str | None:
        """Refuse options that send a token astray or can never fetch."""
        return misfit(rules.options_as(BigCommerceOptions))


def _read(scope: str, body: Node, rules: Rules) -> Intake:
    store_hash = rules.options_as(BigCommerceOptions).store_hash
    store = text(body, "producer")
    if store_hash and store is not None and store != f"stores/{store_hash}":
        return _ignored("unreadable_notice", scope, detail="another store's: compare store_hash")
    reader = _READERS.get(scope)
    return _ignored("unknown_topic", scope) if reader is None else reader(scope, body, rules)


def _order(scope: str, body: Node, rules: Rules) -> Intake:
    data = at(body, "data")
    order = next((each for each in (at(data, "order"), data) if _is_whole(each)), None)
    if order is not None:
        return read_order(order, listed_products(order), scope, rules)
    new_status = amount(data, "status", "new_status_id")
    options = rules.options_as(BigCommerceOptions)
    refusal = None if new_status is None else refusal_of(int(new_status), options)
    if refusal is not None:
        return _ignored(refusal, scope, order_event_id(rules, text(data, "id")) or "")
    return _to_fetch(scope, body, rules)


def _is_whole(order: object) -> bool:
    return isinstance(order, dict) and any(at(order, key) is not None for key in _WHOLE_ORDER)


def _refund(scope: str, body: Node, rules: Rules) -> Intake:
    return _to_fetch(scope, body, rules, refund_id=text(body, "data", "refund", "refund_id"))


def _customer(scope: str, body: Node, rules: Rules) -> Intake:
    if rules.options_as(BigCommerceOptions).registrations:
        return _to_fetch(scope, body, rules)
    customer_id = text(body, "data", "id")
    return _ignored("switched_off", scope, f"customer-{customer_id}" if customer_id else "")


def _to_fetch(scope: str, body: Node, rules: Rules, refund_id: str | None = None) -> Intake:
    """Return a notice of what the body names; the id goes into a path of the API, so that it must be a number."""
    named_id = text(body, "data", "id") or ""
    if not (named_id.isascii() and named_id.isdigit() and len(named_id) <= 20):
        return _ignored("unreadable_notice", scope, detail="the notice names nothing that could be fetched")
    event_id = f"customer-{named_id}" if scope == CUSTOMER_SCOPE else order_event_id(rules, named_id) or ""
    if not rules.options_as(BigCommerceOptions).store_hash:  # the token goes with it, and is not at hand everywhere
        return _ignored("unreadable_notice", scope, event_id, _NO_TOKEN)
    known_as = text(body, "hash") or f"{scope} {named_id} {text(body, 'created_at')}"
    notice = Notice(known_as, Named(scope, named_id, refund_id).kept(), event_id)
    return Intake((), notices=(notice,))


def _cart(scope: str, _body: Node, _rules: Rules) -> Intake:
    return _ignored("no_event", scope)


def _item(scope: str, body: Node, rules: Rules) -> Intake:
    """Read an item that was put into a cart: the notice names nobody, so that visitor memory must know the cart."""
    item_id, cart_id = text(body, "data", "id"), text(body, "data", "cartId")
    options, name = rules.options_as(BigCommerceOptions), mapped_name(rules, {}, "AddToCart")
    if not options.carts or name is None:
        return _ignored("switched_off", scope, item_id or "")
    fields: Node = {
        "event": name,
        "event_id": item_id,
        "event_time": moment(body, "created_at"),
        "page": {"url": f"{options.shop_url.rstrip('/')}/cart.php" if options.shop_url else None},
    }
    ties = tied([(TieKind.CART_TOKEN, cart_id), (TieKind.CHECKOUT_TOKEN, cart_id)])
    reading = event_reading(fields, ties, is_lost_alone=True, is_id_private=True)
    return Intake((reading,), are_names_mapped=True)


def _converted(scope: str, body: Node, _rules: Rules) -> Intake:
    """Read which order a cart became: what is known of the cart's visitor is known of the order's from now on."""
    cart_id, order_id = text(body, "data", "id"), text(body, "data", "orderId")
    ties = tied([(TieKind.CART_TOKEN, cart_id), (TieKind.ORDER_ID, order_id)])
    sightings = (Sighting(ties),) if len(ties) == 2 else ()
    return Intake((), ignored=(Ignored("completed_checkout", scope, order_id or ""),), sightings=sightings)


def _ignored(reason: str, scope: str, event_id: str = "", detail: str = "") -> Intake:
    return Intake((), ignored=(Ignored(reason, scope, event_id, detail),))


_READERS: Mapping[str, Callable[[str, Node, Rules], Intake]] = {
    "store/order/created": _order,
    "store/order/updated": _order,
    "store/order/statusUpdated": _order,
    REFUND_SCOPE: _refund,
    CUSTOMER_SCOPE: _customer,
    "store/cart/created": _cart,
    "store/cart/updated": _cart,
    "store/cart/lineItem/created": _item,
    "store/cart/lineItem/updated": _cart,
    "store/cart/converted": _converted,
}
