"""What each call of Segment's and RudderStack's SDKs becomes: names, ids, amounts, items, people, time."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.sources.fixtures import NOW, fixture, fixtures, ran
from tests.unit.sources.segment.calling import BROWSER, HAPPENED, hashed, request, taken, track

from fullcount.events.names import canonical_name
from fullcount.queue.outcomes import Ignored
from fullcount.sources.segment.names import NAMES

SECRET = "WK_FIXTURE"


@pytest.mark.parametrize("each", fixtures("segment/"), ids=lambda each: each.file)
def test_every_recorded_request_gives_what_the_index_expects(each: Any) -> None:
    """Events, ids and amounts of each fixture are those of INDEX.json; nothing in it breaks."""
    result = ran("segment", each.request(), SECRET)
    assert result.is_authentic
    assert result.intake.broken == ()
    events = [entry.event for arrival in result.arrivals for entry in arrival.entries]
    expect = each.expect
    assert [event.canonical for event in events] == expect.get("events", [expect.get("event", "Purchase")])
    for key, found in (
        ("event_id", events[0].event_id),
        ("value", events[0].properties.value),
        ("ttp", events[0].user.ttp),
    ):
        assert key not in expect or found == expect[key]


def test_the_recorded_order_carries_all_that_it_said() -> None:
    """Numbers that are text, hashed identifiers, the click of the page's URL, the browser, the item."""
    event = ran("segment", fixture("segment/track_order_completed.json").request(), SECRET).event
    assert event.event == "CompletePayment"
    assert event.user.email == hashed("dana.fixture@example.com")
    assert event.user.phone == hashed("+15550100142")
    assert event.user.external_id == hashed("u-77")
    assert event.user.ttclid == "E.C.P.CqcBtestFixtureClickId0001"
    assert (event.user.ip, event.user.locale) == ("192.0.2.44", "en-US")
    assert event.user.user_agent.startswith("Mozilla/5.0 (iPhone;")
    (item,) = event.properties.contents
    assert (item.content_id, item.price, item.quantity) == ("811", 18.0, 2.0)
    assert (item.content_name, item.brand, item.content_category) == ("Blue Enamel Mug", "Northwind", "Kitchen")
    assert event.properties.content_type == "product"
    assert event.page.url.startswith("https://shop.example.com/thanks")


@pytest.mark.parametrize(("said", "name"), [pair for pair in NAMES.items() if pair[0] != "page"])
def test_names_of_the_specification_are_tiktoks(said: str, name: str) -> None:
    """Every name of the table is found in any case, and with underscores in place of blanks."""
    for spelled in (said, said.lower(), said.upper().replace(" ", "_")):
        assert taken(track(spelled)).event.canonical == name


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({}, "CompletePayment"),
        ({"names": {"Order Completed": "PlaceAnOrder"}}, "PlaceAnOrder"),
        ({"names": {"Order Completed": "Purchase"}}, "CompletePayment"),
    ],
)
def test_the_preset_for_an_order_is_a_setting(settings: dict[str, Any], name: str) -> None:
    """A completed order is a purchase, spelled as the pixel spells it, or as `names` says; the id stays the order's."""
    event = taken(track(), **settings).event
    assert (event.event, event.event_id) == (name, "1001")


def test_a_page_may_be_something_else() -> None:
    """A page call is a Pageview, or a ViewContent by one setting, or left out."""
    page = {"type": "page", "userId": "u-1", "messageId": "m-1", "properties": {"url": "https://shop.example.com/a"}}
    assert taken(page).event.event == "Pageview"
    assert taken(page, names={"page": "ViewContent"}).event.event == "ViewContent"
    left_out = taken(page, names={"page": ""})
    assert left_out.arrivals == ()
    assert [each.reason for each in left_out.intake.ignored] == [Ignored.SWITCHED_OFF]


