"""Segment and RudderStack against the gateway over real HTTP: keys, answers, browsers, refusals, size, odd bodies."""

from __future__ import annotations

import asyncio
import gzip
import json
from base64 import b64encode
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.contract.gateway_house import CODE, Answer
from tests.contract.senders.house import KEY, SenderHouse, house_of
from tests.unit.sources.fixtures import fixture
from tests.unit.sources.mutants import mutated

ORDER = fixture("segment/track_order_completed.json")
BATCH = fixture("segment/batch_server_python.json")
RUDDER = fixture("segment/rudder_batch.json")
PAGE = fixture("segment/browser_page_text_plain.json")
CDP = {"kind": "segment"}
BASIC = {
    "Authorization": f"Basic {b64encode(f'{KEY}:'.encode()).decode()}",
    "Content-Type": "application/json",
}
OTHER = {"Authorization": f"Basic {b64encode(b'test-key-of-a-stranger:').decode()}"}
ORIGIN = "https://shop.example.com"


async def post(house: SenderHouse, body: Any, path: str = "/v1/batch", headers: dict[str, str] = BASIC) -> Answer:
    """Post a body; what is no bytes goes as JSON."""
    return await house.send(body if isinstance(body, bytes) else json.dumps(body).encode(), headers, path=path)


async def test_recorded_requests_are_taken_and_counted_once() -> None:
    """Server, browser and RudderStack's compressed batch: exactly 200, one delivery each, and none of a repetition."""
    async with house_of({**CDP, "key": ORDER.secret}) as house:
        rudder = {**RUDDER.headers, "Content-Encoding": "gzip"}
        for _ in range(2):
            for answer in (
                await house.replay(ORDER),
                await house.replay(BATCH),
                await house.replay(PAGE),
                await house.send(gzip.compress(RUDDER.body), rudder, path=RUDDER.path),
            ):
                assert (answer.status, answer.json) == (200, {"success": True})
        events = await house.arrived()
        assert [event.event for event in events] == ["CompletePayment", "AddToCart", "Pageview", "CompletePayment"]
        assert house.queue.counts["duplicate"] == 4


@pytest.mark.parametrize("path", ["/v1/track", "/v1/t", "/v1/track/", "/v1/batch", "/v1/import", "/v1/b"])
async def test_every_door_takes_the_order(path: str) -> None:
    """Long and short paths, a call or a batch; the key may stand in the body."""
    order = json.loads(ORDER.body)
    body = order if path.startswith("/v1/t") else {"batch": [order]}
    async with house_of(CDP) as house:
        assert (await post(house, {**body, "writeKey": KEY}, path, {"Content-Type": "text/plain"})).status == 200
        assert [event.event_id for event in await house.arrived()] == ["S-9001"]


async def test_what_is_not_authentic_is_refused_without_a_hint() -> None:
    """A stranger's key, none, and one that the body alone knows better: the same 401, with code and message."""
    body = {"batch": [json.loads(ORDER.body)], "writeKey": KEY}
    async with house_of(CDP) as house:
        answers = [
            await post(house, {**body, "writeKey": "test-key-of-a-stranger"}, headers={}),
            await post(house, {"batch": body["batch"]}, headers={}),
            await post(house, body, headers=OTHER),
        ]
        assert [answer.status for answer in answers] == [401] * 3
        assert len({answer.body for answer in answers}) == 1
        assert {"success", "code", "message"} == set(answers[0].json)
        assert await house.arrived() == []


async def test_without_a_source_there_is_no_door() -> None:
    """A gateway that has no source of this kind does not know the paths."""
    async with house_of({"kind": "json"}) as house:
        for path in ("/v1/batch", "/v1/t", "/v1/m", f"/v1/projects/{KEY}/settings"):
            assert (await post(house, {"batch": []}, path)).status == 404


async def test_what_the_store_refused_is_counted_once_when_it_is_repeated() -> None:
    """503 with its time while nothing can be stored, 200 then."""
    async with house_of(CDP) as house:
        house.queue.refusals = 2
        for status in (503, 503, 200, 200):
            answer = await post(house, {"batch": [json.loads(ORDER.body)]})
            assert answer.status == status
            assert answer.headers.get("Retry-After") == ("1" if status == 503 else None)
        assert len(await house.arrived()) == 1


