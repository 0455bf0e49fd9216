"""The control plane, as other processes use it, and the page."""

from __future__ import annotations

import hashlib
from email.utils import formatdate
from typing import Any

import msgspec
import pytest
from tests.contract.emulator_client import NOW, PIXEL_TRACK, Caller, body_of, purchase

from fullcount.clock import ManualClock
from fullcount.testing.emulator import DEFAULT_PIXEL

OTHER_PIXEL, OTHER_TOKEN = "COTHER00PIXEL0000002", "other-test-token"


async def _three_events(caller: Caller) -> None:
    events = [purchase(), purchase(event="CompletePayment", event_id="order-2"), purchase(event="Search", event_id="s")]
    assert (await caller.post(body_of(*events)))[1]["code"] == 0
    body = body_of(purchase(), event_source_id=OTHER_PIXEL)
    assert (await caller.post(body, token=OTHER_TOKEN))[1]["code"] == 0


@pytest.mark.parametrize(
    ("query", "counted", "ids"),
    [
        ("", 4, ["order-1", "order-2", "s", "order-1"]),
        ("?limit=0", 4, []),
        ("?limit=2", 4, ["order-1", "order-2"]),
        ("?limit=2&offset=3", 4, ["order-1"]),
        ("?offset=2", 4, ["s", "order-1"]),
        ("?event_id=order-1", 2, ["order-1", "order-1"]),
        ("?event=Purchase", 3, ["order-1", "order-2", "order-1"]),
        ("?event=CompletePayment", 1, ["order-2"]),
        (f"?pixel_code={OTHER_PIXEL}", 1, ["order-1"]),
        (f"?pixel_code={OTHER_PIXEL}&event=Search", 0, []),
    ],
)
async def test_events_are_filtered_and_cut(query: str, counted: int, ids: list[str]) -> None:
    """`counted` is the number that pass the filters, whatever part of them is listed."""
    async with Caller() as caller:
        await _three_events(caller)
        listed = await caller.control(f"events{query}")
        assert (listed["counted"], [event["event_id"] for event in listed["events"]]) == (counted, ids)


@pytest.mark.parametrize("path", ["/", "/_emulator/state", "/open_api/v1.3/event/track/", "/nowhere"])
async def test_every_answer_says_what_time_it_is(path: str) -> None:
    """Also the page, the control plane and a refusal carry the emulator's clock as Date, as all of TikTok's do."""
    async with Caller() as caller:
        for method in ("GET", "HEAD"):
            async with caller.session.request(method, path) as answer:
                assert answer.headers.getall("Date") == [formatdate(NOW, usegmt=True)]


async def test_a_bad_limit_is_said() -> None:
    """A query that cannot be read is 400 with its name."""
    async with Caller() as caller:
        answer = await caller.control("events?limit=-1")
        assert (answer["http"], answer["error"]) == (400, "limit must be a whole number of 0 or more")


async def test_test_events_go_to_the_test_log_only() -> None:
    """A test event is listed under its code; it is not counted and claims no key."""
    async with Caller() as caller:
        await caller.post(body_of(purchase(), test_event_code="TEST12345"))
        await caller.post({"pixel_code": DEFAULT_PIXEL, "event": "Search", "test_event_code": "TEST1"}, PIXEL_TRACK)
        assert (await caller.control("events?limit=0"))["counted"] == 0

        log = await caller.control("test-events")

        assert log["taken"] == 2
        assert [(one["test_event_code"], one["event"], one["event_id"]) for one in log["events"]] == [
            ("TEST12345", "Purchase", "order-1"),
            ("TEST1", "Search", ""),
        ]
        await caller.post(body_of(purchase()))
        assert (await caller.control("events?limit=0"))["counted"] == 1


