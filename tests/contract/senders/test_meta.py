"""Meta's Conversions API against the gateway over real HTTP: tokens, encodings, answers, refusals, size, odd bodies."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import aiohttp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.contract.gateway_house import Answer
from tests.contract.senders.house import KEY, SenderHouse, house_of
from tests.unit.sources.fixtures import NOW, fixture
from tests.unit.sources.mutants import mutated

NODE = fixture("meta_capi/purchase_json_nodesdk.json")
PYTHON = fixture("meta_capi/purchase_form_pythonsdk.txt")
BATCH = fixture("meta_capi/batch_mixed_awkward.json")
CAPI = {"kind": "meta"}
RECORDED = {**CAPI, "key": "FIXTURE_TOKEN"}
PURCHASE = json.loads(NODE.body)["data"][0]
PATH = f"/v26.0/123456789/events?access_token={KEY}"
JSON = {"Content-Type": "application/json"}


async def post(house: SenderHouse, body: Any, path: str = PATH, headers: dict[str, str] = JSON) -> Answer:
    """Post a body; what is no bytes goes as JSON."""
    return await house.send(body if isinstance(body, bytes) else json.dumps(body).encode(), headers, path=path)


async def test_recorded_requests_are_taken_and_counted_once() -> None:
    """The Node SDK's purchase and an awkward batch: three keys, one delivery each, and none of a repetition."""
    async with house_of(RECORDED) as house:
        for _ in range(2):
            for recorded, count in ((NODE, 1), (BATCH, 3)):
                answer = await house.replay(recorded)
                assert (answer.status, answer.json["events_received"]) == (200, count)
                assert any("without their plus" in message for message in answer.json["messages"])
        events = await house.arrived()
        assert sorted(event.event_id for event in events) == ["M-501", "M-502", "M-503", "M-504"]
        assert house.queue.counts["duplicate"] == 4


async def test_a_test_code_makes_a_test_event() -> None:
    """The Python SDK's form with test_event_code counts nowhere: it goes out under that code."""
    async with house_of(RECORDED) as house:
        assert (await house.replay(PYTHON)).json["events_received"] == 1
        ((lane, delivery),) = await house.house.deliveries()
        assert (lane.test_event_code, delivery.event.event_id) == ("TEST123", "M-501")


@pytest.mark.parametrize(
    "path", ["/v26.0/123456789/events", "/v24.0/1/events/", "/123456789/events", "/v100.12/123456789/events"]
)
async def test_any_version_and_none_is_a_door(path: str) -> None:
    """Whatever version the SDK is of."""
    async with house_of(CAPI) as house:
        assert (await post(house, {"data": [PURCHASE]}, f"{path}?access_token={KEY}")).status == 200
        assert len(await house.arrived()) == 1


async def test_other_paths_are_not_taken_for_a_door() -> None:
    """Our own route stays ours, and words in the place of the id are no door."""
    async with house_of(CAPI, {"kind": "json", "name": "backend", "key": "test-key-of-the-backend"}) as house:
        assert (await post(house, {}, "/v1/events")).status == 401
        for path in ("/api/events", "/v26.0/me/events", "/v26/1/events", "/v26.0/1/events/more"):
            assert (await post(house, {"data": [PURCHASE]}, f"{path}?access_token={KEY}")).status == 404


async def test_a_form_and_a_multipart_body_of_an_ordinary_client_are_read() -> None:
    """As curl sends them, with the token beside the events."""
    async with house_of(CAPI) as house:
        fields = {"data": json.dumps([PURCHASE]), "access_token": KEY}
        multipart = aiohttp.FormData(fields, default_to_multipart=True)
        for data in (fields, multipart):
            answer = await house.house.ask("POST", "/v26.0/1/events", data=data)
            assert (answer.status, answer.json["events_received"]) == (200, 1)
        assert [event.event_id for event in await house.arrived()] == ["M-501"]


async def test_what_is_not_authentic_is_refused_without_a_hint() -> None:
    """A stranger's token, none, another data set's id: the same 401 with code 190."""
    body = {"data": [PURCHASE]}
    async with house_of({**CAPI, "dataset_id": "123456789"}) as house:
        answers = [
            await post(house, body, "/v26.0/123456789/events?access_token=test-stranger"),
            await post(house, body, "/v26.0/123456789/events"),
            await post(house, body, f"/v26.0/987/events?access_token={KEY}"),
        ]
        for answer in answers:
            answer.json["error"].pop("fbtrace_id")
        assert [answer.status for answer in answers] == [401] * 3
        assert {answer.json["error"]["code"] for answer in answers} == {190}
        assert len({answer.json["error"]["message"] for answer in answers}) == 1
        assert await house.arrived() == []
        assert (await post(house, body)).status == 200


