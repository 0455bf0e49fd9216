"""Who is let in, and what Google's senders hear: from the validator, the preflight, and after an event was stored."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from tests.unit.sources.fixtures import fixture
from tests.unit.sources.ga4.requests import BATCH, DATA, ID, PURCHASE, SECRET, SINGLE, hit, rules

from fullcount.sources.ga4.sender import Ga4
from fullcount.sources.receipt import EventResult, Receipt, Result
from fullcount.sources.reply import Reply
from fullcount.sources.sender import Refused, Taken
from fullcount.sources.source import Intake, RawRequest

SENDER = Ga4()
TAKEN = Taken(Intake(()), Receipt((EventResult(Result.ACCEPTED, "T-1"),)))
BUSY = Refused(503, "store_unavailable", "the disk is full", "send it again", retry_after_seconds=2.0)
SHOP = "https://shop.example.com"


def headers_of(reply: Reply | None) -> dict[str, str]:
    """Return a reply's headers."""
    assert reply is not None
    return {name.decode(): value.decode() for name, value in reply.headers}


def mp(query: str, method: str = "POST") -> RawRequest:
    """Return the recorded purchase under another query."""
    return msgspec.structs.replace(PURCHASE.request(), query=query, method=method)


@pytest.mark.parametrize(
    ("query", "options", "expected"),
    [
        (f"measurement_id={ID}&api_secret={SECRET}", {}, True),
        (f"measurement_id={ID}&api_secret=wrong", {}, False),
        (f"measurement_id={ID}&api_secret=", {}, False),
        (f"measurement_id={ID}", {}, False),
        (f"measurement_id=G-OTHER&api_secret={SECRET}", {}, False),
        (f"api_secret={SECRET}", {}, False),
        (f"api_secret={SECRET}", {"measurement_id": None}, True),
        (f"api_secret=wrong&api_secret={SECRET}", {"measurement_id": None}, False),
    ],
)
def test_a_server_shows_the_secret_and_the_id_of_the_source(query: str, options: Any, expected: bool) -> None:  # noqa: FBT001 - a row's expectation
    """The api_secret is the source's key; the measurement id counts where the source names one."""
    assert SENDER.admits(mp(query), rules(**options)) is expected


def test_every_key_of_a_source_opens_it() -> None:
    """While a key is being changed, the old and the new one count."""
    both = msgspec.structs.replace(rules(), keys=("old", SECRET))
    assert SENDER.admits(PURCHASE.request(), both)
    assert SENDER.admits(DATA.request(query="key=old"), both)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"origin": SHOP}, True),
        ({"origin": "https://www.Shop.example.com:8443"}, True),
        ({"referer": f"{SHOP}/thanks"}, True),
        ({"origin": "https://evil.example"}, False),
        ({"origin": "https://notshop.example.com.evil.example"}, False),
        ({"origin": "https://evilshop.example.com"}, False),
        ({"origin": "null"}, False),
        ({"origin": "http://["}, False),
        ({}, False),
    ],
)
def test_a_page_must_be_of_an_allowed_host_where_hosts_are_named(headers: Any, expected: bool) -> None:  # noqa: FBT001 - a row's expectation
    """The host or one below it, by Origin, else by Referer; without `origins` any page may call."""
    request = hit(en="search", headers=headers)
    assert SENDER.admits(request, rules(origins=("Shop.example.com",))) is expected
    assert SENDER.admits(request, rules())


def test_google_s_answer_is_204_and_a_page_may_read_it() -> None:
    """A tag's origin is echoed with credentials, since it sends cookies; a server gets no such headers."""
    page = SENDER.answer(SINGLE.request(), TAKEN)
    assert (page.status, page.body) == (204, b"")
    shared = headers_of(page)
    assert shared["access-control-allow-origin"] == SHOP
    assert shared["access-control-allow-credentials"] == "true"
    assert shared["vary"] == "Origin"
    server = SENDER.answer(PURCHASE.request(headers={"origin": SHOP}), TAKEN)
    assert (server.status, server.headers) == (204, ())
    assert headers_of(SENDER.answer(hit(en="search"), TAKEN)) == {}


