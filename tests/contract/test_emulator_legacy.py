"""Events 1.0: its own paths, its words, and what happens to its body on the 2.0 path."""

from __future__ import annotations

from typing import Any

import pytest
from tests.contract.emulator_client import NOW, PIXEL_BATCH, PIXEL_TRACK, TRACK, Caller

from fullcount.testing.emulator import DEFAULT_PIXEL

TIMESTAMP = "2026-11-18T11:06:40+00:00"


def _event(**changes: Any) -> dict[str, Any]:
    return {
        "event": "CompletePayment",
        "event_id": "order-12345-purchase",
        "timestamp": TIMESTAMP,
        "context": {
            "ad": {"callback": "E.C.P.x"},
            "ip": "8.8.8.8",
            "user_agent": "UA",
            "page": {"url": "https://shop.example.com/thanks"},
            "user": {"email": "a" * 64, "phone_number": "b" * 64, "external_id": "c" * 64, "ttp": "cookie"},
        },
        "properties": {
            "currency": "USD",
            "value": 89.99,
            "contents": [{"content_id": "SKU-1234", "content_type": "product", "quantity": 1, "price": 89.99}],
        },
        **changes,
    }


def _single(**changes: Any) -> dict[str, Any]:
    return {"pixel_code": DEFAULT_PIXEL, **_event(**changes)}


def _batch(*events: Any) -> dict[str, Any]:
    return {"pixel_code": DEFAULT_PIXEL, "batch": list(events)}


async def test_a_single_event_is_taken_in_2_0_shape() -> None:
    """The old names become the new ones; the time becomes Unix seconds; content_type moves up."""
    async with Caller() as caller:
        assert (await caller.post(_single(), PIXEL_TRACK))[1]["code"] == 0

        (event,) = caller.emulator.events()

    assert event["event_time"] == 1_795_000_000
    assert event["user"] == {
        "email": "a" * 64,
        "phone": "b" * 64,
        "external_id": "c" * 64,
        "ttp": "cookie",
        "ip": "8.8.8.8",
        "user_agent": "UA",
        "ttclid": "E.C.P.x",
    }
    assert event["page"] == {"url": "https://shop.example.com/thanks"}
    assert event["properties"]["content_type"] == "product"


async def test_without_a_timestamp_it_happened_on_arrival() -> None:
    """A missing timestamp means now, by the emulator's clock."""
    async with Caller() as caller:
        await caller.post(_single(timestamp=None), PIXEL_TRACK)
        assert caller.emulator.events()[0]["event_time"] == NOW


async def test_both_generations_share_a_key() -> None:
    """A 1.0 and a 2.0 copy with the same pixel, name and event_id are one event."""
    async with Caller() as caller:
        await caller.post(_single(), PIXEL_TRACK)
        await caller.post(_batch(_event(), _event(event_id="order-2")), PIXEL_BATCH)
        new = {"event": "CompletePayment", "event_time": NOW, "event_id": "order-2"}
        await caller.post({"event_source": "web", "event_source_id": DEFAULT_PIXEL, "data": [new]})

        assert [event["copies"] for event in caller.emulator.events()] == [2, 2]


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        (PIXEL_TRACK, _single(event_id=5), "Invalid value for event_id: not a valid string."),
        (PIXEL_TRACK, _single(timestamp=NOW), "Invalid value for timestamp: not a valid string."),
        (PIXEL_TRACK, _single(timestamp="yesterday"), "Invalid value for timestamp: not a valid datetime."),
        (PIXEL_TRACK, _single(event=None), "Invalid value for event: missing data for required field."),
        (PIXEL_TRACK, _event(), "Invalid value for pixel_code: missing data for required field."),
        (PIXEL_TRACK, [], "Invalid value for body: not a valid mapping type."),
        (PIXEL_BATCH, _single(), "Invalid value for batch: missing data for required field."),
        (PIXEL_BATCH, {**_single(), "batch": {}}, "Invalid value for batch: not a valid list."),
        (PIXEL_BATCH, _batch(*[_event()] * 51), "Invalid value for batch: longer than maximum length 50."),
        (PIXEL_BATCH, _batch(_event(type="page")), "Batch.0.type: Must be one of: track"),
        (
            PIXEL_BATCH,
            _batch(_event(), _event(properties={"contents": [{"content_id": 7}]})),
            "Batch.1.properties.contents.0.content_id: Not a valid string",
        ),
    ],
)
async def test_refusals_in_the_words_of_1_0(path: str, body: Any, words: str) -> None:
    """The 1.0 paths refuse with 40002 and their own spelling of the path; nothing is taken."""
    async with Caller() as caller:
        _, answer = await caller.post(body, path)
        assert (answer["code"], answer["message"]) == (40002, words)
        assert caller.emulator.events() == []


@pytest.mark.parametrize("body", [_single(), _batch(_event())])
async def test_a_1_0_body_on_the_2_0_path(body: dict[str, Any]) -> None:
    """It is refused and diagnosed; with `accept_legacy_body` it is taken, and still diagnosed."""
    async with Caller() as caller:
        _, answer = await caller.post(body, TRACK)
        assert answer["code"] == 40002
        assert answer["message"] == "Invalid value for event_source: Missing data for required field."
        titles = {one["title"] for one in caller.emulator.diagnostics()}
    assert "Events 1.0 body on the 2.0 path" in titles
    async with Caller(accept_legacy_body=True) as caller:
        assert (await caller.post(body, TRACK))[1]["code"] == 0
        assert [event["counted_as"] for event in caller.emulator.events()] == ["Purchase"]
        titles = {one["title"] for one in caller.emulator.diagnostics()}
    assert "Events 1.0 body on the 2.0 path" in titles
