"""Who may send, what is answered without a key, and what each SDK hears."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

import pytest
from tests.unit.sources.segment.calling import BASIC, BROWSER, KEY, request, track

from fullcount.events.problems import Problem, Severity
from fullcount.events.reading import Reading
from fullcount.sources.receipt import EventResult, Receipt, Result
from fullcount.sources.segment.options import SegmentOptions
from fullcount.sources.segment.sender import Segment
from fullcount.sources.sender import Refused, Rules, Taken
from fullcount.sources.source import Ignored, Intake, RawRequest

SEGMENT = Segment()
RULES = Rules(name="cdp", keys=(KEY, "test-key-being-rotated"))


def basic(text: str) -> dict[str, str]:
    """Return the header of Basic authentication."""
    return {"authorization": f"Basic {b64encode(text.encode()).decode()}"}


@pytest.mark.parametrize(
    ("headers", "body", "is_admitted"),
    [
        (basic(f"{KEY}:"), {}, True),
        (basic(KEY), {}, True),
        (basic("test-key-being-rotated:anything"), {}, True),
        ({"authorization": BASIC["authorization"].replace("Basic", "basic").rstrip("=")}, {}, True),
        (basic("test-key-of-another:"), {}, False),
        (basic("test-key-of-another:"), {"writeKey": KEY}, False),
        (basic(":"), {}, False),
        ({"authorization": "Basic *"}, {}, False),
        ({"authorization": "Basic " + "é" * 4}, {}, False),
        ({}, {"writeKey": KEY}, True),
        ({}, {"writeKey": "other"}, False),
        ({}, {"writeKey": None}, False),
        ({}, {"writeKey": [KEY]}, False),
        ({}, {}, False),
        ({}, "no object", False),
        ({"authorization": "Bearer of-oauth"}, {"writeKey": KEY}, True),
        ({"authorization": "Bearer of-oauth"}, {}, False),
        ({"authorization": f"Bearer {KEY}"}, {}, True),
        ({"authorization": ""}, {"writeKey": KEY}, True),
    ],
)
def test_the_write_key_opens_wherever_sdks_put_it(headers: dict[str, str], body: Any, *, is_admitted: bool) -> None:
    """Basic with or without its colon decides where it is; else the body's writeKey, and a Bearer that is the key."""
    assert SEGMENT.admits(request(body, headers=headers), RULES) is is_admitted


def test_a_body_that_is_no_json_shows_no_key() -> None:
    """Bytes of any kind are read for a key without an exception."""
    for body in (b"", b"\xff", b"[" * 5_000, b'{"writeKey": "\xff"}'):
        assert SEGMENT.admits(request(body, headers={}), RULES) is False


def test_a_browser_may_ask_before_it_sends() -> None:
    """The preflight that the Authorization header forces is answered, without a key, for every header of the SDKs."""
    reply = SEGMENT.greet(RawRequest(b"", "OPTIONS", "/v1/t", headers={"origin": "https://shop.example.com"}), [RULES])
    assert reply is not None
    headers = {name.decode(): value.decode() for name, value in reply.headers}
    assert (reply.status, headers["access-control-allow-origin"]) == (204, "*")
    assert headers["access-control-allow-headers"].split(", ") == [
        "authorization",
        "content-type",
        "x-retry-count",
        "anonymousid",
    ]
    assert "POST" in headers["access-control-allow-methods"]


def settings_reply(path: str, headers: dict[str, str], rules: Rules = RULES, method: str = "GET") -> Any:
    """Ask for the settings of a write key."""
    return SEGMENT.greet(RawRequest(b"", method, path, headers=headers), [rules])


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("shop.example.com", {"apiKey": KEY, "apiHost": "shop.example.com/v1", "protocol": "https"}),
        ("127.0.0.1:8080", {"apiKey": KEY, "apiHost": "127.0.0.1:8080/v1", "protocol": "http"}),
        ("[::1]:8080", {"apiKey": KEY, "apiHost": "[::1]:8080/v1", "protocol": "http"}),
        ('x"/><script>', {"apiKey": KEY}),
        ("", {"apiKey": KEY}),
    ],
)
def test_a_browser_is_told_to_send_where_it_asked(host: str, expected: dict[str, str]) -> None:
    """Analytics.js loads settings before it sends: our own host in them, and no destination of anybody else."""
    reply = settings_reply(f"/v1/projects/{KEY}/settings", {"host": host})
    assert reply.status == 200
    assert json.loads(reply.body)["integrations"] == {"Segment.io": expected}
    assert (b"access-control-allow-origin", b"*") in reply.headers


