"""Where an event_id comes from, and when sending again is the same event."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullcount.errors import ConfigError
from fullcount.events.event_id import parse_template, resolve_event_id
from fullcount.events.model import Event, Properties, User
from fullcount.events.problems import Severity
from fullcount.events.reading import read_event

NOW = 1_795_357_800.0
ORDER = Properties(order_id="1001", extra={"order_name": "#1001", "checkout_token": "c0ffee", "number": 7})


def zeros(size: int) -> bytes:
    """Stand in for randomness."""
    return bytes(size)


@given(
    st.text(st.characters(exclude_characters="{}[]<>%_$@+"), max_size=30)
    .filter(lambda text: "undefined" not in text.lower())
    .map(lambda text: f"{text}-1001")
)
def test_the_senders_own_id_stays(event_id: str) -> None:
    """An event_id that was sent is used as it is, whatever template there is."""
    event = Event(event="Purchase", event_id=event_id, properties=ORDER)
    assert resolve_event_id(event, "order-{order_id}", NOW) == (event_id, None)


@pytest.mark.parametrize(
    ("template", "made"),
    [
        (None, "1001"),
        ("{order_id}", "1001"),
        ("order-{order_id}-purchase", "order-1001-purchase"),
        ("{order_name}", "#1001"),
        ("{checkout_token}:{event}", "c0ffee:Purchase"),
    ],
)
def test_a_template_makes_the_id_of_the_order(template: str | None, made: str) -> None:
    """Without an event_id the template makes one, and nothing needs to be said."""
    for name in ("Purchase", "CompletePayment"):
        assert resolve_event_id(Event(event=name, properties=ORDER), template, NOW) == (made, None)


def test_the_default_template_is_for_purchases_only() -> None:
    """Another event of the same order does not take the order's id by default, and does by a template."""
    event = Event(event="AddPaymentInfo", event_time=1, properties=ORDER)
    made, problem = resolve_event_id(event, None, NOW)
    assert made != "1001"
    assert problem is not None
    assert resolve_event_id(event, "{order_id}", NOW) == ("1001", None)


def test_an_event_with_its_own_time_gets_the_same_id_each_time() -> None:
    """The content's hash is the id, so a resend counts once; another content has another id."""
    event = Event(event="Purchase", event_time=1, user=User(email="a@b.example", extra={"b": 1, "a": 2}))
    made, problem = resolve_event_id(event, None, NOW)
    assert re.fullmatch("[0-9a-f]{32}", made)
    assert problem is not None
    assert (problem.code, problem.severity) == ("event_id_missing", Severity.WARNING)
    again = Event(event="CompletePayment", event_time=1, user=User(email="a@b.example", extra={"a": 2, "b": 1}))
    assert resolve_event_id(again, "{order_id}", NOW + 60)[0] == made
    assert resolve_event_id(Event(event="Purchase", event_time=2, user=event.user), None, NOW)[0] != made


def test_the_spelling_of_an_event_makes_no_other_id() -> None:
    """The same purchase, written in another way or read the long way, has the same id; another purchase has another."""
    said: dict[str, Any] = {
        "event": "Purchase",
        "event_time": 1_795_357_800,
        "user": {"email": "jane@example.com", "phone": "+12125550100", "external_id": ["a", "b"], "country": "us"},
        "properties": {
            "value": 10,
            "currency": "USD",
            "content_ids": ["1", "2"],
            "contents": [{"content_id": "1", "price": 4.0}, {"content_id": "2", "price": 6}],
        },
        "page": {"url": "https://shop.example/"},
    }
    other: dict[str, Any] = {
        "event": "CompletePayment",
        "event_id": "",
        "event_time": 1_795_357_800_000,
        "user": {
            "email": [" Jane@Example.com "],
            "phone": sha256(b"+12125550100").hexdigest().upper(),
            "external_id": ["b", "a"],
            "country": "US ",
            "city": "",
        },
        "properties": {
            "contents": [{"price": "6", "content_id": "2"}, {"content_id": 1, "price": 4}],
            "content_ids": ["2", "1"],
            "currency": "usd",
            "value": "10.0",
        },
        "page": {"url": "https://shop.example/ ", "referrer": None},
    }
    spaced = {**other, "user": {**other["user"], "phone": "001 (212) 555-0100"}}
    dearer = {**said, "properties": {**said["properties"], "value": 11}}
    ids = []
    for each in (said, other, spaced, dearer):
        event = read_event(msgspec.json.encode(each)).event
        assert event is not None
        ids.append(resolve_event_id(event, "{order_id}", NOW)[0])
    assert ids[0] == ids[1] == ids[2] != ids[3]


def test_an_event_without_a_time_gets_a_new_id_and_a_warning() -> None:
    """Without id and time each copy is new: a UUIDv7, in the order of time, and the warning says so."""
    event = Event(event="Purchase")
    first, problem = resolve_event_id(event, None, NOW)
    second, _ = resolve_event_id(event, None, NOW)
    later, _ = resolve_event_id(event, None, NOW + 1)
    assert len({first, second, later}) == 3
    assert first < later
    assert problem is not None
    assert "again" in problem.reason
    fixed, _ = resolve_event_id(event, None, NOW, zeros)
    assert fixed == "01a203a9-f640-7000-8000-000000000000"
    assert UUID(first).version == 7
    assert UUID(first).variant == "specified in RFC 4122"


