"""A checkout begins once, and a cart is an AddToCart of somebody only if somebody is known."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.sources.fixtures import ran
from tests.unit.sources.shopify.shop import SECRET, body_of, come, delivery, hashed

from fullcount.events.tie import TieKind

TOKEN = "c0ffee00c0ffee00c0ffee00c0ffee01"
ANONYMOUS, CONTACT = "checkouts_create_anonymous", "checkouts_update_contact"


def reasons(found: Any) -> list[str]:
    """Return why a request made no event."""
    return [each.reason for each in found.intake.ignored]


def test_each_step_of_a_checkout_is_the_same_event() -> None:
    """Each topic has the token as event_id, so the second is a duplicate."""
    first = come(body_of(ANONYMOUS), "checkouts/create").event
    second = come(body_of(CONTACT), "checkouts/update").event
    assert [(each.canonical, each.event_id) for each in (first, second)] == [("InitiateCheckout", TOKEN)] * 2
    assert (first.properties.value, first.properties.currency) == (36, "USD")
    assert first.user.ttclid == "E.C.P.CqcBtestFixtureClickId0001"
    assert (second.user.email, second.user.phone) == (hashed("dana.fixture@example.com"), hashed("+15550100142"))


def test_a_checkout_tells_later_events_who_it_is() -> None:
    """The sighting ties cart and checkout to contact data and click."""
    (sighting,) = come(body_of(CONTACT), "checkouts/update").intake.sightings
    assert {(tie.kind, tie.value) for tie in sighting.ties} == {
        (TieKind.CART_TOKEN, "hWNfixtureCart2001"),
        (TieKind.CHECKOUT_TOKEN, TOKEN),
    }
    assert sighting.user.email == "dana.fixture@example.com"
    assert sighting.user.ttclid == "E.C.P.CqcBtestFixtureClickId0001"


def test_a_checkout_that_names_nobody_is_lost_alone() -> None:
    """Without contact data and click ID it is withheld, and remembered is nothing."""
    found = come(body_of(ANONYMOUS, landing_site="/"), "checkouts/create")
    assert [fact.reason.value for fact in found.arrivals[0].facts] == ["no_shared_event_id"]
    assert found.intake.sightings == ()


def test_a_number_for_text_messages_is_a_phone() -> None:
    """sms_marketing_phone is one of the places of a phone."""
    found = come(body_of(ANONYMOUS, sms_marketing_phone="+15550100199"), "checkouts/create")
    assert found.event.user.phone == hashed("+15550100199")


def test_a_completed_checkout_is_its_orders() -> None:
    """With completed_at set the order makes the event."""
    assert reasons(come(body_of("checkouts_update_completed"), "checkouts/update")) == ["completed_checkout"]


def test_a_topic_may_be_left_out_or_renamed() -> None:
    """`names` speaks of one topic, or of all that go by one name."""
    without = {"checkouts/update": ""}
    assert reasons(come(body_of(CONTACT), "checkouts/update", names=without)) == ["switched_off"]
    assert come(body_of(ANONYMOUS), "checkouts/create", names=without).event.canonical == "InitiateCheckout"
    renamed = come(body_of(ANONYMOUS), "checkouts/create", names={"InitiateCheckout": "BeganCheckout"})
    assert renamed.event.event == "BeganCheckout"


@pytest.mark.parametrize(
    ("name", "topic", "more"),
    [
        (ANONYMOUS, "checkouts/create", {}),
        ("carts_create", "carts/create", {"carts": True}),
        ("customers_create", "customers/create", {"registrations": True}),
    ],
)
def test_a_test_notification_goes_out_only_under_a_test_code(name: str, topic: str, more: dict[str, Any]) -> None:
    """X-Shopify-Test marks every topic."""
    request = delivery(body_of(name), topic, x_shopify_test="true")
    assert reasons(ran("shopify", request, SECRET, **more)) == ["test_order"]
    found = ran("shopify", request, SECRET, **more, test_event_code="TEST1")
    assert (found.intake.test_event_code, len(found.intake.readings)) == ("TEST1", 1)
    assert found.intake.sightings == ()


def test_the_page_of_a_checkout() -> None:
    """The landing page with a domain; else the checkout's address without what opens it."""
    with_domain = come(body_of(ANONYMOUS), "checkouts/create", domain="shop.example.com").event
    assert with_domain.page.url == "https://shop.example.com/?ttclid=E.C.P.CqcBtestFixtureClickId0001"
    without = come(body_of(ANONYMOUS), "checkouts/create").event
    assert without.page.url == "https://shop.example.com/900001/checkouts"


