"""The mistakes that are common in requests for TikTok itself are each spotted, and a right request is not blamed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fullcount.cli.curl import parse_curl
from fullcount.cli.mistakes import Shape, mistakes_of_body, mistakes_of_request, shape_of
from fullcount.events.problems import Severity

HOST = "https://business-api.tiktok.com"
TRACK = f"{HOST}/open_api/v1.3/event/track/"
HASH = "848a771458438fc2ec420560d769fb9b9b86851ee338ec56517baabd79d3bb4f"
RIGHT: dict[str, Any] = {
    "event_source": "web",
    "event_source_id": "CEXAMPLE0PIXEL000001",
    "data": [
        {
            "event": "Purchase",
            "event_time": 1795357800,
            "event_id": "order-1",
            "user": {"email": HASH, "phone": [HASH], "ip": "203.0.113.42", "user_agent": "UA"},
        }
    ],
}
OLD: dict[str, Any] = {
    "pixel_code": "CEXAMPLE0PIXEL000001",
    "event": "Purchase",
    "context": {"user": {"email": HASH}},
}


def of_line(line: str, shape: Shape = Shape.TIKTOK_2_0) -> list[str]:
    """Return what is said of a curl line's address and headers."""
    request = parse_curl(line, Path())
    return [found.mistake for found in mistakes_of_request(request, shape)]


def test_a_right_line_is_not_blamed() -> None:
    """The official form has no mistake."""
    line = f"curl {TRACK} -H 'Access-Token: test-token' -H 'Content-Type: application/json' -d x"

    assert of_line(line) == []
    assert list(mistakes_of_body(RIGHT, Shape.TIKTOK_2_0, severity=Severity.FATAL)) == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (f"curl {TRACK[:-1]} -H 'Access-Token: test-token'", "slash at the end"),
        (f"curl {TRACK} -H 'Authorization: Bearer test-token'", "Authorization in place"),
        (f"curl {TRACK} -H 'Access-Token: Bearer test-token'", "Bearer before"),
        (f"curl {TRACK}", "no Access-Token"),
        (f"curl {TRACK} -H 'Access-Token;'", "no Access-Token"),
        (f"curl {TRACK} -H 'Access-Token: '", "is empty"),
        (f"curl {TRACK}?access_token=test-token", "stands in the URL"),
        (f"curl -X PUT {TRACK} -H 'Access-Token: test-token'", "the method is PUT"),
        (f"curl {TRACK.replace('https', 'http')} -H 'Access-Token: test-token'", "http, not https"),
        (f"curl {HOST}/open_api/v2.0/event/track/ -H 'Access-Token: test-token'", "not a path"),
        (f"curl {HOST}/open_api/v1.3/pixel/track/ -H 'Access-Token: test-token'", "2.0 body on a 1.0 path"),
        ("curl https://sandbox-ads.tiktok.com/open_api/v1.3/event/track/ -H 'Access-Token: t'", "sandbox"),
    ],
)
def test_mistakes_of_address_and_headers_are_spotted(line: str, said: str) -> None:
    """Each one is named, beside the body's own."""
    assert any(said in mistake for mistake in of_line(f"{line} -d x"))


def test_a_form_is_not_json() -> None:
    """Without a Content-Type curl sends a form, which TikTok does not read."""
    assert "Content-Type is not application/json" in of_line(f"curl {TRACK} -H 'Access-Token: test-token' -d x")


def test_a_1_0_body_on_the_2_0_path_is_spotted() -> None:
    """The mix that public examples teach."""
    line = f"curl {TRACK} -H 'Access-Token: test-token' --json x"

    assert of_line(line, Shape.TIKTOK_1_0) == ["a 1.0 body on the 2.0 path"]


def test_our_own_route_takes_a_bearer_key() -> None:
    """A line for a gateway's /v1/events is not measured by TikTok's rules."""
    assert (
        of_line("curl http://127.0.0.1:8080/v1/events -H 'Authorization: Bearer test-key' --json x", Shape.OURS) == []
    )


def test_a_body_for_tiktok_does_not_belong_on_our_own_route() -> None:
    """The gateway's drop-in routes take it, /v1/events does not."""
    line = "curl http://127.0.0.1:8080/v1/events -H 'Authorization: Bearer test-key' --json x"

    assert of_line(line, Shape.TIKTOK_1_0) == ["a TikTok 1.0 body on our own route"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("/v1/events -H 'Access-Token: test-key' --json x", "Access-Token in place of Authorization"),
        ("/v1/events --json x", "there is no Authorization"),
        ("/v1/events -H 'Authorization: test-key' --json x", "Authorization without Bearer and a key"),
        ("/v1/events -H 'Authorization: Bearer test-key' -d x", "Content-Type is not application/json"),
        ("/v1/event -H 'Authorization: Bearer test-key' --json x", "not a path of the gateway"),
    ],
)
def test_a_line_that_a_gateway_would_refuse_is_spotted(line: str, said: str) -> None:
    """The header, the type and the path of /v1/events are named, each by itself."""
    assert of_line(f"curl http://127.0.0.1:8080{line}", Shape.OURS) == [said]


