"""What the checks say of an event, and what they mend."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullcount.events.checks import CHECKS, CheckRules, check_event
from fullcount.events.checks.money import CURRENCIES
from fullcount.events.model import App, Content, Event, EventSource, Lead, Page, Properties, User
from fullcount.events.problem_list import ProblemList
from fullcount.events.problems import Severity

NOW = 1_795_357_800.0
DAY = 86_400
RULES = CheckRules()
HAT = Content(content_id="SKU-1", content_type="product", price=10.0, quantity=2)


def purchase(**fields: Any) -> Event:
    """Return a purchase with nothing to say against, changed by the fields given."""
    sound: dict[str, Any] = {
        "event": "Purchase",
        "event_time": int(NOW),
        "event_id": "order-1",
        "user": User(email="customer@example.com", ip="203.0.113.42", user_agent="UA"),
        "page": Page(url="https://shop.example/thanks"),
        "properties": Properties(value=20.0, currency="USD", content_type="product", contents=(HAT,)),
    }
    return Event(**(sound | fields))


def found(event: Event, rules: CheckRules = RULES) -> list[tuple[str, str, Severity]]:
    """Return the problems of an event as (path, code, severity)."""
    checked, problems = check_event(event, rules, NOW)
    assert (checked is None) == any(problem.severity is Severity.FATAL for problem in problems)
    assert all(problem.reason and problem.fix for problem in problems)
    return [(problem.path, problem.code, problem.severity) for problem in problems]


def checked_of(event: Event) -> Event:
    """Return the event after the checks, which must let it pass."""
    checked, _ = check_event(event, RULES, NOW)
    assert checked is not None
    return checked


def test_a_sound_purchase_passes_unchanged() -> None:
    """Nothing is said of a right event, and it is the same object afterwards."""
    event = purchase()
    checked, problems = check_event(event, RULES, NOW)
    assert checked is event
    assert problems == ()


@pytest.mark.parametrize(("ahead_seconds", "said"), [(1_200, "20 minutes"), (1_157 * DAY, "1157 days")])
def test_how_far_in_the_future_is_said_in_a_unit_that_can_be_read(ahead_seconds: int, said: str) -> None:
    """Minutes for a clock that is wrong, days for a year that is."""
    _, problems = check_event(purchase(event_time=int(NOW) + ahead_seconds), RULES, NOW)

    assert [problem.reason for problem in problems] == [f"the event is {said} in the future"]


@pytest.mark.parametrize(
    ("age_seconds", "code", "severity"),
    [
        (28 * DAY + 1, "too_old", Severity.FATAL),
        (10_000 * DAY, "too_old", Severity.FATAL),
        (28 * DAY, "old", Severity.WARNING),
        (7 * DAY + 1, "old", Severity.WARNING),
        (-601, "in_future", Severity.WARNING),
        (-DAY, "in_future", Severity.WARNING),
        (-DAY - 1, "in_future", Severity.FATAL),
    ],
)
def test_age_is_judged(age_seconds: int, code: str, severity: Severity) -> None:
    """Past 28 days an event is refused, past 7 days and beyond a clock's error ahead it is warned of."""
    assert found(purchase(event_time=int(NOW) - age_seconds)) == [("event_time", code, severity)]


@pytest.mark.parametrize("age_seconds", [0, 7 * DAY, -600, 3_600])
def test_a_usual_age_is_fine(age_seconds: int) -> None:
    """Up to 7 days old and ten minutes ahead raises nothing."""
    assert found(purchase(event_time=int(NOW) - age_seconds)) == []


def test_the_answer_to_an_old_event_says_too_old() -> None:
    """The reason itself says too_old, for answers that carry no code."""
    _, problems = check_event(purchase(event_time=1_775_053_800), RULES, NOW)
    assert "too_old" in problems[0].reason


def test_the_age_limit_is_a_setting() -> None:
    """A source of old events can be let in."""
    event = purchase(event_time=int(NOW) - 60 * DAY)
    assert found(event, CheckRules(max_event_age_days=90)) == [("event_time", "old", Severity.WARNING)]


@pytest.mark.parametrize("at", [-(10**11) - 1, -(10**18), -(10**400)])
def test_a_time_before_all_calendars_is_too_old(at: int) -> None:
    """A time that no float could hold is refused like any other that is too old, and raises nothing."""
    assert found(purchase(event_time=at)) == [("event_time", "too_old", Severity.FATAL)]


def test_a_missing_time_becomes_now() -> None:
    """An event without a time is taken as of now, with a warning."""
    event = purchase(event_time=None)
    assert checked_of(event).event_time == int(NOW)
    assert found(event) == [("event_time", "time_missing", Severity.WARNING)]