def test_calls_that_mean_nothing_to_tiktok_are_counted_and_not_sent() -> None:
    """Unlisted track names, screens and groups make no event; a listed or TikTok's own name does."""
    calls = [track("Button Clicked"), {"type": "screen", "userId": "u"}, {"type": "group", "groupId": "g"}]
    result = taken(*calls)
    assert result.arrivals == ()
    assert [each.reason for each in result.intake.ignored] == ["unknown_topic", "unknown_topic", "no_event"]
    assert taken(track("Button Clicked"), names={"Button Clicked": "ClickButton"}).event.event == "ClickButton"
    assert taken(track("Lead")).event.event == "Lead"


def test_custom_names_go_out_where_that_is_asked_for() -> None:
    """With custom_events a name that TikTok would take goes out as it is; one that it would drop is refused."""
    assert taken(track("newsletter_opened"), custom_events=True).event.event == "newsletter_opened"
    (refused,) = taken(track("Button Clicked"), custom_events=True).arrivals
    assert [problem.code for problem in refused.result.problems if problem.path == "event"] == ["name_invalid"]
    screen = {"type": "screen", "userId": "u", "name": "Home"}
    assert taken(screen, custom_events=True).arrivals == ()
    assert taken(screen, names={"screen": "ViewContent"}).event.event == "ViewContent"


@pytest.mark.parametrize(
    ("call", "event_id", "is_private"),
    [
        (track(), "1001", False),
        (track(properties={"event_id": "mine-1", "order_id": "1001"}), "mine-1", False),
        (track(properties={}), "m-1", True),
        (track("Product Added"), "m-1", True),
        (track("Product Added", properties={"event_id": "added-1"}), "added-1", False),
        (track("PlaceAnOrder"), "1001", False),
        (track(properties={"order_id": 1001}), "1001", False),
    ],
)
def test_the_message_id_names_an_event_only_where_nothing_else_does(
    call: dict[str, Any], event_id: str, *, is_private: bool
) -> None:
    """The sender's event_id, else the order's; else the messageId, which no browser's half can have."""
    result = taken(call)
    assert result.event.event_id == event_id
    assert [reading.is_id_private for reading in result.intake.readings] == [is_private]


def test_a_call_without_a_message_id_is_the_same_when_it_is_repeated() -> None:
    """A later repetition, sent and received at other times, has the same id; another call has another."""

    def event_id(sent_at: str, **changes: Any) -> str:
        call = track("Product Added", messageId=None, sentAt=sent_at, **changes)
        return str(taken(call).event.event_id)

    first = event_id("2026-11-20T10:59:01Z")
    assert event_id("2026-11-20T10:59:31Z") == first
    assert event_id("2026-11-20T10:59:01Z", timestamp="2026-11-20T10:58:00Z") != first


def test_the_template_of_the_source_names_orders() -> None:
    """The same template as the snippet's makes the id, also from the checkout's token."""
    assert taken(track(), event_id="order-{order_id}-purchase").event.event_id == "order-1001-purchase"
    by_token = track(properties={"order_id": "1001", "checkout_id": "c-9"})
    assert taken(by_token, event_id="{checkout_token}").event.event_id == "c-9"


@pytest.mark.parametrize(
    ("properties", "setting", "value"),
    [
        ({"value": 5, "total": 72.4, "revenue": 60}, "total", 5.0),
        ({"total": "72.40", "revenue": 60}, "total", 72.4),
        ({"revenue": "60.5"}, "total", 60.5),
        ({"total": 72.4, "subtotal": 66}, "subtotal", 66.0),
        ({"total": 72.4}, "subtotal", 72.4),
        ({"total": 72.4, "revenue": 60}, "without_tax_and_shipping", 60.0),
        ({"total": 72.4, "shipping": "6.40", "tax": 1}, "without_tax_and_shipping", 65.0),
        ({"total": "12.345", "tax": "0.111", "currency": "KWD"}, "without_tax_and_shipping", 12.234),
        ({"value": 9}, "without_tax_and_shipping", 9.0),
        ({"product_id": "8", "price": "18", "quantity": "2"}, "total", 36.0),
        ({"product_id": "8", "price": 18}, "total", 18.0),
        ({"total": "NaN"}, "total", None),
        ({}, "total", None),
    ],
)
def test_the_value_is_the_amount_that_the_settings_ask_for(
    properties: dict[str, Any], setting: str, value: float | None
) -> None:
    """`value`, `total` and `revenue` in this order; a single product is worth its price times its quantity."""
    assert taken(track("Product Added", properties=properties), value=setting).event.properties.value == value


