"""What each server event of Meta's becomes: names, people, amounts, items, where it happened, what was allowed."""

from __future__ import annotations

from hashlib import md5
from typing import Any

import pytest
from tests.unit.sources.fixtures import NOW, fixture, fixtures, ran
from tests.unit.sources.meta.posting import TOKEN, hashed, purchase, request, taken

from fullcount.errors import InvalidEvent
from fullcount.events.model import EventSource
from fullcount.queue.outcomes import Ignored


@pytest.mark.parametrize("each", fixtures("meta_capi/"), ids=lambda each: each.file)
def test_every_recorded_request_gives_what_the_index_expects(each: Any) -> None:
    """Events, ids and identifiers of each fixture are those of INDEX.json; nothing in it breaks."""
    result = ran("meta", each.request(), "FIXTURE_TOKEN")
    assert result.is_authentic
    assert result.intake.broken == ()
    events = [entry.event for arrival in result.arrivals for entry in arrival.entries]
    expect = each.expect
    assert len(events) == expect.get("count", 1)
    first = events[0]
    for key, found in (
        ("event", first.canonical),
        ("event_id", first.event_id),
        ("phone", first.user.phone),
        ("external_id_hash", first.user.external_id),
        ("test_event_code", result.intake.test_event_code),
    ):
        assert key not in expect or found == expect[key]
    limited = [event.event_id for event in events if event.limited_data_use]
    assert limited == ([expect["limited_data_use_on"]] if "limited_data_use_on" in expect else [])


def test_the_awkward_batch_is_mended() -> None:
    """Milliseconds, a comma in the amount, a currency in lower case, a till, and an address that is plain text."""
    result = ran("meta", fixture("meta_capi/batch_mixed_awkward.json").request(), "FIXTURE_TOKEN")
    lead, added, sold = (arrival.entries[0].event for arrival in result.arrivals)
    assert (lead.event_source, lead.user.lead_id, lead.lead) == (EventSource.WEB, None, None)
    assert added.event_time == 1_795_169_744
    assert (sold.event_source, sold.properties.value, sold.properties.currency) == (EventSource.OFFLINE, 12.5, "EUR")
    assert sold.user.first_name == "2c9e0a2585dc7406589a3724f0027811506e0f133726303a15d6779d532a2573"
    assert (sold.user.phone, sold.user.country) == (None, None)


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("Purchase", "CompletePayment"),
        ("PageView", "Pageview"),
        ("AddToCart", "AddToCart"),
        ("StartTrial", "StartTrial"),
        ("Lead", "Lead"),
        ("Donate", "Donate"),
        ("MyCustomEvent", "MyCustomEvent"),
    ],
)
def test_names_are_spelled_as_tiktok_does(said: str, name: str) -> None:
    """Most names are alike at both; custom ones stay."""
    assert taken(purchase(event_name=said)).event.event == name


def test_names_can_be_changed_and_left_out() -> None:
    """The settings' own table comes first; an empty name leaves the event out and counts it."""
    assert taken(purchase(event_name="Donate"), names={"Donate": "Subscribe"}).event.event == "Subscribe"
    left_out = taken(purchase(event_name="PageView"), names={"PageView": ""})
    assert left_out.arrivals == ()
    assert [each.reason for each in left_out.intake.ignored] == [Ignored.SWITCHED_OFF]


@pytest.mark.parametrize(
    ("action_source", "event_source"),
    [
        ("website", EventSource.WEB),
        ("Website", EventSource.WEB),
        ("physical_store", EventSource.OFFLINE),
        ("phone_call", EventSource.OFFLINE),
        ("email", EventSource.WEB),
        ("chat", EventSource.WEB),
        ("system_generated", EventSource.WEB),
        ("business_messaging", EventSource.WEB),
        ("other", EventSource.WEB),
        (None, EventSource.WEB),
        (7, EventSource.WEB),
    ],
)
def test_where_it_happened_is_said_in_tiktoks_words(action_source: Any, event_source: EventSource) -> None:
    """Meta's action_source is TikTok's event_source; what TikTok has no word for is the web."""
    assert taken(purchase(action_source=action_source)).event.event_source is event_source


