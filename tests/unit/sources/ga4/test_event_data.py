"""The event data of a server-side container, posted to /data."""

from __future__ import annotations

import json
from base64 import b64encode
from hashlib import sha256
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from tests.unit.sources.fixtures import NOW
from tests.unit.sources.ga4.requests import DATA, SECRET, codes, names, posted

from fullcount.errors import InvalidEvent

PURCHASE: dict[str, Any] = json.loads(DATA.body)
FORM = {"content-type": "application/x-www-form-urlencoded"}


def test_the_recorded_purchase_is_what_the_index_expects() -> None:
    """Plain user data, a list among it, become hashes; cookie, click ID, place and item are taken."""
    found = posted(DATA.body)
    made = found.event
    assert (made.canonical, made.event_id) == (DATA.expect["event"], DATA.expect["event_id"])
    assert made.user.email == sha256(b"dana.fixture@example.com").hexdigest()
    assert made.user.phone == sha256(b"+15550100142").hexdigest()
    assert made.user.first_name == sha256(b"dana").hexdigest()
    assert (made.user.ttp, made.user.ip) == ("2nFixtureTtpCookie000000001", "192.0.2.44")
    assert (made.user.ttclid, made.user.state) == ("E.C.P.CqcBtestFixtureClickId0001", "il")
    assert (made.properties.value, made.properties.currency) == (36, "USD")
    assert found.intake.readings[0].event is not None
    assert found.intake.readings[0].event.consent == "granted"
    assert codes(found) == {"time_missing"}


@pytest.mark.parametrize(
    ("method", "body", "query", "headers"),
    [
        ("POST", json.dumps([PURCHASE]).encode(), "", {}),
        ("POST", b"\xef\xbb\xbf" + json.dumps(PURCHASE).encode(), "", {}),
        ("GET", b"", f"&dtdc={quote(b64encode(DATA.body))}", {}),
        ("GET", b"", f"&dtdc={b64encode(DATA.body).decode().rstrip('=')}", {}),
        ("GET", b"", f"&dtcd={quote(DATA.body)}", {}),
    ],
)
def test_it_may_come_in_a_list_or_packed_into_the_query(method: str, body: bytes, query: str, headers: Any) -> None:
    """A JSON list, base64 or JSON in the query make the same event as the object in the body."""
    found = posted(body, query=f"key={SECRET}{query}", method=method, headers=headers)
    assert found.event == posted(DATA.body).event


def test_a_form_leads_into_objects_by_its_dots() -> None:
    """A form and a bare query are event data as well."""
    fields = urlencode(
        {
            "event_name": "purchase",
            "transaction_id": "T-79",
            "value": "36",
            "user_data.email_address": "dana.fixture@example.com",
            "user_data.address.city": "Springfield",
            "user_data": "not an object",
        }
    )
    form = posted(fields.encode(), headers=FORM).event
    query = posted(b"", method="GET", query=f"key={SECRET}&{fields}").event
    for made in (form, query):
        assert (made.event_id, made.properties.value) == ("T-79", 36)
        assert made.user.email == sha256(b"dana.fixture@example.com").hexdigest()
        assert made.user.city == "springfield"


@pytest.mark.parametrize(
    "data",
    [
        {
            "event_name": "search",
            "email": "dana@example.com",
            "phone": "+15550100142",
            "url": "https://shop.example.com/",
        },
        {
            "event": "search",
            "userEmail": "dana@example.com",
            "phoneNumber": "+15550100142",
            "href": "https://shop.example.com/",
        },
        {
            "eventName": "search",
            "user_data": {"mail": "dana@example.com", "userPhoneNumber": "+15550100142"},
            "pageLocation": "https://shop.example.com/",
        },
    ],
)
def test_other_spellings_are_known(data: dict[str, Any]) -> None:
    """Names, addresses, numbers and pages under the data tag's other names."""
    made = posted({**data, "ip": "192.0.2.44", "e_v": "5", "currency": "EUR"}).event
    assert (made.event, made.page.url, made.user.ip) == ("Search", "https://shop.example.com/", "192.0.2.44")
    assert made.user.email == sha256(b"dana@example.com").hexdigest()
    assert made.user.phone == sha256(b"+15550100142").hexdigest()
    assert made.properties.value == 5


def test_the_query_may_name_the_event() -> None:
    """?event= counts where the body names none."""
    assert names(posted({"user_id": "u"}, query=f"event=search&key={SECRET}")) == ["Search"]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"x-ga-gcs": "G100"}, "denied"),
        ({"x-ga-gcs": "G111", "x-ga-gcd": "13p3p3p3p5"}, "denied"),
        ({"consent_state": {"ad_storage": True}}, "granted"),
        ({"consent_state": {"ad_storage": False, "ad_user_data": True}}, "denied"),
        ({"consent": "denied", "x-ga-gcs": "G111"}, "denied"),
        ({"consent": False}, "denied"),
        ({}, None),
    ],
)
def test_consent_is_read_from_the_container(data: dict[str, Any], expected: str | None) -> None:
    """Google's strings, the container's consent state, and a word of the shop's own: the strictest counts."""
    (reading,) = posted({"event_name": "search", "user_id": "u", **data}).intake.readings
    assert reading.event is not None
    assert reading.event.consent == expected


def test_a_page_load_and_its_counter_name_an_event() -> None:
    """With both, or a time, an event has the same id each time it is posted."""
    data = {"event_name": "search", "client_id": "1.2", "user_id": "u"}
    seeds = ({"x-ga-page_id": 5, "x-ga-request_count": 2}, {"event_time": int(NOW)})
    for seed in seeds:
        first, again = posted({**data, **seed}), posted({**data, **seed})
        assert first.event.event_id == again.event.event_id
        assert first.intake.readings[0].is_id_private
    assert "event_id_missing" in codes(posted(data))


def test_the_key_may_stand_in_three_places() -> None:
    """Authorization, key and api_secret open it; another or none does not."""
    bearer = {"authorization": f"Bearer {SECRET}"}
    assert posted(DATA.body, query="", headers=bearer).is_authentic
    assert posted(DATA.body, query=f"api_secret={SECRET}").is_authentic
    assert not posted(DATA.body, query="key=other").is_authentic
    assert not posted(DATA.body, query="").is_authentic
    assert not posted(DATA.body, query=f"key={SECRET}", headers={"authorization": "Bearer other"}).is_authentic


@pytest.mark.parametrize(
    ("body", "method", "query"),
    [(b"{", "POST", ""), (b"[{]", "POST", ""), (b"7", "POST", ""), (b"[]", "POST", ""), (b"", "GET", "&dtdc=@@@@@")],
)
def test_what_is_no_event_data_is_refused(body: bytes, method: str, query: str) -> None:
    """Neither JSON nor a form: the caller is told."""
    with pytest.raises(InvalidEvent):
        posted(body, method=method, query=f"key={SECRET}{query}")


def test_a_list_may_hold_what_is_no_object() -> None:
    """It costs only itself."""
    found = posted([5, {"event_name": "search", "user_id": "u"}])
    assert [arrival.result.result.value for arrival in found.arrivals] == ["rejected", "accepted"]


def test_a_flood_of_fields_is_refused() -> None:
    """More fields than a form may have."""
    fields = "&".join(f"f{number}=1" for number in range(1001))
    with pytest.raises(InvalidEvent) as refused:
        posted(fields.encode(), headers=FORM)
    assert refused.value.problems[0].code == "too_many_parameters"