def test_items_are_named_by_the_catalogues_template() -> None:
    """Several products, or the one that stands in the properties; a variant's id where there is one."""
    products = [{"product_id": 811, "sku": "A"}, {"sku": "B", "variant_id": "v"}, {"name": "no id"}, None, "odd"]
    order = track(properties={"order_id": "1001", "products": products})
    assert [item.content_id for item in taken(order).event.properties.contents] == ["811", "v", None]
    by_sku = taken(order, content_id="shop_{sku}", content_type="product_group").event.properties
    assert [item.content_id for item in by_sku.contents] == ["shop_A", "shop_B", None]
    assert by_sku.content_type == "product_group"
    single = taken(track("Product Viewed", properties={"sku": "MUG"})).event.properties
    assert [item.content_id for item in single.contents] == ["MUG"]


def test_a_search_tells_what_was_searched() -> None:
    """The query goes under both names that TikTok knows."""
    found = taken(track("Products Searched", properties={"query": "blue mug"})).event.properties
    assert (found.query, found.search_string) == ("blue mug", "blue mug")


@pytest.mark.parametrize(
    ("sent_at", "timestamp", "event_time"),
    [
        ("2026-11-20T10:59:30Z", HAPPENED, int(NOW) - 30),  # the sender's clock is 30 seconds behind ours
        ("2026-11-21T11:00:00Z", "2026-11-21T10:59:00Z", int(NOW) - 60),  # a day ahead
        (None, HAPPENED, int(NOW) - 60),
        ("garbage", HAPPENED, int(NOW) - 60),
        (1_000, HAPPENED, int(NOW) - 60),  # no clock: the event would be of the future
        ("2026-11-20T11:00:00Z", 1_795_172_340_000, int(NOW) - 60),  # milliseconds
        ("2026-11-20T11:00:00Z", "odd", int(NOW)),
    ],
)
def test_the_time_is_corrected_by_the_senders_own_clock(sent_at: Any, timestamp: Any, event_time: int) -> None:
    """Segment's rule: the timestamp plus what the sender's clock lags behind ours; batch's or call's `sentAt`."""
    call = track(timestamp=timestamp)
    in_batch = ran("segment", request({"batch": [call], "sentAt": sent_at}), "test-write-key-of-the-shop")
    alone = ran("segment", request({**call, "sentAt": sent_at}, "/v1/track"), "test-write-key-of-the-shop")
    assert [each.event.event_time for each in (in_batch, alone)] == [event_time] * 2


def test_a_time_that_a_server_of_segments_corrected_is_not_corrected_again() -> None:
    """A call with receivedAt was passed on; its timestamp is right, whenever it was sent."""
    call = track(receivedAt="2026-11-20T10:59:01Z", sentAt="2026-11-20T09:00:00Z")
    assert taken(call).event.event_time == int(NOW) - 60
    assert taken(track(timestamp=None, originalTimestamp=HAPPENED)).event.event_time == int(NOW) - 60


def test_what_the_batch_says_holds_for_each_call() -> None:
    """Context and integrations beside the list are merged into every call; the call's own come first."""
    body = {
        "batch": [track(), track(context={"ip": "198.51.100.7"})],
        "context": {"ip": "192.0.2.44", "userAgent": "Test/1.0"},
    }
    result = ran("segment", request(body), "test-write-key-of-the-shop")
    events = [arrival.entries[0].event for arrival in result.arrivals]
    assert [(event.user.ip, event.user.user_agent) for event in events] == [
        ("192.0.2.44", "Test/1.0"),
        ("198.51.100.7", "Test/1.0"),
    ]


