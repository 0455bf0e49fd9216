"""WooCommerce's webhooks: what each topic, status, refund and setting makes of an order."""

from __future__ import annotations

import contextlib
import hmac
import json
import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.sources.fixtures import NOW, Fixture, Ran, fixture, fixtures, ran
from tests.unit.sources.mutants import mutants, mutated

from fullcount.config.schema import default_text, field_of
from fullcount.errors import InvalidEvent
from fullcount.sources.catalogue import Catalogue, Value
from fullcount.sources.payload import encode
from fullcount.sources.sender import Refused, Rules
from fullcount.sources.source import RawRequest
from fullcount.sources.woocommerce import WooCommerce, WooCommerceOptions

SECRET = "wc_fixture_secret&1"
PAID = fixture("woocommerce/order_updated_processing.json")
PENDING = fixture("woocommerce/order_created_pending.json")
GUEST = fixture("woocommerce/order_updated_guest_minimal.json")
REFUND = fixture("woocommerce/order_updated_refund.json")
CUSTOMER = fixture("woocommerce/customer_created.json")
PING = fixture("woocommerce/ping.txt")
PAGE = Path(__file__).parents[3] / "docs" / "sources" / "woocommerce.md"
WOO = WooCommerce()


def hashed(value: str) -> str:
    """Return the SHA-256 of a value that is normalised already."""
    return sha256(value.encode()).hexdigest()


def signed(body: bytes, topic: str = "order.updated", secret: str = SECRET) -> RawRequest:
    """Return a delivery as a shop with that secret makes it."""
    signature = b64encode(hmac.new(secret.encode(), body, sha256).digest()).decode()
    return RawRequest(
        body=body,
        headers={
            "content-type": "application/json",
            "x-wc-webhook-source": "https://woo.example.com/",
            "x-wc-webhook-topic": topic,
            "x-wc-webhook-signature": signature,
        },
        received_at=NOW,
    )


def order(**changes: Any) -> dict[str, Any]:
    """Return the paid order with some of its fields changed."""
    return {**json.loads(PAID.body), **changes}


def taken(body: object, topic: str = "order.updated", **settings: Any) -> Ran:
    """Run a signed delivery of this body through a source."""
    return ran("woocommerce", signed(encode(body), topic), SECRET, **settings)


def why(found: Ran) -> list[str]:
    """Return why the delivery made no event."""
    assert not found.arrivals
    return [each.reason for each in found.intake.ignored]


def test_every_recorded_request_of_a_shop_is_authentic() -> None:
    """All fixtures but the ping carry a signature that fits the shop's secret."""
    assert [
        each.file for each in fixtures("woocommerce/") if not ran("woocommerce", each.request(), SECRET).is_authentic
    ] == ["woocommerce/ping.txt"]


def test_a_paid_order_is_a_purchase_with_all_that_the_shop_knows() -> None:
    """The index's expectations of the paid order, and everything else that its body tells."""
    event = ran("woocommerce", PAID.request(), SECRET).event

    assert (event.canonical, event.event, event.event_id) == (PAID.expect["event"], "CompletePayment", "1501")
    assert (event.properties.value, event.properties.currency) == (PAID.expect["value"], PAID.expect["currency"])
    assert event.event_time == 1_795_169_744, "2026-11-20T10:15:44Z: when it was paid, not when we heard"
    user = event.user
    assert user.ttclid == PAID.expect["ttclid"]
    assert user.phone == hashed(PAID.expect["phone_e164"])
    assert user.email == hashed("juergen@example.org")
    assert user.external_id == hashed("42")
    assert (user.first_name, user.last_name) == (hashed("jürgen"), hashed("beispiel"))
    assert (user.city, user.state, user.country, user.zip_code) == ("köln", "nw", "de", hashed("50667"))
    assert (user.ip, user.user_agent) == ("198.51.100.7", json.loads(PAID.body)["customer_user_agent"])
    assert event.page.url is not None
    assert event.page.url.startswith("https://woo.example.com/shop/")
    (item,) = event.properties.contents
    assert (item.content_id, item.content_name, item.price, item.quantity) == ("302", "Tasse blau", 20.0, 2.0)
    assert (event.properties.order_id, event.properties.content_type) == ("1501", "product")


