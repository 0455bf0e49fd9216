"""BigCommerce's orders, from the API or from the body: what each status, refund and setting makes of them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.unit.sources.bigcommerce.shop import (
    BIGCOMMERCE,
    ORDER,
    enriched,
    fetched,
    first_event,
    hashed,
    notice,
    order,
    rules,
    signed,
    why,
)

from fullcount.errors import InvalidEvent
from fullcount.sources.bigcommerce.orders import STATUSES
from fullcount.sources.fetching import Response
from fullcount.sources.payload import encode

PRODUCTS = [
    {"product_id": 7, "variant_id": 71, "sku": "MUG-BL", "name": "Mug", "quantity": 2, "price_inc_tax": "33.0000"},
    {"product_id": 8, "variant_id": 0, "sku": "", "name": "Spoon", "quantity": 1, "base_price": "6.4000"},
]
REFUND = "store/order/refund/created"


def test_the_recorded_order_is_a_purchase_with_all_that_the_shop_knows() -> None:
    """The index's value, and everything else that the API tells."""
    event = first_event(fetched(notice(), json.loads(ORDER.body), PRODUCTS, shop_url="https://shop.example/"))

    assert (event.event, event.event_id, event.event_time) == ("Purchase", "250", 1_795_169_744)
    assert (event.properties.value, event.properties.currency) == (ORDER.expect["value"], "USD")
    assert event.properties.order_id == "250"
    assert (event.user.email, event.user.phone) == ("dana.fixture@example.com", "5550100142")
    assert (event.user.external_id, event.user.ip) == ("11", "192.0.2.44")
    assert (event.user.country, event.user.zip_code) == ("US", "62704")
    assert event.page.url == "https://shop.example/checkout/order-confirmation"
    assert [(item.content_id, item.price, item.quantity) for item in event.properties.contents] == [
        ("71", 33.0, 2.0),
        ("8", 6.4, 1.0),
    ]


CUSTOMER = {"data": [{"id": 250, "email": "dana.fixture@example.com"}]}


@pytest.mark.parametrize(
    ("scope", "answers", "usual"),
    [
        ("store/order/created", (json.loads(ORDER.body), PRODUCTS), "Purchase"),
        ("store/customer/created", (CUSTOMER,), "CompleteRegistration"),
    ],
)
def test_the_source_may_name_events_otherwise(scope: str, answers: tuple[object, ...], usual: str) -> None:
    """`names` goes before the usual name, and an empty one leaves the event out, counted as switched_off."""
    renamed = fetched(notice(scope), *answers, registrations=True, names={usual: "Subscribe"})
    assert first_event(renamed).event == "Subscribe"

    left_out = fetched(notice(scope), *answers, registrations=True, names={usual: ""})
    assert left_out.readings == ()
    assert [each.reason for each in left_out.ignored] == ["switched_off"]


def test_the_order_may_stand_in_the_body() -> None:
    """A delivery that was enriched makes the same event at once, and nothing is fetched."""
    found = enriched(products=PRODUCTS)
    thin = first_event(fetched(notice(), json.loads(ORDER.body), PRODUCTS))

    (reading,) = found.intake.readings
    assert reading.event == thin
    assert found.intake.notices == ()
    assert found.event.user.email == hashed("dana.fixture@example.com")
    assert found.event.user.phone == hashed("+15550100142")
    wrapped = encode({"scope": "store/order/created", "data": {"id": 250, "order": order(), "type": "order"}})
    assert first_event(BIGCOMMERCE.read(signed(wrapped), rules())).event_id == "250"


@pytest.mark.parametrize("status", range(15))
def test_the_status_decides(status: int) -> None:
    """Paid, paid before, never sold, or not yet; by its number or, without one, by its words."""
    expected = {4: "already_counted", 13: "already_counted", 14: "already_counted", 5: "cancelled", 6: "cancelled"}
    paid = {2, 3, 8, 9, 10, 11}
    for told in ({"status_id": status, "status": "?"}, {"status_id": None, "status": STATUSES[status].title()}):
        found = enriched(**told)
        if status in paid:
            assert found.event.canonical == "Purchase"
        else:
            assert why(found) == [expected.get(status, "not_paid")]
            assert found.intake.ignored[0].event_id == "250"


