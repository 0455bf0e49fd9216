"""The privacy topics are carried out on what the signed body says, never on the header alone."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.sources.shopify.shop import SHOP, body_of, come

DATA, CUSTOMER, LEFT = "customers_data_request", "customers_redact", "shop_redact"
TOPIC_OF = {DATA: "customers/data_request", CUSTOMER: "customers/redact", LEFT: "shop/redact"}


def test_a_customer_is_forgotten_by_every_name() -> None:
    """E-mail, phone, number, the orders' event_ids and the registration's."""
    (erasure,) = come(body_of(CUSTOMER), "customers/redact").intake.erasures
    user = erasure.user
    assert (user.email, user.phone, user.external_id) == (
        ("dana.fixture@example.com",),
        ("+15550100142",),
        "7000000001001",
    )
    assert erasure.event_ids == ("5511001001", "customer-7000000001001")
    assert not erasure.is_everything


def test_a_customer_may_be_an_email_alone() -> None:
    """What is missing is not looked for."""
    (erasure,) = come(body_of("customers_redact_email_only"), "customers/redact").intake.erasures
    assert (erasure.user.email, erasure.user.external_id) == (("dana.fixture@example.com",), None)
    assert erasure.event_ids == ()


def test_orders_go_by_the_template_and_by_their_number() -> None:
    """Both, so that a template that was changed leaves nothing behind; a gid is its digits."""
    body = body_of(CUSTOMER, orders_to_redact=[5511001001, "gid://shopify/Order/5511001002", None, {}])
    (erasure,) = come(body, "customers/redact", event_id="order-{order_id}").intake.erasures
    assert erasure.event_ids == (
        "order-5511001001",
        "5511001001",
        "order-5511001002",
        "5511001002",
        "customer-7000000001001",
    )


def test_a_shop_that_left_is_forgotten_whole() -> None:
    """shop/redact means everything that came by this source."""
    (erasure,) = come(body_of(LEFT), "shop/redact").intake.erasures
    assert (erasure.is_everything, erasure.event_ids) == (True, ())


def test_a_request_for_data_is_noted_for_a_person() -> None:
    """Nothing is erased; the note has the request's number and nothing of the customer."""
    found = come(body_of(DATA), "customers/data_request")
    (ignored,) = found.intake.ignored
    assert found.intake.erasures == ()
    assert (ignored.reason, ignored.detail) == ("no_event", "a customer asks what is held of them: request 9999")


@pytest.mark.parametrize("name", TOPIC_OF)
@pytest.mark.parametrize("header", TOPIC_OF.values())
def test_a_body_counts_for_its_own_topic_alone(name: str, header: str) -> None:
    """A signed body under another privacy topic's header is not authentic."""
    assert come(body_of(name), header).is_authentic == (TOPIC_OF[name] == header)


@pytest.mark.parametrize("header", TOPIC_OF.values())
@pytest.mark.parametrize("name", ["orders_create_full", "customers_create", "checkouts_update_contact"])
def test_no_other_body_erases_anything(name: str, header: str) -> None:
    """An order that is replayed under the header of a privacy topic does nothing, whatever shop it is put into."""
    assert not come(body_of(name), header).is_authentic
    assert not come(b"[1]", header).is_authentic


@pytest.mark.parametrize("name", TOPIC_OF)
@pytest.mark.parametrize(
    ("changes", "is_authentic"),
    [({}, True), ({"shop_domain": "other-shop.myshopify.com"}, False), ({"shop_domain": None}, False)],
)
def test_the_body_must_name_the_shop(name: str, changes: dict[str, Any], is_authentic: bool) -> None:  # noqa: FBT001 - a case's expectation
    """With shop_domain it must be that one; the header's word is not enough."""
    found = come(body_of(name, **changes), TOPIC_OF[name], shop_domain=SHOP)
    assert found.is_authentic == is_authentic


@pytest.mark.parametrize("name", TOPIC_OF)
def test_without_shop_domain_the_body_must_name_some_shop(name: str) -> None:
    """A body without any shop is of no privacy topic."""
    assert come(body_of(name, shop_domain="other-shop.myshopify.com"), TOPIC_OF[name]).is_authentic
    assert not come(body_of(name, shop_domain=""), TOPIC_OF[name]).is_authentic
