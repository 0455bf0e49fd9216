"""What a purchase carries: its id, time, amounts, items, and every identifier that an order has a place for."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.sources.shopify.shop import body_of, come, hashed

from fullcount.events.problems import Severity
from fullcount.events.tie import TieKind

JAPAN = "orders_create_multicurrency_jpy_unicode"
LANDING = "/products/blue-enamel-mug?utm_source=tiktok&ttclid=E.C.P.CqcBtestFixtureClickId0001&variant=8111"


def event_of(name: str = "orders_create_full", topic: str = "orders/create", **changes: Any) -> Any:
    """Return the hashed event of a recorded order with some of its fields changed."""
    return come(body_of(name, **changes), topic).event


def test_an_order_is_one_event_whichever_topic_comes_first() -> None:
    """orders/create, orders/paid and orders/updated of one order make the same event."""
    events = [event_of(topic=topic) for topic in ("orders/create", "orders/paid", "orders/updated")]
    assert {(each.canonical, each.event_id, each.event_time) for each in events} == {
        ("Purchase", "5511001001", 1_795_169_740)
    }


@pytest.mark.parametrize("written", [5511001001, "5511001001", "gid://shopify/Order/5511001001", 5511001001.0])
def test_an_order_id_is_the_digits_after_the_last_slash(written: object) -> None:
    """However the id is written, event_id and order_id are its digits."""
    event = event_of(id=written)
    assert (event.event_id, event.properties.order_id) == ("5511001001", "5511001001")


def test_an_order_without_its_id_is_known_by_its_gid() -> None:
    """admin_graphql_api_id names the order where id does not."""
    assert event_of(id=None).event_id == "5511001001"


@pytest.mark.parametrize(
    ("template", "made"),
    [
        ("order-{order_id}-purchase", "order-5511001001-purchase"),
        ("{order_name}", "#1001"),
        ("{checkout_token}", "af90fdf5da895a30d06fd963c7309f4c"),
    ],
)
def test_the_template_makes_the_id(template: str, made: str) -> None:
    """The source's event_id template takes the order's number, name or checkout token."""
    assert come(body_of(), event_id=template).event.event_id == made


def test_an_order_that_lacks_what_the_template_asks_for_goes_by_its_number() -> None:
    """A draft order has no checkout token; both its webhooks still make one id."""
    assert come(body_of(checkout_token=None), event_id="{checkout_token}").event.event_id == "5511001001"


def test_the_time_is_when_the_order_was_processed() -> None:
    """processed_at comes before created_at, and without both the time of arrival is taken."""
    assert event_of(processed_at=None).event_time == 1_795_169_744
    assert event_of(processed_at=None, created_at="no time").event_time == 1_795_172_400


def test_every_email_place_is_read_once() -> None:
    """email, contact_email and the customer's; the same address in several places is one."""
    event = event_of(email="one@example.com", contact_email="TWO@example.com ", customer={"email": "three@example.com"})
    assert event.user.email == tuple(hashed(f"{name}@example.com") for name in ("one", "two", "three"))
    assert event_of().user.email == hashed("dana.fixture@example.com")


def test_every_phone_has_the_country_of_its_own_address() -> None:
    """A French billing number and a German shipping number are each read by their own country."""
    event = event_of(
        phone="(555) 010-0177",
        customer={"phone": "+15550100142", "default_address": {"phone": "090-0000-0101", "country_code": "JP"}},
        billing_address={"phone": "06 39 98 01 01", "country_code": "FR"},
        shipping_address={"phone": "030 901820", "country": "Germany", "country_code": "DE"},
    )
    wanted = ("+15550100142", "+33639980101", "+4930901820", "+819000000101")
    assert set(event.user.phone) >= {hashed(number) for number in wanted}


def test_an_orders_own_phone_is_of_the_billing_country() -> None:
    """A national number beside the addresses is read by the shopper's country."""
    event = event_of("orders_create_pending_cod", phone="06 39 98 01 02", billing_address={"country_code": "FR"})
    assert hashed("+33639980102") in event.user.phone


