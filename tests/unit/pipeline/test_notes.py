"""What a request brought besides events, as it reaches the store: bounded, without identifiers, with a time."""

from __future__ import annotations

import pytest
from tests.unit.sources.fixtures import NOW, source_of

from fullcount.pipeline.notes import LONGEST_DETAIL, notes_of
from fullcount.queue.entry import Fact
from fullcount.queue.entry import Refund as StoredRefund
from fullcount.sources.source import Ignored, Intake, Refund

_, TERMS = source_of("shopify", "test-key")


def _stored(refund: Refund) -> StoredRefund:
    (note,) = notes_of(Intake((), refunds=(refund,)), TERMS, NOW)
    assert isinstance(note, StoredRefund)
    return note


@pytest.mark.parametrize("said", [None, 0.0, -5.0, 1e300, NOW * 1000])
def test_a_refund_without_a_time_that_a_clock_shows_was_made_now(said: float | None) -> None:
    """Nothing that reads the ledger meets a year that no calendar has."""
    assert _stored(Refund("1", "1001", 9.0, "USD", said)).at == NOW


def test_a_refund_keeps_its_own_time() -> None:
    """As the sender says it."""
    assert _stored(Refund("1", "1001", 9.0, "USD", NOW - 86_400)).at == NOW - 86_400


@pytest.mark.parametrize(
    ("said", "kept"), [("usd", "USD"), ("EUR", "EUR"), ("x" * 10_000, None), ("U$D", None), ("€€€", None), (None, None)]
)
def test_a_currency_is_a_code_or_nothing(said: str | None, kept: str | None) -> None:
    """Free text is none."""
    assert _stored(Refund("1", "1001", 9.0, said)).currency == kept


def test_what_a_sender_calls_a_thing_is_masked_and_bounded() -> None:
    """A topic may hold anything."""
    told = Ignored("unknown_topic", "jane@example.com " + "x" * 10_000, "order-jane@example.com", "+1 555-555-0100")
    (fact,) = notes_of(Intake((), ignored=(told,)), TERMS, NOW)
    assert isinstance(fact, Fact)
    assert len(fact.event) <= LONGEST_DETAIL
    assert (fact.event[:7], fact.event_id, fact.detail) == ("[email]", "[email]", "[phone]")