@pytest.mark.parametrize("factor", [1_000, 1_000_000, 1_000_000_000])
def test_finer_units_become_seconds(factor: int) -> None:
    """Milliseconds, microseconds and nanoseconds are converted, with a warning."""
    event = purchase(event_time=int(NOW) * factor)
    assert checked_of(event).event_time == int(NOW)
    assert found(event) == [("event_time", "time_unit", Severity.WARNING)]


@pytest.mark.parametrize(
    ("changes", "path", "code", "severity"),
    [
        ({"value": None}, "properties.value", "value_missing", Severity.WARNING),
        ({"currency": None}, "properties.currency", "currency_missing", Severity.WARNING),
        ({"currency": ""}, "properties.currency", "currency_missing", Severity.WARNING),
        ({"value": -20.0}, "properties.value", "value_negative", Severity.FATAL),
        ({"currency": "BGN"}, "properties.currency", "currency_unlisted", Severity.WARNING),
        ({"currency": "usd"}, "properties.currency", "currency_case", Severity.WARNING),
        ({"value": 2000}, "properties.value", "value_in_cents", Severity.WARNING),
        ({"value": 0.2}, "properties.contents", "price_in_cents", Severity.WARNING),
        ({"value": 25.0}, "properties.value", "value_differs", Severity.WARNING),
        ({"num_items": -1}, "properties.num_items", "number_invalid", Severity.DROPPED),
        ({"predicted_ltv": float("inf")}, "properties.predicted_ltv", "number_invalid", Severity.DROPPED),
        ({"content_type": "hat"}, "properties.content_type", "content_type_unknown", Severity.WARNING),
    ],
)
def test_money_and_items_are_judged(changes: dict[str, Any], path: str, code: str, severity: Severity) -> None:
    """Each mistake with money is named with its path and what it costs."""
    whole: dict[str, Any] = {"value": 20.0, "currency": "USD", "content_type": "product", "contents": (HAT,)}
    assert found(purchase(properties=Properties(**(whole | changes)))) == [(path, code, severity)]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), 10**16, 10**30])
def test_a_value_that_is_no_amount_is_dropped(value: float) -> None:
    """A value that is not finite, or too large for an amount, is left out, and then missing."""
    event = purchase(properties=Properties(value=value, currency="USD"))
    assert checked_of(event).properties.value is None
    codes = [(code, severity) for _, code, severity in found(event)]
    assert codes[0][1] is Severity.DROPPED
    assert codes[1:] == [("value_missing", Severity.WARNING)]


def test_a_currency_that_is_no_code_is_dropped() -> None:
    """A currency sign or word is left out; a listed code in lower case becomes upper case."""
    event = purchase(properties=Properties(value=20, currency="€"))
    assert checked_of(event).properties.currency is None
    assert [code for _, code, _ in found(event)] == ["currency_invalid", "currency_missing"]
    assert checked_of(purchase(properties=Properties(value=20, currency=" usd "))).properties.currency == "USD"
    assert len(CURRENCIES) == 62


def test_other_events_need_no_value_but_a_value_needs_its_currency() -> None:
    """Only a purchase must have a value; a currency belongs to every value."""
    assert found(purchase(event="Contact", properties=Properties())) == []
    assert found(purchase(event="AddToCart", properties=Properties(value=1))) == [
        ("properties.currency", "currency_missing", Severity.WARNING)
    ]
    old_name = purchase(event="CompletePayment", properties=Properties())
    assert [code for _, code, _ in found(old_name)] == ["value_missing", "currency_missing"]


def test_zero_decimal_currencies_have_no_fractions() -> None:
    """Yen come whole; a fraction is a warning, and rounding is allowed for whole units."""
    items = (Content(content_id="a", content_type="product", price=1000, quantity=1),)
    assert found(purchase(properties=Properties(value=1000.5, currency="JPY", contents=items))) == [
        ("properties.value", "value_fraction", Severity.WARNING)
    ]
    assert found(purchase(properties=Properties(value=1001, currency="JPY", contents=items))) == []


def test_rounding_of_each_item_is_no_difference() -> None:
    """A cent for each item is rounding and raises nothing."""
    items = tuple(Content(content_id=str(i), content_type="product", price=3.33) for i in range(3))
    assert found(purchase(properties=Properties(value=10.0, currency="USD", contents=items))) == []


def test_a_sum_is_not_judged_when_a_price_is_unknown() -> None:
    """An item without a price leaves nothing to compare."""
    items = (HAT, Content(content_id="SKU-2", content_type="product"))
    assert found(purchase(properties=Properties(value=99, currency="USD", contents=items))) == []