def test_a_wrong_path_is_mended_by_the_hosts_own() -> None:
    """A gateway's is /v1/events for our JSON; TikTok's is its own."""
    fixes = [
        found.fix
        for host in ("http://127.0.0.1:8080", HOST)
        for found in mistakes_of_request(parse_curl(f"curl {host}/v1/event --json x", Path()), Shape.OURS)
        if found.path == "URL"
    ]

    assert fixes == ["use /v1/events", "use /open_api/v1.3/event/track/"]


@pytest.mark.parametrize("host", [HOST, "http://127.0.0.1:8080"])
def test_our_json_on_a_path_of_tiktoks_is_spotted(host: str) -> None:
    """TikTok refuses it, and so do the gateway's drop-in routes."""
    line = f"curl {host}/open_api/v1.3/event/track/ -H 'Access-Token: test-token' --json x"

    assert of_line(line, Shape.OURS) == ["our JSON on a path of TikTok's"]


@pytest.mark.parametrize(
    ("place", "value", "path", "said"),
    [
        ("event_source", None, "event_source", "missing"),
        ("event_source_id", None, "event_source_id", "missing"),
        ("timestamp", "2026-04-01T14:30:00Z", "data.0.timestamp", "1.0's timestamp"),
        ("event_time", "2026-04-01T14:30:00Z", "data.0.event_time", "not Unix seconds"),
        ("context", {"ip": "203.0.113.42"}, "data.0.context", "1.0's context"),
        ("event_id", 77123, "data.0.event_id", "a number"),
        ("user.phone_number", HASH, "data.0.user.phone_number", "2.0 calls it phone"),
        ("user.click_id", "E.C.P.test", "data.0.user.click_id", "2.0 calls it ttclid"),
        ("user.email", "customer@example.com", "data.0.user.email", "not hashed"),
        ("user.phone", ["+15550100199"], "data.0.user.phone", "not hashed"),
        ("user.external_id", "customer-77", "data.0.user.external_id", "not hashed"),
        (
            "user.email",
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "data.0.user.email",
            "empty string",
        ),
    ],
)
def test_mistakes_of_a_2_0_body_are_spotted(place: str, value: Any, path: str, said: str) -> None:
    """Each stands at its path, with what it costs at TikTok and the fix, and never shows the value."""
    body = json.loads(json.dumps(RIGHT))
    event = body["data"][0]
    if place in body:
        del body[place]
    elif place.startswith("user."):
        event["user"][place.removeprefix("user.")] = value
    else:
        event[place] = value
    found = [each for each in mistakes_of_body(body, Shape.TIKTOK_2_0, severity=Severity.FATAL) if each.path == path]

    assert len(found) == 1
    assert said in found[0].mistake
    assert found[0].consequence
    assert found[0].fix
    assert str(value) not in repr(found[0])


def test_a_1_0_body_is_judged_by_1_0() -> None:
    """Its own spellings are right there; a plain identifier is not."""
    assert list(mistakes_of_body(OLD, Shape.TIKTOK_1_0, severity=Severity.FATAL)) == []
    plain = {**OLD, "context": {"user": {"phone_number": "+15550100199"}}}
    found = list(mistakes_of_body(plain, Shape.TIKTOK_1_0, severity=Severity.WARNING))

    assert [(each.path, each.severity) for each in found] == [("context.user.phone_number", Severity.WARNING)]


def test_each_event_of_a_batch_has_its_path() -> None:
    """The index of the event stands in the path."""
    batch = {"pixel_code": "C", "batch": [OLD, {"event": "Lead", "event_id": 7}]}

    assert [each.path for each in mistakes_of_body(batch, Shape.TIKTOK_1_0, severity=Severity.FATAL)] == [
        "batch.1.event_id"
    ]


@pytest.mark.parametrize(
    ("body", "shape"),
    [
        (RIGHT, Shape.TIKTOK_2_0),
        (OLD, Shape.TIKTOK_1_0),
        ({"pixel_code": "C", "batch": []}, Shape.TIKTOK_1_0),
        ({"event": "Purchase"}, Shape.OURS),
        ({"events": []}, Shape.OURS),
        ([], Shape.OURS),
        (3, Shape.OURS),
    ],
)
def test_the_shape_shows_in_the_keys(body: Any, shape: Shape) -> None:
    """What a body is does not depend on where it was found."""
    assert shape_of(body) is shape


@pytest.mark.parametrize("data", [None, 3, [], [3], {"user": 3}, [{"user": 3, "context": 4, "event_time": True}]])
def test_garbage_where_events_should_be_is_no_crash(data: Any) -> None:
    """What is no list of objects is left to the reading of the body."""
    body = {"event_source": "web", "event_source_id": "C", "data": data}

    assert all(
        each.path.startswith("data.0") for each in mistakes_of_body(body, Shape.TIKTOK_2_0, severity=Severity.FATAL)
    )
