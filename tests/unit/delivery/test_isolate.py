"""A refused batch goes on in smaller parts until only the bad events are buried."""

from __future__ import annotations

from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullcount.delivery.destination import Answer, Kind
from fullcount.delivery.isolate import isolate
from fullcount.queue.delivery import Buried
from fullcount.queue.outcomes import Reason


def test_named_events_are_buried_and_the_rest_goes_as_one() -> None:
    """An index decides for one event; the others stay together."""
    found = isolate(Answer(Kind.INVALID, code=40002, bad={1: "bad"}), 4)
    assert found.buried == {1: Buried(Reason.REJECTED_BY_TIKTOK, 40002, "bad")}
    assert [list(part) for part in found.batches] == [[0, 2, 3]]


@pytest.mark.parametrize(
    "answer",
    [
        Answer(Kind.INVALID, code=40002, message="bad"),
        Answer(Kind.INVALID, code=40002, message="bad", bad={7: "not in this batch"}),
        Answer(Kind.UNKNOWN_REFUSAL, code=40999, message="bad", bad={0: "an index in an unknown refusal"}),
        Answer(Kind.TOO_LARGE, status=413, message="bad"),
    ],
)
def test_without_a_name_the_batch_is_halved(answer: Answer) -> None:
    """An index that is missing, out of range or of a refusal that we do not know is not trusted."""
    found = isolate(answer, 5)
    assert found.buried == {}
    assert [list(part) for part in found.batches] == [[0, 1], [2, 3, 4]]


@given(
    size=st.integers(1, 60),
    bad=st.sets(st.integers(0, 59), max_size=8),
    names_index=st.booleans(),
)
def test_exactly_the_bad_events_are_buried(*, size: int, bad: set[int], names_index: bool) -> None:
    """Whatever is bad, it is buried, all else is taken, and no batch is sent twice."""
    bad &= set(range(size))
    waiting: deque[list[int]] = deque([list(range(size))])
    taken: set[int] = set()
    buried: set[int] = set()
    sent: set[tuple[int, ...]] = set()
    while waiting:
        batch = waiting.popleft()
        assert tuple(batch) not in sent
        sent.add(tuple(batch))
        found = [place for place, event in enumerate(batch) if event in bad]
        if not found:
            taken.update(batch)
            continue
        answer = Answer(Kind.INVALID, code=40002, bad={found[0]: "bad"} if names_index else {})
        isolation = isolate(answer, len(batch))
        buried.update(batch[place] for place in isolation.buried)
        waiting.extend([batch[place] for place in part] for part in isolation.batches)
    assert (buried, taken) == (bad, set(range(size)) - bad)
