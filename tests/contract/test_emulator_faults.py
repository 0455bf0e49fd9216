"""Scripted failures over real HTTP: what the caller sees, and what was taken."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest
from tests.contract.emulator_client import NOW, PIXEL_BATCH, Caller, body_of, purchase

from fullcount.clock import ManualClock

BODY = body_of(purchase())


async def _outcome(caller: Caller, body: Any = BODY) -> Any:
    """Return the answer's code, its HTTP status if it is no JSON, or `broken`."""
    try:
        status, answer = await caller.post(body)
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError):
        return "broken"
    return answer["code"] if isinstance(answer, dict) else status


async def test_faults_are_consumed_in_order() -> None:
    """Each request meets the next fault, `times` times each; then all is well again."""
    async with Caller() as caller:
        script = [
            {"kind": "code", "code": 40100, "times": 2},
            {"kind": "http", "status": 502},
            {"kind": "garbage"},
            {"kind": "reset"},
            {"kind": "code", "code": 50000},
        ]
        assert (await caller.control("faults", {"faults": script}))["http"] == 200

        outcomes = [await _outcome(caller) for _ in range(7)]

        assert outcomes == [40100, 40100, 502, 200, "broken", 50000, 0]
        assert (await caller.control("events"))["events"][0]["copies"] == 1
        assert (await caller.control("faults"))["faults"] == []


async def test_code_carries_its_message_status_and_retry_after() -> None:
    """A code may come with words of its own, under any HTTP status, with Retry-After; nothing is taken."""
    async with Caller() as caller:
        caller.emulator.add_faults(
            {"kind": "code", "code": 40105, "message": "Gone.", "status": 401, "retry_after": 2.5}
        )
        async with caller.session.post("/open_api/v1.3/event/track/", json=BODY) as answer:
            assert (answer.status, answer.headers["retry-after"]) == (401, "3")
            assert (await answer.json())["message"] == "Gone."
        assert caller.emulator.events() == []


async def test_code_20001_takes_the_batch() -> None:
    """Partial success is success to the counter."""
    async with Caller() as caller:
        caller.emulator.add_faults({"kind": "code", "code": 20001})
        assert await _outcome(caller) == 20001
        assert len(caller.emulator.events()) == 1


async def test_http_is_a_gateways_page() -> None:
    """A bare HTTP status comes with HTML, with Retry-After if asked for; nothing is taken."""
    async with Caller() as caller:
        caller.emulator.add_faults({"kind": "http", "status": 503, "retry_after": 7})
        async with caller.session.post("/open_api/v1.3/event/track/", json=BODY) as answer:
            assert (answer.status, answer.headers["retry-after"]) == (503, "7")
            assert answer.content_type == "text/html"
        assert caller.emulator.events() == []


async def test_garbage_is_html_under_any_status() -> None:
    """An HTML page under HTTP 200 is no success."""
    async with Caller() as caller:
        caller.emulator.add_faults({"kind": "garbage"}, {"kind": "garbage", "status": 403})
        for status in (200, 403):
            answered, page = await caller.post(BODY)
            assert (answered, page[:6]) == (status, "<html>")
        assert caller.emulator.events() == []


async def test_reset_takes_nothing_and_drop_answer_takes_the_batch() -> None:
    """Both break the connection with RST; only after the lost answer is the event counted."""
    async with Caller() as caller:
        caller.emulator.add_faults({"kind": "reset"}, {"kind": "drop_answer"})
        with pytest.raises(aiohttp.ClientOSError, match="reset by peer"):
            await caller.post(BODY)
        assert caller.emulator.events() == []
        with pytest.raises(aiohttp.ClientOSError, match="reset by peer"):
            await caller.post(BODY)
        assert len(caller.emulator.events()) == 1
        assert await _outcome(caller) == 0
        assert [event["copies"] for event in caller.emulator.events()] == [2]


async def test_delay_takes_the_batch_and_answers_late() -> None:
    """A caller that gives up on a slow answer cannot know that the batch was taken."""
    async with Caller() as caller:
        caller.emulator.add_faults({"kind": "delay", "seconds": 3600})
        waiting = asyncio.create_task(caller.post(BODY))
        while (await caller.control("events?limit=0"))["counted"] == 0:
            assert not waiting.done()
        assert not waiting.done()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

        caller.emulator.add_faults({"kind": "delay", "seconds": 0.001})
        assert await _outcome(caller) == 0


