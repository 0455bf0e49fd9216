"""The demo's numbers follow from what the emulator counted, and from nothing that the gateway says of itself."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from fullcount.demo.verdict import Tally, Witnesses, copies_taken, judge, tally, wire_copies

ORDERS = ("1", "2", "3")
ORDER_OF = {"a": "1", "b": "2", "c": "3", "c2": "3"}


def _event(event_id: str, *channels: str) -> dict[str, Any]:
    return {"event_id": event_id, "channels": list(channels or ("server",))}


def _request(*event_ids: str, code: int | None = 0, fault: str | None = None) -> dict[str, Any]:
    answer = None if code is None else {"code": code}
    return {"body": {"data": [{"event_id": name} for name in event_ids]}, "answer": answer, "fault": fault}


WHOLE = Witnesses(
    events=[_event("a"), _event("b", "pixel", "server"), _event("c")],
    requests=[_request("a", "b"), _request("c")],
    order_of=ORDER_OF,
    accepted=frozenset({"a", "b", "c"}),
)


def test_a_promise_kept_is_lost_0_and_twice_0() -> None:
    """Three orders, three events with a server half: each counted once."""
    verdict = judge(ORDERS, WHOLE)

    assert verdict.found == Tally(once=ORDERS, lost=(), twice=())
    assert verdict.wire_copies == 0
    assert verdict.promise_kept


@pytest.mark.parametrize(
    ("events", "lost", "twice"),
    [
        ([_event("a"), _event("b")], 1, 0),
        ([_event("a"), _event("b"), _event("c", "pixel")], 1, 0),
        ([_event("a"), _event("b"), _event("c"), _event("c2")], 0, 1),
        ([_event("a"), _event("b"), _event("c"), _event("c")], 0, 1),
        ([_event("a"), _event("b"), _event("c", "pixel"), _event("c2", "pixel")], 0, 1),
        ([], 3, 0),
    ],
    ids=["never came", "browser's half alone", "two ids of one order", "one id again", "two pixels", "nothing"],
)
def test_a_promise_broken_shows(events: list[dict[str, Any]], lost: int, twice: int) -> None:
    """An order without a server half is lost, one with two events is counted twice, and neither passes."""
    verdict = judge(ORDERS, msgspec.structs.replace(WHOLE, events=events))

    assert (len(verdict.found.lost), len(verdict.found.twice)) == (lost, twice)
    assert not verdict.promise_kept


def test_an_order_that_was_never_accepted_breaks_the_promise() -> None:
    """Counting is not enough: the sender was owed an answer for each order."""
    verdict = judge(ORDERS, msgspec.structs.replace(WHOLE, accepted=frozenset({"a", "b"})))

    assert not verdict.promise_kept


def test_a_rejected_order_is_dead_and_not_lost() -> None:
    """What TikTok refused with its words, and a person can read, is shown as dead."""
    said = msgspec.structs.replace(WHOLE, events=WHOLE.events[:2], dead=frozenset({"c"}))
    verdict = judge(ORDERS, said)

    assert verdict.dead == 1
    assert verdict.found == Tally(once=("1", "2"), lost=(), twice=())
    assert verdict.promise_kept


def test_for_the_naive_loop_a_pixel_alone_counts() -> None:
    """The naive loop promised nothing of its server half, so an order that only its pixel told of is not lost."""
    found = tally(ORDERS, Witnesses(events=[_event("a", "pixel")], requests=[], order_of=ORDER_OF), pixel_counts=True)

    assert found.once == ("1",)
    assert found.lost == ("2", "3")


def test_a_copy_counts_as_taken_only_if_tiktok_kept_it() -> None:
    """Refused and unreachable requests took nothing; one whose answer was dropped took all."""
    requests = [
        _request("a", "b", code=40100),
        _request("a", "b", code=None, fault="down"),
        _request("a", "b", code=None, fault="drop_answer"),
        _request("a"),
        {"body": "<html>", "answer": None},
    ]

    assert copies_taken(requests) == {"a": 2, "b": 1}
    assert wire_copies(requests) == 1