@pytest.mark.parametrize(
    "given",
    [
        *("undefined", "null", "NaN", "order-undefined-purchase", "order_null", "None", "[object Object]"),
        *(" ", "0", "-", "N/A", "unknown", "(not set)", "order-", "order--purchase", "order-0", "order-(not set)"),
        *("{{order_id}}", "{order_id}", "${order.id}", "__ORDER_ID__", "%ORDER_ID%", "order-{{id}}-2026"),
    ],
)
def test_a_placeholder_is_no_event_id(given: str) -> None:
    """An id that every order would have is replaced, so that different orders do not become one."""
    made, problem = resolve_event_id(Event(event="Purchase", event_id=given, properties=ORDER), None, NOW)
    assert made == "1001"
    assert problem is not None
    assert (problem.code, problem.severity) == ("event_id_placeholder", Severity.DROPPED)


@pytest.mark.parametrize(
    "given",
    [
        *(
            "nanotech-1",
            "order-1-annull",
            "n",
            "nonesuch",
            "NONE-1001",
            "order-nan-17",
            "2026-nan",
            "order-7",
            "checkout",
        ),
        *("{3F2504E0-4F89-11D3-9A0C-0305E82C3301}", "gid://shopify/Order/450789469", "_aBcDeF-gHiX", "注文一"),
    ],
)
def test_an_id_that_merely_resembles_a_placeholder_stays(given: str) -> None:
    """A word such as null counts only where nothing beside it tells orders apart, and random text is not judged."""
    assert resolve_event_id(Event(event="Purchase", event_id=given), None, NOW) == (given, None)


@pytest.mark.parametrize("order_id", ["undefined", "0", "N/A", "-", "(not set)", "{{order_id}}", " "])
@pytest.mark.parametrize("template", [None, "order-{order_id}", "shop24-{order_id}"])
def test_a_placeholder_order_id_makes_no_event_id(order_id: str, template: str | None) -> None:
    """An order_id that is none does not make all orders one: their content does, and it differs."""
    ids = {
        resolve_event_id(
            Event(event="Purchase", event_time=1, properties=Properties(order_id=order_id, value=value)), template, NOW
        )[0]
        for value in (10, 20)
    }
    assert len(ids) == 2
    assert all(re.fullmatch("[0-9a-f]{32}", each) for each in ids)


@pytest.mark.parametrize("personal", ["jane@example.com", "+1 555 010 0199", "order-jane.doe%40example.com"])
def test_an_event_id_that_names_a_person_becomes_a_digest(personal: str) -> None:
    """Whether it was sent or made from the order, the id is the same each time, and says nothing of the person."""
    sent = resolve_event_id(Event(event="Purchase", event_id=personal), None, NOW)
    made = resolve_event_id(Event(event="Purchase", properties=Properties(order_id=personal)), None, NOW + 9)
    assert sent == made
    assert re.fullmatch("[0-9a-f]{32}", sent[0])
    assert sent[1] is not None
    assert (sent[1].code, sent[1].severity) == ("event_id_personal", Severity.DROPPED)
    other = resolve_event_id(Event(event="Purchase", event_id=f"{personal}.example"), None, NOW)
    assert other[0] != sent[0]


@pytest.mark.parametrize("given", ["shop24-null-purchase", "shop24--purchase", "shop24-{{id}}-purchase"])
def test_a_template_that_the_sender_filled_with_nothing_is_no_event_id(given: str) -> None:
    """A number in the template's own text does not make up for the missing one of the order."""
    event = Event(event="Purchase", event_id=given, properties=ORDER)
    made, problem = resolve_event_id(event, "shop24-{order_id}-purchase", NOW)
    assert made == "shop24-1001-purchase"
    assert problem is not None
    sent = Event(event="Purchase", event_id="shop24-7-purchase", properties=ORDER)
    assert resolve_event_id(sent, "shop24-{order_id}-purchase", NOW) == ("shop24-7-purchase", None)


def test_a_placeholder_without_any_time_is_said() -> None:
    """Where nothing but a new id is left, the answer still says that the one sent was a placeholder."""
    _, problem = resolve_event_id(Event(event="ViewContent", event_id="undefined"), None, NOW)
    assert problem is not None
    assert problem.code == "event_id_placeholder"


@pytest.mark.parametrize(
    "text", ["order-{order}", "{order_id", "order_id}", "{}", "purchase", "", "{event}", "{{order_id}}", "{order_id}{"]
)
def test_a_template_that_cannot_work_is_refused(text: str) -> None:
    """Unknown fields, lone braces, and templates that give every order the same id are errors of the settings."""
    with pytest.raises(ConfigError) as refused:
        parse_template(text)
    assert "{order_id}" in refused.value.fix


@given(st.text(max_size=30))
def test_parsing_a_template_raises_nothing_else(text: str) -> None:
    """Any text is a template or a ConfigError."""
    try:
        parsed = parse_template(text)
    except ConfigError:
        return
    assert parsed.fields