def test_statuses_count_as_the_settings_say() -> None:
    """With 7 among the paid ones an order counts before its money came; a deleted order never does."""
    assert enriched(status_id=7, set_paid_statuses=[7]).event.event_id == "250"
    assert why(enriched(status_id=11, set_paid_statuses=[7])) == ["not_paid"]
    assert why(enriched(is_deleted=True)) == ["cancelled"]


def test_a_trial_order_goes_out_only_under_a_test_code() -> None:
    """What the test gateway paid for is ignored; with a code it is a test event."""
    assert why(enriched(payment_method="Test Payment Gateway")) == ["test_order"]
    found = enriched(payment_method="Test Payment Gateway", set_test_event_code="TEST12345")
    assert found.arrivals[0].entries[0].lane.test_event_code == "TEST12345"


@pytest.mark.parametrize(
    ("changes", "external_id", "ip"),
    [
        ({"customer_id": 0}, None, "192.0.2.44"),
        ({"ip_address": "", "ip_address_v6": "2001:db8::7"}, hashed("11"), "2001:db8::7"),
        ({"customer_id": None, "ip_address": None}, None, None),
    ],
)
def test_a_guest_is_nobodys_external_id(changes: dict[str, Any], external_id: str | None, ip: str | None) -> None:
    """Customer 0 is a guest; the address of the newer protocol stands in."""
    user = enriched(**changes).event.user
    assert (user.external_id, user.ip) == (external_id, ip)


@pytest.mark.parametrize(
    ("value", "expected"), [("total", 72.4), ("subtotal", 60.0), ("without_tax_and_shipping", 58.0)]
)
def test_the_setting_says_which_amount_is_the_value(value: str, expected: float) -> None:
    """What was paid; items after discounts; or all without tax and shipping."""
    amounts = {
        "total_ex_tax": "64.0000",
        "shipping_cost_ex_tax": "6.0000",
        "discount_amount": "5",
        "coupon_discount": 1,
    }
    assert enriched(**amounts, set_value=value).event.properties.value == expected


@pytest.mark.parametrize(
    ("template", "event_id"), [("{checkout_token}", "cart-1"), ("order-{order_id}-purchase", "order-250-purchase")]
)
def test_the_purchases_id_follows_the_template(template: str, event_id: str) -> None:
    """The order's id by default; the cart's where the browser's half has that. Both tie the event to its visitor."""
    found = enriched(cart_id="cart-1", set_event_id=template)

    assert found.event.event_id == event_id
    assert {(tie.kind.value, tie.value) for tie in found.intake.readings[0].ties} == {
        ("cart_token", "cart-1"),
        ("checkout_token", "cart-1"),
        ("order_id", "250"),
    }


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("Fri, 20 Nov 2026 10:15:44 +0000", 1_795_169_744),
        ("Fri, 20 Nov 2026 11:15:44 +0100", 1_795_169_744),
        ("Fri, 20 Nov 2026 10:15:44 -0000", 1_795_169_744),
        ("Fri, 20 Nov 2026 10:15:44", 1_795_169_744),
        ("2026-11-20T10:15:44Z", 1_795_169_744),
        ("2026-11-20T10:15:44", 1_795_169_744),
        (1_795_169_744, 1_795_169_744),
        ("yesterday", None),
        (None, None),
        ({}, None),
    ],
)
def test_a_moment_is_read_in_every_way_of_writing(written: object, expected: int | None) -> None:
    """As e-mails write it, ISO 8601, or a number; what is none of these is absent."""
    assert first_event(enriched(date_created=written).intake).event_time == expected


def test_products_that_are_not_there_cost_the_items_only() -> None:
    """No content, nothing, gone, and a list wrapped as the newer API does: the purchase stays."""
    for answer, items in ((204, 0), ([], 0), (404, 0), ({"data": PRODUCTS}, 2), ([None, 7, {}], 1)):
        assert len(first_event(fetched(notice(), order(), answer)).properties.contents) == items


