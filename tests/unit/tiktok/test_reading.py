"""What an answer of TikTok's means, as one table."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullcount.delivery.destination import Answer, Kind
from fullcount.tiktok.codes import CODES, STATUSES, row_of_code
from fullcount.tiktok.reading import LONGEST_WAIT_SECONDS, read_answer, without_identifiers
from fullcount.tiktok.transport import HttpAnswer

NOW = 1_795_000_000.0
PAGE = b"<html><head><title>502 Bad Gateway</title></head></html>"


def answer(code: object, message: str = "", *, status: int = 200, retry_after: str | None = None) -> Answer:
    """Read an answer with TikTok's envelope."""
    body = msgspec.json.encode({"code": code, "message": message, "request_id": "20260401143000ABCDEF", "data": {}})
    headers = {"retry-after": retry_after} if retry_after else {}
    return read_answer(HttpAnswer(status, body, headers), batch_size=10, now=NOW)


def bare(status: int, body: bytes = PAGE) -> Answer:
    """Read an answer without TikTok's envelope."""
    return read_answer(HttpAnswer(status, body), batch_size=10, now=NOW)


CODE_KINDS = {
    Kind.TAKEN: [0, 20001],
    Kind.INVALID: [40000, 40002],
    Kind.NOT_ALLOWED: [40001, 40101, 40102, 40103, 40104, 40105, 40107],
    Kind.THROTTLED: [40016, 40100, 40133, 51021],
    Kind.UNAVAILABLE: [50000, 50001, 50002, 51000, 60001],
    Kind.LOST: [51001, 1, 20002, -1, 99999],
    Kind.UNKNOWN_REFUSAL: [40003, 40106, 40110, 40300, 42900, 49999],
}


@pytest.mark.parametrize(("kind", "code"), [(kind, code) for kind, codes in CODE_KINDS.items() for code in codes])
def test_the_code_in_the_body_decides(kind: Kind, code: int) -> None:
    """HTTP 200 says nothing; the code does."""
    assert answer(code).kind is kind


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        (0, 200, Kind.TAKEN),
        (0, 500, Kind.TAKEN),
        (40002, 400, Kind.INVALID),
        (40002, 500, Kind.INVALID),
        (40105, 401, Kind.NOT_ALLOWED),
        (40001, 403, Kind.NOT_ALLOWED),
        (40100, 429, Kind.THROTTLED),
        (40100, 401, Kind.THROTTLED),
        (50000, 500, Kind.UNAVAILABLE),
        (50000, 403, Kind.UNAVAILABLE),
        (40300, 403, Kind.NOT_ALLOWED),
        (40002, 401, Kind.NOT_ALLOWED),
        (0, 403, Kind.NOT_ALLOWED),
        (40002, 413, Kind.TOO_LARGE),
        (42900, 429, Kind.THROTTLED),
    ],
)
def test_a_stern_status_keeps_a_batch_from_being_taken_or_buried(code: int, status: int, kind: Kind) -> None:
    """With HTTP errors beside codes the code counts, unless 401, 403, 413 or 429 speak against burying or taking."""
    assert answer(code, status=status).kind is kind


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, b'{"error":"unauthorized"}', Kind.NOT_ALLOWED),
        (403, b'{"code":"forbidden"}', Kind.NOT_ALLOWED),
        (401, PAGE, Kind.UNAVAILABLE),
        (403, PAGE, Kind.UNAVAILABLE),
        (404, PAGE, Kind.UNAVAILABLE),
        (302, b"", Kind.UNAVAILABLE),
        (413, PAGE, Kind.TOO_LARGE),
        (429, PAGE, Kind.THROTTLED),
        (429, b"", Kind.THROTTLED),
        (500, b'{"error":"oops"}', Kind.LOST),
        (502, PAGE, Kind.LOST),
        (503, b"", Kind.LOST),
        (200, PAGE, Kind.LOST),
        (200, b"", Kind.LOST),
        (200, b'{"code":0,"mess', Kind.LOST),
        (200, b"[]", Kind.LOST),
        (200, b"null", Kind.LOST),
        (200, b"{}", Kind.LOST),
        (200, b'{"code":"0"}', Kind.LOST),
        (200, b'{"code":true}', Kind.LOST),
        (204, b"", Kind.LOST),
        (999, b"", Kind.LOST),
    ],
)
def test_without_a_code_the_status_decides(status: int, body: bytes, kind: Kind) -> None:
    """A refusal in a gateway's words took nothing; a page, a half answer or silence may have taken the batch."""
    assert bare(status, body).kind is kind


