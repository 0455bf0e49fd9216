"""Adobe Commerce: who is let in, what each state and place of an order becomes, what a waiting checkout is told."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import sys
from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.sources.adobe_keys import ADOBE_PAIR, SHOP_PAIR, event_headers, pem_of, signature, webhook_headers
from tests.unit.sources.fixtures import NOW, Fixture, Ran, fixture, fixtures, ran
from tests.unit.sources.mutants import mutants, mutated

from fullcount.config.schema import default_text, field_of
from fullcount.errors import ConfigError, InvalidEvent
from fullcount.events.tie import Tie, TieKind
from fullcount.sources.adobe.options import AdobeOptions
from fullcount.sources.adobe.sender import Adobe
from fullcount.sources.payload import encode
from fullcount.sources.receipt import Receipt
from fullcount.sources.sender import Outcome, Refused, Rules, Taken
from fullcount.sources.source import Intake, RawRequest

WEBHOOK = fixture("adobe_commerce/webhook_sales_order_place_after.json")
EVENT = fixture("adobe_commerce/io_event_order_commit.json")
KEY = "test-key-of-the-shop-0001"
PAGE = Path(__file__).parents[3] / "docs" / "sources" / "adobe.md"
ADOBE = Adobe()
SIGNED = Rules(name="shop", keys=(KEY,), options=AdobeOptions(public_key=pem_of(SHOP_PAIR)))
EVENTS = Rules(
    name="shop",
    keys=(KEY,),
    options=AdobeOptions(events_public_key=pem_of(ADOBE_PAIR), events_client_id="fixture"),
)


def hashed(value: str) -> str:
    """Return the SHA-256 of a value that is normalised already."""
    return sha256(value.encode()).hexdigest()


def request(body: bytes, headers: dict[str, str] | None = None) -> RawRequest:
    """Return a post of this body; without headers it shows the source's key."""
    given = {"Authorization": f"Bearer {KEY}"} if headers is None else headers
    return RawRequest(body=body, headers={name.lower(): value for name, value in given.items()}, received_at=NOW)


def order(**changes: Any) -> dict[str, Any]:
    """Return the recorded order with some of its fields changed."""
    return {**json.loads(WEBHOOK.body)["data"]["order"], **changes}


def taken(body: object, **settings: Any) -> Ran:
    """Run a post of this body, opened by the key."""
    return ran("adobe", request(encode(body)), KEY, **settings)


def why(found: Ran) -> list[str]:
    """Return why the delivery made no event."""
    assert not found.arrivals
    return [each.reason for each in found.intake.ignored]


@pytest.mark.parametrize("sample", fixtures("adobe_commerce/"), ids=lambda each: each.file)
def test_the_recorded_orders_are_purchases(sample: Fixture) -> None:
    """Both envelopes hold the same paid order: the index's event_id, and everything that the order tells."""
    event = ran("adobe", request(sample.body), KEY).event

    assert event.event_id == sample.expect["event_id"]
    assert (event.canonical, event.properties.order_id) == ("Purchase", "000000088")
    assert (event.properties.value, event.properties.currency) == (72.4, "USD")
    (item,) = event.properties.contents
    assert (item.content_id, item.content_name, item.price, item.quantity) == ("MUG-BLU", "Blue Enamel Mug", 18, 2)
    user = event.user
    assert user.email == hashed("dana.fixture@example.com")
    assert user.phone == hashed("+15550100142")
    assert (user.first_name, user.last_name) == (hashed("dana"), hashed("fixture"))
    assert (user.city, user.state, user.country, user.zip_code) == ("springfield", "illinois", "us", hashed("62704"))
    assert (user.ip, user.external_id, user.ttclid) == ("192.0.2.44", None, None)


def test_an_io_event_tells_its_time_and_is_known_again() -> None:
    """Its own id is the request's, and its time stands where the order names none."""
    found = ran("adobe", request(EVENT.body), KEY)

    assert found.intake.request_id == "7c4e-fixture"
    assert found.event.event_time == 1_795_169_744


