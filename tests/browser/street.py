"""The street that the demo shop stands in: its three processes, shared by tests, and what each test's visit counts."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from typing import Any, NamedTuple

import aiohttp
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from fullcount.demo.shop_stage import HOLD_SECONDS, PIXEL, RunningShop, ShopOptions, gateway_settings
from fullcount.demo.waiting import eventually
from fullcount.events.model import EventSource
from fullcount.gateway.remote_clock import VARIABLE as CLOCK_VARIABLE
from fullcount.ledger.journey import Journey
from fullcount.ledger.timeline import timeline
from fullcount.queue.lane import Lane
from fullcount.queue.sqlite.reader import Reader

Json = dict[str, Any]

OPTIONS = ShopOptions(
    # All shoppers here come from one address.
    changes={"browser": {"events_per_minute": 100_000, "purchases_per_minute": 100_000}},
    webhook_delay_seconds=0.0,
    follows_emulator_clock=True,
    ahead_seconds=-3600.0,  # behind, so that some of it can pass before `fullcount pairs` would look into the past
)


class Told(NamedTuple):
    """One event as TikTok counts it: its name today, on which ways its copies came, and how many were taken."""

    event: str
    ways: str  # pixel, server, or both
    copies: int


def once(event: str, ways: str) -> Told:
    """Return an event that came once on each of its ways."""
    return Told(event, ways, 2 if ways == "both" else 1)


class Street:
    """What TikTok has counted since a test began, and the time of all three processes."""

    def __init__(self, shop: RunningShop, http: aiohttp.ClientSession) -> None:
        self.shop = shop
        self._http = http
        self._first_event = self._first_hit = self._first_beacon = 0
        self._first_reports: Counter[str] = Counter()

    @property
    def url(self) -> str:
        """The shop's address."""
        return self.shop.url

    async def begin(self) -> None:
        """Count from here on."""
        self._first_event = await self.shop.control.counted()
        self._first_hit += len(await self.hits())
        self._first_beacon = await self._beacons()
        self._first_reports = await self._reports()

    async def ahead_seconds(self) -> float:
        """Return how far the time here is ahead of the machine's."""
        async with self._http.get(f"{self.shop.emulator.url}/_emulator/clock") as answer:
            return float((await answer.json())["offset"])

    async def pass_time(self, seconds: float) -> None:
        """Let time pass for TikTok, gateway and shop."""
        await self.shop.control.move_clock(seconds)

    async def end_hold(self, count: int = 1) -> None:
        """Wait until so many halves are held and nothing else waits, then let their time be over."""

        async def are_held() -> bool:
            return await self.held() == count and await self.shop.operator.waiting() == count

        await eventually(are_held, f"{count} held and nothing else waits")
        await self.pass_time(HOLD_SECONDS)
        await self.shop.operator.until_quiet()

    async def switch_tiktok(self, **switches: object) -> None:
        """Change how the pixel behaves on pages that load it from now on, or how long a click counts."""
        async with self._http.post(f"{self.shop.emulator.url}/_emulator/switches", json=switches) as answer:
            assert answer.status == 200

    async def restart_gateway(self, **of_pixel: object) -> None:
        """Start the gateway anew with settings of its pixel in place of others."""
        settings = gateway_settings(self.shop.emulator.url, OPTIONS.changes)
        settings["pixels"][0] |= of_pixel
        self.shop.gateway.kill()
        self.shop.gateway.write_settings(settings)
        await self.shop.gateway.start(self._http, {CLOCK_VARIABLE: f"{self.shop.emulator.url}/_emulator/clock"})

    async def complaints(self, title: str) -> int:
        """Return how often TikTok has complained so, ever."""
        async with self._http.get(f"{self.shop.emulator.url}/_emulator/diagnostics") as answer:
            found = (await answer.json())["diagnostics"]
        return sum(one["count"] for one in found if one["title"] == title)

    async def pair_findings(self) -> dict[str, Json]:
        """Return what `fullcount pairs` finds wrong with purchases, by code."""
        document = await self.shop.operator.run("pairs", "--event", "Purchase", statuses=(0, 1))
        return {finding["code"]: finding for finding in document["findings"]}

    async def events(self, **filters: str) -> list[Json]:
        """Return what TikTok has counted since the test began."""
        if filters:
            return await self.shop.control.events(**filters)
        return await self.shop.control.events(offset=str(self._first_event))

    async def event(self, event_id: str) -> Json:
        """Return the one event that TikTok counts under an id."""
        (found,) = await self.events(event_id=event_id)
        return found

    async def judged(self, event_id: str) -> Json:
        """Return what TikTok's report says of the one event under an id."""
        (found,) = [one for one in (await self.shop.control.report())["events"] if one["event_id"] == event_id]
        return dict(found)

    async def tally(self) -> Counter[Told]:
        """Return how many events of each kind TikTok has counted since the test began."""
        return Counter(
            Told(one["counted_as"], one["channels"][0] if len(one["channels"]) == 1 else "both", one["copies"])
            for one in await self.events()
        )

    async def counts(self, expected: dict[Told, int]) -> None:
        """Assert that TikTok comes to count exactly this, and nothing more once nothing is under way any more.

        Call it when every shopper has left.
        """

        async def is_so() -> bool:
            return await self.tally() == expected

        with contextlib.suppress(TimeoutError):  # the assertion shows what is wrong
            await eventually(is_so, "TikTok counts this", within_seconds=10)
        await self.nothing_under_way()
        told = await self.tally()
        assert told == expected, told

    async def nothing_under_way(self) -> None:
        """Wait until the gateway holds nothing back and has nothing to send."""
        await self.shop.operator.until_quiet()

    async def withheld(self, event_id: str, reason: str) -> None:
        """Wait until the gateway's ledger says of an event that it was withheld for this reason, and nothing else."""
        told: list[tuple[str, str]] = []

        async def is_said() -> bool:
            found = await asyncio.to_thread(self._journeys, event_id)
            told[:] = [(step.what, step.reason) for journey in found for step in journey.steps]
            return told[-1:] == [("withheld", reason)]

        with contextlib.suppress(TimeoutError):
            await eventually(is_said, f"{event_id} is withheld", within_seconds=10)
        assert told[-1:] == [("withheld", reason)], told

    def _journeys(self, event_id: str) -> list[Journey]:
        with Reader(self.shop.gateway.settings_path.with_name("fullcount.db")) as reader:
            return timeline(reader, event_id, [Lane(PIXEL, EventSource.WEB)])

    async def pixel_reports(self) -> dict[str, int]:
        """Return in which states pages have told the gateway that the pixel is, and how often, since the test began."""
        return dict(await self._reports() - self._first_reports)

    async def arrived(self, *, hits: int, beacons: int) -> None:
        """Wait until so many hits and beacons have been answered since the test began."""

        async def are_there() -> bool:
            return len(await self.hits()) >= hits and await self._beacons() - self._first_beacon >= beacons

        await eventually(are_there, f"{hits} hits and {beacons} beacons arrive")

    async def held(self) -> int:
        """Return how many deliveries wait for their other half, or for their visitor's answer."""
        return int(await self._metric("fullcount_queue_deliveries", state="held"))

    async def hits(self) -> list[Json]:
        """Return what pixels have sent since the test began."""
        query = {"path": "/api/v2/pixel", "offset": str(self._first_hit)}
        async with self._http.get(f"{self.shop.emulator.url}/_emulator/requests", params=query) as answer:
            return [request["body"] for request in (await answer.json())["requests"]]

    async def _beacons(self) -> int:
        return int(await self._metric("fullcount_requests", route="beacon"))

    async def _reports(self) -> Counter[str]:
        samples = await self._samples("fullcount_pixel_reports")
        return Counter({sample.labels["state"]: int(sample.value) for sample in samples})

    async def _metric(self, name: str, **labels: str) -> float:
        samples = await self._samples(name)
        return sum(sample.value for sample in samples if labels.items() <= sample.labels.items())

    async def _samples(self, name: str) -> list[Sample]:
        async with self._http.get(f"{self.shop.gateway.url}/metrics") as answer:
            text = await answer.text()
        return [
            sample
            for family in text_string_to_metric_families(text)
            if family.name == name
            for sample in family.samples
            if not sample.name.endswith("_created")
        ]
