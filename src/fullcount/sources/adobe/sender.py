"""Adobe Commerce at the gateway: who is let in, what an order's state means, and what a checkout that waits is told.

A shop's own webhook holds its checkout until it is answered, and any answer but 200 may end it; it is never repeated.
I/O Events repeat what fails with 5xx for a day. Sources, read 2026-11: Adobe's Commerce extensibility and I/O Events
documentation. The keys of orders are from general knowledge.
"""

from __future__ import annotations

from collections.abc import Sequence

from fullcount.errors import InvalidEvent
from fullcount.events.problems import Problem
from fullcount.events.reading import Reading
from fullcount.sources.adobe.envelope import Told, documents, told_by
from fullcount.sources.adobe.mapping import amounts_of, order_event, refund_event
from fullcount.sources.adobe.options import AdobeOptions
from fullcount.sources.adobe.signatures import (
    EVENTS_SIGNATURES,
    OWN_KEY,
    WEBHOOK_SIGNATURE,
    is_signed_event,
    is_signed_webhook,
    opens_by_key,
    public_keys,
)
from fullcount.sources.bounds import check_count
from fullcount.sources.manners import WebhookManners, plain_refusal
from fullcount.sources.mapped import mapped_name, purchase_id
from fullcount.sources.payload import Node, amount, first_text, moment, text
from fullcount.sources.reply import Reply, json_reply
from fullcount.sources.sender import Neighbour, Options, Outcome, Refused, Rules
from fullcount.sources.source import Ignored, Intake, RawRequest, Refund

GO_ON = {"op": "success"}
_LONGEST_CHALLENGE = 500
_NEVER_SOLD = frozenset({"canceled", "closed"})
_NOT_CHECKED = frozenset({401, 405})  # whoever is told so is not known to be the shop


class Adobe(WebhookManners):
    """Reads an Adobe Commerce shop's webhooks and I/O Events, and orders that a Magento extension posts."""

    kind = "adobe"
    options: type[Options] = AdobeOptions

    def greet(self, request: RawRequest, _known: Sequence[Rules]) -> Reply | None:
        """Echo the challenge that I/O Events sends before it trusts an address."""
        challenge = request.parameters().get("challenge", "") if request.method == "GET" else ""
        if challenge and len(challenge) <= _LONGEST_CHALLENGE:
            return json_reply(200, {"challenge": challenge})
        return None

    def admits(self, request: RawRequest, rules: Rules) -> bool:
        """Look for the source's key, the shop's signature, and Adobe's over events of the shop's project."""
        options = rules.options_as(AdobeOptions)
        found = opens_by_key(request, rules.keys)
        found |= is_signed_webhook(request, options)
        found |= is_signed_event(request, options)
        return found

    def read(self, request: RawRequest, rules: Rules) -> Intake:
        """Return the purchases of paid orders, and the refunds of credit memos."""
        found = documents(request.body)
        if found is None:
            problem = Problem("", "the body is no JSON object", "send what the shop sends, unchanged", code="not_json")
            raise InvalidEvent((problem,), where="body")
        if len(found) > 1:
            check_count(len(found), rules.limits, "")
        read = [_read_one(told_by(document), rules) for document in found]
        return Intake(
            tuple(reading for each in read for reading in each.readings),
            are_names_mapped=True,
            request_id=(text(found[0], "id") or "") if len(found) == 1 and "specversion" in found[0] else "",
            ignored=tuple(ignored for each in read for ignored in each.ignored),
            refunds=tuple(refund for each in read for refund in each.refunds),
        )

    def answer(self, request: RawRequest, outcome: Outcome) -> Reply:
        """Let a checkout that waits go on, whatever became of its order here; tell everybody else the truth."""
        if not isinstance(outcome, Refused):
            return json_reply(200, GO_ON)
        if outcome.status in _NOT_CHECKED or not _holds_a_checkout(request):
            return plain_refusal(outcome)
        said = f"{outcome.status} {outcome.code}".encode()
        return json_reply(200, GO_ON, ((b"x-fullcount-refused", said),))

    def contradiction(self, rules: Rules, _neighbours: Sequence[Neighbour]) -> str | None:
        """Find a public key that is none, and Adobe's key without the project that it shall be trusted for."""
        options = rules.options_as(AdobeOptions)
        for name in ("public_key", "events_public_key"):
            if not _is_readable(getattr(options, name)):
                return f"{name} is no RSA public key in PEM. Fix: copy it with its BEGIN and END lines"
        if options.events_public_key and not options.events_client_id.strip():
            return (
                "Adobe signs the events of all its customers with events_public_key, so anybody's would be taken."
                " Fix: set events_client_id to the client id of your project"
            )
        return None