def test_a_guest_with_nothing_is_a_purchase_without_identifiers() -> None:
    """Customer 0 is nobody's external_id, empty texts are absent, and a loopback address is not the shopper's."""
    found = ran("woocommerce", GUEST.request(), SECRET)

    assert found.event.canonical == GUEST.expect["event"]
    assert (found.event.user.email, found.event.user.ip, found.event.user.external_id) == (None, None, None)
    assert found.event.page.url == "https://woo.example.com/checkout/", "without a landing page: where orders are made"


@pytest.mark.parametrize("customer_id", [0, "0", 0.0, "", None])
def test_a_guests_external_id_is_never_zero(customer_id: object) -> None:
    """However a shop writes the customer that is none, no external_id is made of it."""
    assert taken(order(customer_id=customer_id)).event.user.external_id is None


def test_an_order_that_waits_for_its_payment_is_ignored_until_it_is_paid() -> None:
    """The pending order makes no event, and says why; its update when paid has the same id."""
    found = ran("woocommerce", PENDING.request(), SECRET)

    assert PENDING.expect["no_event"]
    assert why(found) == ["not_paid"]
    (ignored,) = found.intake.ignored
    assert (ignored.name, ignored.event_id) == ("order.created", "1501")


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("processing", "Purchase"),
        ("completed", "Purchase"),
        ("on-hold", "not_paid"),
        ("pending", "not_paid"),
        ("packed-by-a-plugin", "not_paid"),
        ("cancelled", "cancelled"),
        ("failed", "cancelled"),
        ("refunded", "cancelled"),
        ("trash", "cancelled"),
        ("checkout-draft", "cancelled"),
        ("", "not_paid"),
        (None, "not_paid"),
    ],
)
@pytest.mark.parametrize("topic", ["order.created", "order.updated", "order.restored"])
def test_the_status_decides(topic: str, status: str | None, expected: str) -> None:
    """An order is a purchase when its status says that it is paid, by whichever topic that comes."""
    found = taken(order(status=status), topic)

    assert [found.event.canonical] == [expected] if expected == "Purchase" else why(found) == [expected]


def test_every_change_of_a_paid_order_is_the_same_event() -> None:
    """Processing, then completed, then restored: one event_id and one time, so that the queue counts one."""
    steps = [("processing", "order.created"), ("processing", "order.updated"), ("completed", "order.updated")]
    steps.append(("completed", "order.restored"))
    events = [taken(order(status=status), topic).event for status, topic in steps]

    assert {(event.event, event.event_id, event.event_time) for event in events} == {
        ("CompletePayment", "1501", 1_795_169_744)
    }


def test_bank_transfers_count_when_the_shop_says_so() -> None:
    """With on-hold among the paid statuses an order is a purchase before its money came; its time is the order's."""
    found = taken(order(status="on-hold", date_paid_gmt=None), paid_statuses=["processing", "completed", "on-hold"])

    assert (found.event.canonical, found.event.event_time) == ("Purchase", 1_795_169_740)


def test_a_new_unpaid_order_is_an_order_placed_if_asked_for() -> None:
    """With place_an_order the pending order is a PlaceAnOrder, once: its later changes are not another."""
    created = ran("woocommerce", PENDING.request(), SECRET, place_an_order=True)
    later = taken(order(status="on-hold"), "order.updated", place_an_order=True)

    assert (created.event.event, created.event.event_id) == ("PlaceAnOrder", "1501")
    assert why(later) == ["not_paid"]


def test_a_webhook_that_comes_late_tells_when_it_was_paid() -> None:
    """A shop's queue may be minutes late: the event keeps the order's own time."""
    found = ran("woocommerce", PAID.request(received_at=NOW + 1_800), SECRET, now=NOW + 1_800)
    assert found.event.event_time == 1_795_169_744