def test_the_orders_own_time_comes_first() -> None:
    """Magento writes created_at in UTC without a zone."""
    assert taken({"order": order(created_at="2026-11-20 09:00:00")}).event.event_time == 1_795_165_200


@pytest.mark.parametrize("signed", [b64encode(WEBHOOK.body), WEBHOOK.body], ids=["base64", "as it is"])
def test_a_webhook_is_signed_with_the_shops_private_key(signed: bytes) -> None:
    """Over the body in base64, as Adobe's page has it, or over the body itself: both are taken."""
    shown = {"x-adobe-commerce-webhook-signature": signature(SHOP_PAIR, signed)}

    assert ADOBE.admits(request(WEBHOOK.body, shown), SIGNED)
    assert not ADOBE.admits(request(WEBHOOK.body + b" ", shown), SIGNED), "the exact bytes"
    assert not ADOBE.admits(request(WEBHOOK.body, shown), EVENTS)
    assert not ADOBE.admits(request(WEBHOOK.body, shown), Rules(name="shop", keys=(KEY,)))


def test_a_strangers_signature_is_not_taken() -> None:
    """Another pair's signature, one that is no base64, and none."""
    for shown in (signature(ADOBE_PAIR, b64encode(WEBHOOK.body)), "not base64!", "", "é"):
        assert not ADOBE.admits(request(WEBHOOK.body, {"x-adobe-commerce-webhook-signature": shown}), SIGNED)


def test_both_pairs_hold_while_one_is_being_changed() -> None:
    """Several keys stand in one text, and an environment may write its line ends as a backslash and an n."""
    both = f"{pem_of(ADOBE_PAIR)}\n{pem_of(SHOP_PAIR)}"

    for text in (both, both.replace("\n", "\\n"), f"the shop's key:\n{both}"):
        rules = Rules(name="shop", options=AdobeOptions(public_key=text))
        for pair in (SHOP_PAIR, ADOBE_PAIR):
            assert ADOBE.admits(request(WEBHOOK.body, webhook_headers(WEBHOOK.body, pair)), rules)


def test_io_events_are_adobes_and_this_projects() -> None:
    """One of the two signatures by one of the known keys, and the project's own client id in the body."""
    assert ADOBE.admits(request(EVENT.body, event_headers(EVENT.body)), EVENTS)
    assert not ADOBE.admits(request(EVENT.body, event_headers(EVENT.body, SHOP_PAIR)), EVENTS)
    assert not ADOBE.admits(request(EVENT.body + b" ", event_headers(EVENT.body)), EVENTS)


def test_anothers_io_events_are_not_taken_though_adobe_signed_them() -> None:
    """Adobe signs the events of all its customers with the same pair, so the recipient is looked at, in each."""
    theirs = encode({**json.loads(EVENT.body), "recipient_client_id": "another-shop"})
    mixed = b"[" + EVENT.body + b"," + theirs + b"]"
    unset = Rules(name="shop", options=AdobeOptions(events_public_key=pem_of(ADOBE_PAIR)))

    for body in (theirs, mixed, encode({"specversion": "1.0"}), b"[]", b"not json"):
        assert not ADOBE.admits(request(body, event_headers(body)), EVENTS)
    assert not ADOBE.admits(request(EVENT.body, event_headers(EVENT.body)), unset)


def test_adobes_key_signs_no_webhook() -> None:
    """A signature of I/O Events in a webhook's header does not get past the recipient's check."""
    shown = {"x-adobe-commerce-webhook-signature": signature(ADOBE_PAIR, EVENT.body)}
    assert not ADOBE.admits(request(EVENT.body, shown), EVENTS)