def test_name_and_place_come_from_one_address() -> None:
    """Billing counts before shipping, shipping before the customer's default address; names also from the customer."""
    place = {"first_name": "Lee", "last_name": "Sample", "city": "Austin", "zip": "78701", "country_code": "US"}
    texan = {**place, "province_code": "TX", "province": "Texas"}
    for changes in (
        {"billing_address": texan},
        {"billing_address": None, "shipping_address": texan},
        {"billing_address": {}, "shipping_address": None, "customer": {"default_address": texan}},
    ):
        user = event_of(**changes).user
        assert (user.first_name, user.last_name) == (hashed("lee"), hashed("sample"))
        assert (user.city, user.state, user.country, user.zip_code) == ("austin", "tx", "us", hashed("78701"))
    bare = event_of(billing_address=None, shipping_address=None, customer={"first_name": "Dana"})
    assert bare.user.first_name == hashed("dana")


def test_a_numbered_province_goes_by_its_name() -> None:
    """Short codes are sent; a code such as JP-13 says less than the name beside it."""
    assert event_of(JAPAN).user.state == "東京都"


def test_the_customers_number_is_the_external_id() -> None:
    """Hashed as digits; a guest has none."""
    assert event_of().user.external_id == hashed("7000000001001")
    assert event_of(customer=None).user.external_id is None


def test_device_and_locale() -> None:
    """IP from client_details or browser_ip, IPv6 too; the user agent; the locale; none is invented."""
    user = event_of().user
    assert (user.ip, user.locale) == ("192.0.2.44", "en")
    assert user.user_agent.startswith("Mozilla/5.0 (iPhone")
    assert event_of(JAPAN, client_details=None).user.ip == "2001:db8::44"
    bare = event_of(client_details=None, browser_ip=None).user
    assert (bare.ip, bare.user_agent) == (None, None)


@pytest.mark.parametrize("name", ["ttclid", "_ttclid", "tiktok_ttclid"])
def test_a_click_id_may_stand_in_a_cart_attribute(name: str) -> None:
    """Where the landing page has none, an empty one, or a macro that nobody replaced."""
    attributes = [{"name": name, "value": "E.C.P.fromAttributes1"}]
    for landing in (None, "/", "/?ttclid=", "/?ttclid=__CLICKID__"):
        user = event_of(landing_site=landing, note_attributes=attributes).user
        assert user.ttclid == "E.C.P.fromAttributes1"
    assert event_of(note_attributes=attributes).user.ttclid == "E.C.P.CqcBtestFixtureClickId0001"


def test_a_click_id_is_decoded_once() -> None:
    """A value that was encoded twice keeps its second encoding, as the browser's own half reads it."""
    assert event_of(JAPAN).user.ttclid == "E.C.P.abc%2Fdef"
    assert come(body_of(JAPAN), domain="shop.example.com").event.user.ttclid == "E.C.P.abc%2Fdef"


def test_ttp_visitor_and_consent_come_with_the_cart_attributes() -> None:
    """`_ttp` goes into the event, the visitor into its ties, and a refusal withholds it."""
    attributes = [
        {"name": "ttp", "value": "2nOtherTtpCookie0000000001"},
        {"name": "fullcount_visitor", "value": "v-1"},
        {"name": "fullcount_consent", "value": "denied"},
    ]
    found = come(body_of(note_attributes=attributes))
    (reading,), (arrival,) = found.intake.readings, found.arrivals
    assert [fact.reason.value for fact in arrival.facts] == ["consent_denied"]
    assert reading.event is not None
    assert reading.event.user.ttp == "2nOtherTtpCookie0000000001"
    assert {(tie.kind, tie.value) for tie in reading.ties} == {
        (TieKind.VISITOR, "v-1"),
        (TieKind.CART_TOKEN, "hWNfixtureCart1001"),
        (TieKind.CHECKOUT_TOKEN, "af90fdf5da895a30d06fd963c7309f4c"),
        (TieKind.ORDER_ID, "5511001001"),
    }
    (sighting,) = found.intake.sightings
    assert (sighting.consent, sighting.ties) == ("denied", reading.ties)