def test_refunds_are_recorded_and_make_no_purchase() -> None:
    """The index's refund: its amount, its order, its time; what is refunded was counted when it was paid."""
    found = ran("woocommerce", REFUND.request(), SECRET)

    assert REFUND.expect["no_event"]
    assert why(found) == ["already_counted"]
    (refund,) = found.intake.refunds
    assert (refund.refund_id, refund.order_id, refund.amount) == ("1599", "1501", REFUND.expect["refund_amount"])
    assert (refund.currency, refund.refunded_at) == ("EUR", 1_795_248_000.0)


def test_a_later_update_lists_old_refunds_under_the_same_ids() -> None:
    """Every update lists all refunds, so that an id is what makes a refund one."""
    refunds = [{"id": 1599, "total": "-20.00"}, {"id": 1600, "total": -4.9}, {"id": 1601, "total": "0.00"}]
    found = taken(order(status="completed", refunds=refunds))

    assert [(each.refund_id, each.amount) for each in found.intake.refunds] == [
        ("1599", 20.0),
        ("1600", 4.9),
        ("1601", 0.0),
    ]
    assert why(found) == ["already_counted"]


def test_an_order_first_heard_of_with_a_refund_is_kept_if_asked_for() -> None:
    """With purchase_after_refund a paid order that lists refunds is the purchase that it was, beside its refund."""
    found = ran("woocommerce", REFUND.request(), SECRET, purchase_after_refund=True)

    assert (found.event.canonical, found.event.event_id, found.event.properties.value) == ("Purchase", "1501", 44.9)
    assert [each.refund_id for each in found.intake.refunds] == ["1599"]
    gone = taken(order(status="refunded", refunds=[{"id": 1, "total": "-44.90"}]), purchase_after_refund=True)
    assert why(gone) == ["cancelled"]
    assert len(gone.intake.refunds) == 1


def test_a_new_order_that_lists_a_refund_is_still_new() -> None:
    """An order.created that comes late and already lists a refund makes its purchase and its refund."""
    found = taken(order(refunds=[{"id": 1599, "total": "-20.00"}]), "order.created")

    assert found.event.event_id == "1501"
    assert [each.amount for each in found.intake.refunds] == [20.0]


def test_refunds_are_events_too_under_a_name_of_ones_own() -> None:
    """With refund_event each refund is an event of that name, with its own id and its amount."""
    event = ran("woocommerce", REFUND.request(), SECRET, refund_event="Refund", now=NOW + 86_400).event

    assert (event.event, event.event_id) == ("Refund", "refund-1599")
    assert (event.properties.value, event.properties.currency, event.properties.order_id) == (20.0, "EUR", "1501")
    assert event.user.email == hashed("juergen@example.org")


def test_a_renewal_is_no_new_purchase() -> None:
    """An order that goes on with a subscription is left out, by either of its marks, unless the source counts them."""
    mark = [{"key": "_subscription_renewal", "value": "77"}]

    assert why(taken(order(created_via="subscription"))) == ["renewal"]
    assert why(taken(order(meta_data=mark))) == ["renewal"]
    assert taken(order(created_via="subscription", meta_data=mark), renewals=True).event.event_id == "1501"


def test_a_part_of_an_order_is_counted_with_the_whole() -> None:
    """An order below another one, as marketplace plugins split them for vendors, makes no event of its own."""
    assert why(taken(order(parent_id=1500))) == ["already_counted"]


def test_orders_made_in_some_ways_are_left_out_if_asked_for() -> None:
    """skip_created_via leaves out what an import writes, and nothing else."""
    assert why(taken(order(created_via="rest-api"), skip_created_via=["rest-api"])) == ["switched_off"]
    assert taken(order(created_via="rest-api")).event.event_id == "1501"
    assert taken(order(), skip_created_via=["rest-api"]).event.event_id == "1501"


@pytest.mark.parametrize(
    "topic", ["order.deleted", "product.updated", "coupon.created", "customer.updated", "action.wc_order_paid", ""]
)
def test_what_means_nothing_to_tiktok_is_counted_as_ignored(topic: str) -> None:
    """Other topics, custom ones and none at all make no event, whatever their body holds."""
    for body in ({"id": 1501}, {"action": "wc_order_paid", "arg": 1501}, order()):
        found = taken(body, topic)
        assert why(found) == ["unknown_topic"]
        assert found.intake.ignored[0].name == topic