def test_a_browser_is_told_to_send_where_the_settings_say() -> None:
    """Behind a proxy that adds a path the settings name the address."""
    rules = Rules(name="cdp", keys=(KEY,), options=SegmentOptions(api_host="shop.example.com/cdp/v1"))
    reply = settings_reply(f"/v1/projects/{KEY}/settings", {"host": "internal:8080"}, rules)
    assert json.loads(reply.body)["integrations"]["Segment.io"]["apiHost"] == "shop.example.com/cdp/v1"


@pytest.mark.parametrize(
    ("path", "method"), [("/v1/projects/test-unknown/settings", "GET"), (f"/v1/projects/{KEY}/settings", "POST")]
)
def test_settings_of_no_source_are_not_there(path: str, method: str) -> None:
    """A key that opens nothing has no settings, and nobody posts to them."""
    reply = settings_reply(path, {"host": "shop.example.com"}, method=method)
    assert reply.status == 404
    assert KEY.encode() not in reply.body


def test_the_sdks_own_metrics_are_answered_and_dropped() -> None:
    """They come without a key, and say nothing about a visitor."""
    reply = SEGMENT.greet(request({"series": []}, "/v1/m", headers={}), [RULES])
    assert reply is not None
    assert (reply.status, json.loads(reply.body)) == (200, {"success": True})


def test_other_requests_are_not_greeted() -> None:
    """A call needs its key."""
    assert SEGMENT.greet(request({"batch": [track()]}), [RULES]) is None


@pytest.mark.parametrize(
    ("status", "answered"),
    [(400, 400), (401, 401), (405, 400), (413, 400), (415, 400), (408, 503), (500, 503), (503, 503)],
)
def test_refusals_are_final_or_to_be_repeated(status: int, answered: int) -> None:
    """RudderStack gives up on any 4xx, so what is to be repeated is a 503 with its time; all say code and message."""
    refused = Refused(
        status, "some_code", "some reason", "some fix", retry_after_seconds=4.2 if status == 503 else None
    )
    reply = SEGMENT.answer(request({}), refused)
    assert reply.status == answered
    assert json.loads(reply.body) == {
        "success": False,
        "code": "some_code",
        "message": "some reason. Fix: some fix",
    }
    wait = dict(reply.headers).get(b"retry-after")
    assert wait == {503: b"5" if status == 503 else b"1"}.get(answered)


@pytest.mark.parametrize("outcome", [Refused(401, "c", "r", "f"), Taken(Intake(()), Receipt(()))])
def test_pages_may_read_every_answer(outcome: Any) -> None:
    """A browser's SDK learns from the status whether to repeat; a server's answer needs no such header."""
    named = (b"access-control-allow-origin", b"*")
    assert named in SEGMENT.answer(request({}, headers=BROWSER), outcome).headers
    assert named not in SEGMENT.answer(request({}), outcome).headers


def taken(*results: EventResult, ignored: tuple[Ignored, ...] = ()) -> Taken:
    """Return an outcome of events with these results."""
    readings = tuple(Reading(None, (), "", "") for _ in results)
    return Taken(Intake(readings, ignored=ignored), Receipt(results))


FATAL = Problem("event", "it has no name", "name it", code="name_missing")
WARNING = Problem("page.url", "missing", "send it", Severity.WARNING, "page_missing")
REJECTED = EventResult(Result.REJECTED, None, (WARNING, FATAL))
ACCEPTED = EventResult(Result.ACCEPTED, "1")


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (taken(), 200),
        (taken(ACCEPTED, REJECTED), 200),
        (taken(REJECTED, ignored=(Ignored("no_event"),)), 200),
        (taken(EventResult(Result.DUPLICATE, "1")), 200),
        (taken(EventResult(Result.WITHHELD, "1")), 200),
        (taken(REJECTED, REJECTED), 400),
    ],
)
def test_exactly_200_unless_nothing_can_ever_be_taken(outcome: Taken, status: int) -> None:
    """Part of a batch is success; a request whose every event is wrong is refused for good, with the first reason."""
    reply = SEGMENT.answer(request({}), outcome)
    assert reply.status == status
    said = json.loads(reply.body)
    assert said["success"] is (status == 200)
    assert status == 200 or said["code"] == "name_missing"
