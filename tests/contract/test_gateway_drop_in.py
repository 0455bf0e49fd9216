"""The drop-in routes: code that was written for TikTok changes its host and nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from hashlib import sha256
from typing import Any

import pytest
from tests.contract.gateway_house import CODE, KEY, NOW, OTHER_CODE, House, purchase, served

from fullcount.errors import StoreUnavailable

ARTICLE = json.loads("""
{"pixel_code":"CEXAMPLE0PIXEL000001","event":"CompletePayment","event_id":"order-12345-purchase",
 "timestamp":"2026-04-01T14:30:00Z",
 "context":{"user_agent":"Mozilla/5.0 ...","ip":"203.0.113.42",
   "page":{"url":"https://yourstore.com/checkout/thank-you","referrer":"https://yourstore.com/checkout"},
   "user":{"email":"customer@example.com","phone_number":"+15550100199","external_id":"customer-77"}},
 "properties":{"currency":"USD","value":89.99,"content_type":"product",
   "contents":[{"content_id":"SKU-1234","content_type":"product","content_name":"Wireless Headphones",
                "quantity":1,"price":89.99}]}}
""")


def as_2_0(*, is_hashed: bool) -> dict[str, Any]:
    """Return the article's purchase as one event of Events 2.0."""

    def value(plain: str) -> str:
        return sha256(plain.encode()).hexdigest() if is_hashed else plain

    context, properties = ARTICLE["context"], ARTICLE["properties"]
    item = {key: each for key, each in properties["contents"][0].items() if key != "content_type"}
    return {
        "event": "CompletePayment",
        "event_id": "order-12345-purchase",
        "event_time": 1_775_053_800,
        "user": {
            "email": value("customer@example.com"),
            "phone": value("+15550100199"),
            "external_id": value("customer-77"),
            "ip": context["ip"],
            "user_agent": context["user_agent"],
        },
        "page": context["page"],
        "properties": {**properties, "contents": [item]},
    }


@pytest.fixture
async def house() -> AsyncIterator[House]:
    """A served gateway."""
    async with served() as house:
        yield house


async def test_the_articles_purchase_is_one_event_however_it_is_written(house: House) -> None:
    """The 1.0 body on the 2.0 path, our JSON and a hashed 2.0 body have one identity, one key and one delivery."""
    hashed = {"event_source": "web", "event_source_id": CODE, "data": [as_2_0(is_hashed=True)]}
    first = await house.drop_in(ARTICLE, key=KEY)
    second = await house.events(as_2_0(is_hashed=False))
    third = await house.drop_in(hashed, key=KEY)

    assert (first.status, first.json["code"], first.json["data"]) == (200, 0, {})
    assert (second.json["duplicates"], second.json["warnings"]) == (1, [])
    assert (third.json["code"], third.json["data"]) == (0, {})
    assert len(await house.deliveries()) == 1
    assert len({fact.key for fact in house.memory.facts}) == 1


async def test_each_way_of_writing_it_gives_the_same_stored_event() -> None:
    """Sent alone, each of the three makes the very same event for TikTok."""
    stored = []
    for way in range(3):
        async with served() as house:
            if way == 0:
                await house.drop_in(ARTICLE)
            elif way == 1:
                await house.events(as_2_0(is_hashed=False))
            else:
                data = [as_2_0(is_hashed=True)]
                await house.drop_in({"event_source": "web", "event_source_id": CODE, "data": data})
            ((_, delivery),) = await house.deliveries()
            stored.append(delivery.event)

    assert stored[0] == stored[1] == stored[2]
    assert stored[0].user.phone == sha256(b"+15550100199").hexdigest()


async def test_the_articles_purchase_is_too_old_by_now(house: House) -> None:
    """Long after its time it is invalid, and TikTok's envelope says so with path and reason."""
    house.clock.advance(236 * 86_400)
    answer = await house.drop_in(ARTICLE)

    assert (answer.status, answer.json["code"]) == (200, 40002)
    assert "event_time" in answer.json["message"]
    assert "too_old" in answer.json["message"]


@pytest.mark.parametrize("path", ["event/track/", "event/track", "pixel/track/", "pixel/track"])
async def test_a_1_0_event_is_taken_on_both_paths(house: House, path: str) -> None:
    """A 1.0 body is taken on its own path and on the 2.0 path, with and without the last slash."""
    assert (await house.drop_in(ARTICLE, path)).json["code"] == 0


async def test_a_1_0_batch_is_taken(house: House) -> None:
    """Each entry of `batch` is an event; one that is no track is refused by its index."""
    entry = {key: value for key, value in ARTICLE.items() if key != "pixel_code"}
    batch = [
        {"type": "track", **entry},
        {"type": "identify", **entry, "event_id": "order-2"},
        {"type": "track", **entry, "event_id": "order-3", "context": {"ad": {"callback": "E.C.P.test"}}},
    ]
    answer = await house.drop_in({"pixel_code": CODE, "batch": batch}, "pixel/batch/")

    assert (answer.status, answer.json["code"]) == (200, 20001)
    assert [each["index"] for each in answer.json["data"]["rejected"]] == [1]
    events = {delivery.event.event_id: delivery.event for _, delivery in await house.deliveries()}
    assert set(events) == {"order-12345-purchase", "order-3"}
    assert events["order-3"].user.ttclid == "E.C.P.test"


