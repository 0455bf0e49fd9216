"""BigCommerce's notices and orders with anything in them: what can still be made, and never an exception."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.sources.bigcommerce.shop import (
    BIGCOMMERCE,
    CREATED,
    ITEM,
    STATUS,
    enriched,
    notice,
    order,
    rules,
    signed,
    taken,
)
from tests.unit.sources.fixtures import NOW, Fixture
from tests.unit.sources.mutants import mutants, mutated

from fullcount.errors import InvalidEvent
from fullcount.sources.fetching import Response
from fullcount.sources.payload import encode
from fullcount.sources.sender import Refused
from fullcount.sources.source import RawRequest

WANTS_MORE: dict[str, Any] = {"carts": True, "registrations": True, "refund_event": "Refund"}
DECIDES = {"status_id", "is_deleted"}


@pytest.mark.parametrize("sample", [CREATED, STATUS, ITEM], ids=lambda each: each.file)
def test_no_key_breaks_a_notice(sample: Fixture) -> None:
    """Each key missing, null or of another type: kept, counted with its reason, or an event; never an exception."""
    for path, body in mutants(json.loads(sample.body)):
        found = taken(body, **WANTS_MORE)
        assert found.intake.notices or found.intake.ignored or found.intake.readings, path


def test_whatever_an_order_lacks_the_rest_is_still_an_event() -> None:
    """Each key missing, null or of another type: the event that can still be made."""
    for path, body in mutants(order(products=[{"product_id": 7, "quantity": 1, "price_inc_tax": "1.00"}])):
        if path[0] not in DECIDES and body.get("total_inc_tax") != -1:
            found = enriched(**dict.fromkeys(order()) | body)
            assert found.arrivals[0].entries, path


@given(body=st.sampled_from([CREATED, STATUS, ITEM]).flatmap(lambda each: mutated(json.loads(each.body))))
def test_no_body_breaks_it(body: object) -> None:
    """Recorded notices with anything in them are read."""
    assert taken(body, **WANTS_MORE).is_authentic


@given(
    scope=st.sampled_from(["store/order/created", "store/order/refund/created"]),
    first=mutated(order()) | st.none() | st.binary(max_size=20),
    second=mutated([{"id": 1, "total_amount": 5, "product_id": 7}]) | st.none() | st.binary(max_size=20),
)
def test_no_answer_breaks_it(scope: str, first: object, second: object) -> None:
    """Whatever the API says is read, or refused as not the API's."""
    given_rules = rules()
    (kept,) = BIGCOMMERCE.read(signed(encode(notice(scope))), given_rules).notices
    answers = [
        Response(200, each if isinstance(each, bytes) else json.dumps(each).encode()) for each in (first, second)
    ]
    with contextlib.suppress(InvalidEvent):
        BIGCOMMERCE.resolve(kept.body, answers, given_rules)


@given(body=st.binary(max_size=80), signature=st.text(max_size=60), time=st.text(max_size=14))
def test_no_bytes_break_it(body: bytes, signature: str, time: str) -> None:
    """Arbitrary bytes are not authentic, and are read or refused as no object."""
    headers = {"webhook-id": "m", "webhook-timestamp": time, "webhook-signature": signature}
    request = RawRequest(body=body, headers=headers, received_at=NOW)

    assert not BIGCOMMERCE.admits(request, rules())
    with contextlib.suppress(InvalidEvent):
        BIGCOMMERCE.read(request, rules())
    assert BIGCOMMERCE.answer(request, Refused(401, "unauthorized", "", "")).status == 401


@pytest.mark.parametrize("notice_bytes", [b"", b"?", b"{}", b'{"scope":1}'])
def test_a_notice_of_another_version_is_told_as_unreadable(notice_bytes: bytes) -> None:
    """What was kept in another shape asks nothing and makes nothing."""
    assert BIGCOMMERCE.questions(notice_bytes, rules()) == ()
    assert BIGCOMMERCE.resolve(notice_bytes, [], rules()).ignored[0].reason == "unreadable_notice"


@pytest.mark.parametrize("refund_id", ["\ud800", "x" * 1_000_000])
def test_an_odd_number_of_a_refund_is_kept_as_far_as_it_can_be(refund_id: str) -> None:
    """Half a character, or a megabyte: the notice is kept and fits the store."""
    body = {"scope": "store/order/refund/created", "data": {"id": 250, "refund": {"refund_id": refund_id}}}
    (kept,) = taken(body).intake.notices
    assert len(kept.body) < 32_768