def _is_readable(pem: str) -> bool:
    if not pem or pem.startswith(("env:", "file:")):
        return True  # nothing, or what is not looked up now
    try:
        public_keys(pem)
    except ValueError:
        return False
    except ImportError:  # whoever only looks at the settings may do without the gateway's packages
        return True
    return True


def _holds_a_checkout(request: RawRequest) -> bool:
    """Say whether a shop's checkout may wait for the answer: not I/O Events, and no caller of the shop's own making."""
    if any(request.header(name) for name in (*EVENTS_SIGNATURES, OWN_KEY)):
        return False
    return bool(request.header(WEBHOOK_SIGNATURE) or request.header("authorization"))


def _read_one(told: Told, rules: Rules) -> Intake:
    order = told.about
    if order is None:
        if not told.is_of_interest:
            return Intake((), ignored=(Ignored("unknown_topic", told.topic),))
        return Intake((), ignored=(Ignored("no_event", told.topic, detail="it names no order by its increment_id"),))
    if told.is_refund:
        return _credit_memo(told, order, rules)
    order_id = text(order, "increment_id")
    event_id = purchase_id(rules, order_id=order_id, order_name=order_id)
    said = _said_by_state(told, order, rules)
    name = said if isinstance(said, Ignored) else mapped_name(rules, {}, said) or Ignored("switched_off")
    if isinstance(name, Ignored):
        return Intake((), ignored=(Ignored(name.reason, told.topic, event_id or "", name.detail),))
    return Intake((order_event(name, event_id, told, order, rules),))


def _said_by_state(told: Told, order: Node, rules: Rules) -> str | Ignored:
    options = rules.options_as(AdobeOptions)
    state = first_text(text(order, "state"), text(order, "status")) or ""
    if state in options.paid_states:
        return "Purchase"
    if state in _NEVER_SOLD:
        return Ignored("cancelled", detail=f"its state is {state}")
    if options.place_an_order and _is_new(told, order):
        return "PlaceAnOrder"
    return Ignored("not_paid")


def _is_new(told: Told, order: Node) -> bool:
    """Say whether the order was made just now: a later change of an unpaid one is not placed again."""
    created = text(order, "created_at")
    is_first = bool(created) and created == text(order, "updated_at")
    return "place" in told.topic or "submit" in told.topic or order.get("_isNew") is True or is_first


def _credit_memo(told: Told, memo: Node, rules: Rules) -> Intake:
    if text(memo, "state") not in (None, "2"):  # 1 is open, 3 cancelled
        return Intake((), ignored=(Ignored("not_paid", told.topic, detail="the credit memo is not paid out"),))
    order_id = first_text(text(memo, "order", "increment_id"), text(memo, "order_increment_id"))
    event_id = purchase_id(rules, order_id=order_id, order_name=order_id)
    amounts = amounts_of(memo, rules.catalogue.money)
    refund_id, total = text(memo, "increment_id"), amount(memo, f"{amounts.prefix}grand_total")
    if event_id is None or refund_id is None or total is None:
        detail = "the credit memo does not name its order's increment_id and its amount"
        return Intake((), ignored=(Ignored("no_event", told.topic, detail=detail),))
    refund = Refund(refund_id, event_id, abs(total), amounts.currency, moment(memo, "created_at") or told.told_at)
    readings: tuple[Reading, ...] = ()
    if rules.refund_event:
        readings = (refund_event(rules.refund_event, refund, memo, rules),)
    return Intake(readings, refunds=(refund,))