@pytest.mark.parametrize("body", [b'{"code":0,"message":null,"request_id":7,"data":null}', b'{"code":0}'])
def test_a_success_with_odd_company_is_a_success(body: bytes) -> None:
    """Only the code must be right; message, request_id and data may be null, absent or of another type."""
    assert bare(200, body) == Answer(Kind.TAKEN, status=200, code=0, message="taken")


@pytest.mark.parametrize(
    ("message", "bad"),
    [
        ("Invalid value for data.3.event_id", {3}),
        ("Invalid value for data.0: Not a valid value.", {0}),
        ("Batch.4.properties.contents.0.content_id: Not a valid string", {4}),
        ("Invalid value for data[2].event: required", {2}),
        ("data.1.event: bad; data.2.event: bad", {1, 2}),
        ("Invalid value for data.10.event_id", set()),
        ("Invalid value for properties.data.3", set()),
        ("Invalid value for event_id: not a valid string.", set()),
        ("metadata.3 is wrong", set()),
    ],
)
def test_the_index_is_read_where_one_is_named(message: str, bad: set[int]) -> None:
    """`data.<i>` and `Batch.<i>` name an event of this batch; anything else names none."""
    found = answer(40002, message)
    assert set(found.bad) == bad
    assert all(words == message for words in found.bad.values())


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        (" 7 ", 7.0),
        ("0", 0.0),
        ("-3", None),
        ("1e3", None),
        ("soon", None),
        ("999999999", LONGEST_WAIT_SECONDS),
        ("9" * 400, LONGEST_WAIT_SECONDS),
        ("Wed, 18 Nov 2026 13:07:10 GMT", 3_600.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        (None, None),
    ],
)
def test_retry_after_is_read_in_both_forms(header: str | None, seconds: float | None) -> None:
    """Seconds or a date; never less than nothing, never more than an hour."""
    assert answer(40100, retry_after=header).retry_after_seconds == seconds


def test_a_refused_token_says_what_to_do() -> None:
    """Codes about the token ask for a new one, 40001 for a role; both are sentences for a person."""
    assert "new token" in answer(40105).fix
    assert "admin or operator role" in answer(40001).fix
    assert "new token" in bare(401, b"{}").fix


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("user.email: jane@example.com is bad", "user.email: … is bad"),
        (f"hash {'a' * 64} is bad", "hash … is bad"),
        ("ip 203.0.113.42 and 2001:db8::42", "ip … and …"),
        ("phone +1 (555) 010-0199 is bad", "phone … is bad"),
        ("click E.C.P.abc-DEF_123 is bad", "click … is bad"),
        (
            "Invalid value for data.0.event_id: Not a valid string.",
            "Invalid value for data.0.event_id: Not a valid string.",
        ),
        ("order-12345678901 of CEXAMPLE0PIXEL000001", "order-12345678901 of CEXAMPLE0PIXEL000001"),
    ],
)
def test_tiktoks_words_are_kept_without_identifiers(said: str, kept: str) -> None:
    """What looks like a person's value is taken out; ids of orders and pixels and TikTok's own words stay."""
    assert without_identifiers(said) == kept


@given(status=st.integers(100, 599), body=st.binary(max_size=60))
def test_any_answer_can_be_read(status: int, body: bytes) -> None:
    """Reading never raises, and no bytes but a code of TikTok's mean that a batch was taken."""
    found = bare(status, body)
    assert found.kind is not Kind.TAKEN
    assert found.message


def test_the_tables_are_in_order_and_explain_themselves() -> None:
    """Every row has a meaning and its evidence, and none is hidden behind an earlier one."""
    for row in CODES:
        assert (row.first <= row.last, bool(row.meaning), bool(row.evidence)) == (True, True, True)
        assert any(row_of_code(code) is row for code in range(row.first, row.last + 1))
    for status in STATUSES:
        assert (status.first <= status.last, bool(status.meaning), bool(status.evidence)) == (True, True, True)


@pytest.mark.parametrize("code", [40000, 40002, 40300])
def test_a_missing_permission_is_the_lanes_under_every_code_of_refusal(code: int) -> None:
    """TikTok's words for a pixel that the token may not use pause the lane, whatever code stands beside them."""
    read = answer(code, "No permission to operate pixel code: CEXAMPLE. You must be an admin or operator.")
    assert read.kind is Kind.NOT_ALLOWED
    assert "admin or operator role" in read.fix


def test_words_about_permission_elsewhere_are_an_events_own() -> None:
    """An event that is named, or whose value has those words, does not pause its lane."""
    assert answer(40002, "No permission: data.3.event is reserved").kind is Kind.INVALID
    assert answer(40002, 'Invalid value "no permission" of event').kind is Kind.INVALID
