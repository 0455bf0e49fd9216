"""The Measurement Protocol: who, when, what, and which id."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import pytest
from tests.unit.sources.fixtures import NOW, fixture, ran
from tests.unit.sources.ga4.requests import ID, PURCHASE, SECRET, codes, event, measured, names

from fullcount.errors import InvalidEvent
from fullcount.events.model import EventSource
from fullcount.events.tie import Tie, TieKind


def digest(text: str) -> str:
    """Return the SHA-256 of a normal form."""
    return sha256(text.encode()).hexdigest()


def test_the_recorded_purchase_is_one_purchase_with_its_hashes_and_its_time() -> None:
    """Hashed user data, a time as digits and one item become the purchase that the index expects."""
    found = ran("ga4", PURCHASE.request(), SECRET, measurement_id=ID)
    made = found.event
    assert (made.canonical, made.event_id, made.event_time) == ("Purchase", PURCHASE.expect["event_id"], 1_795_169_744)
    assert made.user.email == "50cb24da84ebad30ec4d7e5d4e2fa28da429e73a8fcbd313446d6567c5e3487c"
    assert made.user.phone == "5ec544c66ea827b26206a4ddf7b50c0001a52a830299d7d17a6ce0e33c6a9b8b"
    assert made.user.first_name == "2c9e0a2585dc7406589a3724f0027811506e0f133726303a15d6779d532a2573"
    assert (made.user.external_id, made.user.zip_code) == (digest("u-77"), digest("62704"))
    assert (made.user.city, made.user.state, made.user.country) == ("springfield", "il", "us")
    assert (made.user.ip, made.user.ttclid) == ("192.0.2.44", "E.C.P.CqcBtestFixtureClickId0001")
    assert (made.properties.value, made.properties.currency, made.properties.order_id) == (36, "USD", "T-77")
    (item,) = made.properties.contents
    assert (item.content_id, item.brand, item.content_category, item.price, item.quantity) == (
        "SKU-1",
        "Northwind",
        "Kitchen",
        18,
        2,
    )
    assert found.intake.readings[0].event is not None
    assert found.intake.readings[0].event.consent == "granted"


def test_the_recorded_batch_drops_what_means_nothing_and_records_the_refund() -> None:
    """A session's start is left out with its reason, a refund is recorded, and the two events keep their order."""
    batch = fixture("ga4/mp_batch_mixed.json")
    found = ran("ga4", batch.request(), SECRET, measurement_id=ID)
    assert names(found) == batch.expect["events"]
    assert [(each.reason, each.name) for each in found.intake.ignored] == [("unknown_topic", "session_start")]
    (refund,) = found.intake.refunds
    assert (refund.refund_id, refund.order_id, refund.amount) == ("T-77", "T-77", 0)
    added = found.intake.readings[1].event
    assert added is not None
    assert added.properties.value == 18


def test_an_event_that_names_nobody_waits_for_visitor_memory() -> None:
    """With a client id alone TikTok could find no one: without memory it is withheld, and it makes no memory."""
    body = {"client_id": "111.222", "events": [{"name": "page_view", "params": {}}]}
    found = measured(body)
    (reading,) = found.intake.readings
    assert reading.is_lost_alone
    assert reading.ties == (Tie(TieKind.CLIENT_ID, "111.222"),)
    assert found.arrivals[0].result.reason == "no_shared_event_id"
    assert found.intake.sightings == ()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("page_view", "Pageview"),
        ("view_item", "ViewContent"),
        ("search", "Search"),
        ("view_search_results", "Search"),
        ("add_to_wishlist", "AddToWishlist"),
        ("begin_checkout", "InitiateCheckout"),
        ("add_payment_info", "AddPaymentInfo"),
        ("purchase", "Purchase"),
        ("sign_up", "CompleteRegistration"),
        ("generate_lead", "Lead"),
        ("subscribe", "Subscribe"),
        ("contact", "Contact"),
        ("file_download", "Download"),
        ("newsletter_opened", "newsletter_opened"),
    ],
)
def test_names_follow_the_table_and_others_go_out_as_they_came(name: str, expected: str) -> None:
    """Google's names become TikTok's; a name of the shop's own is a custom event."""
    assert names(measured(event(name))) == [expected]


@pytest.mark.parametrize("name", ["session_start", "first_visit", "user_engagement", "scroll", "form_start", "click"])
def test_what_googles_tags_send_by_themselves_is_left_out(name: str) -> None:
    """An automatic event is counted as ignored."""
    found = measured(event(name))
    assert names(found) == []
    assert [each.reason for each in found.intake.ignored] == ["unknown_topic"]