@pytest.mark.parametrize("bad", [-1, float("nan"), float("inf"), 10**20])
@pytest.mark.parametrize("field", ["price", "quantity"])
def test_a_bad_number_of_an_item_is_dropped(field: str, bad: float) -> None:
    """A price or quantity that is negative or no number is left out; its item and the others stay."""
    numbers: dict[str, Any] = {"price": 10.0, "quantity": 2, field: bad}
    items = (HAT, Content(content_id="SKU-2", **numbers))
    event = purchase(properties=Properties(value=99, currency="USD", contents=items))
    mended = checked_of(event).properties.contents
    assert mended[0] is HAT
    assert (mended[1].content_id, getattr(mended[1], field)) == ("SKU-2", None)
    assert found(event)[0] == (f"properties.contents.1.{field}", "number_invalid", Severity.DROPPED)


def test_items_need_an_id_and_a_type() -> None:
    """The first item without an id is named, and so is a missing content type."""
    items = (Content(content_id="a", price=10), Content(price=10), Content())
    codes = found(purchase(properties=Properties(value=20, currency="USD", contents=items)))
    assert ("properties.contents.1.content_id", "content_id_missing", Severity.WARNING) in codes
    assert ("properties.content_type", "content_type_missing", Severity.WARNING) in codes


@pytest.mark.parametrize(
    ("changes", "path", "code"),
    [
        ({"page": Page()}, "page.url", "page_missing"),
        ({"event_source": EventSource.APP}, "app.app_id", "app_id_missing"),
        ({"event_source": EventSource.APP, "app": App(app_name="x")}, "app.app_id", "app_id_missing"),
        ({"event_source": EventSource.CRM}, "lead.lead_id", "lead_id_missing"),
        ({"user": User(ip="203.0.113.1", email="a@b.example")}, "user.user_agent", "user_agent_missing"),
        ({"user": User(country="us", locale="en")}, "user", "no_match_key"),
        ({"event": "Purchse"}, "event", "name_near_miss"),
    ],
)
def test_what_tiktok_needs_besides_is_warned_of(changes: dict[str, Any], path: str, code: str) -> None:
    """Each event source has parts that it needs; a person must be recognisable by something."""
    assert found(purchase(**changes)) == [(path, code, Severity.WARNING)]


@pytest.mark.parametrize(
    "changes",
    [
        {"event_source": EventSource.APP, "app": App(app_id="1")},
        {"event_source": EventSource.CRM, "lead": Lead(lead_id="1"), "user": User()},
        {"event_source": EventSource.OFFLINE, "page": Page()},
        {"user": User(), "page": Page(url="https://shop.example/?ttclid=E.C.P.x")},
        {"user": User(ttp="x")},
        {"user": User(gaid="x")},
    ],
)
def test_what_suffices_raises_nothing(changes: dict[str, Any]) -> None:
    """One match key suffices, also one that is still in the URL, and other sources need no page."""
    assert found(purchase(**changes)) == []


def test_a_name_that_tiktok_would_drop_is_refused() -> None:
    """A fatal problem leaves no event."""
    assert check_event(purchase(event="my purchase"), RULES, NOW)[0] is None


numbers = st.none() | st.floats() | st.integers(-(10**18), 10**18)
events = st.builds(
    Event,
    event=st.sampled_from(["Purchase", "CompletePayment", "Viewed", "pageview", "x y"]),
    event_time=st.none() | st.integers(-(10**20), 10**20) | st.integers(int(NOW) - 40 * DAY, int(NOW) + 2 * DAY),
    event_source=st.sampled_from(EventSource),
    properties=st.builds(
        Properties,
        value=numbers,
        currency=st.none() | st.sampled_from(["USD", "usd", "JPY", "$", "BGN"]),
        predicted_ltv=numbers,
        contents=st.lists(
            st.builds(Content, content_id=st.none() | st.just("a"), price=numbers, quantity=numbers), max_size=3
        ).map(tuple),
    ),
)


def test_more_items_than_a_cart_holds_are_dropped() -> None:
    """The first thousand items and ids are kept, whatever the rest is, and it is said."""
    properties = Properties(
        value=20.0, currency="USD", content_type="product", contents=(HAT,) * 1_001, content_ids=("a",) * 1_001
    )
    event = purchase(properties=properties)
    kept = checked_of(event).properties
    assert (len(kept.contents), len(kept.content_ids)) == (1_000, 1_000)
    assert ("properties.contents", "too_many_items", Severity.DROPPED) in found(event)
    assert ("properties.content_ids", "too_many_items", Severity.DROPPED) in found(event)


@given(events)
def test_checking_twice_is_checking_once(event: Event) -> None:
    """What the checks let through they let through again, unchanged and with nothing more to drop."""
    checked, _ = check_event(event, RULES, NOW)
    if checked is not None:
        again, problems = check_event(checked, RULES, NOW)
        assert again is checked
        assert all(problem.severity is Severity.WARNING for problem in problems)
        assert checked.event == event.event


@given(events)
def test_every_check_has_the_same_shape(event: Event) -> None:
    """Checks can be run alone and in any order: each takes an event and returns one."""
    for check in reversed(CHECKS):
        assert isinstance(check(event, RULES, NOW, ProblemList()), Event)
