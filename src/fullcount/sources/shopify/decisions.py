"""What an order becomes: one table, read from the top; the first row that fits decides.

It stands in docs/sources/shopify.md, too, and a test holds the two equal. Words of `financial_status`: shopify.dev's
Order resource, 2026-10.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

import msgspec

CREATE, PAID, UPDATED = "orders/create", "orders/paid", "orders/updated"
UNSAID = "unsaid"  # an order without a financial_status


class Channel(StrEnum):
    """Where an order was made, as its `source_name` tells."""

    WEB = "web"  # "web", the number of an app, and whatever stands in no table
    POS = "pos"
    DRAFT = "draft"
    SUBSCRIPTION = "subscription"  # an order that a contract made, so a renewal; the first one comes by the web
    LEFT_OUT = "left_out"  # by the source's settings alone


CHANNELS: Mapping[str, Channel] = {"pos": Channel.POS, "shopify_draft_order": Channel.DRAFT}
_CONTRACT = "subscription_contract"  # and what begins with it


class Becomes(StrEnum):
    """What an order comes to."""

    PURCHASE = "purchase"
    OFFLINE = "offline"  # a purchase under the event source offline
    PLACE_AN_ORDER = "place_an_order"
    IGNORED = "ignored"
    TEST = "test"  # read on; what comes of it goes out under the source's test code


class OrderFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the table asks of an order."""

    topic: str
    status: str = UNSAID
    channel: Channel = Channel.WEB
    is_test: bool = False
    is_cancelled: bool = False
    is_refunded: bool = False  # some money or goods went back
    is_zero: bool = False  # its total
    is_anonymous: bool = False  # neither e-mail nor phone


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """Conditions, all of which must hold (an empty one always does), and what comes of it."""

    becomes: Becomes
    reason: str = ""  # of what is ignored: a value of `fullcount.queue.outcomes.Ignored`
    marks: tuple[str, ...] = ()  # names of facts that are true: "is_test"
    channel: Channel | None = None
    statuses: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    setting: str = ""  # a key of the source's table
    is_set: bool = True  # how the setting stands


class Decision(msgspec.Struct, frozen=True):
    """What an order becomes, why it is ignored, and whether it goes out as a test."""

    becomes: Becomes
    reason: str = ""
    is_test: bool = False


_PAID = ("paid", "partially_refunded")
_UNPAID = ("authorized", "pending", "partially_paid", UNSAID)
_IGNORED = Becomes.IGNORED

TABLE: tuple[Row, ...] = (
    Row(becomes=_IGNORED, reason="test_order", marks=("is_test",), setting="test_event_code", is_set=False),
    Row(becomes=Becomes.TEST, marks=("is_test",)),
    Row(becomes=_IGNORED, reason="switched_off", channel=Channel.LEFT_OUT),
    Row(becomes=_IGNORED, reason="cancelled", marks=("is_cancelled",)),
    Row(becomes=_IGNORED, reason="cancelled", statuses=("voided", "expired")),
    Row(becomes=_IGNORED, reason="already_counted", marks=("is_refunded",), topics=(UPDATED,)),
    Row(becomes=_IGNORED, reason="cancelled", statuses=("refunded",)),
    Row(becomes=_IGNORED, reason="renewal", channel=Channel.SUBSCRIPTION, setting="renewals", is_set=False),
    Row(becomes=_IGNORED, reason="offline_order", channel=Channel.DRAFT, setting="drafts", is_set=False),
    Row(becomes=_IGNORED, reason="offline_order", channel=Channel.POS, setting="offline", is_set=False),
    Row(becomes=_IGNORED, reason="offline_order", marks=("is_anonymous",), channel=Channel.POS),
    Row(becomes=_IGNORED, reason="zero_amount", marks=("is_zero",), setting="zero_total", is_set=False),
    Row(becomes=Becomes.OFFLINE, channel=Channel.POS, statuses=_PAID),
    Row(becomes=_IGNORED, reason="not_paid", channel=Channel.POS),
    Row(becomes=_IGNORED, reason="switched_off", setting="online", is_set=False),
    Row(becomes=Becomes.PURCHASE, statuses=_PAID),
    Row(
        becomes=Becomes.PURCHASE,
        statuses=("authorized",),
        topics=(CREATE, PAID),
        setting="authorized_is_paid",
    ),
    Row(
        becomes=Becomes.PURCHASE,
        statuses=("pending", "partially_paid"),
        topics=(CREATE,),
        setting="pending_is_paid",
    ),
    Row(becomes=Becomes.PLACE_AN_ORDER, statuses=_UNPAID, topics=(CREATE,), setting="place_an_order"),
    Row(becomes=_IGNORED, reason="not_paid"),
)


def decide(facts: OrderFacts, settings: Mapping[str, bool], table: Iterable[Row] = TABLE) -> Decision:
    """Return what the table says of an order under these settings; one that is not told is false.

    >>> decide(OrderFacts(topic="orders/paid", status="paid"), {"online": True}).becomes.value
    'purchase'
    """
    is_test = False
    for row in table:
        if not _fits(row, facts, settings):
            continue
        if row.becomes is not Becomes.TEST:
            return Decision(row.becomes, row.reason, is_test)
        is_test = True
    raise LookupError("the table has no last row")


def _fits(row: Row, facts: OrderFacts, settings: Mapping[str, bool]) -> bool:
    return (
        (row.channel is None or row.channel is facts.channel)
        and (not row.statuses or facts.status in row.statuses)
        and (not row.topics or facts.topic in row.topics)
        and all(getattr(facts, mark) for mark in row.marks)
        and (not row.setting or settings.get(row.setting, False) is row.is_set)
    )


def channel_of(source_name: str | None, more: Mapping[str, Channel]) -> Channel:
    """Return where an order was made; `more` is the settings' own table, by source_name.

    >>> channel_of("subscription_contract_checkout_one", {}).value, channel_of("580111", {}).value
    ('subscription', 'web')
    """
    name = source_name or ""
    if name in more:
        return more[name]
    if name.lower().startswith(_CONTRACT):
        return Channel.SUBSCRIPTION
    return CHANNELS.get(name.lower(), Channel.WEB)