@pytest.mark.parametrize(
    ("integrations", "is_sent"),
    [
        ({}, True),
        (None, True),
        ("odd", True),
        ({"All": True}, True),
        ({"All": False}, False),
        ({"All": False, "TikTok Conversions": True}, True),
        ({"All": False, "TikTok Ads": {"ttp": "x"}}, True),
        ({"TikTok Conversions": False}, False),
        ({"All": True, "TIKTOK_ADS": False}, False),
        ({"All": False, "TikTok Conversions": None}, False),
        ({"All": None}, True),
        ({"Google Analytics": False}, True),
    ],
)
def test_a_call_that_is_not_for_tiktok_is_ignored(integrations: Any, *, is_sent: bool) -> None:
    """`integrations` decide by TikTok's own name, else by "All"; what is left out is remembered of nobody."""
    result = taken(track(integrations=integrations, context={"traits": {"email": "jane@example.com"}}))
    assert len(result.arrivals) == is_sent
    assert [each.reason for each in result.intake.ignored] == ([] if is_sent else [Ignored.NOT_FOR_TIKTOK])
    assert bool(result.intake.sightings) == is_sent


def test_the_click_id_comes_from_the_page_first() -> None:
    """The page's query, else properties, else the integration's own object."""
    url = "https://shop.example.com/?ttclid=E.C.P.fromUrl0001"
    integrations = {"TikTok Conversions": {"ttclid": "E.C.P.fromIntegration", "ttp": "ttp-of-integration-000001"}}
    properties = {"ttclid": "E.C.P.fromProperties", "ttp": "ttp-of-properties-00000001"}

    def user(**changes: Any) -> Any:
        return taken(track(**{"properties": {}, "integrations": integrations} | changes)).event.user

    assert user(properties=properties, context={"page": {"url": url}}).ttclid == "E.C.P.fromUrl0001"
    found = user(properties=properties)
    assert (found.ttclid, found.ttp) == ("E.C.P.fromProperties", "ttp-of-properties-00000001")
    found = user()
    assert (found.ttclid, found.ttp) == ("E.C.P.fromIntegration", "ttp-of-integration-000001")
    apart = {"url": "https://shop.example.com/#top", "search": "?ttclid=E.C.P.fromSearch01"}
    assert user(context={"page": apart}).ttclid == "E.C.P.fromSearch01"


def test_the_callers_address_is_the_shoppers_only_where_a_browser_called() -> None:
    """A server's socket and program are never sent; a browser's are, unless the call names others."""
    server = {"authorization": BROWSER["authorization"], "user-agent": "analytics-python/2.4.0"}
    from_server = taken(track(), headers=server, client_ip="203.0.113.9").event.user
    assert (from_server.ip, from_server.user_agent) == (None, None)
    from_browser = taken(track(), headers=BROWSER, client_ip="203.0.113.9").event.user
    assert (from_browser.ip, from_browser.user_agent) == ("203.0.113.9", BROWSER["user-agent"])
    named = track(context={"ip": "192.0.2.44", "userAgent": "Named/1.0"})
    for headers in (server, BROWSER):
        user = taken(named, headers=headers, client_ip="203.0.113.9").event.user
        assert (user.ip, user.user_agent) == ("192.0.2.44", "Named/1.0")
    anonymised = taken(track(context={"ip": "0.0.0.0"}), headers=BROWSER, client_ip="203.0.113.9").event.user  # noqa: S104 - no address to bind
    assert anonymised.ip is None