async def test_a_page_may_ask_send_and_read_the_answer() -> None:
    """The preflight, the settings, the SDK's metrics, a call and a refusal: each readable from another origin."""
    async with house_of(CDP) as house:
        asked = {"Origin": ORIGIN, "Access-Control-Request-Headers": "authorization,content-type"}
        preflight = await house.send(b"", asked, path="/v1/t", method="OPTIONS")
        assert (preflight.status, preflight.body) == (204, b"")
        assert "authorization" in preflight.headers["Access-Control-Allow-Headers"]
        loaded = await house.send(b"", {"Origin": ORIGIN}, path=f"/v1/projects/{KEY}/settings", method="GET")
        own = loaded.json["integrations"]["Segment.io"]
        assert f"{own['protocol']}://{own['apiHost']}" == f"{house.url}/v1"
        metrics = await post(house, {"series": []}, "/v1/m", {"Origin": ORIGIN, "Content-Type": "text/plain"})
        call = await post(house, json.loads(PAGE.body), "/v1/p", {**BASIC, "Origin": ORIGIN})
        wrong = await post(house, {}, "/v1/p", {**OTHER, "Origin": ORIGIN})
        answers = (preflight, loaded, metrics, call, wrong)
        assert [answer.status for answer in answers] == [204, 200, 200, 200, 401]
        assert {answer.headers["Access-Control-Allow-Origin"] for answer in answers} == {"*"}


async def test_what_cannot_be_read_is_final_and_said() -> None:
    """Broken JSON, broken gzip, an unknown encoding, a body over the limit, GET: 400 with code and message."""
    broken = {**BASIC, "Content-Encoding": "gzip"}
    async with house_of(CDP, server={"max_webhook_bytes": 100_000}) as house:
        answers = [
            await post(house, b"{"),
            await post(house, b"[]"),
            await post(house, {"batch": None}),
            await post(house, {}),
            await post(house, b"no gzip", headers=broken),
            await post(house, b"{}", headers={**BASIC, "Content-Encoding": "br"}),
            await post(house, b" " * 100_001),
            await post(house, {"batch": [json.loads(ORDER.body) | {"note": "x"}] * 1_001}, headers=BASIC),
            await house.send(b"", BASIC, path="/v1/track", method="GET"),
        ]
        assert [answer.status for answer in answers] == [400] * len(answers)
        assert all(answer.json["code"] and answer.json["message"] for answer in answers)
        assert await house.arrived() == []


async def test_a_call_that_can_never_count_is_refused_for_good() -> None:
    """Alone it is a 400 that a developer sees; in a batch its neighbours count and it is 200."""
    async with house_of(CDP) as house:
        nameless = {"type": "track", "userId": "u-1", "messageId": "m-9"}
        alone = await post(house, nameless, "/v1/track")
        assert (alone.status, alone.json["code"]) == (400, "name_missing")
        assert (await post(house, {"batch": [nameless, json.loads(ORDER.body)]})).status == 200
        assert house.queue.counts["invalid"] == 2


async def test_a_large_order_is_one_event_and_what_is_over_the_limit_costs_itself_alone() -> None:
    """10,000 products keep their total; an order over the limit of 4 MB is refused beside it."""
    order = json.loads(ORDER.body)
    products = [{"product_id": str(number), "name": "x" * 100, "price": 1} for number in range(10_000)]
    large = order | {"properties": {"order_id": "L-1", "total": 10_000, "currency": "USD", "products": products}}
    huge = order | {"properties": {"order_id": "L-2", "note": "x" * 5_000_000}}
    async with house_of(CDP) as house:
        assert (await post(house, {"batch": [large, huge]})).status == 200
        (event,) = await house.arrived()
        assert (event.event_id, event.properties.value) == ("L-1", 10_000.0)
        assert 0 < len(event.properties.contents) < 10_000