def test_the_recorded_deletion_makes_no_event() -> None:
    """Of a deleted order only its id is sent, and nothing is made of it."""
    deleted = fixture("woocommerce/order_deleted.json")
    assert deleted.expect["no_event"]
    assert why(ran("woocommerce", deleted.request(), SECRET)) == ["unknown_topic"]


def test_a_new_customer_is_a_registration_if_asked_for() -> None:
    """The index's customer with registrations on; without it the shop's own accounts are left alone."""
    found = ran("woocommerce", CUSTOMER.request(), SECRET, registrations=True)

    assert (found.event.event, found.event.event_id) == (CUSTOMER.expect["event"], "customer-42")
    assert found.event.user.email == hashed("juergen@example.org")
    assert found.event.user.external_id == hashed("42")
    assert found.event.user.first_name == hashed("jürgen"), "from the account, as its billing address has no name"
    assert why(ran("woocommerce", CUSTOMER.request(), SECRET)) == ["switched_off"]


def test_names_can_be_changed_or_left_out() -> None:
    """The settings' names go before ours; an empty one leaves the event out and says so."""
    changed = {"PlaceAnOrder": "InitiateCheckout", "Purchase": ""}

    assert why(taken(order(), names=changed)) == ["switched_off"]
    placed = taken(order(status="pending"), "order.created", names=changed, place_an_order=True)
    assert placed.event.event == "InitiateCheckout"


@pytest.mark.parametrize(
    ("template", "event_id"),
    [(None, "1501"), ("{order_name}", "A-77"), ("wc-{checkout_token}", "wc-wc_order_fixture1501")],
)
def test_the_purchases_id_follows_the_template(template: str | None, event_id: str) -> None:
    """The order's id by default; its number or its key where the browser's half uses that."""
    settings = {} if template is None else {"event_id": template}
    found = taken(order(number="A-77", refunds=[{"id": 1, "total": "-1"}]), "order.created", **settings)

    assert found.event.event_id == event_id
    assert found.intake.refunds[0].order_id == event_id
    assert found.event.properties.order_id == "1501"


@pytest.mark.parametrize(
    ("value", "expected"), [("total", 44.9), ("subtotal", 36.0), ("without_tax_and_shipping", 33.36)]
)
def test_the_setting_says_which_amount_is_the_value(value: str, expected: float) -> None:
    """Total is what was paid; subtotal the items after discounts; the last one leaves tax and shipping out."""
    line = {**order()["line_items"][0], "subtotal": "40.00", "total": "36.00"}
    body = order(line_items=[line], shipping_total="4.90", total_tax="6.64")

    event = taken(body, value=value).event
    assert event.properties.value == expected
    assert event.properties.contents[0].price == 18.0, "of one piece, as it was sold"


def test_a_currency_of_three_decimals_keeps_them() -> None:
    """A fils is a thousandth of a dinar."""
    body = order(currency="KWD", total="12.345", shipping_total="0.111", total_tax=0, line_items=[{"total": "12.234"}])
    for value in ("subtotal", "without_tax_and_shipping"):
        assert taken(body, value=value).event.properties.value == 12.234


@pytest.mark.parametrize(
    ("line", "template", "content_id"),
    [
        ({"variation_id": 302, "product_id": 301, "sku": "TAS-BL"}, "{variant_id}", "302"),
        ({"variation_id": 0, "product_id": 301, "sku": "TAS-BL"}, None, "301"),
        ({"variation_id": 0, "product_id": 301, "sku": "TAS-BL"}, "{sku|product_id}", "TAS-BL"),
        ({"variation_id": 0, "product_id": 0, "sku": ""}, None, None),
        ({"variation_id": 302, "product_id": 301}, "shop_{product_id}_{variant_id}", "shop_301_302"),
    ],
)
def test_items_are_named_as_the_catalogue_names_them(
    line: dict[str, object], template: str | None, content_id: str | None
) -> None:
    """A product without variations has variation 0, which is no id; the source's template chooses."""
    settings = {} if template is None else {"content_id": template}
    item = {"quantity": 2, "total": "40.00", "price": 20, "name": "Tasse"}

    (content,) = taken(order(line_items=[{**item, **line}]), **settings).event.properties.contents
    assert content.content_id == content_id