@pytest.mark.parametrize(
    ("headers", "is_let_in"),
    [
        ({"Authorization": f"Bearer {KEY}"}, True),
        ({"Authorization": f"Bearer: {KEY}"}, True),
        ({"Authorization": f"bearer  {KEY} "}, True),
        ({"x-fullcount-key": KEY}, True),
        ({"Authorization": KEY}, False),
        ({"Authorization": f"Basic {KEY}"}, False),
        ({"Authorization": "Bearer test-key-of-a-stranger"}, False),
        ({"Authorization": "Bearer "}, False),
        ({"x-fullcount-key": ""}, False),
        ({}, False),
    ],
)
def test_the_key_opens_in_a_header(headers: dict[str, str], *, is_let_in: bool) -> None:
    """As a Bearer, also with the colon of Adobe's examples, or in a header of ours."""
    assert ADOBE.admits(request(WEBHOOK.body, headers), SIGNED) is is_let_in
    assert not ADOBE.admits(request(WEBHOOK.body, headers), Rules(name="shop", keys=("",)))


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("processing", "Purchase"),
        ("complete", "Purchase"),
        ("new", "not_paid"),
        ("pending_payment", "not_paid"),
        ("payment_review", "not_paid"),
        ("holded", "not_paid"),
        ("canceled", "cancelled"),
        ("closed", "cancelled"),
        ("", "not_paid"),
    ],
)
def test_the_state_decides(state: str, expected: str) -> None:
    """Placed is not paid: only the states that mean money make a purchase, by default."""
    found = taken({"order": order(state=state, status="")})
    assert [found.event.canonical] == [expected] if expected == "Purchase" else why(found) == [expected]


def test_the_status_stands_in_for_a_state_that_is_missing() -> None:
    """A delivery of chosen fields may carry only one of the two."""
    assert taken({"order": order(state=None, status="complete")}).event.canonical == "Purchase"


def test_an_order_counts_when_it_is_placed_if_the_shop_says_so() -> None:
    """With new among the paid states the webhook of the checkout is the purchase."""
    assert (
        taken({"order": order(state="new")}, paid_states=["new", "processing", "complete"]).event.event_id
        == "000000088"
    )


@pytest.mark.parametrize(
    ("topic", "dates", "expected"),
    [
        ("observer.sales_order_place_after", {}, "PlaceAnOrder"),
        ("plugin.magento.sales.api.order_management.place", {}, "PlaceAnOrder"),
        ("observer.sales_order_save_commit_after", {"_isNew": True}, "PlaceAnOrder"),
        ("observer.sales_order_save_commit_after", {"created_at": "2026-11-20 10:15:44"}, "not_paid"),
        ("", {"created_at": "2026-11-20 10:15:44", "updated_at": "2026-11-20 10:15:44"}, "PlaceAnOrder"),
    ],
)
def test_a_new_unpaid_order_is_an_order_placed_if_asked_for(topic: str, dates: dict[str, Any], expected: str) -> None:
    """Once, when it is made: a later change of it is none."""
    found = taken({"eventName": topic, "data": {"order": order(state="new", **dates)}}, place_an_order=True)
    assert [found.event.event] == [expected] if expected == "PlaceAnOrder" else why(found) == [expected]


@pytest.mark.parametrize(
    "body",
    [
        {"eventName": "observer.sales_order_place_after", "data": {"order": order()}},
        {"eventName": "observer.checkout_submit_all_after", "data": {"order": order(), "quote": {"id": 7}}},
        {"order": order()},
        {"type": "com.adobe.commerce.observer.sales_order_save_commit_after", "data": {"value": order()}},
        {"type": "com.adobe.commerce.my_own_alias", "data": {"value": order()}},
        {"data": order()},
        order(),
        [{"specversion": "1.0", "type": "com.adobe.commerce.my_alias", "data": {"value": order()}}],
    ],
)
def test_the_order_is_found_wherever_it_stands(body: object) -> None:
    """Under each kind of webhook, in a CloudEvent or a batch of them, and by itself."""
    assert taken(body).event.event_id == "000000088"


