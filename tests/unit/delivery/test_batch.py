"""Cutting keeps everything and exceeds nothing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fullcount.delivery.batch import cut


@given(
    sizes=st.lists(st.integers(1, 40), max_size=80),
    max_events=st.integers(1, 20),
    max_bytes=st.integers(1, 100),
)
def test_cutting_keeps_all_in_order_and_exceeds_nothing(sizes: list[int], max_events: int, max_bytes: int) -> None:
    """Joined with commas, each batch fits; only an event that is too large by itself goes beyond, alone."""
    events = [b"x" * size for size in sizes]
    batches = list(cut(events, max_events=max_events, max_bytes=max_bytes))

    assert [position for batch in batches for position in batch] == list(range(len(events)))
    for batch in batches:
        assert 1 <= len(batch) <= max_events
        assert len(b",".join(events[position] for position in batch)) <= max_bytes or len(batch) == 1


def test_a_batch_is_as_full_as_it_can_be() -> None:
    """The next batch begins only where the next event would not have fitted."""
    assert list(cut([b"aaa"] * 5, max_events=1_000, max_bytes=11)) == [range(3), range(3, 5)]
    assert list(cut([b"a"] * 5, max_events=2, max_bytes=1_000)) == [range(2), range(2, 4), range(4, 5)]