def test_an_order_that_is_not_there_is_told_as_unreadable() -> None:
    """404 and an empty answer end the notice with its reason."""
    for status in (404, 410, 204):
        (ignored,) = fetched(notice(), status, 404).ignored
        assert (ignored.reason, ignored.name) == ("unreadable_notice", "store/order/created")


@pytest.mark.parametrize("body", [b"<html>busy</html>", b"[]", b"null", b""])
def test_an_answer_that_is_not_the_apis_is_refused(body: bytes) -> None:
    """A page of a proxy is no order, nor its list of products: InvalidEvent, so that it is asked for again."""
    given = rules()
    (kept,) = BIGCOMMERCE.read(signed(encode(notice())), given).notices
    with pytest.raises(InvalidEvent):
        BIGCOMMERCE.resolve(kept.body, [Response(200, body), Response(204)], given)
    if body.startswith(b"<"):
        with pytest.raises(InvalidEvent):
            BIGCOMMERCE.resolve(kept.body, [Response(200, encode(order())), Response(200, body)], given)


def refund(number: int, amount: object = 20.0, **more: Any) -> dict[str, Any]:
    """Return a refund as the API lists it."""
    return {"id": number, "order_id": 250, "created": "2026-11-21T09:00:00+00:00", "total_amount": amount, **more}


def test_an_orders_refunds_are_recorded_each_by_its_id() -> None:
    """The notice asks for the order and all its refunds; a declined one and what is no amount are none."""
    given = rules()
    (kept,) = BIGCOMMERCE.read(signed(encode(notice(REFUND, refund={"refund_id": 6}))), given).notices
    assert [each.url.partition("/stores/fixture1/")[2] for each in BIGCOMMERCE.questions(kept.body, given)] == [
        "v2/orders/250",
        "v3/orders/250/payment_actions/refunds",
    ]
    declined = refund(7, payments=[{"amount": 20, "is_declined": True}])
    listed = {"data": [refund(5, "10.0000"), refund(6), declined, refund(8, "x"), refund(9, -1), {"id": 10}]}
    found = fetched(notice(REFUND, refund={"refund_id": 6}), order(status_id=14), listed)

    assert found.readings == ()
    assert [(each.refund_id, each.order_id, each.amount, each.currency) for each in found.refunds] == [
        ("5", "250", 10.0, "USD"),
        ("6", "250", 20.0, "USD"),
    ]
    assert found.refunds[0].refunded_at == 1_795_251_600.0


def test_a_refund_is_an_event_too_under_a_name_of_ones_own() -> None:
    """With refund_event the refund that the notice names is an event; without a name all that are listed are."""
    listed = {"data": [refund(5, 10.0), refund(6)]}

    event = first_event(fetched(notice(REFUND, refund={"refund_id": 6}), order(), listed, refund_event="Refund"))
    assert (event.event, event.event_id, event.properties.value) == ("Refund", "refund-6", 20.0)
    assert event.user.email == "dana.fixture@example.com"
    assert len(fetched(notice(REFUND), order(), listed, refund_event="Refund").readings) == 2
    assert fetched(notice(REFUND), order(), {"data": []}).ignored[0].reason == "zero_amount"


def test_a_new_customer_is_a_registration_if_asked_for() -> None:
    """The customer is fetched, too; a customer that is gone is unreadable."""
    body = notice("store/customer/created", id=42)
    customer = {
        "id": 42,
        "email": "new@example.com",
        "first_name": "Noor",
        "phone": "",
        "date_created": "2026-11-20T10:15:44Z",
    }

    event = first_event(fetched(body, {"data": [customer]}, registrations=True))
    assert (event.event, event.event_id, event.event_time) == ("CompleteRegistration", "customer-42", 1_795_169_744)
    assert (event.user.email, event.user.external_id) == ("new@example.com", "42")
    assert fetched(body, 404, registrations=True).ignored[0].reason == "unreadable_notice"
    assert first_event(fetched(body, {"data": []}, registrations=True)).user.external_id == "42"
