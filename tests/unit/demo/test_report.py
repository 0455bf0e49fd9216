"""The last lines say what was measured, and nothing else."""

from __future__ import annotations

import msgspec
import pytest

from fullcount.demo.report import DeadOrder, Evidence, NaiveReport, Report, last_lines

REPORT = Report(
    orders=320,
    accepted=320,
    duplicates=21,
    dead=1,
    counted_by_tiktok=319,
    counted_once=319,
    lost=0,
    counted_twice=0,
    kills=1,
    lost_answers=1,
    throttled=5,
    outage_seconds=2.42,
    wire_copies=30,
    naive=NaiveReport(
        orders=320,
        believed=320,
        counted_by_tiktok=500,
        counted_once=120,
        lost=31,
        counted_twice=168,
        throttled=30,
        lost_answers=1,
    ),
    evidence=Evidence(
        folder="",
        dead=(DeadOrder("order-1-purchase", "rejected_by_tiktok", 40002, "Not a valid string."),),
        lost=(),
        counted_twice=(),
        sent_again=12,
    ),
    seed=1,
    seconds=14.2,
    promise_kept=True,
)


def test_the_last_two_lines_are_the_verdict() -> None:
    """The naive loop's numbers come first, Fullcount's last."""
    assert last_lines(REPORT)[-2:] == [
        'naive: lost 31, counted twice 168, "success" on all',
        "fullcount: lost 0, counted twice 0",
    ]


def test_a_naive_loop_that_noticed_failures_is_not_said_to_claim_all() -> None:
    """Only as many orders as the loop believed sent are called a success."""
    naive = msgspec.structs.replace(REPORT.naive, believed=311)

    assert '"success" on 311 of 320' in last_lines(msgspec.structs.replace(REPORT, naive=naive))[-2]


def test_a_dead_order_is_shown_with_tiktoks_words() -> None:
    """The rejected row is neither lost nor hidden."""
    line = next(line for line in last_lines(REPORT) if line.startswith("dead 1"))

    assert "order-1-purchase" in line
    assert '"Not a valid string."' in line


@pytest.mark.parametrize(
    "name",
    [
        "orders",
        "accepted",
        "duplicates",
        "dead",
        "counted_by_tiktok",
        "counted_once",
        "kills",
        "lost_answers",
        "throttled",
        "outage_seconds",
        "wire_copies",
        "naive",
        "evidence",
        "promise_kept",
    ],
)
def test_the_document_has_the_keys_that_others_read(name: str) -> None:
    """`--json` keeps the names that scripts rely on."""
    assert name in msgspec.to_builtins(REPORT)