async def test_requests_are_kept_as_they_came_with_tokens_masked() -> None:
    """Order, path, headers, body and answer are kept; two tokens can be told apart and neither be read."""
    async with Caller() as caller:
        raw = msgspec.json.encode(body_of(purchase()))
        await caller.post(raw, headers={"X-Trace": "abc"})
        await caller.post(b"not json \xff", "/open_api/v1.3/event/track", token=OTHER_TOKEN)

        first, second = (await caller.control("requests"))["requests"]

    assert (first["at"], first["method"], first["path"]) == (NOW, "POST", "/open_api/v1.3/event/track/")
    assert first["body"] == body_of(purchase())
    assert first["body_sha256"] == hashlib.sha256(raw).hexdigest()
    assert (first["status"], first["answer"]["code"], first["fault"]) == (200, 0, None)
    assert first["headers"]["x-trace"] == "abc"
    assert first["headers"]["access-token"].startswith("masked:")
    assert first["headers"]["access-token"] != second["headers"]["access-token"]
    assert (second["path"], second["body"]) == ("/open_api/v1.3/event/track", "not json \ufffd")
    assert second["answer"]["code"] == 40002
    assert "test-token" not in str((first, second))


async def test_broken_requests_have_no_status() -> None:
    """A request whose answer never left has no status; a lost answer is shown as it was made."""
    async with Caller() as caller:
        caller.emulator.add_faults({"kind": "reset"}, {"kind": "drop_answer"})
        for _ in range(2):
            with pytest.raises(OSError, match="reset by peer"):
                await caller.post(body_of(purchase()))
        kept = (await caller.control("requests"))["requests"]
    assert [(one["status"], one["fault"]) for one in kept] == [(None, "reset"), (None, "drop_answer")]
    assert kept[0]["answer"] is None
    assert kept[0]["body"] == body_of(purchase())
    assert kept[1]["answer"]["code"] == 0


@pytest.mark.parametrize("bounds", [{"requests_kept": 3}, {"request_bytes_kept": 3_000}])
async def test_requests_are_bounded(bounds: dict[str, Any]) -> None:
    """Only the last requests are kept, by number and by bytes; the total goes on counting."""
    async with Caller(None, **bounds) as caller:
        for n in range(10):
            await caller.post(body_of(purchase(event_id=f"order-{n}", device={"pad": "x" * 400})))
        kept = (await caller.control("requests"))["requests"]
        state = await caller.control("state")
    assert 1 <= len(kept) <= 3
    assert kept[-1]["body"]["data"][0]["event_id"] == "order-9"
    assert (state["requests_total"], state["requests_kept"]) == (10, len(kept))


async def test_the_clock_is_shown_and_moved() -> None:
    """Time moves by so much or to an hour, answers carry it, and reset takes the move back."""
    async with Caller(ManualClock(NOW)) as caller:
        assert await caller.control("clock") == {"http": 200, "now": NOW, "offset": 0.0}
        assert (await caller.control("clock", {"advance_seconds": 90}))["now"] == NOW + 90
        assert await caller.control("clock", {"now": NOW + 1000}) == {"http": 200, "now": NOW + 1000, "offset": 1000.0}
        async with caller.session.post("/open_api/v1.3/event/track/", json={}) as answer:
            assert answer.headers["date"] == "Wed, 18 Nov 2026 11:23:20 GMT"
        for wrong in ({}, {"now": 1, "advance_seconds": 1}, {"now": "noon"}, {"days": 1}):
            assert (await caller.control("clock", wrong))["http"] == 400
        await caller.control("reset", {})
        assert (await caller.control("clock"))["offset"] == 0.0