@pytest.mark.parametrize(
    ("topic", "value", "expected"),
    [
        ("observer.catalog_product_save_commit_after", {"sku": "MUG-BLU"}, "unknown_topic"),
        ("observer.sales_order_place_before", order(), "unknown_topic"),
        ("observer.sales_order_invoice_save_commit_after", order(), "unknown_topic"),
        ("observer.sales_order_shipment_save_commit_after", order(), "unknown_topic"),
        ("observer.sales_order_payment_pay", order(), "unknown_topic"),
        ("observer.sales_order_save_commit_after", {"ext_order_id": "7"}, "no_event"),
        ("observer.sales_order_save_commit_after", None, "no_event"),
    ],
)
def test_what_is_no_order_makes_no_event(topic: str, value: object, expected: str) -> None:
    """Invoices and shipments have an order's keys and are none; a save of single fields names no order."""
    found = taken({"type": f"com.adobe.commerce.{topic}", "data": {"value": value}})

    assert why(found) == [expected]
    assert found.intake.ignored[0].name == topic


def test_a_batch_makes_an_event_of_each_order() -> None:
    """A list of CloudEvents: orders, what is ignored and what is no object, each for itself."""
    one, two = order(), order(increment_id="000000089", state="new")
    body = [{"data": {"value": one}}, {"data": {"value": two}}, "x", {"data": {"value": {**one, "increment_id": "90"}}}]
    found = taken(body)

    assert [arrival.entries[0].event.event_id for arrival in found.arrivals] == ["000000088", "90"]
    assert [(each.reason, each.event_id) for each in found.intake.ignored] == [("not_paid", "000000089")]
    assert found.intake.request_id == ""


def test_a_batch_of_any_length_is_refused_as_a_whole() -> None:
    """More documents than events are allowed in one call are no batch of Adobe's."""
    with pytest.raises(InvalidEvent) as refused:
        taken([{}] * 1_001)
    assert refused.value.problems[0].code == "too_many_events"


@pytest.mark.parametrize(("money", "expected"), [("shop", (72.4, "USD", 18.0)), ("presentment", (66.6, "EUR", 16.5))])
def test_the_setting_says_in_whose_money(money: str, expected: tuple[float, str, float]) -> None:
    """The shop's own currency or the shopper's, for the value and for each item."""
    line = {"sku": "MUG-BLU", "qty_ordered": 2, "base_price": 18.0, "price": 16.5}
    body = order(grand_total=66.6, order_currency_code="EUR", items=[line])

    properties = taken(body, money=money).event.properties
    assert (properties.value, properties.currency, properties.contents[0].price) == expected


def test_an_amount_never_gets_the_other_currencys_code() -> None:
    """Where the wanted pair is not whole, both the amount and the code are the other pair's."""
    body = order(base_grand_total=None, grand_total=66.6, order_currency_code="EUR")

    properties = taken(body).event.properties
    assert (properties.value, properties.currency) == (66.6, "EUR")


@pytest.mark.parametrize(
    ("value", "expected"), [("total", 72.4), ("subtotal", 54.0), ("without_tax_and_shipping", 54.4)]
)
def test_the_setting_says_which_amount_is_the_value(value: str, expected: float) -> None:
    """Total is what was paid; subtotal the items after discounts; the last one leaves tax and shipping out."""
    body = order(base_subtotal=60.0, base_discount_amount=-6.0, base_tax_amount="8.00", base_shipping_amount="10.00")
    assert taken(body, value=value).event.properties.value == expected


def test_a_chosen_variant_is_no_item_of_its_own() -> None:
    """A configurable product lists its variant below itself: one item, named by the variant's id, at what was paid."""
    items = {
        "0": {
            "item_id": 5,
            "product_id": 70,
            "product_type": "configurable",
            "sku": "SHIRT-RED-M",
            "name": "Shirt",
            "qty_ordered": 2,
            "base_row_total": 40.0,
            "base_discount_amount": 4.0,
        },
        "1": {"item_id": 6, "parent_item_id": 5, "product_id": 71, "sku": "SHIRT-RED-M", "qty_ordered": 2, "price": 0},
        "2": {"sku": "CHILD", "parent_item": {"sku": "PARENT"}, "qty_ordered": 1},
        "3": {"item_id": 8, "product_id": 90, "product_type": "simple", "qty_ordered": 1, "base_price": 12.4},
    }
    contents = taken(order(items=items)).event.properties.contents

    assert [(item.content_id, item.price, item.quantity) for item in contents] == [("71", 18.0, 2), ("90", 12.4, 1)]