def test_newsletter_consent_is_no_consent() -> None:
    """buyer_accepts_marketing is about e-mail: in the EEA such an order still needs a grant."""
    german = {"country_code": "DE", "city": "Berlin"}
    found = come(body_of(buyer_accepts_marketing=True, billing_address=german), consent="by_region")
    assert [fact.reason.value for fact in found.arrivals[0].facts] == ["consent_unknown"]


def test_the_page_is_the_landing_page_if_the_domain_is_known() -> None:
    """Of the landing page Shopify tells the path alone; the referrer is the referring site."""
    page = come(body_of(), domain="shop.example.com").event.page
    assert (page.url, page.referrer) == (f"https://shop.example.com{LANDING}", "https://www.tiktok.com/")
    assert come(body_of(landing_site=None), domain="shop.example.com").event.page.url == "https://shop.example.com/"
    whole = "https://other.example.com/a?b=c"
    assert event_of(landing_site=whole).page.url == whole


def test_without_a_domain_the_page_does_not_open_the_order() -> None:
    """The order status page's address goes without its key and without the order's token."""
    assert event_of().page.url == "https://shop.example.com/900001/orders"
    assert event_of(order_status_url="javascript:x").page.url is None


def test_only_a_real_landing_page_is_remembered() -> None:
    """Visitor memory gets the landing page as such, never the order status page in its place."""
    (without,) = come(body_of()).intake.sightings
    (with_domain,) = come(body_of(), domain="shop.example.com").intake.sightings
    assert (without.page.url, with_domain.page.url) == (None, f"https://shop.example.com{LANDING}")
    assert without.user.ttclid == "E.C.P.CqcBtestFixtureClickId0001"


def test_an_order_that_tells_nothing_is_not_remembered() -> None:
    """Ties alone would make a visitor of whom nothing is known."""
    nobody = dict.fromkeys(
        ("email", "contact_email", "phone", "customer", "billing_address", "shipping_address", "note_attributes")
    )
    found = come(body_of() | nobody | dict.fromkeys(("landing_site", "browser_ip", "client_details")))
    assert found.intake.sightings == ()
    assert len(found.arrivals[0].entries) == 1


def test_items() -> None:
    """Variant, title, vendor, unit price and quantity; the settings choose the id."""
    first, second = event_of().properties.contents
    assert (first.content_id, first.content_name, first.brand) == ("8111", "Blue Enamel Mug", "Northwind")
    assert (first.price, first.quantity, second.content_id) == (18, 2, "8121")
    chosen = come(body_of(), content_id="shopify_US_{product_id}_{variant_id}", content_type="product_group").event
    assert chosen.properties.contents[0].content_id == "shopify_US_811_8111"
    assert chosen.properties.content_type == "product_group"


def test_a_custom_line_has_no_id_and_stays() -> None:
    """A line without product, variant and SKU is sent with its name and price."""
    (item,) = come(
        body_of("orders_create_pos_custom_item", phone="+15550100142"), offline=True
    ).event.properties.contents
    assert (item.content_id, item.content_name, item.price, item.brand) == (None, "Repair service", 40, None)


def test_a_tills_sale_is_an_offline_event_without_a_page() -> None:
    """Offline events are matched by e-mail and phone."""
    event = come(body_of("orders_create_pos_custom_item", email="pat@example.com"), offline=True).event
    assert (event.event_source, event.canonical) == ("offline", "Purchase")
    assert (event.page.url, event.user.email) == (None, hashed("pat@example.com"))


def test_ten_thousand_lines_keep_their_value() -> None:
    """What TikTok has no room for is cut, and said; the value stays that of all."""
    line = body_of()["line_items"][0]
    found = come(body_of(line_items=[line] * 10_000))
    assert found.event.properties.value == 72.4
    assert len(found.event.properties.contents) == 500
    said = [each for each in found.arrivals[0].result.problems if each.severity is Severity.DROPPED]
    assert [each.code for each in said] == ["contents_cut"]
