"""A hashed event becomes TikTok's JSON, field by field."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from fullcount.events.codec import decode_stored, encode_stored
from fullcount.events.hashed import HashedEvent, HashedUser
from fullcount.events.model import Ad, App, Content, EventSource, Lead, Page, Properties
from fullcount.queue.lane import Lane
from fullcount.tiktok.mapping import encode_event, head_of

NOW = 1_795_000_000
EMAIL, PHONE, CUSTOMER = "a" * 64, "b" * 64, "c" * 64


def purchase(**changes: Any) -> HashedEvent:
    """Return a purchase with everything that a shop sends."""
    event = HashedEvent(
        event="CompletePayment",
        canonical="Purchase",
        event_time=NOW,
        event_id="order-12345-purchase",
        user=HashedUser(email=EMAIL, phone=PHONE, external_id=CUSTOMER, ip="203.0.113.42", user_agent="UA"),
        properties=Properties(
            currency="USD",
            value=89.99,
            content_type="product",
            contents=(
                Content(
                    content_id="SKU-1234",
                    content_type="product",
                    content_name="Wireless Headphones",
                    quantity=1,
                    price=89.99,
                ),
            ),
        ),
        page=Page(url="https://shop.example.com/thanks", referrer="https://shop.example.com/checkout"),
    )
    return msgspec.structs.replace(event, **changes)


def on_the_wire(event: HashedEvent) -> dict[str, Any]:
    """Return the event as TikTok reads it."""
    decoded: dict[str, Any] = msgspec.json.decode(encode_event(event))
    return decoded


def test_a_purchase_has_tiktoks_names_and_types() -> None:
    """The canonical purchase, whole: `content_type` beside the items, scalars where there is one value."""
    assert on_the_wire(purchase()) == {
        "event": "CompletePayment",
        "event_time": NOW,
        "event_id": "order-12345-purchase",
        "user": {
            "email": EMAIL,
            "phone": PHONE,
            "external_id": CUSTOMER,
            "ip": "203.0.113.42",
            "user_agent": "UA",
        },
        "properties": {
            "content_type": "product",
            "currency": "USD",
            "value": 89.99,
            "contents": [
                {"content_id": "SKU-1234", "content_name": "Wireless Headphones", "quantity": 1, "price": 89.99}
            ],
        },
        "page": {"url": "https://shop.example.com/thanks", "referrer": "https://shop.example.com/checkout"},
    }


def test_every_identifier_arrives_under_its_name() -> None:
    """Each field of `user` has TikTok's name; none is left out."""
    values: dict[str, Any] = {name: f"value of {name}" for name in HashedUser.__struct_fields__ if name != "extra"}
    assert on_the_wire(purchase(user=HashedUser(**values)))["user"] == values


def test_every_property_arrives_under_its_name() -> None:
    """Each field of `properties` and of an item has TikTok's name; none is left out."""
    texts = {
        name: f"value of {name}"
        for name in Properties.__struct_fields__
        if name not in {"contents", "content_ids", "num_items", "value", "predicted_ltv", "extra"}
    }
    numbers = {"num_items": 2, "value": 20, "predicted_ltv": 99.5}
    item = Content(
        content_id="1",
        content_name="Hat",
        content_category="C",
        brand="B",
        price=10.5,
        quantity=2,
        content_type="other",
    )
    found = on_the_wire(
        purchase(properties=Properties(**texts, **numbers, contents=(item,), content_ids=("1", "2")))  # type: ignore[arg-type]  # built by name
    )
    assert found["properties"] == {
        **texts,
        **numbers,
        "content_ids": ["1", "2"],
        "contents": [msgspec.to_builtins(item)],
    }


@pytest.mark.parametrize(
    ("held", "sent"),
    [((EMAIL,), EMAIL), ((EMAIL, PHONE), [EMAIL, PHONE]), (EMAIL, EMAIL), ((), None), ("", None), (None, None)],
)
def test_a_list_is_sent_only_for_several_values(held: Any, sent: Any) -> None:
    """One value is a string, several are a list, none is no key."""
    assert on_the_wire(purchase(user=HashedUser(email=held)))["user"].get("email") == sent