def test_addresses_are_read_in_both_forms() -> None:
    """As an object of their own or in a list; the delivery's phone is told in full where its country is another."""
    billing = {"address_type": "billing", "telephone": "030 901820", "country_id": "DE", "region_code": "BE"}
    shipping = {"address_type": "shipping", "telephone": "01 40 20 50 50", "country_id": "FR", "city": "Paris"}
    phones = {hashed("+4930901820"), hashed("+33140205050")}

    for body in (
        order(addresses=[shipping, billing]),
        order(addresses=None, billing_address=billing, shipping_address=shipping),
    ):
        user = taken(body).event.user
        assert set(user.phone) == phones
        assert (user.country, user.state) == ("de", "be")
    only = taken(order(addresses=[shipping])).event.user
    assert (only.phone, only.city) == (hashed("+33140205050"), "paris")


@pytest.mark.parametrize(
    ("forwarded", "remote", "expected"),
    [
        ("203.0.113.9, 10.0.0.2", "10.0.0.2", "203.0.113.9"),
        ("10.1.1.1, 203.0.113.9", "10.0.0.2", "203.0.113.9"),
        (None, "192.0.2.44", "192.0.2.44"),
        ("unknown", "10.0.0.2", None),
    ],
)
def test_the_shoppers_address_is_the_first_public_one(forwarded: str | None, remote: str, expected: str | None) -> None:
    """Behind a shop's own proxy remote_ip is that proxy's."""
    assert taken(order(x_forwarded_for=forwarded, remote_ip=remote)).event.user.ip == expected


@pytest.mark.parametrize("customer_id", [0, "0", None, ""])
def test_a_guests_external_id_is_never_zero(customer_id: object) -> None:
    """However a shop writes the customer that is none."""
    assert taken(order(customer_id=customer_id)).event.user.external_id is None


@pytest.mark.parametrize("place", ["order", "extension_attributes", "custom_attributes"])
def test_attributes_that_a_shop_adds_are_read(place: str) -> None:
    """Click ID, browser ID, user agent, consent and visitor, in each place where Magento puts what is added."""
    added = {"ttclid": "E.C.P.testAttribute0001", "_ttp": "test-ttp-1", "user_agent": "Mozilla/5.0 (test)"}
    added |= {"fullcount_consent": "granted", "fullcount_visitor": "visitor-1"}
    listed = [{"attribute_code": name, "value": value} for name, value in added.items()]
    bodies: dict[str, dict[str, Any]] = {
        "order": added,
        "extension_attributes": {place: added},
        "custom_attributes": {place: listed},
    }
    found = taken(order(**bodies[place]), consent="required")

    user = found.event.user
    assert (user.ttclid, user.ttp, user.user_agent) == (added["ttclid"], "test-ttp-1", "Mozilla/5.0 (test)")
    assert [(tie.kind.value, tie.value) for tie in found.intake.readings[0].ties] == [
        ("visitor", "visitor-1"),
        ("order_id", "000000088"),
    ]


def test_the_page_is_the_settings_own() -> None:
    """An order names no page."""
    assert taken(order()).event.page.url is None
    assert taken(order(), shop_url="https://shop.example.com/").event.page.url == "https://shop.example.com/"


MEMO: dict[str, Any] = {
    "increment_id": "100000007",
    "order_id": "88",
    "order": {"increment_id": "000000088", "customer_email": "dana.fixture@example.com"},
    "state": 2,
    "base_grand_total": "18.00",
    "base_currency_code": "USD",
    "grand_total": "16.50",
    "order_currency_code": "EUR",
    "created_at": "2026-11-20 10:30:00",
}
MEMO_TOPIC = "com.adobe.commerce.observer.sales_order_creditmemo_save_commit_after"