async def test_what_the_store_refused_is_counted_once_when_it_is_repeated() -> None:
    """503, transient, with its time while nothing can be stored; 200 then."""
    async with house_of(CAPI) as house:
        house.queue.refusals = 2
        for status in (503, 503, 200, 200):
            answer = await post(house, {"data": [PURCHASE]})
            assert answer.status == status
            assert answer.headers.get("Retry-After") == ("1" if status == 503 else None)
            assert answer.json.get("error", {}).get("is_transient") is (True if status == 503 else None)
        assert len(await house.arrived()) == 1


async def test_a_too_old_event_costs_itself_alone_and_is_said() -> None:
    """Meta would refuse the whole request; the message names the one that was not taken."""
    old = PURCHASE | {"event_id": "M-old", "event_time": int(NOW) - 40 * 86_400}
    async with house_of(CAPI) as house:
        answer = await post(house, {"data": [old, PURCHASE]})
        assert (answer.status, answer.json["events_received"]) == (200, 1)
        assert answer.json["messages"][0].startswith("data[0] alone was not taken: event_time: too_old")
        assert [event.event_id for event in await house.arrived()] == ["M-501"]
        alone = await post(house, {"data": [old]})
        assert (alone.status, alone.json["error"]["code"]) == (400, 100)


async def test_what_cannot_be_read_is_an_invalid_parameter() -> None:
    """No data, broken JSON, too many events, a body over the limit, GET: final, with the fix."""
    async with house_of(CAPI, server={"max_webhook_bytes": 1_000_000}) as house:
        answers = [
            await post(house, b""),
            await post(house, b"{"),
            await post(house, {}),
            await post(house, {"data": []}),
            await post(house, {"data": [{}] * 1_001}),
            await post(house, b" " * 1_000_001),
            await post(house, b"x", headers={"Content-Type": "multipart/form-data; boundary=b"}),
            await house.send(b"", path=PATH, method="GET"),
        ]
        assert [answer.status for answer in answers] == [400] * len(answers)
        assert {answer.json["error"]["code"] for answer in answers} == {100}
        assert all("Fix:" in answer.json["error"]["message"] for answer in answers)


async def test_large_requests_are_taken() -> None:
    """1,000 events, and one of 5 MB with 10,000 items whose value stays that of all."""
    items = [{"id": str(number), "title": "x" * 450, "quantity": 1, "item_price": 1} for number in range(10_000)]
    large = PURCHASE | {"custom_data": {"value": 10_000, "currency": "USD", "contents": items}}
    assert len(json.dumps(large)) > 5_000_000
    async with house_of(CAPI) as house:
        assert (await post(house, {"data": [large]})).json["events_received"] == 1
        (event,) = await house.arrived()
        assert event.properties.value == 10_000
        assert 0 < len(event.properties.contents) < 10_000
        many = [PURCHASE | {"event_id": f"M-{number}"} for number in range(1_000)]
        assert (await post(house, {"data": many})).json["events_received"] == 1_000


async def test_a_click_is_remembered_for_the_purchase_without_it() -> None:
    """A view with the click in its URL; the purchase of the same external_id carries it days later."""
    url = "https://shop.example.com/?ttclid=E.C.P.clicked0001"
    view = PURCHASE | {"event_name": "ViewContent", "event_id": "M-0", "event_source_url": url}
    sold = PURCHASE | {"event_source_url": "https://shop.example.com/thanks", "event_time": int(NOW)}
    async with house_of(CAPI, remembers=True) as house:
        await post(house, {"data": [view]})
        house.house.clock.advance(86_400)
        await post(house, {"data": [sold]})
        assert {event.event: event.user.ttclid for event in await house.arrived()} == {
            "ViewContent": "E.C.P.clicked0001",
            "CompletePayment": "E.C.P.clicked0001",
        }


async def test_no_identifier_is_logged_or_answered() -> None:
    """Neither what was taken nor what was refused leaves an address, a token or an id in log or answer."""
    plain = PURCHASE | {"user_data": {"em": "jane@example.com", "ph": "n/a jane@example.com", "external_id": "u-77"}}
    async with house_of(CAPI) as house:
        answers = [
            await post(house, {"data": [plain, {"event_name": "jane@example.com " * 10}]}),
            await post(house, {"data": [plain]}, "/v26.0/1/events?access_token=test-stranger"),
        ]
        said = house.log + "".join(answer.body.decode() for answer in answers)
        for word in ("jane@example.com", "u-77", KEY, "test-stranger", "192.0.2.44"):
            assert word not in said


@settings(max_examples=5, deadline=None)
@given(
    bodies=st.lists(
        st.sampled_from([NODE, BATCH]).flatmap(lambda each: mutated(json.loads(each.body))), min_size=10, max_size=10
    )
)
def test_no_body_is_answered_with_a_5xx(bodies: list[Any]) -> None:
    """Events with anything in them are taken or refused, under any type of body, and nothing breaks."""

    async def post_all() -> None:
        types = ("application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b")
        async with house_of(CAPI, remembers=True) as house:
            for index, body in enumerate(bodies):
                answer = await post(house, body, headers={"Content-Type": types[index % 3]})
                assert answer.status < 500, house.log
            assert "broke" not in house.log

    asyncio.run(post_all())
