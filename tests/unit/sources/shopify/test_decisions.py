"""The table of decisions: what each kind of order becomes, and what holds of all of them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.sources.fixtures import ran
from tests.unit.sources.shopify.shop import SECRET, body_of, come, delivery, told

from fullcount.queue.outcomes import Ignored
from fullcount.sources.shopify.decisions import (
    CREATE,
    PAID,
    TABLE,
    UNSAID,
    UPDATED,
    Becomes,
    Channel,
    OrderFacts,
    Row,
    channel_of,
    decide,
)
from fullcount.sources.shopify.options import ShopifyOptions

STATUSES = (
    "paid",
    "authorized",
    "pending",
    "partially_paid",
    "partially_refunded",
    "refunded",
    "voided",
    "expired",
    UNSAID,
    "something new",
)
TOPICS = (CREATE, PAID, UPDATED)
SWITCHES = tuple(key for key in ShopifyOptions.__struct_fields__ if isinstance(getattr(ShopifyOptions(), key), bool))
FACTS = st.builds(
    OrderFacts,
    topic=st.sampled_from(TOPICS),
    status=st.sampled_from(STATUSES),
    channel=st.sampled_from(Channel),
    is_test=st.booleans(),
    is_cancelled=st.booleans(),
    is_refunded=st.booleans(),
    is_zero=st.booleans(),
    is_anonymous=st.booleans(),
)
SETTINGS = st.fixed_dictionaries({key: st.booleans() for key in (*SWITCHES, "test_event_code")})

BILL = {"source_name": "shopify_draft_order"}
TILL = {"source_name": "pos"}
RENEWAL = {"source_name": "subscription_contract_checkout_one"}

CASES: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    # topic, what differs in the order, settings, what comes of it
    (CREATE, {}, {}, "Purchase"),
    (PAID, {}, {}, "Purchase"),
    (UPDATED, {}, {}, "Purchase"),
    (CREATE, {"source_name": "580111"}, {}, "Purchase"),
    (CREATE, {"source_name": None}, {}, "Purchase"),
    (CREATE, {"financial_status": "authorized"}, {}, "Purchase"),
    (CREATE, {"financial_status": "authorized"}, {"authorized_is_paid": False}, "PlaceAnOrder"),
    (
        CREATE,
        {"financial_status": "authorized"},
        {"authorized_is_paid": False, "place_an_order": False},
        "not_paid",
    ),
    (UPDATED, {"financial_status": "authorized"}, {}, "not_paid"),
    (CREATE, {"financial_status": "pending"}, {}, "PlaceAnOrder"),
    (UPDATED, {"financial_status": "pending"}, {}, "not_paid"),
    (CREATE, {"financial_status": "pending"}, {"place_an_order": False}, "not_paid"),
    (CREATE, {"financial_status": "pending"}, {"pending_is_paid": True}, "Purchase"),
    (UPDATED, {"financial_status": "pending"}, {"pending_is_paid": True}, "not_paid"),
    (CREATE, {"financial_status": "partially_paid"}, {}, "PlaceAnOrder"),
    (CREATE, {"financial_status": None}, {}, "PlaceAnOrder"),
    (PAID, {"financial_status": None}, {}, "Purchase"),
    (PAID, {"financial_status": "pending"}, {}, "not_paid"),
    (PAID, {"financial_status": " Paid "}, {}, "Purchase"),
    (CREATE, {"financial_status": "voided"}, {}, "cancelled"),
    (CREATE, {"financial_status": "expired"}, {}, "cancelled"),
    (CREATE, {"financial_status": "refunded"}, {}, "cancelled"),
    (PAID, {"financial_status": "partially_refunded"}, {}, "Purchase"),
    (UPDATED, {"financial_status": "partially_refunded"}, {}, "already_counted"),
    (UPDATED, {"refunds": [{"id": 7, "transactions": []}]}, {}, "already_counted"),
    (CREATE, {"cancelled_at": "2026-11-20T10:00:00-05:00"}, {}, "cancelled"),
    (CREATE, {"test": True}, {}, "test_order"),
    (CREATE, {"test": True}, {"test_event_code": "TEST12345"}, "Purchase test"),
    (CREATE, {"test": True, "financial_status": "pending"}, {"test_event_code": "TEST12345"}, "PlaceAnOrder test"),
    (CREATE, {"test": True, "cancelled_at": "2026-11-20"}, {"test_event_code": "TEST12345"}, "cancelled"),
    (CREATE, BILL, {}, "Purchase"),
    (CREATE, BILL, {"drafts": False}, "offline_order"),
    (CREATE, TILL, {}, "offline_order"),
    (CREATE, TILL, {"offline": True}, "Purchase offline"),
    (CREATE, TILL | {"financial_status": "pending"}, {"offline": True}, "not_paid"),
    (CREATE, TILL | {"test": True}, {"offline": True, "test_event_code": "TEST1"}, "Purchase offline test"),
    (CREATE, {}, {"online": False, "offline": True}, "switched_off"),
    (CREATE, TILL, {"online": False, "offline": True}, "Purchase offline"),
    (CREATE, RENEWAL, {}, "renewal"),
    (CREATE, RENEWAL, {"renewals": True}, "Purchase"),
    (CREATE, {"source_name": "294517"}, {"source_names": {"294517": "subscription"}}, "renewal"),
    (CREATE, {"source_name": "294517"}, {"source_names": {"294517": "left_out"}}, "switched_off"),
    (CREATE, {"source_name": "pos"}, {"source_names": {"pos": "web"}}, "Purchase"),
    (CREATE, {"total_price": "0.00"}, {"zero_total": False}, "zero_amount"),
    (CREATE, {"total_price": "0.00"}, {}, "Purchase"),
    (CREATE, {}, {"names": {"Purchase": ""}}, "switched_off"),
    (CREATE, {"financial_status": "pending"}, {"names": {"place_an_order": "OrderPlaced"}}, "OrderPlaced"),
]


@pytest.mark.parametrize(("topic", "changes", "settings", "comes"), CASES)
def test_an_order_becomes_what_the_table_says(
    topic: str, changes: dict[str, Any], settings: dict[str, Any], comes: str
) -> None:
    """Each case goes from the signed body to the queue's door."""
    if "total_price" in changes:
        changes = changes | {"total_price_set": None}
    assert told(body_of(**changes), topic, **settings) == comes