def test_people_are_read_from_properties_then_traits() -> None:
    """E-mail and phone of the call, else of its traits; names and address of traits; nulls are nothing."""
    traits = {
        "email": "traits@example.com",
        "phone": "+15550100111",
        "firstName": "Dana",
        "last_name": "Fixture",
        "address": {"city": "Portland", "state": "OR", "postalCode": "97201", "country": "US"},
    }
    user = taken(
        track(anonymousId=None, context={"traits": traits}, properties={"email": "own@example.com"})
    ).event.user
    assert (user.email, user.phone) == (hashed("own@example.com"), hashed("+15550100111"))
    assert (user.first_name, user.last_name, user.zip_code) == (hashed("dana"), hashed("fixture"), hashed("97201"))
    assert (user.city, user.state, user.country) == ("portland", "or", "us")
    flat = taken(track(traits={"email": "flat@example.com", "address": "no object", "country": "DE"})).event.user
    assert (flat.email, flat.country) == (hashed("flat@example.com"), "de")


@pytest.mark.parametrize(
    ("ids", "external_id"),
    [
        ({"userId": "u-1", "anonymousId": "a-1"}, "u-1"),
        ({"userId": None, "anonymousId": "a-1"}, "a-1"),
        ({"userId": 77}, "77"),
        ({"userId": "null", "anonymousId": "undefined"}, None),
    ],
)
def test_the_external_id_is_the_users_else_the_browsers(ids: dict[str, Any], external_id: str | None) -> None:
    """userId, else anonymousId; what a program writes where there is none would make strangers one."""
    (reading,) = taken(track(**ids)).intake.readings
    assert reading.event is not None
    assert reading.event.user.external_id == external_id


def test_a_user_id_that_is_an_address_is_one() -> None:
    """Shops that name users by their e-mail address are matched by it."""
    assert taken(track(userId="Jane@Example.com")).event.user.email == hashed("jane@example.com")


def test_an_event_that_names_nobody_waits_for_visitor_memory() -> None:
    """Without any id, address, click or browser TikTok could match it with no one, so it is withheld alone."""
    nobody = taken(track(userId=None))
    assert [(arrival.entries, arrival.result.reason) for arrival in nobody.arrivals] == [((), "no_shared_event_id")]
    assert taken(track(userId=None, properties={"ttclid": "E.C.P.clicked"})).event.user.ttclid == "E.C.P.clicked"


@pytest.mark.parametrize("unusable", ["odd", 7, None, [], {}, {"type": "nothing"}, {"type": "track"}, {"type": 7}])
def test_what_is_no_call_costs_itself_alone(unusable: Any) -> None:
    """An item that cannot be read is refused with its reason; its neighbours are taken."""
    result = taken(track(), unusable, track(properties={"order_id": "1002"}))
    assert [len(arrival.entries) for arrival in result.arrivals] == [1, 0, 1]
    assert result.arrivals[1].result.problems[0].fix


def test_a_call_over_the_limit_costs_itself_alone() -> None:
    """Segment's own limit can be set; the batch's other calls are taken."""
    long = track(properties={"order_id": "1002", "note": "x" * 40_000})
    result = taken(track(), long, max_event_bytes=32_768)
    assert [len(arrival.entries) for arrival in result.arrivals] == [1, 0]
    assert [problem.code for problem in result.arrivals[1].result.problems] == ["event_too_large"]
    assert len(taken(track(), long).arrivals[1].entries) == 1


def test_ties_are_every_token_of_the_call() -> None:
    """The browser's id, the order, the checkout and the cart; the user's id is tied hashed by the pipeline."""
    call = track(anonymousId="a-1", properties={"order_id": "1001", "checkout_id": "c-1", "cart_id": "k-1"})
    (reading,) = taken(call).intake.readings
    assert [(tie.kind.value, tie.value) for tie in reading.ties] == [
        ("client_id", "a-1"),
        ("order_id", "1001"),
        ("checkout_token", "c-1"),
        ("cart_token", "k-1"),
    ]


def test_every_default_name_is_one_of_tiktoks() -> None:
    """The table leads to canonical names only."""
    assert all(canonical_name(name) == name for name in NAMES.values())