def test_an_app_event_needs_the_apps_id() -> None:
    """Of the settings, else the package name that an Android event brings; without it the event is refused."""
    from_settings = taken(purchase(action_source="app"), app_id="123456789").event
    assert (from_settings.event_source, from_settings.app.app_id) == (EventSource.APP, "123456789")
    android = purchase(action_source="app", app_data={"extinfo": ["a2", "com.example.shop"]})
    assert taken(android).event.app.app_id == "com.example.shop"
    for extinfo in (["i2", "com.example.shop"], ["a2"], ["a2", None], "odd", None):
        (refused,) = taken(purchase(action_source="app", app_data={"extinfo": extinfo})).arrivals
        assert [problem.code for problem in refused.result.problems] == ["app_id_missing"]


def problems_of(result: Any) -> list[str]:
    """Return the codes of what a sender heard of its one event, without warnings."""
    (arrival,) = result.arrivals
    return [problem.code for problem in arrival.result.problems if problem.severity.value != "warning"]


def test_hashes_that_are_tiktoks_as_well_pass() -> None:
    """E-mail, external_id, names and postal code hashed by Meta's rules; several e-mails stay several."""
    digests = [hashed("jane@example.com"), hashed("jane.doe@example.com")]
    given = {
        "em": digests,
        "fn": hashed("jane"),
        "ln": [hashed("doe")],
        "zp": hashed("97201"),
        "external_id": hashed("u"),
    }
    result = taken(purchase(user_data=given))
    user = result.event.user
    assert user.email == tuple(digests)
    assert (user.first_name, user.last_name, user.zip_code) == (hashed("jane"), hashed("doe"), hashed("97201"))
    assert user.external_id == hashed("u")
    assert problems_of(result) == []


def test_plain_values_are_normalised_and_hashed() -> None:
    """Senders that do not hash: the address, the names and the shopper's id are hashed here, places stay plain."""
    given = {
        "em": " Jane@Example.com ",
        "fn": "Jane",
        "ct": "Portland",
        "st": ["OR"],
        "country": "US",
        "external_id": "u",
    }
    user = taken(purchase(user_data=given)).event.user
    assert (user.email, user.first_name, user.external_id) == (hashed("jane@example.com"), hashed("jane"), hashed("u"))
    assert (user.city, user.state, user.country) == ("portland", "or", "us")


def test_a_hashed_phone_number_is_dropped_with_its_reason() -> None:
    """Meta hashes it without the plus: at TikTok it could match nobody. The plain one beside it stays."""
    digest = hashed("15550100199")
    result = taken(purchase(user_data={"ph": [digest], "external_id": "u"}))
    assert (result.event.user.phone, problems_of(result)) == (None, ["phone_hash_of_meta"])
    both = taken(purchase(user_data={"ph": [digest, "+15550100199"]}))
    assert both.event.user.phone == hashed("+15550100199")


@pytest.mark.parametrize(
    ("given", "settings", "number"),
    [
        ("12125550142", {}, "+12125550142"),  # as Meta wants it: with its country code, without the plus
        ("+1 212 555 0142", {}, "+12125550142"),
        ("0012125550142", {}, "+12125550142"),
        (12125550142, {}, "+12125550142"),
        ("2125550142", {"default_country": "US"}, "+12125550142"),  # national, as some send it
        ("030 901820", {"default_country": "DE"}, "+4930901820"),
    ],
)
def test_a_plain_phone_number_gets_its_plus(given: Any, settings: dict[str, Any], number: str) -> None:
    """A number that is right with a plus before it is international; another is the country's."""
    assert taken(purchase(user_data={"ph": given}), **settings).event.user.phone == hashed(number)


def test_hashed_places_and_md5_are_dropped_with_their_reason() -> None:
    """TikTok takes places plain, and no MD5."""
    digest = md5(b"jane@example.com", usedforsecurity=False).hexdigest()
    result = taken(
        purchase(user_data={"em": digest, "ct": hashed("portland"), "country": [hashed("us")], "ph": digest})
    )
    assert problems_of(result) == ["md5_hash", "place_hashed", "place_hashed", "phone_hash_of_meta"]
    user = result.event.user
    assert (user.email, user.city, user.country, user.phone) == (None, None, None, None)


