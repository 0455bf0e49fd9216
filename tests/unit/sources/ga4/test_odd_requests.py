"""Requests with something wrong in them: the event that can still be made, and never an exception."""

from __future__ import annotations

import contextlib
import json
import string
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.sources.fixtures import NOW, fixture
from tests.unit.sources.ga4.requests import (
    BATCH,
    DATA,
    IP,
    PURCHASE,
    SECRET,
    SINGLE,
    codes,
    collected,
    event,
    measured,
    posted,
    rules,
)
from tests.unit.sources.mutants import mutants, mutated

from fullcount.errors import InvalidEvent
from fullcount.identity.advanced_matching import MOST_VALUES
from fullcount.sources.ga4.sender import Ga4
from fullcount.sources.receipt import Receipt
from fullcount.sources.sender import Refused, Taken
from fullcount.sources.source import RawRequest

MP: Any = json.loads(PURCHASE.body)
MIXED: Any = json.loads(fixture("ga4/mp_batch_mixed.json").body)
POSTED: Any = json.loads(DATA.body)
QUERY = parse_qsl(SINGLE.request().query, keep_blank_values=True)
ODD_TEXTS = ("", " ", "~", "~~~", "null", "NaN", "-1", "1e999", "é", "\x00", "%", "tv.1~em", "G1", "x" * 300)
NOT_DECISIVE = 2  # `v` and `tid` come first: without them the request is nobody's


@pytest.mark.parametrize("body", [MP, MIXED])
def test_a_measurement_with_anything_missing_or_odd_is_still_read(body: Any) -> None:
    """Each key missing, null or of another type costs what depends on it alone."""
    for path, changed in mutants(body):
        found = measured(changed)
        if path[0] != "events":
            assert found.intake.readings, path


def test_event_data_with_anything_missing_or_odd_is_still_an_event() -> None:
    """Only its name, and the query's in its place, can take it away."""
    for path, changed in mutants(POSTED):
        found = posted(changed, query=f"event=purchase&key={SECRET}")
        assert len(found.intake.readings) == 1 or path == ("event_name",), path


@pytest.mark.parametrize("odd", [None, *ODD_TEXTS])
def test_a_tags_request_with_any_parameter_odd_or_missing_is_still_an_event(odd: str | None) -> None:
    """Every parameter of the recorded request in turn, but for the event's name."""
    for index, (name, _) in enumerate(QUERY[NOT_DECISIVE:], NOT_DECISIVE):
        pairs = [pair for at, pair in enumerate(QUERY) if at != index] + ([] if odd is None else [(name, odd)])
        found = collected(SINGLE.request(client_ip=IP, query=urlencode(pairs)))
        assert found.intake.readings or name == "en", name


@given(mutated(MP) | mutated(MIXED))
def test_any_mixture_of_mistakes_in_a_measurement_is_read(body: Any) -> None:
    """It is read, or refused as no object."""
    with contextlib.suppress(InvalidEvent):
        measured(body)


@given(mutated(POSTED) | st.lists(mutated(POSTED), max_size=3))
def test_any_mixture_of_mistakes_in_event_data_is_read(body: Any) -> None:
    """It is read, or refused as no event data."""
    with contextlib.suppress(InvalidEvent):
        posted(body)


_KEYS = st.sampled_from(sorted({name for name, _ in QUERY} | {"em", "gcd", "uid", "pr2", "epn.x", "ep.y", "_dbg"}))
_VALUES = st.sampled_from(ODD_TEXTS) | st.text(max_size=20) | st.sampled_from([value for _, value in QUERY])
_PAIRS = st.lists(st.tuples(_KEYS | st.text(max_size=5), _VALUES), max_size=12)


@given(_PAIRS, st.lists(_PAIRS, max_size=3), st.sampled_from(["GET", "POST"]))
def test_any_query_and_any_lines_are_read(
    query: list[tuple[str, str]], lines: list[list[tuple[str, str]]], method: str
) -> None:
    """Whatever stands in a tag's request, each line with a name that is known makes at most one event."""
    body = "\r\n".join(urlencode(line) for line in lines).encode()
    known = [*QUERY[:NOT_DECISIVE], *query]
    found = collected(SINGLE.request(client_ip=IP, query=urlencode(known), body=body, method=method))
    assert len(found.intake.readings) <= max(1, len(lines))


_BYTES = st.binary(max_size=60) | st.text(string.printable, max_size=60).map(str.encode)


@given(
    st.sampled_from(["/mp/collect", "/debug/mp/collect", "/g/collect", "/data"]),
    st.sampled_from(["GET", "POST", "HEAD", "OPTIONS", "PUT"]),
    _BYTES,
    _BYTES.map(lambda raw: raw.decode("latin-1")),
    st.dictionaries(
        st.sampled_from(["origin", "referer", "cookie", "authorization", "content-type", "sec-gpc", "user-agent"]),
        _BYTES.map(lambda raw: raw.decode("latin-1")),
    ),
)
def test_any_bytes_are_greeted_admitted_read_and_answered(
    path: str, method: str, body: bytes, query: str, headers: dict[str, str]
) -> None:
    """No request makes the sender raise, but for a body that is refused with its reason."""
    sender, known = Ga4(), rules(origins=("shop.example.com",), strict_secret=False)
    request = RawRequest(body, method, path, query, headers, IP, NOW)
    sender.greet(request, [known])
    sender.admits(request, known)
    try:
        intake = sender.read(request, known)
    except InvalidEvent as error:
        problem = error.problems[0]
        assert problem.reason
        assert problem.fix
        assert sender.answer(request, Refused(400, problem.code, problem.reason, problem.fix)).status == 400
    else:
        assert sender.answer(request, Taken(intake, Receipt(()))).status in (200, 204)


def test_ten_thousand_items_keep_their_value_and_cost_the_rest() -> None:
    """The first 500 are sent, the value stays that of all, and it is said."""
    items = [{"item_id": f"SKU-{number}", "price": 1, "quantity": 1} for number in range(10_000)]
    body = {**MP, "events": [{"name": "purchase", "params": {"transaction_id": "T-1", "items": items}}]}
    found = measured(body)
    assert found.event.properties.value == 10_000
    assert len(found.event.properties.contents) == 500


def test_a_line_of_any_bytes_is_text() -> None:
    """What is no UTF-8 is read as far as it is."""
    found = collected(BATCH.request(client_ip=IP, body=b"en=search&ep.search_term=%FF\xff&epn.value=NaN"))
    assert found.event.properties.value is None
    assert found.event.properties.search_string == "\ufffd\ufffd"


@pytest.mark.parametrize("key", ["email_address", "sha256_email_address", "phone_number", "sha256_phone_number"])
def test_of_a_list_of_any_length_a_person_has_ten(key: str) -> None:
    """What is beyond is not even looked at, and that there was more is said."""
    digests = [f"{number:064x}" for number in range(100_000)]
    plain = [f"jane{number}@example.com" for number in range(100_000)]
    numbers = [f"+1555010{number:04}" for number in range(9_999)]
    values = digests if key.startswith("sha256") else plain if key == "email_address" else numbers
    found = measured(event("search", user_data={key: values}))
    reading = found.intake.readings[0]
    assert reading.event is not None
    given = reading.event.user.email if "email" in key else reading.event.user.phone
    assert isinstance(given, tuple)
    assert len(given) == MOST_VALUES + 1
    assert "too_many_values" in codes(found)
