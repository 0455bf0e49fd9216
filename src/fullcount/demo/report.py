"""What the demo ends with: one document for programs, a few lines for people. All of it was measured."""

from __future__ import annotations

import msgspec


class DeadOrder(msgspec.Struct, frozen=True):
    """A dead letter: what became of it, in TikTok's words."""

    event_id: str
    reason: str
    code: int | None
    message: str


class NaiveReport(msgspec.Struct, frozen=True):
    """What the usual loop came to under the same faults."""

    orders: int
    believed: int  # orders that it says were a success
    counted_by_tiktok: int
    counted_once: int
    lost: int
    counted_twice: int
    throttled: int  # requests that TikTok refused with 40100
    lost_answers: int


class Evidence(msgspec.Struct, frozen=True):
    """Where the numbers can be checked; `folder` is empty unless it was kept."""

    folder: str
    dead: tuple[DeadOrder, ...]
    lost: tuple[str, ...]  # the first few order ids
    counted_twice: tuple[str, ...]
    sent_again: int  # posts of the shop that were not answered 2xx


class Report(msgspec.Struct, frozen=True):
    """The whole document."""

    orders: int
    accepted: int
    duplicates: int
    dead: int
    counted_by_tiktok: int
    counted_once: int
    lost: int
    counted_twice: int
    kills: int
    lost_answers: int
    throttled: int
    outage_seconds: float
    wire_copies: int
    naive: NaiveReport
    evidence: Evidence
    seed: int
    seconds: float
    promise_kept: bool  # the promise: lost 0, counted twice 0, every order accepted


def last_lines(report: Report) -> list[str]:
    """Return the report for a person; the last two lines are the verdict."""
    dead = [f"dead {report.dead}"]
    dead += [f'{one.event_id}: {one.reason}, code {one.code}, "{one.message}"' for one in report.evidence.dead]
    naive = report.naive
    believed = "all" if naive.believed == naive.orders else f"{naive.believed} of {naive.orders}"
    happened = (
        f"{report.orders} orders, duplicates {report.duplicates}; kill -9 {report.kills}, lost answers "
        f"{report.lost_answers}, throttled requests {report.throttled}, outage {report.outage_seconds:.1f} s"
    )
    return [
        happened,
        "; ".join(dead),
        f"TikTok took {report.wire_copies} copies a second time and, knowing their event_id, did not count them",
        f'naive: lost {naive.lost}, counted twice {naive.counted_twice}, "success" on {believed}',
        f"fullcount: lost {report.lost}, counted twice {report.counted_twice}",
    ]