def test_a_credit_memo_is_a_refund() -> None:
    """Recorded with its own number, its order's, its amount and its time; no event, unless a name is set for it."""
    found = taken({"type": MEMO_TOPIC, "data": {"value": MEMO}})
    (refund,) = found.intake.refunds

    assert not found.arrivals
    assert (refund.refund_id, refund.order_id, refund.amount) == ("100000007", "000000088", 18.0)
    assert (refund.currency, refund.refunded_at) == ("USD", 1_795_170_600)
    event = taken({"creditmemo": MEMO}, refund_event="Refund").event
    assert (event.event, event.event_id, event.properties.value) == ("Refund", "refund-100000007", 18.0)
    assert event.user.email == hashed("dana.fixture@example.com")


@pytest.mark.parametrize(("of_order", "of_memo"), [("denied", None), (None, "denied"), ("denied", "granted")])
def test_who_refused_is_not_told_of_by_a_refund_either(of_order: str | None, of_memo: str | None) -> None:
    """The order's answer counts for its credit memo, and of both the stricter; the refund is recorded all the same."""
    order_part = {**MEMO["order"], "extension_attributes": {"fullcount_consent": of_order, "fullcount_visitor": "v-1"}}
    memo = {**MEMO, "order": order_part, "extension_attributes": {"fullcount_consent": of_memo}}
    found = taken({"creditmemo": memo}, refund_event="Refund")

    assert [arrival.result.reason for arrival in found.arrivals] == ["consent_denied"]
    assert Tie(TieKind.VISITOR, "v-1") in found.intake.readings[0].ties
    assert len(found.intake.refunds) == 1


@pytest.mark.parametrize("value", ["subtotal", "without_tax_and_shipping"])
def test_a_currency_of_three_decimals_keeps_them(value: str) -> None:
    """A fils is a thousandth of a dinar."""
    body = order(base_currency_code="KWD", base_grand_total="12.345", base_subtotal="12.345")
    assert taken(body, value=value).event.properties.value == 12.345


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"order": None}, "no_event"),
        ({"base_grand_total": None, "grand_total": "n/a"}, "no_event"),
        ({"state": 1}, "not_paid"),
        ({"state": "3"}, "not_paid"),
    ],
)
def test_a_credit_memo_that_says_too_little_is_ignored(changes: dict[str, Any], reason: str) -> None:
    """It must name its order and its amount, and be paid out."""
    found = taken({"type": MEMO_TOPIC, "data": {"value": {**MEMO, **changes}}})
    assert why(found) == [reason]
    assert found.intake.refunds == ()


def test_the_challenge_is_echoed_without_a_key() -> None:
    """I/O Events asks with a GET before it trusts an address; nothing else is greeted."""
    asked = RawRequest(body=b"", method="GET", query="challenge=8ec8d794-test%3C")
    reply = ADOBE.greet(asked, ())

    assert reply is not None
    assert (reply.status, reply.content_type, json.loads(reply.body)) == (
        200,
        b"application/json",
        {"challenge": "8ec8d794-test<"},
    )
    for other in (
        RawRequest(body=b"", method="GET"),
        RawRequest(body=b"", method="GET", query="challenge="),
        RawRequest(body=b"", method="GET", query=f"challenge={'x' * 501}"),
        RawRequest(body=b"", query="challenge=x"),
    ):
        assert ADOBE.greet(other, ()) is None


DOWN = Refused(503, "store_unavailable", "the disk is full", "come again", retry_after_seconds=2.0)
UNAUTHORIZED = Refused(401, "unauthorized", "the request is not authentic", "compare the key")


