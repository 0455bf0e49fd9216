"""Asking all witnesses when the orders are through, and making the report of what they say."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import msgspec

from fullcount.demo.control import EmulatorControl, Json
from fullcount.demo.report import DeadOrder, Evidence, NaiveReport, Report
from fullcount.demo.stage import Stage
from fullcount.demo.verdict import Witnesses, judge, lost_answers, tally, times_answered

THROTTLED = 40100
REJECTED = "rejected_by_tiktok"
SHOWN = 10  # order ids that are named where something is wrong


class Books(msgspec.Struct, frozen=True):
    """What one emulator counted, and everything that came to it."""

    events: list[Json]
    requests: list[Json]


async def collect(stage: Stage, dead: Sequence[DeadOrder], *, kept_in: Path | None, seconds: float) -> Report:
    """Return the report of a finished run; with `kept_in`, the emulators' books are written into that folder."""
    books, naive_books = await asyncio.gather(_open_books(stage.control), _open_books(stage.naive_control))
    if kept_in is not None:
        _write(kept_in, "", books)
        _write(kept_in, "naive-", naive_books)
    order_of = {order.event_id: order.order_id for order in stage.orders}
    said = Witnesses(
        events=books.events,
        requests=books.requests,
        order_of=order_of,
        accepted=frozenset(stage.shop.accepted),
        duplicates=stage.shop.duplicates,
        # Only what TikTok was told to reject is excused: any other dead order was lost, whatever the gateway says.
        dead=frozenset(one.event_id for one in dead if one.reason == REJECTED) & {stage.rejected.event_id},
    )
    verdict = judge([order.order_id for order in stage.orders], said)
    found = verdict.found
    return Report(
        orders=verdict.orders,
        accepted=verdict.accepted,
        duplicates=verdict.duplicates,
        dead=verdict.dead,
        counted_by_tiktok=verdict.counted_by_tiktok,
        counted_once=len(found.once),
        lost=len(found.lost),
        counted_twice=len(found.twice),
        kills=stage.script.measured.kills,
        lost_answers=lost_answers(books.requests),
        throttled=times_answered(books.requests, THROTTLED),
        outage_seconds=round(stage.script.measured.outage_seconds, 2),
        wire_copies=verdict.wire_copies,
        naive=_naive_report(stage, naive_books),
        evidence=Evidence(
            folder=str(kept_in or ""),
            dead=tuple(dead),
            lost=found.lost[:SHOWN],
            counted_twice=found.twice[:SHOWN],
            sent_again=stage.shop.unanswered,
        ),
        seed=stage.seed,
        seconds=round(seconds, 1),
        promise_kept=verdict.promise_kept,
    )


def _naive_report(stage: Stage, books: Books) -> NaiveReport:
    """Return what became of the orders of the naive loop; the one that TikTok rejects is not held against it."""
    ids = [order.order_id for order in stage.orders if order is not stage.rejected]
    order_of = {**stage.naive.order_of, **stage.browsers.naive_order_of}
    said = Witnesses(events=books.events, requests=books.requests, order_of=order_of)
    found = tally(ids, said, pixel_counts=True)
    return NaiveReport(
        orders=len(stage.orders),
        believed=len(stage.naive.successes),
        counted_by_tiktok=len(books.events),
        counted_once=len(found.once),
        lost=len(found.lost),
        counted_twice=len(found.twice),
        lost_answers=lost_answers(books.requests),
        throttled=times_answered(books.requests, THROTTLED),
    )


async def _open_books(control: EmulatorControl) -> Books:
    events, requests = await asyncio.gather(control.events(), control.requests())
    return Books(events, requests)


def _write(folder: Path, prefix: str, books: Books) -> None:
    for name in ("events", "requests"):
        text = msgspec.json.format(msgspec.json.encode(getattr(books, name)), indent=1)
        (folder / f"{prefix}{name}.json").write_bytes(text)