def test_a_refusal_keeps_its_status_and_its_time() -> None:
    """503 with Retry-After, readable by the page; 401 says nothing to whichever page asked."""
    busy = SENDER.answer(SINGLE.request(), BUSY)
    assert busy.status == 503
    assert headers_of(busy)["retry-after"] == "2"
    assert headers_of(busy)["access-control-allow-origin"] == SHOP
    shut = SENDER.answer(SINGLE.request(), Refused(401, "unauthorized", "the request is not authentic", "compare"))
    assert (shut.status, shut.headers) == (401, ())


def test_event_data_is_answered_as_the_data_client_answers() -> None:
    """A POST hears JSON with a time and an id, a GET an image."""
    said = SENDER.answer(DATA.request(), TAKEN)
    assert said.status == 200
    assert json.loads(said.body) == {"timestamp": 1_795_172_400_000, "unique_event_id": "T-1"}
    nothing = SENDER.answer(DATA.request(), Taken(Intake(()), Receipt(())))
    assert json.loads(nothing.body)["unique_event_id"] == ""
    image = SENDER.answer(DATA.request(method="GET"), TAKEN)
    assert (image.status, image.content_type, image.body[:6]) == (200, b"image/gif", b"GIF89a")


def test_a_preflight_is_answered_for_pages_that_may_call() -> None:
    """The allowed page is told methods and headers; another page, and a server's path, are told nothing of the kind."""
    known = [rules(origins=("shop.example.com",))]
    asked = hit(method="OPTIONS", headers={"origin": SHOP})
    allowed = SENDER.greet(asked, known)
    assert allowed is not None
    assert allowed.status == 204
    assert headers_of(allowed)["access-control-allow-methods"] == "GET, POST, OPTIONS"
    assert headers_of(allowed)["access-control-allow-origin"] == SHOP
    foreign = SENDER.greet(hit(method="OPTIONS", headers={"origin": "https://evil.example"}), known)
    assert headers_of(foreign) == {}
    server = SENDER.greet(mp("", method="OPTIONS"), known)
    assert headers_of(server) == {"allow": "POST, OPTIONS"}


def test_a_probe_is_answered_and_is_no_event() -> None:
    """HEAD carries nothing: 204, whoever asks."""
    for request in (mp("", method="HEAD"), hit(method="HEAD"), DATA.request(method="HEAD")):
        reply = SENDER.greet(request, [rules()])
        assert reply is not None
        assert (reply.status, reply.body) == (204, b"")


def test_a_wrong_secret_may_be_answered_as_google_does() -> None:
    """Only where a source says so is it 204; the right one is not greeted but read."""
    wrong, right = mp("api_secret=wrong"), PURCHASE.request()
    assert SENDER.greet(wrong, [rules()]) is None
    lenient = [rules(strict_secret=False)]
    reply = SENDER.greet(wrong, lenient)
    assert reply is not None
    assert (reply.status, reply.body, reply.headers) == (204, b"", ())
    assert SENDER.greet(right, lenient) is None
    assert SENDER.greet(BATCH.request(), lenient) is None


def test_the_validator_asks_for_no_secret() -> None:
    """A wrong name is told in Google's words for it, and nothing is stored: it is a greeting."""
    bad = fixture("ga4/debug_invalid_name.json")
    reply = SENDER.greet(bad.request(), [rules()])
    assert reply is not None
    assert reply.status == bad.expect["status"]
    (message,) = json.loads(reply.body)["validationMessages"]
    assert (message["validationCode"], message["fieldPath"]) == (bad.expect["validationCode"], "events")
    assert "_badName" in message["description"]


def test_it_finds_no_fault_with_its_neighbours() -> None:
    """Any other source may feed the same pixel: the order's id makes both one."""
    assert SENDER.contradiction(rules(), ()) is None
