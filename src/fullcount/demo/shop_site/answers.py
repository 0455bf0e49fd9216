"""What gateway and TikTok know of one visit, asked of both: for the panel, and for tests."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from fullcount.demo.control import EmulatorControl
from fullcount.demo.shop_site.visits import Visit
from fullcount.demo.shop_site.webhooks import Webhooks
from fullcount.errors import StoreUnavailable
from fullcount.events.model import EventSource
from fullcount.ledger.journey import Journey
from fullcount.ledger.timeline import timeline
from fullcount.queue.lane import Lane
from fullcount.queue.sqlite.reader import Reader

COOKIES = ("ttclid", "_ttp", "_fc")
CHANNEL_NAMES = {"pixel": "Browser", "server": "Server"}
Json = dict[str, Any]


class Answers:
    """Asks TikTok (the emulator) and the gateway (its store, as `fullcount queue show` does)."""

    def __init__(self, control: EmulatorControl, store: Path, pixel_code: str, webhooks: Webhooks) -> None:
        self._control = control
        self._store = store
        self._lane = Lane(pixel_code, EventSource.WEB, None)  # known also before anything was accepted for it
        self._webhooks = webhooks

    async def of(self, visit: Visit, cookies: Mapping[str, str]) -> Json:
        """Return what is known of a visit whose browser shows these cookies."""
        event_ids = [order.event_id for order in visit.orders]
        counted, judged = await self._tiktok()
        journeys = await asyncio.to_thread(self._journeys, event_ids)
        return {
            "cookies": {name: _shortened(cookies.get(name, "")) for name in COOKIES},
            "consent": visit.consent or "not answered",
            "switches": msgspec.structs.asdict(visit.switches),
            "orders": [
                {
                    "order_id": order.order_id,
                    "event_id": order.event_id,
                    "webhook": msgspec.structs.asdict(self._webhooks.sent(order)),
                    "gateway": [told(journey) for journey in journeys[order.event_id]],
                    "tiktok": [one for one in judged if one["event_id"] == order.event_id],
                }
                for order in visit.orders
            ],
            "events": seen_by_tiktok(counted, cookies, event_ids),
        }

    async def _tiktok(self) -> tuple[list[Json], list[Json]]:
        """Return what TikTok counts, and what it attributes; nothing while it does not answer."""
        try:
            return await self._control.events(), (await self._control.report())["events"]
        except (aiohttp.ClientError, TimeoutError):
            return [], []

    def _journeys(self, event_ids: Sequence[str]) -> dict[str, list[Journey]]:
        try:
            with Reader(self._store) as reader:
                return {event_id: timeline(reader, event_id, [self._lane]) for event_id in event_ids}
        except StoreUnavailable:
            return {event_id: [] for event_id in event_ids}


def told(journey: Journey) -> Json:
    """Return a journey as the panel shows it."""
    return {
        "event": journey.event,
        "state": journey.state,
        "steps": [
            {"what": step.what.value, "source": step.source, "reason": step.reason, "code": step.code}
            for step in journey.steps
        ],
    }


def seen_by_tiktok(counted: Sequence[Json], cookies: Mapping[str, str], event_ids: Sequence[str]) -> list[Json]:
    """Return the events of one browser as TikTok counts them: by its click ID, its browser ID, or its orders."""
    return [
        {
            "event": one["event"],
            "event_id": one["event_id"],
            "channels": sorted(CHANNEL_NAMES[channel] for channel in one["channels"]),
            "copies": one["copies"],
        }
        for one in counted
        if one["event_id"] in event_ids or _is_of(one["user"], cookies)
    ]


def _is_of(user: Json, cookies: Mapping[str, str]) -> bool:
    return any(cookies.get(cookie) and user.get(name) == cookies[cookie] for name, cookie in _SHOWN_BY)


_SHOWN_BY = (("ttclid", "ttclid"), ("ttp", "_ttp"))


def _shortened(value: str) -> str:
    return value if len(value) <= 12 else f"{value[:12]}…"
