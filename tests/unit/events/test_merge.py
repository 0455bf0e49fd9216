"""Two halves become one event, whichever came first."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullcount.events.hashed import HashedEvent, HashedUser
from fullcount.events.merge import merge_halves
from fullcount.events.model import Ad, App, Content, Half, Lead, Page, Properties

texts = st.none() | st.sampled_from(["a", "b", "c"])
amounts = st.none() | st.sampled_from([1, 2.5, 30])
extras = st.none() | st.dictionaries(st.sampled_from("xyz"), st.integers(0, 3), min_size=1)
identifiers = st.none() | st.sampled_from(["1" * 64, "2" * 64, ("1" * 64, "3" * 64)])

users = st.builds(
    HashedUser, email=identifiers, phone=identifiers, ttclid=texts, ip=texts, user_agent=texts, city=texts, extra=extras
)
all_properties = st.builds(
    Properties,
    contents=st.sampled_from([(), (Content(content_id="a"),), (Content(content_id="b"),)]),
    currency=st.none() | st.sampled_from(["USD", "EUR"]),
    value=amounts,
    order_id=texts,
    extra=extras,
)
events = st.builds(
    HashedEvent,
    event=st.sampled_from(["Purchase", "CompletePayment"]),
    canonical=st.just("Purchase"),
    event_time=st.integers(1_795_000_000, 1_795_000_003),
    event_id=st.just("order-1"),
    user=users,
    properties=all_properties,
    page=st.builds(Page, url=texts, referrer=texts),
    half=st.sampled_from(Half),
    app=st.none() | st.builds(App, app_id=texts, app_name=texts),
    lead=st.none() | st.builds(Lead, lead_id=texts),
    limited_data_use=st.none() | st.booleans(),
    extra=extras,
)


def purchase(half: Half, **parts: Any) -> HashedEvent:
    """Return a purchase of one half; parts not given are empty."""
    whole: dict[str, Any] = {
        "event": "Purchase",
        "event_time": 1_795_000_000,
        "user": HashedUser(),
        "properties": Properties(),
        "page": Page(),
    }
    return HashedEvent(**(whole | parts), canonical="Purchase", event_id="order-1", half=half)


@given(events, events)
def test_order_of_arrival_makes_no_difference(first: HashedEvent, second: HashedEvent) -> None:
    """Merging is symmetric, so it does not matter which half came first."""
    assert merge_halves(first, second) == merge_halves(second, first)


@given(events)
def test_an_event_merged_with_itself_is_itself(event: HashedEvent) -> None:
    """Merging the same copy again changes nothing."""
    assert merge_halves(event, event) == event


@given(events, events)
def test_a_third_copy_of_the_server_half_changes_no_money(first: HashedEvent, second: HashedEvent) -> None:
    """A merged event already holds all that its server half knew of the order."""
    server = msgspec.structs.replace(first, half=Half.SERVER)
    merged = merge_halves(server, msgspec.structs.replace(second, half=Half.BROWSER))
    assert merged.half is Half.SERVER
    assert merge_halves(merged, server).properties == merged.properties


@given(events, events)
def test_nothing_that_either_half_knew_is_lost(first: HashedEvent, second: HashedEvent) -> None:
    """A field that one of the halves has is never empty in the result, but for the currency of another amount."""
    merged = merge_halves(first, second)
    for part in ("user", "properties", "page"):
        both = (getattr(first, part), getattr(second, part))
        for field in both[0].__struct_fields__:
            known = any(getattr(each, field) not in (None, "", ()) for each in both)
            if field == "currency" and merged.properties.value is not None:
                known = merged.properties.currency in {each.currency for each in both if each.value is not None} - {
                    None
                }
            assert known == (getattr(getattr(merged, part), field) not in (None, "", ()))


def test_the_server_wins_on_name_time_money_and_identity() -> None:
    """Where both halves have a value, the shop's own record of money and person is kept."""
    server = purchase(
        Half.SERVER,
        event="CompletePayment",
        user=HashedUser(email="1" * 64, external_id="2" * 64),
        properties=Properties(value=89.99, currency="USD", contents=(Content(content_id="SKU-1"),), order_id="1001"),
    )
    browser = purchase(
        Half.BROWSER,
        event_time=1_794_999_990,
        user=HashedUser(email="3" * 64, external_id="4" * 64),
        properties=Properties(value=1, currency="EUR", contents=(Content(content_id="other"),), order_id="other"),
    )
    merged = merge_halves(browser, server)
    assert (merged.event, merged.event_time, merged.half) == ("CompletePayment", 1_795_000_000, Half.SERVER)
    assert merged.user == server.user
    assert merged.properties == server.properties