async def test_a_2_0_body_keeps_unknown_keys(house: House) -> None:
    """Keys that nobody lists travel on: in the event, its properties and its items."""
    event = purchase(device={"model": "test"})
    event["properties"] |= {"gtm_version": "1"}
    event["properties"]["contents"][0] |= {"availability": "in stock"}
    answer = await house.drop_in({"event_source": "web", "event_source_id": CODE, "data": [event]})

    ((_, delivery),) = await house.deliveries()
    assert answer.json["code"] == 0
    assert delivery.event.extra == {"device": {"model": "test"}}
    assert delivery.event.properties.extra == {"gtm_version": "1"}
    assert delivery.event.properties.contents[0].extra == {"availability": "in stock"}


async def test_the_envelope_names_pixel_source_and_test_code(house: House) -> None:
    """`event_source_id` picks one of the key's pixels, `event_source` the lane, `test_event_code` the test lane."""
    body = {"event_source": "offline", "event_source_id": OTHER_CODE, "test_event_code": "TEST12345"}
    await house.drop_in({**body, "data": [purchase(test_event_code="TEST99999")]})

    ((lane, delivery),) = await house.deliveries()
    assert (lane.pixel_code, lane.event_source, lane.test_event_code) == (OTHER_CODE, "offline", "TEST12345")
    assert delivery.event.extra is None


async def test_some_good_events_are_20001_and_none_is_40002(house: House) -> None:
    """`data` names what was not taken by index; the message has TikTok's path."""
    bad = {"event": "", "event_id": "order-2"}
    some = await house.drop_in({"event_source": "web", "event_source_id": CODE, "data": [purchase(), bad]})
    none = await house.drop_in({"event_source": "web", "event_source_id": CODE, "data": [bad]})

    assert (some.status, some.json["code"], some.json["data"]["rejected"][0]["index"]) == (200, 20001, 1)
    assert (none.status, none.json["code"]) == (200, 40002)
    assert none.json["message"].startswith("Invalid value for data.0.event: ")


async def test_keys_are_answered_with_tiktoks_codes(house: House) -> None:
    """A missing token is 40104, an unknown one 40105, one for another pixel 40001, all under HTTP 200."""
    body = {"event_source": "web", "event_source_id": OTHER_CODE, "data": [purchase()]}
    missing = await house.drop_in(body, key=None)
    unknown = await house.drop_in(body, key="test-key-of-nobody")
    other = await house.drop_in(body, key=KEY)
    nobodys = await house.drop_in({**body, "event_source_id": "CEXAMPLE0PIXEL000009"}, key=KEY)

    codes = [(each.status, each.json["code"]) for each in (missing, unknown, other, nobodys)]
    assert codes == [(200, 40104), (200, 40105), (200, 40001), (200, 40001)]
    assert other.json["message"].replace(OTHER_CODE, "") == nobodys.json["message"].replace("CEXAMPLE0PIXEL000009", "")
    assert not house.memory.counts["accepted"]


async def test_the_request_id_has_tiktoks_shape(house: House) -> None:
    """14 digits of the time and 20 upper-case hex digits, another one each time."""
    ids = [(await house.drop_in(ARTICLE)).json["request_id"] for _ in range(2)]

    assert all(re.fullmatch(r"20260401143140[0-9A-F]{20}", each) for each in ids)
    assert ids[0] != ids[1]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"not JSON", "not JSON"),
        (b"[]", "got `array`"),
        ({"event_source": "web", "event_source_id": CODE}, "data"),
        ({"event_source": "web", "event_source_id": CODE, "data": []}, "no event"),
        ({"event_source": "web", "event_source_id": CODE, "data": {}}, "$.data"),
        ({"event_source": "mail", "event_source_id": CODE, "data": [{}]}, "web, app, offline or crm"),
        ({"event_source": "web", "data": [{}]}, "event_source_id"),
        ({"event": "Purchase"}, "pixel_code"),
        ({"event_source": "web", "event_source_id": CODE, "data": [7]}, "not a JSON object"),
    ],
)
async def test_a_body_that_cannot_be_read_is_40002(house: House, body: object, message: str) -> None:
    """HTTP 200 with 40002 and the reason, as TikTok has it."""
    answer = await house.drop_in(body)

    assert (answer.status, answer.json["code"]) == (200, 40002)
    assert message in answer.json["message"]


async def test_what_happens_to_a_body_on_its_way_is_told_by_the_status_too(house: House) -> None:
    """Too large and too many are HTTP 413 with TikTok's envelope, since most senders read the status only."""
    large = await house.drop_in({"event_source_id": CODE, "data": [purchase(padding="x" * 300_000)]})
    many = await house.drop_in({"event_source_id": CODE, "data": [{}] * 101})

    assert [(each.status, each.json["code"]) for each in (large, many)] == [(413, 40002), (413, 40002)]


async def test_what_cannot_be_stored_is_503_with_50000(house: House) -> None:
    """The status alone tells senders to try again, and the code says the same."""
    house.memory.unavailable = StoreUnavailable("the disk is full", retry_after=3)
    answer = await house.drop_in(ARTICLE)

    assert (answer.status, answer.json["code"], answer.headers["Retry-After"]) == (503, 50000, "3")


async def test_a_missing_timestamp_is_the_time_of_arrival(house: House) -> None:
    """Events 1.0 takes the hour of arrival where an event has no time."""
    await house.drop_in({key: value for key, value in ARTICLE.items() if key != "timestamp"})

    ((_, delivery),) = await house.deliveries()
    assert delivery.event.event_time == int(NOW)
