"""Live or observe: the settings' word, and a person's newer one."""

from __future__ import annotations

import pytest
from tests.unit.pipeline.travelling import NOW, purchase, terms

from fullcount.clock import ManualClock
from fullcount.config.settings import Mode, Pixel, Settings, Source
from fullcount.events.reading import read_event
from fullcount.pipeline.modes import lines_of_switches, void_switches
from fullcount.pipeline.pipeline import Pipeline
from fullcount.pipeline.terms import SourceTerms
from fullcount.queue.memory import MemoryQueue
from fullcount.queue.outcomes import Reason
from fullcount.queue.switch import Switch
from fullcount.sources.source import Intake

LIVE = Switch(Mode.LIVE, instead_of=Mode.OBSERVE, at=NOW)
OBSERVE = Switch(Mode.OBSERVE, instead_of=Mode.LIVE, at=NOW)


async def taken(queue: MemoryQueue, terms: SourceTerms, event_id: str) -> str:
    """Take one purchase; return what it was answered, with the reason."""
    pipeline = Pipeline(queue, ManualClock(NOW))
    receipt = await pipeline.take(Intake((read_event(purchase(event_id=event_id)),)), terms)
    return f"{receipt.results[0].result.value} {receipt.results[0].reason}".strip()


@pytest.mark.parametrize(
    ("is_observed", "switch", "expected"),
    [
        (True, None, "withheld observe_only"),
        (True, LIVE, "accepted"),
        (False, OBSERVE, "withheld observe_only"),
        (False, LIVE, "accepted"),
        (True, OBSERVE, "withheld observe_only"),
    ],
)
async def test_a_switch_counts_from_the_next_request_on(
    is_observed: bool,  # noqa: FBT001 - a parameter of the table
    switch: Switch | None,
    expected: str,
) -> None:
    """It goes before the settings that it was made against, and not before others; no restart is needed."""
    queue = MemoryQueue(ManualClock(NOW))
    mine = terms(is_observed=is_observed)
    before = await taken(queue, mine, "order-1")
    await queue.switch_mode("backend", switch)

    assert before == ("withheld observe_only" if is_observed else "accepted")
    assert await taken(queue, mine, "order-2") == expected


async def test_another_sources_switch_changes_nothing() -> None:
    """It is one source's."""
    queue = MemoryQueue(ManualClock(NOW))
    await queue.switch_mode("shop", LIVE)

    assert await taken(queue, terms(is_observed=True), "order-1") == f"withheld {Reason.OBSERVE_ONLY.value}"


async def test_an_event_that_was_observed_may_be_sent_later() -> None:
    """Withheld, it claimed nothing: the same order, brought again after the switch, is new."""
    queue = MemoryQueue(ManualClock(NOW))
    mine = terms(is_observed=True)
    assert await taken(queue, mine, "order-1") == "withheld observe_only"
    await queue.switch_mode("backend", LIVE)

    assert await taken(queue, mine, "order-1") == "accepted"


def test_what_is_said_at_start() -> None:
    """Who was switched and when, what the settings say beside it, and which switches the settings have overtaken."""
    settings = Settings(
        pixels=(Pixel(name="store", code="CEXAMPLE0PIXEL000001", access_token="test-token"),),
        sources=(
            Source(name="shop", key="test-key-1", pixels=("store",), mode=Mode.OBSERVE),
            Source(name="backend", key="test-key-2", pixels=("store",)),
        ),
    )
    switches = {"shop": LIVE, "backend": LIVE, "gone": OBSERVE}
    told = {values["source"]: (line, values) for line, values in lines_of_switches(settings, switches)}

    assert told["shop"][1]["switched_at"] == "2026-04-01T14:31:40+00:00"
    assert (told["shop"][1]["switched_to"], told["shop"][1]["settings_say"]) == ("live", "observe")
    assert [told[name][0].partition(":")[0] for name in ("backend", "gone")] == ["a person's switch is forgotten"] * 2
    assert void_switches(settings, switches) == ["backend", "gone"]