@pytest.mark.parametrize(("quantity", "total", "price"), [(2, "40.00", 20.0), (3, "10.00", 3.3333), (0, "0.00", 19.5)])
def test_a_price_is_of_one_piece(quantity: int, total: str, price: float) -> None:
    """What was paid for the line, by its pieces; the shop's own price where there are none."""
    line = {"product_id": 301, "quantity": quantity, "total": total, "price": 19.5}
    assert taken(order(line_items=[line])).event.properties.contents[0].price == price


@pytest.mark.parametrize("key", ["ttclid", "_ttclid", "tiktok_ttclid"])
def test_plugins_meta_data_is_read(key: str) -> None:
    """Click ID, browser ID, consent and visitor come from the keys that plugins and our snippet write."""
    meta = [
        {"id": 1, "key": key, "value": "E.C.P.testMetaClickId0001"},
        {"id": 2, "key": "_ttp", "value": "test-ttp-0001"},
        {"id": 3, "key": "fullcount_visitor", "value": "visitor-1"},
        {"id": 4, "key": "fullcount_consent", "value": "granted"},
        {"id": 5, "key": "_wc_order_attribution_referrer", "value": "https://www.tiktok.com/"},
        {"id": 6, "key": "_wc_order_attribution_user_agent", "value": "Mozilla/5.0 (test)"},
        {"id": 7, "key": "_stripe_fee", "value": {"not": "text"}},
    ]
    found = taken(order(meta_data=meta, customer_user_agent=""), consent="required")

    assert (found.event.user.ttclid, found.event.user.ttp) == ("E.C.P.testMetaClickId0001", "test-ttp-0001")
    assert found.event.user.user_agent == "Mozilla/5.0 (test)"
    assert found.event.page.referrer == "https://www.tiktok.com/"
    assert {(tie.kind.value, tie.value) for tie in found.intake.readings[0].ties} == {
        ("visitor", "visitor-1"),
        ("order_id", "1501"),
        ("checkout_token", "wc_order_fixture1501"),
    }


def test_a_refused_consent_is_never_sent() -> None:
    """What the snippet wrote beside the order is the visitor's answer."""
    (arrival,) = taken(order(meta_data=[{"key": "fullcount_consent", "value": "denied"}])).arrivals
    assert (arrival.entries, arrival.result.reason) == ((), "consent_denied")


def test_the_key_is_the_shops_secret_and_several_may_hold() -> None:
    """While a secret is being changed both are taken; a stranger's, an empty one and none are not."""
    request = signed(b"{}", secret="test-secret-new-0002")

    assert WOO.admits(request, Rules(name="shop", keys=("test-secret-old-0001", "test-secret-new-0002")))
    assert not WOO.admits(request, Rules(name="shop", keys=("test-secret-old-0001",)))
    assert not WOO.admits(request, Rules(name="shop"))
    assert not WOO.admits(signed(b"{}", secret=""), Rules(name="shop", keys=("",)))
    assert not WOO.admits(RawRequest(body=b"{}"), Rules(name="shop", keys=("test-secret-old-0001",)))


def test_a_secret_signs_as_wordpress_reads_it() -> None:
    """A secret stored with HTML entities signs with the characters that they stand for; both spellings may be set."""
    request = signed(b"{}", secret='cats & "dogs"\'s')

    for key in ('cats & "dogs"\'s', "cats &amp; &quot;dogs&quot;&#039;s"):
        assert WOO.admits(request, Rules(name="shop", keys=(key,)))
    assert WOO.admits(signed(b"{}", secret="a&amp;b"), Rules(name="shop", keys=("a&amp;b",)))


def test_a_signature_is_of_the_exact_bytes() -> None:
    """The right signature over another body, even of the same meaning, is not authentic."""
    request = PAID.request(body=PAID.body + b" ")
    assert not WOO.admits(request, Rules(name="shop", keys=(SECRET,)))