def test_metas_own_ids_are_of_no_use() -> None:
    """fbc, fbp, lead_id and the others are Meta's; nothing of them is sent on."""
    given = {"fbc": "fb.1.1.x", "fbp": "fb.1.1.y", "lead_id": "1", "madid": "m", "anon_id": "a", "external_id": "u"}
    user = taken(purchase(user_data=given)).event.user
    assert (user.lead_id, user.extra, user.ttp, user.ttclid, user.gaid) == (None, None, None, None, None)


def test_the_browser_and_the_click_are_those_of_the_event() -> None:
    """client_ip_address and client_user_agent; the click ID of the URL, else of custom_data."""
    given = {"client_ip_address": "192.0.2.44", "client_user_agent": "Test/1.0"}
    custom = {"ttclid": "E.C.P.ofCustomData", "ttp": "ttp-of-custom-data-00000001"}
    user = taken(purchase(user_data=given, custom_data=custom)).event.user
    assert (user.ip, user.user_agent, user.ttclid, user.ttp) == ("192.0.2.44", "Test/1.0", *custom.values())
    url = "https://shop.example.com/?ttclid=E.C.P.ofTheUrl001"
    clicked = taken(purchase(event_source_url=url, custom_data=custom, referrer_url="https://example.com/"))
    assert clicked.event.user.ttclid == "E.C.P.ofTheUrl001"
    assert clicked.event.page.referrer == "https://example.com/"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (36, 36.0),
        ("36.50", 36.5),
        ("12,50", 12.5),
        ("1.234,50", 1234.5),
        ("1,234.50", 1234.5),
        ("n/a", None),
        (None, None),
    ],
)
def test_amounts_are_read_as_shops_write_them(value: Any, expected: float | None) -> None:
    """Numbers, numbers as text, and a comma for the decimals."""
    assert taken(purchase(custom_data={"value": value, "currency": "eur"})).event.properties.value == expected


def test_items_keep_their_one_id() -> None:
    """contents, else content_ids; the template of the catalogue is filled with Meta's one id."""
    row = {"id": 811, "quantity": "2", "item_price": "18,00", "title": "Mug", "brand": "B", "category": "Kitchen"}
    (item,) = taken(purchase(custom_data={"contents": [row, None]}), content_id="shop_{sku}").event.properties.contents
    assert (item.content_id, item.price, item.quantity) == ("shop_811", 18.0, 2.0)
    assert (item.content_name, item.brand, item.content_category) == ("Mug", "B", "Kitchen")
    listed = taken(purchase(custom_data={"content_ids": ["811", 812], "content_name": "Two"})).event.properties
    assert [(each.content_id, each.content_name) for each in listed.contents] == [("811", None), ("812", None)]
    assert listed.content_type == "product"
    alone = taken(purchase(custom_data={"content_ids": "811", "content_name": "Mug", "content_type": "product_group"}))
    assert [(each.content_id, each.content_name) for each in alone.event.properties.contents] == [("811", "Mug")]
    assert alone.event.properties.content_type == "product_group"


def test_the_rest_of_custom_data_has_its_place() -> None:
    """Order, count, search, status and lifetime value; keys of the sender's own stay behind."""
    custom = {
        "order_id": "1001",
        "num_items": "2",
        "search_string": "mug",
        "status": "paid",
        "predicted_ltv": 99,
        "delivery_category": "home_delivery",
        "margin": 3,
    }
    found = taken(purchase(custom_data=custom)).event.properties
    assert (found.order_id, found.num_items, found.search_string, found.query) == ("1001", 2, "mug", "mug")
    assert (found.status, found.predicted_ltv, found.delivery_category) == ("paid", 99.0, "home_delivery")
    assert found.extra is None