async def test_traits_are_remembered_for_the_users_later_events() -> None:
    """A browser lands with a click, identifies itself, and a server's purchase weeks later carries all of it."""
    async with house_of(CDP, remembers=True) as house:
        landing = {"url": f"{ORIGIN}/?ttclid=E.C.P.landing0001", "search": ""}
        page = {"type": "page", "anonymousId": "a-1", "messageId": "m-1", "context": {"page": landing}}
        traits = {"email": "jane@example.com"}
        known = {"type": "identify", "anonymousId": "a-1", "userId": "u-1", "traits": traits}
        browser = {**BASIC, "Origin": ORIGIN, "User-Agent": "Mozilla/5.0 (test)"}
        await post(house, page, "/v1/p", browser)
        await post(house, known, "/v1/i", browser)
        house.house.clock.advance(20 * 86_400)
        sold = {"type": "track", "event": "Order Completed", "userId": "u-1", "messageId": "m-2"}
        await post(house, {"batch": [sold | {"properties": {"order_id": "1001", "total": 5, "currency": "USD"}}]})
        event = (await house.arrived())[-1]
        assert event.canonical == "Purchase"
        assert event.user.ttclid == "E.C.P.landing0001"
        assert event.user.user_agent == "Mozilla/5.0 (test)"
        assert event.user.email is not None
        assert "jane" not in event.user.email


async def test_identify_and_purchase_may_come_in_one_batch() -> None:
    """What a batch tells of a visitor holds for its own events, too."""
    body = json.loads(BATCH.body)
    async with house_of(CDP, remembers=True) as house:
        await post(house, body)
        (event,) = await house.arrived()
        assert event.user.email == "50cb24da84ebad30ec4d7e5d4e2fa28da429e73a8fcbd313446d6567c5e3487c"


async def test_a_private_id_is_not_sent_beside_a_pixel_that_we_do_not_control() -> None:
    """The messageId is none that such a pixel could have: withheld; the order with its own id goes."""
    pixel = {"name": "store", "code": CODE, "access_token": "test-token-1", "browser": "other"}
    order = json.loads(ORDER.body)
    async with house_of({**CDP, "mode": "live"}, pixels=[pixel]) as house:
        await post(house, {"batch": [order | {"properties": {"total": 5}}, order]})
        assert [event.event_id for event in await house.arrived()] == ["S-9001"]
        assert [fact.reason.value for fact in house.queue.facts] == ["no_shared_event_id"]


async def test_a_refund_is_recorded_once() -> None:
    """Order, refund and the refund again: one delivery and one refund."""
    order = json.loads(ORDER.body)
    back = order | {"event": "Order Refunded", "messageId": "m-back"}
    async with house_of(CDP) as house:
        for body in (order, back, back):
            assert (await post(house, body, "/v1/track")).status == 200
        assert len(await house.arrived()) == 1
        (refund,) = house.queue.refunds.values()
        assert (refund.order_event_id, refund.amount, refund.currency) == ("S-9001", 72.4, "USD")


async def test_no_identifier_is_logged() -> None:
    """Neither what was taken nor what was refused leaves an address, a key or an id in the log."""
    async with house_of(CDP) as house:
        await post(house, {"batch": [json.loads(ORDER.body), {"type": "jane@example.com"}]})
        await post(house, {"batch": []}, headers=OTHER)
        for word in ("example.com", "15550100142", "192.0.2.44", "u-77", KEY, "stranger"):
            assert word not in house.log


@settings(max_examples=5, deadline=None)
@given(
    bodies=st.lists(
        st.sampled_from([ORDER, BATCH, PAGE]).flatmap(lambda each: mutated(json.loads(each.body))),
        min_size=10,
        max_size=10,
    )
)
def test_no_body_is_answered_with_a_5xx(bodies: list[Any]) -> None:
    """Calls with anything in them are taken or refused, at doors for calls and batches, and nothing breaks."""

    async def post_all() -> None:
        async with house_of(CDP, remembers=True) as house:
            for index, body in enumerate(bodies):
                answer = await post(house, body, ("/v1/batch", "/v1/t")[index % 2])
                assert answer.status < 500, house.log
            assert "broke" not in house.log

    asyncio.run(post_all())
