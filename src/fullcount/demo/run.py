"""The demo from its first process to its verdict."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from fullcount.clock import elapsed_seconds
from fullcount.demo.collect import collect
from fullcount.demo.control import EmulatorControl
from fullcount.demo.operator import Operator
from fullcount.demo.processes import Child, Emulator, Gateway
from fullcount.demo.report import Report
from fullcount.demo.screen import Screen
from fullcount.demo.stage import KEY, PIXEL, TOKEN, Stage

# The demo starts emulators of its own, but whoever set this may think that it sends there: so it says no.
BASE_URL_VARIABLE = "FULLCOUNT_TIKTOK__BASE_URL"


class Options(msgspec.Struct, frozen=True):
    """What the caller chooses; `folder` takes the store, the logs and the evidence."""

    folder: Path
    seed: int = 1
    orders: int = 320
    keep: bool = False  # let the gateway and its TikTok run on, and write the evidence down


class Ended(msgspec.Struct, frozen=True):
    """A finished run: its report, and what was left running."""

    report: Report
    emulator_url: str = ""
    gateway_url: str = ""
    pids: tuple[int, ...] = ()


def gateway_settings(base_url: str) -> dict[str, Any]:
    """Return the demo's settings: a shop whose pixel shares the event_id, and waits cut short to save a minute."""
    waits = {"max_wait_ms": 100, "retry_base_seconds": 0.1, "retry_cap_seconds": 0.5, "breaker_seconds": 0.3}
    return {
        "storage": {"url": "sqlite:fullcount.db", "min_free_disk": 1_000_000},
        "tiktok": {"base_url": base_url, "timeout_seconds": 5.0},
        "delivery": waits,
        "pixels": [{"name": "store", "code": PIXEL, "access_token": TOKEN, "browser": "other"}],
        "sources": [{"name": "shop", "key": KEY, "pixels": ["store"], "default_country": "US", "mode": "live"}],
    }


async def run_demo(options: Options, screen: Screen) -> Ended:
    """Start everything, send the orders while things go wrong, and judge. Whatever happens, no process is left over.

    Raises:
        ConfigError: the environment names a base URL that is no emulator's.
        FullcountError: a process did not start, or the gateway refused an order.
    """
    if asked := os.environ.get(BASE_URL_VARIABLE, ""):
        async with aiohttp.ClientSession() as http:
            await EmulatorControl(http, asked).require_emulator()
    began = elapsed_seconds()
    emulator = Emulator(options.folder, {PIXEL: TOKEN}, name="tiktok")
    naive_emulator = Emulator(options.folder, {PIXEL: TOKEN}, name="tiktok-of-the-naive-loop")
    running: list[Child] = [emulator, naive_emulator]
    try:
        async with aiohttp.ClientSession() as http:
            screen.say("starting the gateway, a TikTok for it, and another for the naive loop")
            await asyncio.gather(emulator.start(), naive_emulator.start())
            gateway = Gateway(options.folder, gateway_settings(emulator.url))
            running.append(gateway)
            stage = Stage(http, emulator, naive_emulator, gateway, screen, seed=options.seed, orders=options.orders)
            await asyncio.gather(stage.control.require_emulator(), stage.naive_control.require_emulator())
            await gateway.start(http)
            await play(stage)
            screen.say("every order is answered; waiting until the queue is empty")
            operator = Operator(http, gateway)
            await operator.until_quiet()
            await stage.look()
            dead = await operator.dead_letters()
            kept_in = options.folder if options.keep else None
            report = await collect(stage, dead, kept_in=kept_in, seconds=elapsed_seconds() - began)
        if not options.keep:
            return Ended(report)
        running.remove(emulator)
        running.remove(gateway)
        return Ended(report, emulator.url, gateway.url, (gateway.pid, emulator.pid))
    finally:
        for child in running:
            child.kill()


async def play(stage: Stage) -> None:
    """Offer the orders; of several errors at once, raise the first."""
    try:
        await stage.offer_orders()
    except BaseExceptionGroup as several:
        raise first_of(several) from several


def first_of(several: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the first error of a group, or of the group inside it."""
    first = several.exceptions[0]
    return first_of(first) if isinstance(first, BaseExceptionGroup) else first