@pytest.mark.parametrize(
    ("headers", "outcome", "status"),
    [
        (webhook_headers(WEBHOOK.body), Taken(Intake(()), Receipt(())), 200),
        (webhook_headers(WEBHOOK.body), DOWN, 200),
        (webhook_headers(WEBHOOK.body), Refused(500, "internal", "", ""), 200),
        (webhook_headers(WEBHOOK.body), Refused(400, "not_json", "", ""), 200),
        (webhook_headers(WEBHOOK.body), Refused(413, "body_too_large", "", ""), 200),
        (webhook_headers(WEBHOOK.body), UNAUTHORIZED, 401),
        ({"Authorization": f"Bearer {KEY}"}, DOWN, 200),
        ({"Authorization": f"Bearer {KEY}"}, UNAUTHORIZED, 401),
        ({"x-fullcount-key": KEY}, DOWN, 503),
        ({"x-fullcount-key": KEY, "Authorization": "Basic of-a-proxy"}, DOWN, 503),
        (event_headers(EVENT.body), DOWN, 503),
        (event_headers(EVENT.body), Refused(400, "not_json", "", ""), 400),
        ({}, DOWN, 503),
    ],
)
def test_a_checkout_that_waits_is_told_to_go_on(headers: dict[str, str], outcome: Outcome, status: int) -> None:
    """A shop's own webhook hears success whatever became of it here; who can repeat hears the truth."""
    reply = ADOBE.answer(request(b"", headers), outcome)

    assert reply.status == status
    if status == 200:
        assert json.loads(reply.body) == {"op": "success"}
    is_hidden = isinstance(outcome, Refused) and status == 200
    assert (b"x-fullcount-refused" in dict(reply.headers)) is is_hidden


def test_a_checkouts_answer_says_what_was_lost() -> None:
    """Whoever reads the shop's own log of answers sees why an order did not come."""
    reply = ADOBE.answer(request(b"", webhook_headers(b"")), DOWN)
    assert reply.headers == ((b"x-fullcount-refused", b"503 store_unavailable"),)


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"public_key": "not a key"}, "public_key"),
        ({"public_key": pem_of(ec.generate_private_key(ec.SECP256R1()))}, "public_key"),
        ({"public_key": pem_of(SHOP_PAIR).replace("MII", "XXX")}, "public_key"),
        ({"events_public_key": "-----BEGIN PUBLIC KEY-----", "events_client_id": "x"}, "events_public_key"),
        ({"events_public_key": pem_of(ADOBE_PAIR)}, "events_client_id"),
        ({"events_public_key": pem_of(ADOBE_PAIR), "events_client_id": " "}, "events_client_id"),
    ],
)
def test_keys_that_cannot_work_are_refused_at_the_start(settings: dict[str, Any], word: str) -> None:
    """A text that is no RSA key, and Adobe's own key without the project, are said with the fix."""
    said = ADOBE.contradiction(Rules(name="shop", options=AdobeOptions(**settings)), ())
    assert said is not None
    assert word in said
    assert ". Fix: " in said


def test_right_settings_and_those_not_looked_up_are_taken() -> None:
    """No key, right ones, and names of files that whoever only reads the settings does not open."""
    unread = AdobeOptions(public_key="file:adobe-public.pem", events_public_key="env:X", events_client_id="x")
    for rules in (SIGNED, EVENTS, Rules(name="shop"), Rules(name="shop", options=unread)):
        assert ADOBE.contradiction(rules, ()) is None


def test_a_key_is_read_from_its_file(tmp_path: Path) -> None:
    """public_key = "file:PATH" holds several lines, and a file without a key stops the start."""
    from fullcount.config.load import load_settings  # noqa: PLC0415 - the loader is what this test is about

    settings = tmp_path / "fullcount.toml"
    settings.write_text(
        '[[pixels]]\nname = "store"\ncode = "C1"\naccess_token = "env:TOKEN"\n'
        '[[sources]]\nname = "shop"\nkind = "adobe"\nkey = "env:KEY"\npixels = ["store"]\n'
        'public_key = "file:adobe-public.pem"\n',
        encoding="utf-8",
    )
    environ = {"TOKEN": "test-token", "KEY": KEY}
    key = tmp_path / "adobe-public.pem"
    key.write_text(pem_of(SHOP_PAIR), encoding="utf-8")
    options = load_settings(settings, environ).settings.sources[0].options
    rules = Rules(name="shop", options=options)
    assert ADOBE.admits(request(WEBHOOK.body, webhook_headers(WEBHOOK.body)), rules)
    key.write_text("nothing", encoding="utf-8")
    with pytest.raises(ConfigError, match="public_key"):
        load_settings(settings, environ)


