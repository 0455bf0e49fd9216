"""The demo shop for a person: opened, told of, and kept open until they have had enough."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from fullcount.clock import SystemClock
from fullcount.demo.run import BASE_URL_VARIABLE
from fullcount.demo.shop_stage import RunningShop, start_shop
from fullcount.errors import ConfigError

LOOK_SECONDS = 0.5  # between two looks at whether all three still run


class Opened(msgspec.Struct, frozen=True):
    """Where everything is, for a person or a script."""

    shop: str
    ad: str
    tiktok: str
    gateway: str
    settings: str
    pids: tuple[int, ...]


async def run_shop(folder: Path, tell: Callable[[Opened], None], environment: Mapping[str, str] = os.environ) -> None:
    """Open the shop, tell where it is, and keep it open until this task is cancelled; then nothing is left running.

    Raises:
        ConfigError: the environment says that events go to a TikTok of somebody else's.
        FullcountError: one of the processes did not start, or ended.
    """
    if environment.get(BASE_URL_VARIABLE):
        raise ConfigError("the demo shop sends to a TikTok of its own", where=BASE_URL_VARIABLE, fix="unset it")
    async with start_shop(folder) as shop:
        tell(opened(shop))
        clock = SystemClock()
        while True:
            shop.require_running()
            await clock.sleep(LOOK_SECONDS)


def opened(shop: RunningShop) -> Opened:
    """Return where everything of a shop is."""
    return Opened(
        shop=f"{shop.url}/",
        ad=f"{shop.url}/feed",
        tiktok=f"{shop.emulator.url}/",
        gateway=shop.gateway.url,
        settings=str(shop.gateway.settings_path),
        pids=tuple(child.pid for child in shop.children),
    )


def how_to(places: Opened) -> list[str]:
    """Return what to tell a person, line by line."""
    return [
        "A shop, its gateway and a TikTok of its own run on this machine. In a browser:",
        f"  1. open the ad and click it     {places.ad}",
        "  2. buy the headphones           (nothing is charged, nothing arrives)",
        f"  3. look at what TikTok counts   {places.tiktok}",
        "The purchase comes twice, from Browser and from Server, under one event_id, and counts once.",
        f"The shop itself is {places.shop} and the panel in its corner follows your visit. Its switches play an ad",
        "blocker, a refused consent, a blocked snippet, a browser that drops cookies, and a webhook that never comes.",
        f"What the gateway knows of both halves: fullcount pairs --config {places.settings}",
        "Ctrl-C ends everything and leaves nothing behind.",
    ]