@pytest.mark.parametrize(
    ("top", "items", "top_sent", "items_sent"),
    [
        (None, ["product", "product"], "product", [None, None]),
        ("product", ["product", None], "product", [None, None]),
        ("product_group", ["product"], "product_group", ["product"]),
        (None, [None, "product_group", "product"], "product_group", [None, None, "product"]),
        (None, [None], None, [None]),
    ],
)
def test_content_type_stands_beside_the_items(
    top: str | None, items: list[str | None], top_sent: str | None, items_sent: list[str | None]
) -> None:
    """The items' type moves to where 2.0 has it; an item of another type keeps its own."""
    contents = tuple(Content(content_id="1", content_type=it) for it in items)
    found = on_the_wire(purchase(properties=Properties(content_type=top, contents=contents)))["properties"]
    assert found.get("content_type") == top_sent
    assert [it.get("content_type") for it in found["contents"]] == items_sent


@pytest.mark.parametrize(
    ("source", "parts"),
    [
        (EventSource.WEB, {"page"}),
        (EventSource.APP, {"app", "ad"}),
        (EventSource.OFFLINE, set()),
        (EventSource.CRM, {"lead"}),
    ],
)
def test_each_source_sends_the_parts_that_apply_to_it(source: EventSource, parts: set[str]) -> None:
    """`page` is for web, `app` and `ad` for app, `lead` for crm; `limited_data_use` always goes."""
    event = purchase(
        event_source=source,
        app=App(app_id="com.example.shop"),
        ad=Ad(campaign_id="1", is_retargeting=False),
        lead=Lead(lead_id="2"),
        limited_data_use=True,
    )
    found = on_the_wire(event)
    assert found.keys() & {"page", "app", "ad", "lead"} == parts
    assert found["limited_data_use"] is True


def test_what_is_empty_is_still_an_object_where_tiktoks_own_template_sends_one() -> None:
    """`user`, `properties` and, for web, `page` are there even without anything in them."""
    event = purchase(user=HashedUser(), properties=Properties(), page=Page())
    assert on_the_wire(event) == {
        "event": "CompletePayment",
        "event_time": NOW,
        "event_id": "order-12345-purchase",
        "user": {},
        "properties": {},
        "page": {},
    }


def test_keys_that_tiktok_does_not_list_travel_along() -> None:
    """Extra keys stand beside the listed ones of their part, and never replace one."""
    item = Content(content_id="1", extra={"availability": "in stock", "content_id": "not this"})
    event = purchase(
        user=HashedUser(email=EMAIL, extra={"loyalty": "gold", "email": "not this"}),
        properties=Properties(currency="USD", contents=(item,), extra={"trim": "GT", "currency": "not this"}),
        extra={"device": {"mobile": True}, "event": "not this"},
    )
    found = on_the_wire(event)
    assert found["user"] == {"email": EMAIL, "loyalty": "gold"}
    assert found["properties"] == {
        "currency": "USD",
        "trim": "GT",
        "contents": [{"content_id": "1", "availability": "in stock"}],
    }
    assert (found["device"], found["event"]) == ({"mobile": True}, "CompletePayment")


@pytest.mark.parametrize(
    "event", [purchase(), purchase(properties=Properties(extra={"b": 1, "a": {"z": 1.5, "y": None}}))]
)
def test_the_same_event_gives_the_same_bytes_after_a_stay_in_the_store(event: HashedEvent) -> None:
    """Stored and read back, an event goes out byte for byte as before."""
    assert encode_event(decode_stored(encode_stored(event))) == encode_event(event)


def test_text_goes_out_as_utf_8() -> None:
    """Non-ASCII text is neither lost nor escaped into something longer."""
    event = purchase(properties=Properties(contents=(Content(content_name="Käse 干酪 🧀"),)))
    assert "Käse 干酪 🧀".encode() in encode_event(event)


def test_the_head_of_a_request_says_its_lane_and_no_event() -> None:
    """What is posted and what `check` shows have the same source, pixel code, sender and test code."""
    head = head_of(Lane("CEXAMPLE0PIXEL000001", EventSource.OFFLINE, "TEST12345"), "Fullcount")

    assert (head.event_source, head.event_source_id, head.partner_name) == (
        "offline",
        "CEXAMPLE0PIXEL000001",
        "Fullcount",
    )
    assert (head.test_event_code, head.data) == ("TEST12345", ())
