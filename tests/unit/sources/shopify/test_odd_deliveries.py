"""Whatever a signed delivery holds, it is read, answered, and makes the event that can still be made."""

from __future__ import annotations

import json
from contextlib import nullcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.sources.fixtures import NOW, fixtures, ran
from tests.unit.sources.mutants import mutants, mutated
from tests.unit.sources.shopify.shop import SECRET, body_of, delivery

from fullcount.errors import InvalidEvent
from fullcount.events.reading import read_fields
from fullcount.queue.outcomes import Ignored
from fullcount.sources.catalogue import Catalogue, Money, Value
from fullcount.sources.receipt import Receipt
from fullcount.sources.sender import Rules, Taken
from fullcount.sources.shopify.options import ShopifyOptions
from fullcount.sources.shopify.sender import Shopify
from fullcount.sources.source import Intake, RawRequest

SENDER = Shopify()
BOM = b"\xef\xbb\xbf"
RULES = Rules(name="shop", keys=(SECRET,))
ALL_ON = Rules(
    name="shop",
    keys=(SECRET,),
    options=ShopifyOptions(domain="shop.example.com", offline=True, renewals=True, carts=True, registrations=True),
    catalogue=Catalogue(value=Value.WITHOUT_TAX_AND_SHIPPING, money=Money.PRESENTMENT),
    id_template="{checkout_token}",
    refund_event="OrderRefunded",
    test_event_code="TEST1",
)
DELIVERIES = [(each.headers["X-Shopify-Topic"], json.loads(each.body)) for each in fixtures("shopify/")]
TOPICS = sorted({topic for topic, _ in DELIVERIES})
# What decides by itself that there is no event.
DECIDING = {"financial_status", "source_name", "test", "cancelled_at", "completed_at", "line_items"}


def read(topic: str, body: object, rules: Rules = RULES) -> Intake:
    """Read a body as one that was admitted."""
    return SENDER.read(
        RawRequest(json.dumps(body).encode(), headers={"x-shopify-topic": topic}, received_at=NOW), rules
    )


@pytest.mark.parametrize(
    ("name", "topic"),
    [
        ("orders_create_full", "orders/create"),
        ("checkouts_update_contact", "checkouts/update"),
        ("carts_create", "carts/create"),
        ("customers_create", "customers/create"),
    ],
)
def test_each_value_may_be_missing_or_odd(name: str, topic: str) -> None:
    """Only what decides that there is nothing to send takes the event away; every other field takes itself away."""
    for path, mutant in mutants(body_of(name)):
        intake = read(topic, mutant, ALL_ON)
        if path[0] not in DECIDING:
            assert [reading.event is not None for reading in intake.readings] == [True], path
        for ignored in intake.ignored:
            Ignored(ignored.reason)


@pytest.mark.parametrize("name", ["refunds_create_partial", "customers_redact", "shop_redact"])
def test_refunds_and_redactions_may_be_odd(name: str) -> None:
    """No field of theirs breaks the reading, and an amount is never negative."""
    topic = {"refunds_create_partial": "refunds/create"}.get(name, name.replace("_", "/"))
    for _, mutant in mutants(body_of(name)):
        intake = read(topic, mutant, ALL_ON)
        assert all(refund.amount >= 0 for refund in intake.refunds)
        assert intake.refunds or intake.ignored


@given(st.data())
def test_any_mixture_is_read_and_answered(data: st.DataObject) -> None:
    """Any recorded body with odd values, under any topic: admitted or not, read, and answered with 200."""
    topic, body = data.draw(st.sampled_from(DELIVERIES))
    topic = data.draw(st.just(topic) | st.sampled_from(TOPICS))
    request = delivery(data.draw(mutated(body)), topic)
    rules = data.draw(st.sampled_from([RULES, ALL_ON]))
    if not SENDER.admits(request, rules):
        assert topic in ("customers/data_request", "customers/redact", "shop/redact")
        return
    intake = SENDER.read(request, rules)
    assert SENDER.answer(request, Taken(intake, Receipt(()))).status == 200


@given(
    st.binary(max_size=80) | st.sampled_from([b"{}", b"[]", b"null", b'{"id":', b"\xef\xbb\xbf{}"]), st.text(max_size=8)
)
def test_any_bytes_are_read_or_refused_as_no_json(body: bytes, topic: str) -> None:
    """A body that is no JSON object is InvalidEvent under every topic; nothing else is raised."""
    for each in (topic, *TOPICS):
        request = RawRequest(body, headers={"x-shopify-topic": each, "x-shopify-hmac-sha256": topic})
        assert not SENDER.admits(request, RULES)
        with pytest.raises(InvalidEvent) if read_fields(body.removeprefix(BOM)) is None else nullcontext():
            SENDER.read(request, RULES)


@pytest.mark.parametrize("topic", ["themes/publish", "", "orders/CREATE ", "orders/delete"])
def test_a_topic_that_means_nothing_is_counted(topic: str) -> None:
    """It is authentic, answered 200, and ignored as unknown_topic; blanks and capitals do not matter."""
    found = ran("shopify", delivery(body_of(), topic), SECRET)
    assert found.is_authentic
    reasons = [each.reason for each in found.intake.ignored]
    assert reasons == ([] if topic == "orders/CREATE " else ["unknown_topic"])


def test_an_event_that_was_made_can_travel() -> None:
    """Mutants of an order go through checking and hashing without an exception; a negative total alone is refused."""
    for path, mutant in mutants(body_of()):
        if len(path) > 1:
            continue
        found = ran("shopify", delivery(mutant), SECRET)
        for arrival in found.arrivals:
            assert arrival.entries or path[0] in ("total_price", "total_price_set", "processed_at"), path


def test_a_five_megabyte_order_is_read() -> None:
    """A note of five million characters costs its reading and nothing else."""
    found = ran("shopify", delivery(body_of(note="x" * 5_000_000)), SECRET)
    assert found.event.event_id == "5511001001"