def test_the_settings_names_come_first() -> None:
    """A page view is a ViewContent, a scroll an event and a search nothing, where the source's names say so."""
    own = {"page_view": "ViewContent", "scroll": "ReadToEnd", "search": ""}
    found = [measured(event(name), names=own) for name in ("page_view", "scroll", "search")]
    assert [names(each) for each in found] == [["ViewContent"], ["ReadToEnd"], []]
    assert [each.reason for each in found[2].intake.ignored] == ["switched_off"]


@pytest.mark.parametrize(
    ("params", "settings", "expected"),
    [
        ({"event_id": "E-1", "transaction_id": "T-1"}, {}, "E-1"),
        ({"transaction_id": "T-1"}, {}, "T-1"),
        ({"transaction_id": 5001}, {}, "5001"),
        ({"transaction_id": "T-1"}, {"event_id": "order-{order_id}-purchase"}, "order-T-1-purchase"),
    ],
)
def test_a_purchases_id_is_the_shops_own_or_the_orders(params: Any, settings: Any, expected: str) -> None:
    """The event_id parameter goes first, then the order's id through the source's template."""
    assert measured(event("purchase", params), **settings).event.event_id == expected


def test_an_event_with_its_own_time_has_the_same_id_each_time_it_is_sent() -> None:
    """A digest of visitor, session, name and time: equal for a repetition, another for each event, never shared."""
    body = event("add_to_cart", {"session_id": "9"}, timestamp_micros=int(NOW * 1e6))
    first, again = measured(body), measured(body)
    assert first.event.event_id == again.event.event_id
    assert first.intake.readings[0].is_id_private
    twins = measured({**body, "events": body["events"] * 2})
    ids = [reading.event_id for reading in twins.intake.readings]
    assert len(set(ids)) == 2
    other = measured({**body, "client_id": "3.4"})
    assert other.event.event_id != first.event.event_id


def test_an_event_without_time_and_id_is_said_to_count_again() -> None:
    """Nothing tells a repetition of it from another: it is named at random, with a warning."""
    found = measured(event("add_to_cart"))
    assert "event_id_missing" in codes(found)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (int(NOW * 1e6), int(NOW)),
        (str(int(NOW * 1e6)), int(NOW)),
        (int(NOW * 1e3), int(NOW)),
        (int(NOW), int(NOW)),
        ("soon", int(NOW)),
        (True, int(NOW)),
        (-5, int(NOW)),
    ],
)
def test_times_are_read_in_any_unit_and_what_is_no_time_is_now(given: Any, expected: int) -> None:
    """Microseconds as a number or digits, milliseconds and seconds by their size."""
    assert measured(event("search", timestamp_micros=given)).event.event_time == expected


def test_an_events_own_time_goes_before_the_requests() -> None:
    """Each event may have happened at another moment."""
    body = event("search", timestamp_micros=int(NOW * 1e6))
    body["events"][0]["timestamp_micros"] = int((NOW - 60) * 1e6)
    assert measured(body).event.event_time == int(NOW) - 60


def test_plain_and_hashed_user_data_are_both_taken() -> None:
    """Texts and lists, one address or several: each is normalised and hashed, or passes as the hash that it is."""
    hashed = digest("other@example.com")
    body = event(
        "purchase",
        {"transaction_id": "T-1"},
        user_data={
            "email_address": ["Dana.Fixture@Example.com", "dana@example.com"],
            "sha256_email_address": hashed.upper(),
            "phone_number": "+15550100142",
            "address": [{"first_name": "Dana", "postal_code": "62704"}, {"sha256_last_name": digest("fixture")}],
        },
    )
    user = measured(body).event.user
    assert user.email == (digest("dana.fixture@example.com"), digest("dana@example.com"), hashed)
    assert user.phone == digest("+15550100142")
    assert (user.first_name, user.last_name) == (digest("dana"), digest("fixture"))


def test_a_hashed_address_alone_is_flagged_and_a_plain_one_is_not() -> None:
    """Whether a hash is of a gmail address cannot be known, and the warning says that."""
    hashed = event("purchase", {"transaction_id": "T-1"}, user_data={"sha256_email_address": digest("a.b@gmail.com")})
    found = measured(hashed)
    assert "email_hash_google" in codes(found)
    (said,) = [each for each in found.arrivals[0].result.problems if each.code == "email_hash_google"]
    assert "does not tell whether" in said.reason
    assert said.severity.value == "warning"
    both = {**hashed, "user_data": {**hashed["user_data"], "email_address": "a.b@gmail.com"}}
    assert "email_hash_google" not in codes(measured(both))