def test_the_browser_wins_on_context() -> None:
    """Where both halves have a value, what the browser saw itself is kept."""
    context: dict[str, Any] = {
        "ttclid": "E.C.P.browser",
        "ttp": "t",
        "ip": "203.0.113.9",
        "user_agent": "B",
        "locale": "de",
    }
    other: dict[str, Any] = {
        "ttclid": "E.C.P.server",
        "ttp": "s",
        "ip": "203.0.113.1",
        "user_agent": "S",
        "locale": "en",
    }
    browser = purchase(Half.BROWSER, user=HashedUser(**context), page=Page(url="https://shop.example/thanks"))
    server = purchase(Half.SERVER, user=HashedUser(**other), page=Page(url="https://shop.example/", referrer="r"))
    merged = merge_halves(server, browser)
    assert merged.user == browser.user
    assert merged.page == Page(url="https://shop.example/thanks", referrer="r")


def test_value_and_currency_stay_a_pair() -> None:
    """A value that only the browser has is not put into the server's currency."""
    browser = purchase(Half.BROWSER, properties=Properties(value=10, currency="EUR"))
    server = purchase(Half.SERVER, properties=Properties(currency="USD"))
    merged = merge_halves(server, browser).properties
    assert (merged.value, merged.currency) == (10, "EUR")


@pytest.mark.parametrize(
    ("server", "browser", "expected"),
    [
        (Properties(value=100), Properties(value=85, currency="EUR"), (100, None)),
        (Properties(value=100), Properties(currency="EUR"), (100, None)),
        (Properties(currency="USD"), Properties(value=85), (85, None)),
        (Properties(currency="USD"), Properties(), (None, "USD")),
        (Properties(), Properties(value=85, currency="EUR"), (85, "EUR")),
    ],
)
def test_an_amount_keeps_its_own_currency_or_none(
    server: Properties, browser: Properties, expected: tuple[float | None, str | None]
) -> None:
    """The currency comes from the half that the value came from: of the other half's it would be another amount."""
    merged = merge_halves(purchase(Half.SERVER, properties=server), purchase(Half.BROWSER, properties=browser))
    assert (merged.properties.value, merged.properties.currency) == expected


def test_limited_data_use_asked_for_by_either_half_stays() -> None:
    """A shopper's wish for limited data use survives the other half's silence or denial."""
    browser = purchase(Half.BROWSER, limited_data_use=True)
    server = purchase(Half.SERVER, limited_data_use=False)
    assert merge_halves(server, browser).limited_data_use is True
    assert merge_halves(server, purchase(Half.BROWSER)).limited_data_use is False


def test_every_field_of_a_hashed_event_survives_merging() -> None:
    """No field, including those appended later, is forgotten by the merge."""
    full: dict[str, Any] = {
        "user": HashedUser(**dict.fromkeys(HashedUser.__struct_fields__[:-1], "x"), extra={"a": 1}),
        "properties": Properties(value=1, currency="USD"),
        "page": Page(url="u", referrer="r"),
        "app": App(app_id="1"),
        "ad": Ad(ad_id="1"),
        "lead": Lead(lead_id="1"),
        "limited_data_use": True,
        "extra": {"device": {"model": "x"}},
    }
    event = purchase(Half.SERVER, **full)
    unset = [f.name for f in msgspec.structs.fields(HashedEvent) if getattr(event, f.name) is None]
    assert unset == []
    empty = purchase(Half.BROWSER)
    assert merge_halves(empty, event) == event
