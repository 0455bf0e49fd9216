"""Each refusal of the emulator over HTTP: its code, its words, and that nothing was taken."""

from __future__ import annotations

import gzip
from typing import Any

import msgspec
import pytest
from tests.contract.emulator_client import NOW, PIXEL_BATCH, PIXEL_TRACK, TRACK, Caller, body_of, purchase

from fullcount.clock import ManualClock
from fullcount.testing.emulator import DEFAULT_PIXEL


def _without(body: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name != key}


def _item(**changes: Any) -> dict[str, Any]:
    return purchase(properties={"currency": "USD", "value": 1, "contents": [{"content_id": "SKU-1", **changes}]})


def _user(**values: Any) -> dict[str, Any]:
    return purchase(user=values)


STRING, NUMBER, INTEGER = "Not a valid string.", "Not a valid number.", "Not a valid integer."
MISSING = "Missing data for required field."

REFUSED_EVENTS = [
    (purchase(event_id=12345), f"event_id: {STRING}"),
    (purchase(event=None), f"event: {MISSING}"),
    (purchase(event=""), f"event: {MISSING}"),
    (purchase(event=5), f"event: {STRING}"),
    (purchase(event_time="2026-04-01T14:30:00Z"), f"event_time: {INTEGER}"),
    (purchase(event_time=NOW * 1000), "event_time: Not a valid Unix time in seconds (this looks like milliseconds)."),
    (purchase(event_time=1.5), f"event_time: {INTEGER}"),
    (purchase(event_time=True), f"event_time: {INTEGER}"),
    (_without(purchase(), "event_time"), f"event_time: {MISSING}"),
    (_item(content_id=1234), f"properties.contents.0.content_id: {STRING}"),
    (_item(price="9,99"), f"properties.contents.0.price: {NUMBER}"),
    (_item(quantity="two"), f"properties.contents.0.quantity: {NUMBER}"),
    (purchase(properties={"value": "$20"}), f"properties.value: {NUMBER}"),
    (purchase(properties={"value": "(null)"}), f"properties.value: {NUMBER}"),
    (purchase(properties={"value": "NaN"}), f"properties.value: {NUMBER}"),
    (purchase(properties={"order_id": 1}), f"properties.order_id: {STRING}"),
    (purchase(properties={"shop_id": 1}), f"properties.shop_id: {STRING}"),
    (purchase(properties={"contents": {"content_id": "1"}}), "properties.contents: Not a valid list."),
    (purchase(properties={"content_ids": "1"}), "properties.content_ids: Not a valid list."),
    (purchase(properties={"content_ids": [1]}), f"properties.content_ids.0: {STRING}"),
    (purchase(properties="x"), "properties: Not a valid mapping type."),
    (_user(email=5), f"user.email: {STRING}"),
    (_user(email=["a" * 64, 5]), f"user.email.1: {STRING}"),
    (_user(external_id=77), f"user.external_id: {STRING}"),
    (_user(ip=["8.8.8.8"]), f"user.ip: {STRING}"),
    (purchase(user=[1]), "user: Not a valid mapping type."),
    (purchase(page={"url": 5}), f"page.url: {STRING}"),
    (purchase(limited_data_use="yes"), "limited_data_use: Not a valid boolean."),
    ("an event", "Not a valid mapping type."),
]


@pytest.mark.parametrize(("event", "words"), REFUSED_EVENTS)
async def test_one_bad_event_refuses_the_whole_request(event: Any, words: str) -> None:
    """The answer is HTTP 200 with 40002 and the path of the first bad field; its good neighbours are not taken."""
    async with Caller() as caller:
        status, answer = await caller.post(body_of(purchase(event_id="good"), event))

        assert (status, answer["code"], answer["data"]) == (200, 40002, {})
        assert answer["message"].removeprefix("Invalid value for data.1").lstrip(".: ") == words
        assert (await caller.control("events?limit=0"))["counted"] == 0


