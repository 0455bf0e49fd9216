"""The three encodings, the access token, and the Graph API's answers."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from tests.unit.sources.fixtures import NOW, fixture
from tests.unit.sources.meta.posting import FORM, JSON, PATH, TOKEN, purchase, request

from fullcount.errors import InvalidEvent
from fullcount.events.problems import Problem, Severity
from fullcount.events.reading import Reading
from fullcount.sources.meta.options import MetaOptions
from fullcount.sources.meta.sender import Meta
from fullcount.sources.receipt import EventResult, Receipt, Result
from fullcount.sources.sender import Refused, Rules, Taken
from fullcount.sources.source import Ignored, Intake, RawRequest

META = Meta()
RULES = Rules(name="capi", keys=(TOKEN, "test-token-being-rotated"))
EVENTS = [purchase(), purchase(event_id="M-2")]
BOUNDARY = "------------------------0123456789abcdef"
MULTIPART = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}


def multipart(*parts: tuple[str, str], boundary: str = BOUNDARY) -> bytes:
    """Return a body as curl -F makes it; a part whose head names a file is one."""
    made = [f"--{boundary}\r\nContent-Disposition: form-data; {head}\r\n\r\n{text}\r\n" for head, text in parts]
    return ("".join(made) + f"--{boundary}--\r\n").encode()


def of_form(**fields: Any) -> bytes:
    """Return a form with each value as JSON, unless it is text."""
    return urlencode({k: v if isinstance(v, str) else json.dumps(v) for k, v in fields.items()}).encode()


BODIES: dict[str, tuple[bytes, dict[str, str]]] = {
    "json": (json.dumps({"data": EVENTS}).encode(), JSON),
    "json with a mark of byte order": (b"\xef\xbb\xbf" + json.dumps({"data": EVENTS}).encode(), {}),
    "json with a list in text": (json.dumps({"data": json.dumps(EVENTS)}).encode(), JSON),
    "json posted as a form by curl -d": (json.dumps({"data": EVENTS}).encode(), FORM),
    "form": (of_form(data=EVENTS), FORM),
    "form of texts, as the Python SDK": (of_form(data=[json.dumps(each) for each in EVENTS]), FORM),
    "form without a type": (of_form(data=EVENTS), {}),
    "multipart": (multipart(('name="data"', json.dumps(EVENTS)), ('name="access_token"', "x")), MULTIPART),
    "multipart with a file": (
        multipart(('name="data"; filename="a.json"\r\nContent-Type: application/json', json.dumps(EVENTS))),
        MULTIPART,
    ),
}


@pytest.mark.parametrize("name", BODIES)
def test_every_encoding_gives_the_same_events(name: str) -> None:
    """JSON, form, multipart; events as objects or as JSON in text."""
    body, headers = BODIES[name]
    intake = META.read(request(body, headers), RULES)
    assert [reading.event_id for reading in intake.readings] == ["M-1", "M-2"]
    assert intake.readings == META.read(request({"data": EVENTS}), RULES).readings


def test_one_event_need_not_be_in_a_list() -> None:
    """A single object is a list of one."""
    assert len(META.read(request({"data": EVENTS[0]}), RULES).readings) == 1


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"", JSON),
        (b"", {}),
        (b"[]", JSON),
        (b"{", JSON),
        (b"\xff\xfe", FORM),
        (json.dumps({}).encode(), JSON),
        (json.dumps({"data": None}).encode(), JSON),
        (json.dumps({"data": []}).encode(), JSON),
        (json.dumps({"data": "[1"}).encode(), JSON),
        (json.dumps({"data": 7}).encode(), JSON),
        (json.dumps({"data": EVENTS, "test_event_code": []}).encode(), JSON),
        (b"data=odd", FORM),
        (b"&".join(b"x%d=1" % number for number in range(101)), FORM),
        (multipart(), MULTIPART),
        (multipart(('name="data"', json.dumps(EVENTS)))[:-9], MULTIPART),
        (multipart(('name="data"', json.dumps(EVENTS))), {"content-type": "multipart/form-data"}),
        (multipart(('name="data"', json.dumps(EVENTS)), boundary="other"), MULTIPART),
        (multipart(*(('name="x"', "1"),) * 101), MULTIPART),
        (multipart((f'name="{"x" * 20_000}"', "1")), MULTIPART),
        (multipart(('nome="data"', "[]")), MULTIPART),
    ],
)
def test_what_cannot_be_read_is_said(body: bytes, headers: dict[str, str]) -> None:
    """No list of events, or no body of any of the three kinds: one refusal with its fix, and no exception else."""
    with pytest.raises(InvalidEvent) as caught:
        META.read(request(body, headers), RULES)
    assert caught.value.problems[0].fix


def test_of_a_part_that_comes_twice_the_first_counts() -> None:
    """Forms and multipart bodies agree."""
    first, second = json.dumps(EVENTS[:1]), json.dumps(EVENTS[1:])
    in_parts = multipart(('name="data"', first), ('name="data"', second))
    in_form = f"data={quote(first)}&data={quote(second)}".encode()
    for body, headers in ((in_parts, MULTIPART), (in_form, FORM)):
        assert [reading.event_id for reading in META.read(request(body, headers), RULES).readings] == ["M-1"]


def test_the_test_code_is_read_in_every_encoding() -> None:
    """Beside the events; null, as the Node SDK sends it, is none."""
    parts = multipart(('name="data"', json.dumps(EVENTS)), ('name="test_event_code"', "TEST1"))
    in_form = of_form(data=EVENTS, test_event_code="TEST1")
    for body, headers in ((parts, MULTIPART), (in_form, FORM), ({"data": EVENTS, "test_event_code": "TEST1"}, JSON)):
        assert META.read(request(body, headers), RULES).test_event_code == "TEST1"
    assert META.read(request({"data": EVENTS, "test_event_code": None}), RULES).test_event_code is None


def bare(body: bytes, headers: dict[str, str], query: str = "", path: str = PATH) -> RawRequest:
    """Return a request without the token that `request` adds."""
    return RawRequest(body=body, path=path, query=query, headers=headers, received_at=NOW)


WITH_TOKEN = {"data": EVENTS, "access_token": TOKEN}


@pytest.mark.parametrize(
    ("asked", "is_admitted"),
    [
        (bare(b"", {}, f"access_token={TOKEN}"), True),
        (bare(b"", {}, "access_token=test-token-being-rotated&appsecret_proof=x"), True),
        (bare(b"", {"authorization": f"Bearer {TOKEN}"}), True),
        (bare(json.dumps(WITH_TOKEN).encode(), JSON), True),
        (bare(of_form(**WITH_TOKEN), FORM), True),
        (bare(multipart(('name="access_token"', TOKEN)), MULTIPART), True),
        (bare(json.dumps(WITH_TOKEN).encode(), JSON, "access_token=other"), False),
        (bare(json.dumps(WITH_TOKEN).encode(), {**JSON, "authorization": "Bearer other"}), False),
        (bare(json.dumps({"access_token": "other"}).encode(), JSON), False),
        (bare(json.dumps({"access_token": [TOKEN]}).encode(), JSON), False),
        (bare(b"not json", JSON), False),
        (bare(b"", {}), False),
        (bare(b"", {}, "access_token="), False),
    ],
)
def test_the_token_opens_wherever_senders_put_it(asked: RawRequest, *, is_admitted: bool) -> None:
    """Query, Bearer, JSON, form or multipart; what is in the query or the header decides before the body does."""
    assert META.admits(asked, RULES) is is_admitted


def test_the_id_of_the_address_may_be_checked() -> None:
    """With `dataset_id` set, another id in the path is not authentic."""
    rules = Rules(name="capi", keys=(TOKEN,), options=MetaOptions(dataset_id="123456789"))
    assert META.admits(request({}), rules)
    assert META.admits(request({}, path="/123456789/events"), rules)
    assert not META.admits(request({}, path="/v26.0/987654321/events"), rules)
    assert not META.admits(request({}, path="/elsewhere"), rules)


def answered(outcome: Any) -> tuple[int, Any]:
    """Return the status and the body of an answer."""
    reply = META.answer(request({"data": EVENTS}), outcome)
    return reply.status, json.loads(reply.body)


FATAL = Problem("event_time", "too old", "send it sooner", code="too_old")
DROPPED = Problem("user_data.ph", "no plus", "send it plain", Severity.DROPPED, "phone_hash_of_meta")
WARNING = Problem("page.url", "missing", "send it", Severity.WARNING, "page_missing")
TAKEN = EventResult(Result.ACCEPTED, "M-1", (DROPPED, WARNING))
REJECTED = EventResult(Result.REJECTED, None, (FATAL,))


def outcome(*results: EventResult, ignored: int = 0) -> Taken:
    """Return an outcome of events with these results."""
    readings = tuple(Reading(None, (), "", "") for _ in results)
    return Taken(Intake(readings, ignored=(Ignored("switched_off"),) * ignored), Receipt(results))


def test_success_has_its_three_keys() -> None:
    """What was received, what is wrong with the others or was dropped, each once, and an id of the request."""
    status, said = answered(outcome(TAKEN, REJECTED, TAKEN, EventResult(Result.WITHHELD, "M-3"), ignored=1))
    assert status == 200
    assert sorted(said) == ["events_received", "fbtrace_id", "messages"]
    assert said["events_received"] == 4
    assert said["messages"] == [
        "data[1] alone was not taken: event_time: too old. Fix: send it sooner",
        "user_data.ph: no plus. Fix: send it plain",
    ]
    assert said["fbtrace_id"].startswith("A")
    assert answered(outcome(ignored=1)) == (
        200,
        {"events_received": 1, "messages": [], "fbtrace_id": said["fbtrace_id"]},
    )


def test_messages_are_bounded() -> None:
    """A thousand wrong events are not a thousand messages."""
    _, said = answered(outcome(TAKEN, *[REJECTED] * 999))
    assert len(said["messages"]) == 20


def test_a_request_of_which_nothing_could_be_taken_is_an_invalid_parameter() -> None:
    """As at Meta: 400 with code 100, and final."""
    status, said = answered(outcome(REJECTED, REJECTED))
    assert (status, said["error"]["code"], said["error"]["is_transient"]) == (400, 100, False)
    assert "too old" in said["error"]["message"]


@pytest.mark.parametrize(
    ("status", "answered_with", "code", "is_transient"),
    [
        (401, 401, 190, False),
        (400, 400, 100, False),
        (405, 400, 100, False),
        (413, 400, 100, False),
        (408, 503, 2, True),
        (500, 503, 2, True),
        (503, 503, 2, True),
    ],
)
def test_errors_are_the_graph_apis(status: int, answered_with: int, code: int, *, is_transient: bool) -> None:
    """An error object with type, code and whether to come again; senders repeat what is no client's error."""
    refused = Refused(status, "c", "some reason", "some fix", retry_after_seconds=3.0 if status == 503 else None)
    reply = META.answer(request({}), refused)
    error = json.loads(reply.body)["error"]
    assert (reply.status, error["code"], error["is_transient"]) == (answered_with, code, is_transient)
    assert error["type"] == "OAuthException"
    assert error["error_user_msg"] == "some reason. Fix: some fix"
    assert dict(reply.headers).get(b"retry-after") == (b"3" if status == 503 else None)


def test_the_recorded_form_is_double_encoded() -> None:
    """The Python SDK's events are JSON in text in a list in a form; what it sent is read as it stands."""
    recorded = fixture("meta_capi/purchase_form_pythonsdk.txt")
    intake = META.read(recorded.request(), Rules(name="capi", keys=("FIXTURE_TOKEN",)))
    assert [reading.event_id for reading in intake.readings] == ["M-501"]