@pytest.mark.parametrize("body", [b"", b"null", b"{", b"[1", b"\xff", b"7", b"[" * 100_000])
def test_what_is_no_object_is_refused(body: bytes) -> None:
    """A body that is neither a JSON object nor a list raises InvalidEvent, and nothing else."""
    with pytest.raises(InvalidEvent):
        ADOBE.read(request(body), SIGNED)


@pytest.mark.parametrize("sample", fixtures("adobe_commerce/"), ids=lambda each: each.file)
def test_whatever_is_missing_or_odd_the_rest_is_still_an_event(sample: Fixture) -> None:
    """Each key missing, null or of another type: the event that can still be made, and never an exception."""
    for path, body in mutants(json.loads(sample.body)):
        found = taken(body)
        is_order_there = path[-1] not in {"data", "value", "order", "increment_id", "type", "eventName", "state"}
        if is_order_there and "-1" not in json.dumps(body):
            assert found.arrivals[0].entries, path


@given(body=st.sampled_from([WEBHOOK, EVENT]).flatmap(lambda each: mutated(json.loads(each.body))))
def test_no_body_breaks_it(body: object) -> None:
    """Recorded bodies with anything in them are read and travel to the queue's door."""
    raw = json.dumps(body).encode()
    found = ran("adobe", request(raw), KEY, refund_event="Refund", place_an_order=True)

    assert found.is_authentic
    assert not ADOBE.admits(request(raw, event_headers(raw, SHOP_PAIR)), EVENTS)


@given(change=mutated(MEMO))
def test_no_credit_memo_breaks_it(change: object) -> None:
    """A credit memo with anything in it is recorded or ignored."""
    found = taken({"type": MEMO_TOPIC, "data": {"value": change}}, refund_event="Refund")
    assert len(found.intake.refunds) == len(found.arrivals)


@given(body=st.binary(max_size=80), shown=st.text(max_size=60))
def test_no_bytes_break_it(body: bytes, shown: str) -> None:
    """Arbitrary bytes are not authentic, and are read or refused as no object."""
    names = ("x-adobe-commerce-webhook-signature", "x-adobe-digital-signature-1", "authorization", "x-fullcount-key")
    odd = request(body, dict.fromkeys(names, shown))

    for rules in (SIGNED, EVENTS):
        assert not ADOBE.admits(odd, rules)
        with contextlib.suppress(InvalidEvent):
            ADOBE.read(odd, rules)


def test_the_library_behind_signatures_is_loaded_by_who_needs_it() -> None:
    """Looking the sender up, and letting a caller in by its key, loads no cryptography."""
    program = (
        "import sys; from fullcount.sources.registry import SENDERS; from fullcount.sources.sender import Rules;"
        "from fullcount.sources.source import RawRequest;"
        "request = RawRequest(b'{}', headers={'x-fullcount-key': 'test-key'});"
        "assert SENDERS['adobe'].admits(request, Rules(name='shop', keys=('test-key',)));"
        "assert not any(name.startswith('cryptography') for name in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)  # noqa: S603 - our own interpreter and text


def test_the_page_names_every_option_with_its_default() -> None:
    """docs/sources/adobe.md has a row for each key that this kind alone takes."""
    rows = dict(re.findall(r"^\| `(\w+)` \| `([^`]*)` \|", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE))
    assert rows == {key: default_text(field_of(AdobeOptions, key)) for key in AdobeOptions.__struct_fields__}