def test_what_is_no_hash_is_dropped_and_never_hashed_again() -> None:
    """A plain value under sha256_ is the sender's mistake: the field goes, with its reason, the event stays."""
    body = event("purchase", {"transaction_id": "T-1"}, user_data={"sha256_phone_number": ["+15550100142"]})
    found = measured(body)
    assert found.event.user.phone is None
    assert "hash_unreadable" in codes(found)


def test_a_device_and_a_place_are_the_users() -> None:
    """Address, user agent, language and place of the request's newer fields reach the user."""
    body = event(
        "search",
        {"search_term": "blue mug"},
        ip_override="192.0.2.44",
        user_agent="Test/1.0",
        device={"language": "en-us"},
        user_location={"city": "Springfield", "region_id": "US-IL", "country_id": "US"},
    )
    made = measured(body).event
    assert (made.user.ip, made.user.user_agent, made.user.locale) == ("192.0.2.44", "Test/1.0", "en-us")
    assert (made.user.city, made.user.state, made.user.country) == ("springfield", "il", "us")
    assert made.properties.search_string == "blue mug"


def test_the_servers_own_address_is_never_the_shoppers() -> None:
    """Without ip_override an event of a server has no IP address, whoever called."""
    request = PURCHASE.request(client_ip="203.0.113.9")
    body = request.body.replace(b'"ip_override": "192.0.2.44",', b"")
    assert body != request.body
    found = ran("ga4", PURCHASE.request(client_ip="203.0.113.9", body=body), SECRET)
    assert found.event.user.ip is None


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"consent": {"ad_user_data": "DENIED", "ad_personalization": "GRANTED"}}, "denied"),
        ({"consent": {"ad_user_data": "GRANTED", "ad_personalization": "DENIED"}}, "limited"),
        ({"consent": {"ad_storage": "denied"}}, "denied"),
        ({"consent": "granted"}, "granted"),
        ({"non_personalized_ads": True}, "limited"),
        ({"non_personalized_ads": False}, None),
        ({"consent": {"ad_user_data": "perhaps"}}, "unreadable"),
        ({}, None),
    ],
)
def test_consent_is_read_from_the_body(given: Any, expected: str | None) -> None:
    """The strictest of what the body says counts, and silence is none."""
    (reading,) = measured(event("search", **given)).intake.readings
    assert reading.event is not None
    assert reading.event.consent == expected


@pytest.mark.parametrize(
    ("settings", "expected"),
    [({}, "consent_unknown"), ({"default_country": "US"}, ""), ({"default_country": "DE"}, "consent_unknown")],
)
def test_by_default_silence_is_judged_by_region(settings: Any, expected: str) -> None:
    """Without a consent and a country an event is withheld; where nobody need agree first it is sent."""
    found = measured(event("search"), consent="by_region", **settings)
    assert found.arrivals[0].result.reason == expected


@pytest.mark.parametrize(
    ("value", "params", "expected"),
    [
        ("total", {"value": "36.50", "items": [{"price": 18, "quantity": 2}]}, 36.5),
        ("total", {"items": [{"price": 18, "quantity": 2}, {"price": "1.5"}]}, 37.5),
        ("total", {"value": 0}, 0),
        ("subtotal", {"value": 40, "items": [{"price": 18, "quantity": 2}]}, 36),
        ("subtotal", {"value": 40}, 40),
        ("without_tax_and_shipping", {"value": 40, "tax": 3, "shipping": "1"}, 36),
    ],
)
def test_the_value_is_the_events_or_that_of_its_items(value: str, params: Any, expected: float) -> None:
    """Google's value as sent; the items' sum where there is none or the source asks for it."""
    assert measured(event("purchase", params), value=value).event.properties.value == expected


def test_the_currency_may_stand_at_an_item() -> None:
    """The first item that names one tells it for an event that does not."""
    params = {"value": 5, "items": [{"item_id": "A", "price": 5}, {"item_id": "B", "currency": "EUR"}]}
    assert measured(event("view_item", params)).event.properties.currency == "EUR"


def test_items_are_named_as_the_catalogue_names_them() -> None:
    """item_id stands for what an item lacks; a product_id or sku of the shop's own is used where the source asks."""
    item = {"item_id": "V-1", "product_id": "P-1", "item_variant": "blue"}
    found = measured(event("view_item", {"items": [item]}), content_id="shop_{product_id}_{variant_id}")
    assert found.event.properties.contents[0].content_id == "shop_P-1_V-1"
    assert measured(event("view_item", {"items": [{"item_id": "V-1"}]})).event.properties.contents[0].quantity == 1