@pytest.mark.parametrize(
    ("event", "settings", "event_id"),
    [
        (purchase(), {}, "M-1"),
        (purchase(event_id=7), {}, "7"),
        (purchase(event_id=None), {}, "1001"),
        (purchase(event_id=""), {"event_id": "order-{order_id}-purchase"}, "order-1001-purchase"),
    ],
)
def test_the_event_id_is_the_senders_else_the_orders(
    event: dict[str, Any], settings: dict[str, Any], event_id: str
) -> None:
    """What Meta's pixel has as eventID; a purchase without one is named by its order."""
    assert taken(event, **settings).event.event_id == event_id


@pytest.mark.parametrize(
    ("given", "is_limited"),
    [(["LDU"], True), ("ldu", True), ([" LDU "], True), ([], None), (None, None), (["", 7], None), ({}, None)],
)
def test_limited_data_use_is_tiktoks_too(given: Any, is_limited: Any) -> None:
    """data_processing_options LDU sets TikTok's flag, wherever Meta would have looked for the person."""
    assert taken(purchase(data_processing_options=given)).event.limited_data_use is is_limited


@pytest.mark.parametrize("opt_out", [True, 1, "true"])
def test_an_opt_out_is_an_objection(opt_out: Any) -> None:
    """Meta would use such an event for attribution alone; TikTok has no such use, so it is withheld."""
    assert [arrival.result.reason for arrival in taken(purchase(opt_out=opt_out)).arrivals] == ["opt_out_signal"]
    anything_else: tuple[Any, ...] = (False, None, "false", 0, [])
    for said in anything_else:
        assert taken(purchase(opt_out=said)).arrivals[0].entries


def test_a_too_old_event_costs_itself_alone() -> None:
    """At Meta the whole request would fail; here its neighbours are taken."""
    result = taken(purchase(), purchase(event_id="M-2", event_time=int(NOW) - 40 * 86_400))
    assert [len(arrival.entries) for arrival in result.arrivals] == [1, 0]
    assert "too_old" in [problem.code for problem in result.arrivals[1].result.problems]


@pytest.mark.parametrize(
    "unusable", [7, None, [], "odd", {}, {"event_name": None}, {"event_name": " "}, {"event_name": []}]
)
def test_what_is_no_event_costs_itself_alone(unusable: Any) -> None:
    """An item that cannot be read is refused with its reason; its neighbours are taken."""
    result = taken(purchase(), unusable)
    assert [len(arrival.entries) for arrival in result.arrivals] == [1, 0]
    assert result.arrivals[1].result.problems[0].fix


def test_an_event_that_is_nested_too_deep_costs_itself_alone() -> None:
    """The bound of depth holds for each event; a long text costs nothing but itself."""
    deep: Any = {"x": 1}
    for _ in range(40):
        deep = {"x": deep}
    result = taken(purchase(), purchase(custom_data=deep), purchase(event_id="M-3", note="x" * 40_000))
    assert [len(arrival.entries) for arrival in result.arrivals] == [1, 0, 1]
    assert [problem.code for problem in result.arrivals[1].result.problems] == ["too_deep"]


def test_a_click_is_told_for_later() -> None:
    """An event with a click and somebody's id or address: the purchase that follows without it can be found."""
    url = "https://shop.example.com/?ttclid=E.C.P.clicked0001"
    view = purchase(event_name="ViewContent", event_id="M-0", event_source_url=url)
    (found,) = taken(view, view, purchase()).intake.sightings
    assert (found.page.url, found.user.external_id, found.seen_at) == (url, "u-1", NOW - 60)
    assert taken(purchase(user_data=None, event_source_url=url)).intake.sightings == ()
    assert taken({**view, "opt_out": True}).intake.sightings == ()
    (in_milliseconds,) = taken({**view, "event_time": int(NOW) * 1000}).intake.sightings
    assert in_milliseconds.seen_at is None


def test_an_order_ties_its_event() -> None:
    """The order's id is a tie of every event that names it."""
    (reading,) = taken(purchase()).intake.readings
    assert [(tie.kind.value, tie.value) for tie in reading.ties] == [("order_id", "1001")]


def test_too_many_events_are_refused_together() -> None:
    """More than the settings allow is one refusal: nothing of the request was taken."""
    with pytest.raises(InvalidEvent, match="events in one call"):
        ran("meta", request({"data": [purchase()] * 1_001}), TOKEN)