async def test_down_lasts_by_the_emulators_clock() -> None:
    """Every connection breaks until the clock has passed the outage; the control plane stays up."""
    clock = ManualClock(NOW)
    async with Caller(clock) as caller:
        await caller.control("faults", {"faults": [{"kind": "down", "seconds": 60}]})
        assert [await _outcome(caller) for _ in range(2)] == ["broken", "broken"]
        await caller.control("clock", {"advance_seconds": 59})
        assert await _outcome(caller) == "broken"
        clock.advance(1)
        assert await _outcome(caller) == 0
        assert [one["copies"] for one in caller.emulator.events()] == [1]


async def test_down_begins_when_its_turn_comes() -> None:
    """An outage behind another fault begins as that fault is used up; the next fault follows it."""
    clock = ManualClock(NOW)
    async with Caller(clock) as caller:
        caller.emulator.add_faults(
            {"kind": "code", "code": 50000}, {"kind": "down", "seconds": 10}, {"kind": "code", "code": 60001}
        )
        clock.advance(100)
        assert [await _outcome(caller) for _ in range(2)] == [50000, "broken"]
        clock.advance(10)
        assert [await _outcome(caller) for _ in range(2)] == [60001, 0]


@pytest.mark.parametrize(
    ("index", "words"), [(True, "Invalid value for data.1: No such product."), (False, "No such product.")]
)
async def test_reject_event_refuses_its_batch_until_reset(index: bool, words: str) -> None:  # noqa: FBT001 - a parameter
    """A request that carries the event is 40002, with or without its index, however often; others pass."""
    async with Caller() as caller:
        fault = {"kind": "reject_event", "event_id": "bad", "message": "No such product.", "index": index}
        await caller.control("faults", {"faults": [fault]})
        for _ in range(2):
            _, answer = await caller.post(body_of(purchase(event_id="good"), purchase(event_id="bad")))
            assert (answer["code"], answer["message"]) == (40002, words)
        assert caller.emulator.events() == []
        assert await _outcome(caller, body_of(purchase(event_id="good"))) == 0

        await caller.control("reset", {})
        assert await _outcome(caller, body_of(purchase(event_id="bad"))) == 0


async def test_reject_event_on_the_1_0_path_and_for_so_many_times() -> None:
    """`times` lets the event through afterwards; a 1.0 batch names its index in its own way."""
    async with Caller() as caller:
        caller.emulator.add_faults({"kind": "reject_event", "event_id": "bad", "message": "No.", "times": 1})
        body = {"pixel_code": "CEXAMPLE0PIXEL000001", "batch": [{"event": "Purchase", "event_id": "bad"}]}
        assert (await caller.post(body, PIXEL_BATCH))[1]["message"] == "Batch.0: No"
        assert (await caller.post(body, PIXEL_BATCH))[1]["code"] == 0


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "earthquake"},
        {"code": 5},
        {"kind": "code"},
        {"kind": "code", "code": 1, "tmes": 2},
        {"kind": "http", "status": 99},
        {"kind": "reset", "times": 0},
        {"kind": "down", "seconds": -1},
        {"kind": "reject_event"},
    ],
)
async def test_a_wrong_script_is_refused_whole(fault: dict[str, Any]) -> None:
    """An unknown kind or key, or a bad value, is 400 with its path; none of the script is kept."""
    async with Caller() as caller:
        answer = await caller.control("faults", {"faults": [{"kind": "reset"}, fault]})
        assert answer["http"] == 400
        assert "faults[1]" in answer["error"]
        assert caller.emulator.waiting_faults() == []


async def test_faults_can_be_cleared() -> None:
    """DELETE forgets what is left, rejected events and a running outage among it; events stay."""
    async with Caller() as caller:
        assert await _outcome(caller) == 0
        caller.emulator.add_faults({"kind": "down", "seconds": 60}, {"kind": "reject_event", "event_id": "order-1"})
        await caller.control("faults", method="DELETE")
        assert await _outcome(caller) == 0
        assert caller.emulator.events()[0]["copies"] == 2