def test_the_client_id_is_an_external_id_where_the_source_says_so() -> None:
    """Only of events without a user_id, and only by the option."""
    body = {"client_id": "111.222", "events": [{"name": "search", "params": {}}]}
    option: dict[str, Any] = {"client_id_as_external_id": True}
    assert measured(body, **option).event.user.external_id == digest("111.222")
    assert measured({**body, "user_id": "u-77"}, **option).event.user.external_id == digest("u-77")


def test_an_apps_events_are_app_events() -> None:
    """A firebase_app_id makes the event an app's, under TikTok's names for those, tied by the app instance."""
    body = {"app_instance_id": "abc", "user_id": "u-77", "events": [{"name": "sign_up"}, {"name": "screen_view"}]}
    found = measured(body, query=f"firebase_app_id=1:2:android:3&api_secret={SECRET}")
    assert (found.event.event, found.event.event_source) == ("Registration", EventSource.APP)
    assert found.event.app.app_id == "1:2:android:3"
    assert found.intake.readings[0].ties == (Tie(TieKind.CLIENT_ID, "abc"),)
    assert [each.name for each in found.intake.ignored] == ["screen_view"]


def test_a_refund_is_recorded_with_its_amount_and_its_order() -> None:
    """The order is named as its purchase was; the amount is the value, else that of the items."""
    params = {"transaction_id": "T-77", "currency": "USD", "items": [{"item_id": "A", "price": 18, "quantity": 1}]}
    settings = {"event_id": "order-{order_id}"}
    found = measured(event("refund", params), **settings)
    (refund,) = found.intake.refunds
    assert (refund.order_id, refund.amount, refund.currency) == ("order-T-77", 18, "USD")
    assert names(found) == []
    assert found.intake.ignored == ()
    (again,) = measured(event("refund", params), **settings).intake.refunds
    assert again.refund_id == refund.refund_id
    (other,) = measured(event("refund", {**params, "value": 3}), **settings).intake.refunds
    assert other.refund_id != refund.refund_id


def test_a_refund_is_an_event_where_the_source_names_one() -> None:
    """It goes out under the custom name with an id of its own, beside the record."""
    found = measured(event("refund", {"transaction_id": "T-77", "value": 3}), refund_event="OrderRefunded")
    (refund,) = found.intake.refunds
    assert (found.event.event, found.event.event_id) == ("OrderRefunded", f"refund-{refund.refund_id}")


def test_a_refund_of_no_order_is_counted_as_ignored() -> None:
    """Without a transaction_id nothing can be recorded."""
    found = measured(event("refund", {"value": 3}))
    assert found.intake.refunds == ()
    assert [(each.reason, each.name) for each in found.intake.ignored] == [("no_event", "refund")]


def test_more_than_25_events_are_refused_whole() -> None:
    """Google takes 25 in one request; the caller is told, so that nothing is dropped in silence."""
    body = {"client_id": "1.2", "events": [{"name": "search"}] * 26}
    with pytest.raises(InvalidEvent) as refused:
        measured(body)
    assert refused.value.problems[0].code == "too_many_events"


def test_a_body_without_events_is_counted_as_nothing() -> None:
    """No list of events, or none in it, makes no event and no error."""
    odd: tuple[Any, ...] = (None, [], "x", 5)
    for events in odd:
        assert measured({"client_id": "1.2", "events": events}).intake.readings == ()
    assert names(measured({"client_id": "1.2", "user_id": "u", "events": {"name": "search"}})) == ["Search"]


def test_an_event_that_is_no_object_costs_only_itself() -> None:
    """Its neighbours are read."""
    found = measured({"user_id": "u-77", "events": [7, {"name": "search"}]})
    assert [arrival.result.result.value for arrival in found.arrivals] == ["rejected", "accepted"]


def test_debug_events_go_out_as_tests_where_a_test_code_is_set() -> None:
    """Without the option they are like the rest, as at Google."""
    body = event("search", {"debug_mode": 1})
    assert measured(body).intake.test_event_code is None
    assert measured(body, debug_test_code="TEST12345").intake.test_event_code == "TEST12345"
    assert measured(event("search", {"debug_mode": "false"}), debug_test_code="T").intake.test_event_code is None


def test_a_value_of_any_length_is_cut_off_with_its_reason() -> None:
    """What is longer than the settings allow is dropped; the event stays."""
    found = measured(event("search", {"page_location": "https://shop.example.com/" + "x" * 20_000}))
    assert found.event.page.url is None
    assert "value_too_long" in codes(found)