def cart(*lines: tuple[int | None, int]) -> dict[str, Any]:
    """Return a cart with these variants and quantities."""
    (line,) = body_of("carts_create")["line_items"]
    return body_of("carts_create", line_items=[{**line, "variant_id": v, "quantity": q} for v, q in lines])


def test_carts_are_off_unless_they_are_asked_for() -> None:
    """An emptied cart is said as such; any other is switched off."""
    assert reasons(come(body_of("carts_create"), "carts/create")) == ["switched_off"]
    assert reasons(come(body_of("carts_update_emptied"), "carts/update", carts=True)) == ["empty_cart"]


def test_each_line_is_named_by_cart_variant_and_quantity() -> None:
    """A line told again unchanged is a duplicate; a changed quantity is another event."""
    first = come(cart((8111, 1)), "carts/create", carts=True).intake.readings
    second = come(cart((8111, 1), (8121, 3)), "carts/update", carts=True).intake.readings
    third = come(cart((8111, 2), (8121, 3)), "carts/update", carts=True).intake.readings
    assert [[each.event_id for each in readings] for readings in (first, second, third)] == [
        ["hWNfixtureCart2001-8111-1"],
        ["hWNfixtureCart2001-8111-1", "hWNfixtureCart2001-8121-3"],
        ["hWNfixtureCart2001-8111-2", "hWNfixtureCart2001-8121-3"],
    ]


def test_a_line_names_nobody_but_its_cart() -> None:
    """Each AddToCart is lost alone and tied by the cart's token."""
    (reading,) = come(cart((8111, 2)), "carts/create", carts=True).intake.readings
    assert reading.is_lost_alone
    assert [(tie.kind, tie.value) for tie in reading.ties] == [(TieKind.CART_TOKEN, "hWNfixtureCart2001")]


@pytest.mark.parametrize(("money", "value", "currency"), [("shop", 36, "USD"), ("presentment", 33.8, "EUR")])
def test_a_lines_currency_stands_in_its_sets(money: str, value: float, currency: str) -> None:
    """A cart has no currency of its own."""
    (reading,) = come(cart((8111, 2)), "carts/create", carts=True, money=money).intake.readings
    assert reading.event is not None
    properties = reading.event.properties
    assert (properties.value, properties.currency) == (value, currency)
    assert properties.contents[0].content_id == "8111"


def test_a_line_without_a_variant_goes_by_its_product() -> None:
    """A cart's line of a product without variants still has an id."""
    (reading,) = come(cart((None, 1)), "carts/create", carts=True).intake.readings
    assert reading.event_id == "hWNfixtureCart2001-811-1"


def test_a_cart_of_ten_thousand_lines_is_cut_and_said() -> None:
    """As many AddToCart as one request may hold; how many more there were is noted."""
    found = come(cart(*((number, 1) for number in range(1, 10_001))), "carts/create", carts=True)
    assert len(found.intake.readings) == 500
    assert [each.detail for each in found.intake.ignored] == ["9,500 more lines than 500"]


def test_a_new_customer_is_a_registration_if_the_shop_says_so() -> None:
    """Off by default, since staff and checkouts make customers, too."""
    assert reasons(come(body_of("customers_create"), "customers/create")) == ["switched_off"]
    event = come(body_of("customers_create"), "customers/create", registrations=True).event
    assert (event.canonical, event.event_id) == ("CompleteRegistration", "customer-7000000002001")
    assert (event.user.email, event.user.external_id) == (hashed("soren@example.net"), hashed("7000000002001"))
    assert event.user.first_name == hashed("søren")


def test_a_customers_first_address_tells_name_and_phone() -> None:
    """addresses[0] or default_address, the number by its own country."""
    address = {"phone": "06 39 98 01 01", "country_code": "FR", "city": "Lyon"}
    for changes in ({"addresses": [address]}, {"default_address": address}):
        user = come(body_of("customers_create", **changes), "customers/create", registrations=True).event.user
        assert (user.phone, user.city, user.country) == (hashed("+33639980101"), "lyon", "fr")