REFUSED_BODIES = [
    (b"not json", "Request body is not valid JSON"),
    (b'{"event_source":"web"', "Request body is not valid JSON"),
    (b"[" * 200_000, "Request body is not valid JSON"),
    (b'{"event_source":"web\xff"}', "Request body is not valid JSON"),
    (b"", "Request body is not valid JSON"),
    ([purchase()], "Invalid value for body: Not a valid mapping type."),
    (_without(body_of(purchase()), "event_source"), f"Invalid value for event_source: {MISSING}"),
    (
        body_of(purchase(), event_source="WEB"),
        "Invalid value for event_source: Must be one of: web, app, offline, crm.",
    ),
    (_without(body_of(purchase()), "event_source_id"), f"Invalid value for event_source_id: {MISSING}"),
    (body_of(purchase(), event_source_id=7), f"Invalid value for event_source_id: {STRING}"),
    (body_of(purchase(), test_event_code=7), f"Invalid value for test_event_code: {STRING}"),
    (_without(body_of(), "data"), f"Invalid value for data: {MISSING}"),
    (body_of(), f"Invalid value for data: {MISSING}"),
    (body_of(data={"event": "x"}), "Invalid value for data: Not a valid list."),
    (body_of(*[{}] * 1001), "Invalid value for data: Longer than maximum length 1000."),
    (body_of(purchase(), event_source="app"), f"Invalid value for data.0.app: {MISSING}"),
    (body_of(purchase(app={"app_name": "x"}), event_source="app"), f"Invalid value for data.0.app.app_id: {MISSING}"),
    (body_of(purchase(), event_source="crm"), f"Invalid value for data.0.lead: {MISSING}"),
]


@pytest.mark.parametrize(("body", "words"), REFUSED_BODIES)
async def test_a_bad_body_is_40002(body: Any, words: str) -> None:
    """What is wrong at the top is said, and nothing is taken."""
    async with Caller() as caller:
        _, answer = await caller.post(body)

        assert answer["code"] == 40002
        assert answer["message"].startswith(words)
        assert caller.emulator.events() == []


async def test_a_thousand_events_pass_and_a_body_over_the_cap_does_not() -> None:
    """The limits are 1,000 events and 1 MB; a body over the cap is read to its end and answered."""
    async with Caller() as caller:
        small = {"event": "Search", "event_time": NOW}
        assert (await caller.post(body_of(*[small] * 1000)))[1]["code"] == 0

        _, answer = await caller.post(b" " * 3_000_000)

        assert answer["message"] == "Request body is larger than 1000000 bytes."
        assert len(caller.emulator.events()) == 1000


async def test_tokens() -> None:
    """No token is 40104, an unknown one 40105, another pixel's 40001 with the pixel in the message."""
    async with Caller() as caller:
        body = body_of(purchase())
        assert [(await caller.post(body, token=token))[1]["code"] for token in (None, "", "nope")] == [
            40104,
            40104,
            40105,
        ]
        _, answer = await caller.post(body, token="other-test-token")
        assert answer["code"] == 40001
        assert answer["message"] == (
            f"No permission to operate pixel code: {DEFAULT_PIXEL}. "
            "You must be an admin or operator of this advertiser account."
        )
        _, answer = await caller.post(body_of(purchase(), event_source_id="CUNKNOWN"))
        assert answer["code"] == 40001
        assert caller.emulator.events() == []


async def test_a_revoked_token_is_refused_until_it_is_restored() -> None:
    """Tokens can be taken away and given back while it runs."""
    async with Caller() as caller:
        caller.emulator.set_tokens(DEFAULT_PIXEL)
        assert (await caller.post(body_of(purchase())))[1]["code"] == 40105
        caller.emulator.set_tokens(DEFAULT_PIXEL, "test-token", "second-test-token")
        assert (await caller.post(body_of(purchase()), token="second-test-token"))[1]["code"] == 0


@pytest.mark.parametrize(
    ("body", "token", "code"),
    [
        (b"not json", None, 40002),
        (body_of(event_source="bad"), "nope", 40105),
        (body_of(event_source="bad"), "other-test-token", 40002),
        (body_of(purchase(event_id=5)), "other-test-token", 40001),
    ],
)
async def test_the_order_of_decisions(body: Any, token: str | None, code: int) -> None:
    """Body, then token, then top level, then permission, then events: the first that fails answers."""
    async with Caller() as caller:
        assert (await caller.post(body, token=token))[1]["code"] == code


async def test_the_rate_limit_counts_each_second_and_token() -> None:
    """Requests beyond the rate are 40100 until the emulator's next second; other tokens are not held up."""
    clock = ManualClock(NOW)
    async with Caller(clock, requests_per_second=2) as caller:
        codes = [(await caller.post(body_of(purchase())))[1]["code"] for _ in range(3)]
        _, answer = await caller.post(body_of(purchase()), token="other-test-token")
        clock.advance(1)
        codes.append((await caller.post(body_of(purchase())))[1]["code"])

    assert codes == [0, 0, 40100, 0]
    assert answer["code"] == 40001