async def test_pixel_copies_stand_in_for_the_browser() -> None:
    """Copies come one by one or many at once, merge with the server's, and name an unknown pixel."""
    async with Caller() as caller:
        await caller.post(body_of(purchase()))
        copy = {"pixel_code": DEFAULT_PIXEL, "event": "Purchase", "event_id": "order-1", "user": {"locale": "en"}}
        assert (await caller.control("pixel", copy))["verdicts"] == ["merged"]
        many = {"events": [copy, {**copy, "event_id": "order-2", "event_time": NOW - 5, "properties": {"value": 1}}]}
        assert (await caller.control("pixel", many))["verdicts"] == ["discarded", "counted"]
        first, second = (await caller.control("events"))["events"]
        assert (first["channels"], first["copies"], first["user"]["locale"]) == (["server", "pixel"], 3, "en")
        assert (second["channels"], second["event_time"], second["properties"]) == (["pixel"], NOW - 5, {"value": 1})
        for wrong in ({**copy, "pixel_code": "CUNKNOWN"}, {"event": "Purchase"}, {**copy, "colour": 1}):
            assert (await caller.control("pixel", wrong))["http"] == 400


async def test_reset_forgets_everything() -> None:
    """Events, test events, requests, diagnostics, people, faults and counters are gone; the pixels stay."""
    async with Caller() as caller:
        await _three_events(caller)
        await caller.post(body_of(purchase(user={}), test_event_code="TEST1"))
        caller.emulator.add_faults({"kind": "reset"}, {"kind": "reject_event", "event_id": "x"})
        await caller.control("reset", {})

        assert (await caller.control("events"))["counted"] == 0
        assert (await caller.control("test-events"))["events"] == []
        assert (await caller.control("requests"))["requests"] == []
        assert (await caller.control("diagnostics"))["diagnostics"] == []
        assert (await caller.control("faults"))["faults"] == []
        state = await caller.control("state")
        assert state["pixels"] == [DEFAULT_PIXEL, OTHER_PIXEL]
        assert (state["copies_taken"], state["requests_total"], state["answers"]) == (0, 0, {})
        assert (await caller.post(body_of(purchase())))[1]["code"] == 0


async def test_state_adds_up() -> None:
    """Copies taken are counted, merged, discarded, dropped or test; answers are counted by code."""
    async with Caller() as caller:
        await caller.post(body_of(purchase(), purchase(), purchase(event="Checkout", event_id="c")))
        await caller.control("pixel", {"pixel_code": DEFAULT_PIXEL, "event": "Purchase", "event_id": "order-1"})
        await caller.post(body_of(purchase(), test_event_code="TEST1"))
        await caller.post(body_of())
        state = await caller.control("state")
    assert [state[name] for name in ("counted", "merged", "discarded", "dropped", "test")] == [1, 1, 1, 1, 1]
    assert (state["copies_taken"], state["answers"]) == (5, {"0": 2, "40002": 1})


async def test_unknown_control_paths() -> None:
    """What is not there is 404, and a wrong method 405."""
    async with Caller() as caller:
        for method, path, status in (("GET", "nothing", 404), ("GET", "reset", 405), ("POST", "events", 405)):
            async with caller.session.request(method, f"/_emulator/{path}") as answer:
                assert answer.status == status


async def test_the_page_shows_what_became_of_each_copy() -> None:
    """Server or Browser, counted or why not, and the diagnostics; what strangers sent stays text."""
    async with Caller() as caller:
        await caller.post(body_of(purchase(), purchase(event_id="<script>alert(1)</script>", event="Search")))
        await caller.control("pixel", {"pixel_code": DEFAULT_PIXEL, "event": "Purchase", "event_id": "order-1"})
        await caller.post(body_of(purchase(user={"email": "customer@example.com", "ip": "10.1.2.3"})))
        async with caller.session.get("/") as answer:
            page = await answer.text()
            policy = answer.headers["content-security-policy"]
    for text in ("Server", "Browser", "order-1", "counted", "merged", "discarded", "Unhashed identifier", "20.0 USD"):
        assert text in page
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "customer@example.com" not in page
    assert "10.1.2.3" not in page
    assert policy.startswith("default-src 'none'")


async def test_the_page_is_there_before_the_first_event() -> None:
    """An empty emulator says what to do."""
    async with Caller() as caller, caller.session.get("/") as answer:
        page = await answer.text()
    assert "Nothing yet" in page
    assert "No issues found" in page
