"""What is heard of errands: lines for a person, without identifiers, tokens or addresses."""

from __future__ import annotations

import io
import json
from typing import Any

from tests.unit.errands.scene import Scene

from fullcount.clock import ManualClock
from fullcount.config.settings import Log, LogFormat
from fullcount.errands.asking import Answered
from fullcount.errands.observer import LogObserver
from fullcount.gateway.logs import make_logger


def heard(tell: Any) -> list[dict[str, Any]]:
    """Return the log's lines after `tell(observer)`."""
    out = io.StringIO()
    tell(LogObserver(make_logger(Log(format=LogFormat.JSON, level="debug"), ManualClock(), out)))
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_each_turn_has_a_line_that_says_whose_and_why() -> None:
    """Done in detail only, put off with a warning, given up and broken as errors; a broken one without its words."""

    def tell(observer: LogObserver) -> None:
        observer.ended("shop", 2)
        observer.postponed("shop", 3, "HTTP 503", 5.04)
        observer.gave_up("shop", "HTTP 401: is the token right?")
        observer.broke("shop", ValueError("jane@example.com"))

    lines = heard(tell)
    assert [line["level"] for line in lines] == ["debug", "warning", "error", "error"]
    assert {line["source"] for line in lines} == {"shop"}
    assert (lines[1]["notices"], lines[1]["why"], lines[1]["again_in_seconds"]) == (3, "HTTP 503", 5.0)
    assert "jane@example.com" not in json.dumps(lines)


async def test_nobody_needs_to_listen() -> None:
    """Without an observer errands end, wait, break and are given up alike."""
    scene = Scene(is_observed=False)
    scene.sell(1)
    scene.asker.answer("/orders/2", Answered(500))

    def explode() -> Answered:
        raise RuntimeError

    scene.asker.answer("/orders/3", explode)
    for order in (1, 2, 3):
        await scene.notice(order)
    await scene.notice(4, body=b"?")
    await scene.runner.look()
    assert sorted(errand.event_id for errand in scene.waiting) == ["2", "3"]