@pytest.mark.parametrize("path", [TRACK, PIXEL_TRACK, PIXEL_BATCH])
async def test_other_methods_and_paths(path: str) -> None:
    """Only POST is taken, with and without the last slash; any other path is 404."""
    async with Caller() as caller:
        for spelled in (path, path.rstrip("/")):
            async with caller.session.get(spelled) as answer:
                assert (answer.status, answer.headers["allow"]) == (405, "POST")
        assert (await caller.post({}, path + "more/"))[0] == 404
        assert caller.emulator.state()["requests_total"] == 0


@pytest.mark.parametrize(
    ("code", "status", "body", "token"),
    [
        (0, 200, body_of(purchase()), "test-token"),
        (40002, 400, body_of(), "test-token"),
        (40001, 401, body_of(purchase()), "other-test-token"),
        (40104, 401, body_of(purchase()), None),
        (40105, 401, body_of(purchase()), "nope"),
    ],
)
async def test_http_status_errors(code: int, status: int, body: Any, token: str | None) -> None:
    """With `http_status_errors` a refusal is 400 or 401, with the same code in the body."""
    async with Caller(http_status_errors=True) as caller:
        answered, answer = await caller.post(body, token=token)
        assert (answered, answer["code"]) == (status, code)


async def test_http_status_for_too_many_requests() -> None:
    """With `http_status_errors` the rate limit is 429."""
    async with Caller(http_status_errors=True, requests_per_second=1) as caller:
        answers = [await caller.post(body_of(purchase())) for _ in range(2)]
    assert [(status, answer["code"]) for status, answer in answers] == [(200, 0), (429, 40100)]


async def test_gzip_is_refused_unless_set() -> None:
    """It is unknown whether TikTok takes gzip: refused by default, taken by setting, truncated bodies refused."""
    packed = gzip.compress(msgspec.json.encode(body_of(purchase())))
    headers = {"Content-Encoding": "gzip"}
    async with Caller() as caller:
        _, answer = await caller.post(packed, headers=headers)
        assert (answer["code"], answer["message"]) == (40002, "Content-Encoding gzip is not supported.")
    async with Caller(accept_gzip=True) as caller:
        assert (await caller.post(packed, headers=headers))[1]["code"] == 0
        assert (await caller.post(packed[:-9], headers=headers))[1]["code"] == 40002
        assert (await caller.post(gzip.compress(b" " * 2_000_000), headers=headers))[1]["code"] == 40002


@pytest.mark.parametrize(
    ("setting", "key"),
    [("refuse_missing_event_id", "event_id"), ("refuse_missing_page", "page"), ("refuse_missing_user", "user")],
)
async def test_what_may_be_missing_is_a_setting(setting: str, key: str) -> None:
    """A missing event_id, page or user is code 0 with a diagnostic, or 40002 by setting."""
    body = body_of(_without(purchase(), key))
    async with Caller() as caller:
        assert (await caller.post(body))[1]["code"] == 0
        assert caller.emulator.diagnostics() != []
    async with Caller(None, **{setting: True}) as caller:
        _, answer = await caller.post(body)
        assert answer["message"] == f"Invalid value for data.0.{key}: {MISSING}"


async def test_partial_success_takes_the_good_ones() -> None:
    """With `partial_success` the good events of a batch are taken and the answer is 20001 with empty data."""
    async with Caller(partial_success=True) as caller:
        _, answer = await caller.post(body_of(purchase(event_id=5), purchase(event_id="good")))
        assert (answer["code"], answer["data"]) == (20001, {})
        assert [event["event_id"] for event in caller.emulator.events()] == ["good"]
        assert (await caller.post(body_of(purchase(event_id=5))))[1]["code"] == 40002


@pytest.mark.parametrize(
    "event",
    [
        purchase(device={"platform": "iOS"}, properties={"gtm_version": 3, "value": 1, "currency": "USD"}),
        purchase(user={"email": [], "phone": "", "first_name": "", "external_id": None}, page={}, event_id=""),
        purchase(event_time=str(NOW), properties={"value": "20.00", "currency": "USD"}),
        purchase(properties={"contents": [None, {"content_id": "1", "availability": "in stock"}]}),
        purchase(properties={"value": None, "contents": [], "num_items": 2.0}),
    ],
)
async def test_what_shipped_integrations_send_is_taken(event: dict[str, Any]) -> None:
    """Unknown keys, empty values and numeric text are code 0."""
    async with Caller() as caller:
        assert (await caller.post(body_of(event)))[1] | {"request_id": ""} == {
            "code": 0,
            "message": "OK",
            "request_id": "",
            "data": {},
        }
        assert len(caller.emulator.events()) == 1