def test_a_till_sale_without_contact_data_matches_nobody() -> None:
    """TikTok matches offline events by e-mail or phone alone, so one without both is ignored."""
    assert told(body_of("orders_create_pos_custom_item"), offline=True) == "offline_order"


def test_a_test_notification_of_the_admin_is_a_test() -> None:
    """X-Shopify-Test marks an order as a test although its body does not."""
    found = ran("shopify", delivery(body_of(), x_shopify_test="true"), SECRET)
    assert [each.reason for each in found.intake.ignored] == ["test_order"]


def test_a_test_order_is_not_remembered() -> None:
    """What a test tells of its visitor is nobody's."""
    found = come(body_of(test=True), test_event_code="TEST1")
    assert found.intake.test_event_code == "TEST1"
    assert found.intake.sightings == ()
    assert len(come(body_of()).intake.sightings) == 1


@given(FACTS, SETTINGS)
def test_every_combination_is_decided(facts: OrderFacts, settings: dict[str, bool]) -> None:
    """Whatever comes together, the table has a row for it, and whatever is ignored has a reason of the closed list."""
    decision = decide(facts, settings)
    assert decision.becomes is not Becomes.TEST
    assert (decision.becomes is Becomes.IGNORED) == bool(decision.reason)
    if decision.reason:
        Ignored(decision.reason)
    assert decision.is_test == (facts.is_test and settings["test_event_code"])


@given(FACTS, SETTINGS)
def test_what_never_counts_under_any_setting(facts: OrderFacts, settings: dict[str, bool]) -> None:
    """No sale of a cancelled, voided, expired, refunded or left-out order, nor of an update that tells of a refund."""
    is_no_sale = (
        facts.is_cancelled
        or facts.status in ("voided", "expired", "refunded", "something new")
        or facts.channel is Channel.LEFT_OUT
        or (facts.topic == UPDATED and (facts.is_refunded or facts.status != "paid"))
    )
    if is_no_sale and facts.status != "partially_refunded":
        assert decide(facts, settings).becomes is Becomes.IGNORED


@given(FACTS, SETTINGS)
def test_a_sale_is_paid_unless_a_setting_says_otherwise(facts: OrderFacts, settings: dict[str, bool]) -> None:
    """Without authorized_is_paid and pending_is_paid, a purchase is one of a paid order."""
    decision = decide(facts, settings | {"authorized_is_paid": False, "pending_is_paid": False})
    if decision.becomes in (Becomes.PURCHASE, Becomes.OFFLINE):
        assert facts.status in ("paid", "partially_refunded")
    assert (decision.becomes is Becomes.OFFLINE) <= (facts.channel is Channel.POS)


@pytest.mark.parametrize("row", TABLE)
def test_every_row_is_needed(row: Row) -> None:
    """For each row there is an order that the table decides otherwise without it."""
    rest = [each for each in TABLE if each is not row]
    if row is TABLE[-1]:
        assert row == Row(becomes=Becomes.IGNORED, reason="not_paid")
        return
    stand = {row.setting: row.is_set}
    settings = [dict.fromkeys((*SWITCHES, "test_event_code"), each) | stand for each in (True, False)]
    assert any(decide(facts, each, rest) != decide(facts, each) for facts in every_order(row) for each in settings)


def every_order(row: Row) -> Iterator[OrderFacts]:
    """Yield the orders that a row fits, with every combination of the marks that it does not ask for."""
    marks = ("is_test", "is_cancelled", "is_refunded", "is_zero", "is_anonymous")
    for status, topic, channel in product(row.statuses or STATUSES, row.topics or TOPICS, Channel):
        for held in product((False, True), repeat=len(marks)):
            found = {mark: value or mark in row.marks for mark, value in zip(marks, held, strict=True)}
            yield OrderFacts(topic=topic, status=status, channel=row.channel or channel, **found)


def test_a_source_name_tells_the_channel() -> None:
    """Contracts make renewals whatever follows in the name; numbers and strange words are the web's."""
    names = ("web", "pos", "POS", "shopify_draft_order", "subscription_contract", "1520611", "", None)
    assert [channel_of(name, {}).value for name in names] == [
        "web",
        "pos",
        "pos",
        "draft",
        "subscription",
        "web",
        "web",
        "web",
    ]
