"""What a further copy does to what is held: a table, and the laws behind it."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import msgspec
import pytest
from tests.unit.queue.entries import purchase

from fullcount.events.hashed import HashedUser
from fullcount.events.model import Half
from fullcount.queue.entry import Entry
from fullcount.queue.holding import Alone, HoldTerms, terms_of, with_copy
from fullcount.queue.outcomes import Reason

SERVER, BROWSER = Half.SERVER, Half.BROWSER
PERSON = HashedUser(email="ab" * 32, external_id="cd" * 32, ttclid="E.C.P.test")


def copy(half: Half = SERVER, hold_seconds: float | None = 20.0, value: float = 1.0, **said: Any) -> Entry:
    """Return one copy of one purchase."""
    entry = purchase(1, half=half, hold_seconds=hold_seconds, value=value)
    event = msgspec.structs.replace(entry.event, user=PERSON)
    return msgspec.structs.replace(entry, event=event, **said)


@pytest.mark.parametrize(
    ("first", "then", "outcome"),
    [
        # The first copy, the next one, and what is held then: nothing new, or what still holds, and whether it leaves.
        (copy(), copy(BROWSER), (HoldTerms(is_whole=True), True)),
        (copy(BROWSER), copy(), (HoldTerms(is_whole=True), True)),
        (copy(), copy(), None),
        (copy(needs_answer=True), copy(BROWSER), (HoldTerms(is_whole=True), True)),
        (copy(), copy(BROWSER, needs_answer=True), (HoldTerms(is_whole=True), True)),
        (
            copy(needs_answer=True),
            copy(BROWSER, needs_answer=True),
            (HoldTerms(needs_answer=True, is_whole=True), False),
        ),
        (copy(needs_answer=True), copy(needs_answer=True), None),
        (copy(needs_answer=True), copy(), (HoldTerms(), False)),
        (copy(BROWSER, needs_answer=True), copy(BROWSER, alone=Alone.MARK), (HoldTerms(alone=Alone.MARK), False)),
        (copy(needs_answer=True), copy(hold_seconds=None), (HoldTerms(), True)),
        (copy(is_limited=True), copy(BROWSER), (HoldTerms(is_limited=True, is_whole=True), True)),
        (copy(needs_answer=True), copy(is_limited=True), (HoldTerms(is_limited=True), False)),
    ],
)
def test_what_a_copy_does_to_what_is_held(first: Entry, then: Entry, outcome: tuple[HoldTerms, bool] | None) -> None:
    """The other half joins, an answer lifts, and all else is a duplicate."""
    joined = with_copy(first.event, terms_of(first), then)

    assert (None if joined is None else (joined.terms, joined.leaves)) == outcome


@pytest.mark.parametrize("limited", [0, 1])
def test_limited_data_use_of_one_half_limits_both(limited: int) -> None:
    """Whichever half is limited, and whichever came first: nothing hashed of either goes out."""
    halves = [copy(half, is_limited=number == limited) for number, half in enumerate((SERVER, BROWSER))]
    for first, then in permutations(halves):
        joined = with_copy(first.event, terms_of(first), then)

        assert joined is not None
        assert joined.event.user == HashedUser(ttclid="E.C.P.test")
        assert joined.event.limited_data_use is True


def test_what_both_halves_left_unanswered_is_lifted_by_either() -> None:
    """A third copy with a grant lets the joined event go at once, with all that it brings."""
    first = with_copy(copy(needs_answer=True).event, HoldTerms(needs_answer=True), copy(BROWSER, needs_answer=True))
    assert first is not None
    for half in Half:
        third = copy(half)
        third = msgspec.structs.replace(third, event=msgspec.structs.replace(third.event, user=HashedUser(ttp="test")))
        joined = with_copy(first.event, first.terms, third)

        assert joined is not None
        assert (joined.terms, joined.leaves) == (HoldTerms(is_whole=True), True)
        assert joined.event.user.ttp == "test"


def test_a_held_event_that_cannot_be_read_is_replaced() -> None:
    """The copy goes alone; but not while nobody has answered."""
    for half in Half:
        for needs_answer in (False, True):
            entry = copy(half, needs_answer=needs_answer)
            joined = with_copy(None, HoldTerms(needs_answer=True), entry)

            assert joined is not None
            assert (joined.event, joined.leaves) == (entry.event, not needs_answer)
            assert joined.terms.needs_answer is needs_answer


@pytest.mark.parametrize(
    ("terms", "fate", "is_missing"),
    [
        (HoldTerms(), Reason.NONE, False),
        (HoldTerms(alone=Alone.MARK), Reason.NONE, True),
        (HoldTerms(alone=Alone.MARK, is_whole=True), Reason.NONE, False),
        (HoldTerms(alone=Alone.WITHHOLD), Reason.NO_SHARED_EVENT_ID, False),
        (HoldTerms(alone=Alone.WITHHOLD, is_whole=True), Reason.NONE, False),
        (HoldTerms(needs_answer=True), Reason.CONSENT_UNKNOWN, False),
        (HoldTerms(needs_answer=True, alone=Alone.WITHHOLD), Reason.CONSENT_UNKNOWN, False),
    ],
)
def test_what_becomes_of_it_when_its_time_is_over(terms: HoldTerms, fate: Reason, is_missing: bool) -> None:  # noqa: FBT001 - a column of the table
    """No answer withholds, and so does a missing half where the shop's own word is the truth."""
    assert (terms.fate, terms.is_half_missing) == (fate, is_missing)