def test_the_ping_is_answered_200_before_there_is_any_signature() -> None:
    """Saving a webhook posts its number as a form; anything else is no ping and goes the way of all."""
    reply = WOO.greet(PING.request(), ())

    assert reply is not None
    assert reply.status == PING.expect["status"]
    for request in (
        PING.request(body=b"webhook_id=7&more=1"),
        PING.request(body=b"webhook_id="),
        PING.request(method="GET"),
        PING.request(headers={"content-type": "application/json"}),
        PING.request(headers={**PING.request().headers, "x-wc-webhook-topic": "order.created"}),
        PAID.request(),
    ):
        assert WOO.greet(request, ()) is None


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"{", b"\xff", b"webhook_id=7"])
def test_what_is_no_object_is_refused(body: bytes) -> None:
    """A signed body that is no JSON object raises InvalidEvent, and nothing else."""
    with pytest.raises(InvalidEvent):
        WOO.read(signed(body), Rules(name="shop", keys=(SECRET,)))


@pytest.mark.parametrize("sample", [PAID, REFUND, CUSTOMER], ids=lambda each: each.file)
def test_whatever_is_missing_or_odd_the_rest_is_still_an_event(sample: Fixture) -> None:
    """Each key missing, null or of another type: the event that can still be made, and never an exception."""
    settings = {"registrations": True, "purchase_after_refund": True, "refund_event": "Refund"}
    topic = sample.headers["X-WC-Webhook-Topic"]
    kept = 0
    for path, body in mutants(json.loads(sample.body)):
        found = taken(body, topic, **settings)
        kept += len(found.arrivals)
        is_sold = body.get("total") != -1 and path[0] not in {
            "status",
            "parent_id",
            "refunds",
            "meta_data",
            "created_via",
        }
        if is_sold:
            assert found.arrivals[0].entries, path
    assert kept


@given(body=st.sampled_from([PAID, REFUND, CUSTOMER]).flatmap(lambda each: mutated(json.loads(each.body))))
def test_no_body_breaks_it(body: object) -> None:
    """Recorded bodies with anything in them are read, travel to the queue's door, and can be answered."""
    for topic in ("order.updated", "order.created", "customer.created"):
        request = signed(json.dumps(body).encode(), topic)
        found = ran("woocommerce", request, SECRET, registrations=True, place_an_order=True, refund_event="Refund")
        assert found.is_authentic


@given(body=st.binary(max_size=80), topic=st.text(max_size=20), signature=st.text(max_size=50))
def test_no_bytes_break_it(body: bytes, topic: str, signature: str) -> None:
    """Arbitrary bytes are not authentic, and are read or refused as no object."""
    headers = {"x-wc-webhook-topic": topic, "x-wc-webhook-signature": signature}
    request = RawRequest(body=body, headers=headers, received_at=NOW)
    rules = Rules(name="shop", keys=(SECRET,))

    assert not WOO.admits(request, rules)
    with contextlib.suppress(InvalidEvent):
        WOO.read(request, rules)
    assert WOO.answer(request, Refused(401, "unauthorized", "", "")).status == 401


def test_the_subtotal_of_an_order_without_lines_is_zero() -> None:
    """A value is told even where no line can be read; without a total there is none."""
    catalogue = Catalogue(value=Value.SUBTOTAL)
    rules = Rules(name="shop", keys=(SECRET,), catalogue=catalogue)

    for body, expected in ((order(line_items=None), 0.0), (order(total="n/a"), None)):
        (reading,) = WOO.read(signed(encode(body)), rules).readings
        assert reading.event is not None
        assert reading.event.properties.value == expected


def test_the_page_names_every_option_with_its_default() -> None:
    """docs/sources/woocommerce.md has a row for each key that this kind alone takes."""
    rows = dict(re.findall(r"^\| `(\w+)` \| `([^`]*)` \|", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE))
    assert rows == {
        key: default_text(field_of(WooCommerceOptions, key)) for key in WooCommerceOptions.__struct_fields__
    }
