"""Health, readiness, metrics and logs, as an operator's machines see them."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator

import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.contract.gateway_house import WARY_KEY, House, purchase, served

from fullcount.clock import ManualClock
from fullcount.errors import FullcountError, StoreCorrupt, StoreUnavailable
from fullcount.queue.delivery import LaneState
from fullcount.queue.lane import Lane
from fullcount.queue.memory import MemoryQueue


@pytest.fixture
async def house() -> AsyncIterator[House]:
    """A served gateway."""
    async with served() as house:
        yield house


async def samples(house: House) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Return what `/metrics` says, by name and labels."""
    answer = await house.ask("GET", "/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain")
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.body.decode())
        for sample in family.samples
    }


async def test_alive_and_ready(house: House) -> None:
    """A gateway that runs is alive, and ready if its store takes things."""
    alive, ready = await house.ask("GET", "/healthz"), await house.ask("GET", "/readyz")

    assert (alive.status, alive.json) == (200, {"status": "alive"})
    assert (ready.status, ready.json) == (200, {"status": "ready"})


async def test_draining_turns_readiness_off_and_nothing_else(house: House) -> None:
    """While it drains no new traffic should come, but what comes is still taken."""
    house.gateway.drain()
    ready, alive = await house.ask("GET", "/readyz"), await house.ask("GET", "/healthz")
    taken = await house.events(purchase())

    assert (ready.status, ready.json["status"]) == (503, "draining")
    assert (alive.status, taken.status) == (200, 202)


async def test_metrics_count_what_was_taken_and_what_ended(house: House) -> None:
    """Requests, new deliveries, outcomes with their reasons, waiting deliveries and their age are shown."""
    await house.events(purchase())
    await house.events(purchase())
    await house.events({"events": [purchase(event_id="refused", consent="denied"), {"event": ""}]})
    await house.events(purchase(event_id="silent"), key=WARY_KEY)
    await house.events(purchase(test_event_code="TEST1"))
    await house.events(purchase(test_event_code="TEST2"))
    house.clock.advance(30)
    shown = await samples(house)

    def value(name: str, **labels: str) -> float:
        return shown[name, frozenset(labels.items())]

    def outcome(outcome: str, reason: str = "", source: str = "backend", pixel: str = "store") -> float:
        return value("fullcount_outcomes_total", source=source, pixel=pixel, outcome=outcome, reason=reason)

    lane = {"pixel_code": "CEXAMPLE0PIXEL000001", "event_source": "web"}
    assert value("fullcount_requests_total", route="/v1/events", status="202") == 6
    assert value("fullcount_accepted_total", source="backend", pixel="store") == 3
    assert outcome("duplicate") == 1
    assert outcome("withheld", "consent_denied") == 1
    assert outcome("withheld", "consent_unknown", source="wary") == 1
    assert outcome("invalid", pixel="") == 1
    assert value("fullcount_queue_deliveries", **lane, test="no", state="queued") == 1
    assert value("fullcount_queue_deliveries", **lane, test="yes", state="queued") == 2
    assert value("fullcount_queue_oldest_seconds", **lane, test="no") == 30
    assert value("fullcount_commit_seconds_count") == 6


@pytest.mark.parametrize("error", [StoreUnavailable("it is busy"), StoreCorrupt("it is damaged")])
async def test_metrics_are_shown_while_the_store_cannot_be_read(error: FullcountError) -> None:
    """Whatever ails the store, what this process counted is shown, and only the lanes are missing."""

    class Ailing(MemoryQueue):
        async def lanes(self) -> list[LaneState]:
            raise error

    async with served(queue=Ailing(ManualClock())) as house:
        await house.events(purchase())
        shown = await samples(house)

    assert any(name == "fullcount_accepted_total" for name, _ in shown)
    assert not any(name == "fullcount_lane_paused" for name, _ in shown)


async def test_a_paused_lane_is_shown(house: House) -> None:
    """A lane that is paused shows in the metrics while it holds nothing."""
    await house.queue.pause(Lane("CEXAMPLE0PIXEL000001"), "the token was refused")
    shown = await samples(house)

    lane = {"pixel_code": "CEXAMPLE0PIXEL000001", "event_source": "web", "test": "no"}
    assert shown["fullcount_lane_paused", frozenset(lane.items())] == 1


async def test_a_fifth_without_consent_is_logged_once(house: House) -> None:
    """When more than a fifth of a source is withheld as unknown, one line says so and names the fix."""
    for number in range(30):
        await house.events(purchase(event_id=f"order-{number}"), key=WARY_KEY)

    lines = [json.loads(line) for line in house.log.getvalue().splitlines()]
    (warning,) = [line for line in lines if "fifth" in line["event"]]
    assert (warning["source"], warning["level"]) == ("wary", "warning")
    assert "docs/consent.md" in warning["fix"]


async def test_no_identifier_reaches_logs_or_metrics(house: House) -> None:
    """Good and bad events, with identifiers in every place, leave none of them in a log, an error or a metric."""
    odd = purchase(event_id="jane@example.com", event="jane@example.com")
    odd["user"]["phone"] = "customer@example.com"
    answers = [
        await house.events({"events": [purchase(), odd, purchase(event_time="customer@example.com")]}),
        await house.events(b'{"event": "customer@example.com", "event_id": customer@example.com}'),
        await house.events({"events": [{"user": {"email": ["customer@example.com"]}}]}),
        await house.drop_in({"event_source": "customer@example.com", "event_source_id": "x", "data": [odd]}),
    ]
    metrics = (await house.ask("GET", "/metrics")).body.decode()

    written = house.log.getvalue() + metrics + repr(house.memory.facts) + "".join(repr(each.body) for each in answers)
    assert not re.search(r"(customer|jane)@|5550100199|203\.0\.113", written.replace('"jane@example.com"', ""))
